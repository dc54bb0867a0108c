internal import RotationCore

/// One call of a function with its arguments evaluated.
struct FunctionCall {
  enum Argument {
    case value(JSONValue)
    /// The body of `&expression`.
    case expression(Expression)
  }

  let name: String
  let arguments: [Argument]
  let interpreter: Interpreter

  /// Checks the arguments and computes the result.
  func result() throws(JMESPathError) -> JSONValue {
    guard let function = Function(rawValue: name) else { throw .unknownFunction(name: name) }
    try check(function.signature)
    switch function {
    case .abs: return .number(number(0).absolute)
    case .avg: return try average()
    case .ceil: return .number(number(0).rounded(.up))
    case .contains: return .bool(contains())
    case .endsWith: return .bool(string(0).utf8.reversed().starts(with: string(1).utf8.reversed()))
    case .floor: return .number(number(0).rounded(.down))
    case .join: return .string(array(1).compactMap(\.string).joined(separator: string(0)))
    case .keys: return .array(object(0).distinctMembers.map { .string($0.key) })
    case .length: return length()
    case .map: return .array(try evaluated(expression(0), for: array(1)))
    case .max: return try extreme(array(0), of: array(0)) { $0 > 0 }
    case .maxBy: return try extreme(array(0), of: keys()) { $0 > 0 }
    case .merge: return merged()
    case .min: return try extreme(array(0), of: array(0)) { $0 < 0 }
    case .minBy: return try extreme(array(0), of: keys()) { $0 < 0 }
    case .notNull: return values.first { !$0.isNull } ?? .null
    case .reverse: return reversed()
    case .sort: return try sorted(array(0), by: array(0))
    case .sortBy: return try sorted(array(0), by: keys())
    case .startsWith: return .bool(string(0).utf8.starts(with: string(1).utf8))
    case .sum: return .number(try sum())
    case .toArray: return values.first?.array == nil ? .array(values) : .array(array(0))
    case .toNumber: return toNumber()
    case .toString: return toString()
    case .type: return .string(values.first?.typeName ?? "null")
    case .values: return .array(object(0).distinctMembers.map(\.value))
    }
  }

  // MARK: Arguments

  // `check` has made sure of the types, so that the defaults below are never met.

  private var values: [JSONValue] {
    arguments.compactMap { if case .value(let value) = $0 { value } else { nil } }
  }

  private func value(_ index: Int) -> JSONValue {
    if case .value(let value) = arguments[index] { value } else { .null }
  }

  func string(_ index: Int) -> String { value(index).string ?? "" }
  func array(_ index: Int) -> [JSONValue] { value(index).array ?? [] }
  func object(_ index: Int) -> JSONObject { value(index).object ?? JSONObject() }

  func number(_ index: Int) -> JSONNumber {
    if case .number(let number) = value(index) { number } else { JSONNumber(0) }
  }

  func expression(_ index: Int) -> Expression {
    if case .expression(let body) = arguments[index] { body } else { Expression(.current) }
  }

  // MARK: Single values

  private func contains() -> Bool {
    switch (value(0), value(1)) {
    case (.array(let elements), let wanted): elements.contains { $0.isSame(as: wanted) }
    case (.string(let text), .string(let part)): text.containsScalars(of: part)
    default: false
    }
  }

  private func length() -> JSONValue {
    switch value(0) {
    case .string(let text): JSONValue(text.unicodeScalars.count)
    case .object(let object): JSONValue(object.distinctMembers.count)
    default: JSONValue(array(0).count)
    }
  }

  private func reversed() -> JSONValue {
    guard case .string(let text) = value(0) else { return .array(array(0).reversed()) }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text.unicodeScalars.reversed())
    return .string(String(scalars))
  }

  private func merged() -> JSONValue {
    var all = JSONObject()
    for value in values { all.members += value.object?.members ?? [] }
    return .object(JSONObject(all.distinctMembers))
  }

  private func toNumber() -> JSONValue {
    switch value(0) {
    case .number(let number): .number(number)
    case .string(let text): JSONNumber(parsing: text).map(JSONValue.number) ?? .null
    default: .null
    }
  }

  private func toString() -> JSONValue {
    if case .string = value(0) { value(0) } else { .string(DisplayText.asciiJSON(value(0))) }
  }
}

extension String {
  /// Whether the scalars of `part` stand somewhere in this text, one after another.
  fileprivate func containsScalars(of part: String) -> Bool {
    let wanted = Array(part.utf8)
    let bytes = Array(utf8)
    guard let first = wanted.first else { return true }
    guard bytes.count >= wanted.count else { return false }
    return (0...(bytes.count - wanted.count)).contains { start in
      bytes[start] == first && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
    }
  }
}
