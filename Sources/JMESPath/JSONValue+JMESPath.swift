internal import RotationCore

/// Truth, equality and order as the specification has them.
extension JSONValue {
  /// Everything but `null`, `false`, and an empty string, array or object; zero is true.
  var isTruthy: Bool {
    switch self {
    case .null: false
    case .bool(let value): value
    case .number: true
    case .string(let text): !text.isEmpty
    case .array(let values): !values.isEmpty
    case .object(let object): !object.isEmpty
    }
  }

  /// Equality by exact number, by Unicode scalars, and for objects whatever the members' order.
  func isSame(as other: JSONValue) -> Bool {
    switch (self, other) {
    case (.null, .null): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.number(let a), .number(let b)): return a.compared(to: b) == 0
    case (.string(let a), .string(let b)): return a.hasSameScalars(as: b)
    case (.array(let a), .array(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
    case (.object(let a), .object(let b)):
      let left = a.distinctMembers
      let right = b.distinctMembers
      guard left.count == right.count else { return false }
      // The usual case: both written in the same order.
      if zip(left, right).allSatisfy({ $0.key.hasSameScalars(as: $1.key) }) {
        return zip(left, right).allSatisfy { $0.value.isSame(as: $1.value) }
      }
      var values: [ScalarString: JSONValue] = [:]
      for member in right { values[ScalarString(member.key)] = member.value }
      return left.allSatisfy { member in
        values[ScalarString(member.key)].map { member.value.isSame(as: $0) } ?? false
      }
    default: return false
    }
  }

  /// The type's name in the specification.
  var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

/// A string that is equal only to the same scalars, where `String` also equates a letter with an
/// accent to its decomposed form.
struct ScalarString: Hashable {
  private let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ScalarString, b: ScalarString) -> Bool { a.text.hasSameScalars(as: b.text) }
  func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension String {
  func hasSameScalars(as other: String) -> Bool {
    self == other && utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}

extension JSONObject {
  /// The value of the last member of that name; `null` if there is none.
  func value(of key: String) -> JSONValue {
    members.last { $0.key.hasSameScalars(as: key) }?.value ?? .null
  }

  /// Each key once: in the place where it first stands, with its last value.
  var distinctMembers: [Member] {
    var places: [ScalarString: Int] = [:]
    var result: [Member] = []
    result.reserveCapacity(members.count)
    for member in members {
      let key = ScalarString(member.key)
      if let place = places[key] {
        result[place].value = member.value
      } else {
        places[key] = result.count
        result.append(member)
      }
    }
    return result
  }
}

/// A value that has an order: a number or a string.
enum OrderKey {
  case number(JSONNumber)
  case string(String)

  init?(_ value: JSONValue) {
    switch value {
    case .number(let number): self = .number(number)
    case .string(let text): self = .string(text)
    default: return nil
    }
  }

  /// Negative, zero or positive, strings by their scalars; nil between a number and a string.
  func compared(to other: OrderKey) -> Int? {
    switch (self, other) {
    case (.number(let a), .number(let b)): return a.compared(to: b)
    case (.string(let a), .string(let b)):
      // The order of UTF-8 bytes is the order of scalars.
      if a.utf8.lexicographicallyPrecedes(b.utf8) { return -1 }
      return a.utf8.elementsEqual(b.utf8) ? 0 : 1
    default: return nil
    }
  }
}
