/// A JSON document as a value: objects keep the order of their members, numbers their literal.
///
/// Reference: RFC 8259.
package enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// A JSON number, kept as it was written so that no digit is lost.
package struct JSONNumber: Sendable {
  /// The literal, in the grammar of RFC 8259 section 6; `NaN`, `Infinity` and `-Infinity` only
  /// where the reader was told to accept them.
  package let literal: String

  /// Wraps a literal that the caller knows to be a valid JSON number.
  package init(literal: String) { self.literal = literal }
  package init(_ value: Int) { literal = String(value) }

  /// A finite double in its shortest form; a whole number is written without a fraction.
  package init(_ value: Double) {
    if value == value.rounded(), value.magnitude < 1e15 {
      literal = String(Int(value))
    } else {
      literal = String(value)
    }
  }

  /// The value when it is a whole number that fits; nil for `1.5`, and for `1e400`.
  package var int: Int? { Int(literal) ?? Int(exactly: double) }
  package var double: Double { Double(literal) ?? .nan }
  /// Whether the literal has neither a fraction nor an exponent.
  package var isIntegerLiteral: Bool {
    // `NaN` and `Infinity` end in a letter.
    (literal.utf8.last ?? 0) <= UInt8(ascii: "9")
      && !literal.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
  }
}

extension JSONNumber: Hashable {
  package static func == (a: JSONNumber, b: JSONNumber) -> Bool {
    a.literal == b.literal || a.double == b.double
  }
  package func hash(into hasher: inout Hasher) { hasher.combine(double) }
}

/// The members of a JSON object in the order they were written.
///
/// Equality ignores the order. A key written twice keeps both members; look-up finds the last.
package struct JSONObject: Sendable {
  package struct Member: Sendable, Hashable {
    package let key: String
    package var value: JSONValue
    package init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  package var members: [Member]

  package init(_ members: [Member] = []) { self.members = members }

  package var keys: [String] { members.map(\.key) }
  package var isEmpty: Bool { members.isEmpty }
  package var count: Int { members.count }

  /// The last member of that name; setting nil removes it.
  ///
  /// O(number of members).
  package subscript(key: String) -> JSONValue? {
    get { lastIndex(of: key).map { members[$0].value } }
    set {
      guard let newValue else {
        members.removeAll { $0.key == key }
        return
      }
      if let index = lastIndex(of: key) {
        members[index].value = newValue
      } else {
        members.append(Member(key: key, value: newValue))
      }
    }
  }

  /// Lengths are compared first: a run looks up hundreds of names for each target.
  private func lastIndex(of key: String) -> Int? {
    let count = key.utf8.count
    var index = members.count - 1
    while index >= 0 {
      if members[index].key.utf8.count == count, members[index].key == key { return index }
      index -= 1
    }
    return nil
  }
}

extension JSONObject: Hashable {
  package static func == (a: JSONObject, b: JSONObject) -> Bool {
    guard a.members != b.members else { return true }
    guard a.members.count == b.members.count else { return false }
    return a.members.allSatisfy { b[$0.key] == $0.value }
  }
  package func hash(into hasher: inout Hasher) { hasher.combine(members.count) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    members = elements.map { Member(key: $0.0, value: $0.1) }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  package init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(
      JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
  }
}

extension JSONValue {
  package init(_ value: Int) { self = .number(JSONNumber(value)) }
  package init(_ value: Double) { self = .number(JSONNumber(value)) }
  package init(_ value: String) { self = .string(value) }
  package init(_ value: Bool) { self = .bool(value) }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var int: Int? { if case .number(let value) = self { value.int } else { nil } }
  package var double: Double? { if case .number(let value) = self { value.double } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  package var isNull: Bool {
    if case .null = self { return true }
    return false
  }

  /// The member of an object; nil for a missing one, for JSON `null`, and for other kinds.
  package subscript(key: String) -> JSONValue? {
    guard case .object(let object) = self, let value = object[key], !value.isNull else {
      return nil
    }
    return value
  }

  /// What a person calls this kind of value in an error message.
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
