internal import RotationCore

/// A member's name that is compared by its bytes, as Python compares it.
///
/// Swift takes `é` for the same name however it is composed, and sorts by the composed form.
struct ExactKey: Hashable, Comparable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ExactKey, b: ExactKey) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }
  static func < (a: ExactKey, b: ExactKey) -> Bool {
    a.text.utf8.lexicographicallyPrecedes(b.text.utf8)
  }
  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
    hasher.combine(text.utf8.count)
  }
}

extension JSONObject {
  /// The members sorted by name.
  var sortedMembers: [Member] { members.sorted { ExactKey($0.key) < ExactKey($1.key) } }

  /// The members by name.
  var valuesByKey: [ExactKey: JSONValue] {
    Dictionary(members.map { (ExactKey($0.key), $0.value) }, uniquingKeysWith: { $1 })
  }
}

extension JSONValue {
  /// The same document with each name once: at its first place, with its last value.
  var withDistinctMembers: JSONValue {
    switch self {
    case .array(let values): return .array(values.map(\.withDistinctMembers))
    case .object(let object):
      var places: [ExactKey: Int] = [:]
      var members: [JSONObject.Member] = []
      for member in object.members {
        let value = member.value.withDistinctMembers
        if let place = places[ExactKey(member.key)] {
          members[place].value = value
        } else {
          places[ExactKey(member.key)] = members.count
          members.append(JSONObject.Member(key: member.key, value: value))
        }
      }
      return .object(JSONObject(members))
    default: return self
    }
  }

  var isScalar: Bool {
    switch self {
    case .array, .object: false
    default: true
    }
  }

  var isEmptyObject: Bool { object?.isEmpty ?? false }
}
