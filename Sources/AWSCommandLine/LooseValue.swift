internal import JMESPath
internal import RotationCore

/// A value from `--cli-input-json` or `--cli-input-yaml` before its type is checked.
///
/// It can show itself as Python does, because messages quote it that way.
indirect enum LooseValue: Sendable, Hashable {
  case json(JSONValue)
  case infinity(negative: Bool)
  case notANumber
  case bytes([UInt8])
  /// A date or a time: how it is printed, and the name of its type.
  case moment(String, type: String)
  case list([LooseValue])
  case map([Member])

  struct Member: Sendable, Hashable {
    var key: LooseValue
    var value: LooseValue
  }

  /// A JSON value with containers opened, a key written twice kept once.
  init(_ value: JSONValue) {
    switch value {
    case .array(let values): self = .list(values.map(LooseValue.init))
    case .object(let object):
      var members: [Member] = []
      for member in object.members {
        let key = LooseValue.json(.string(member.key))
        LooseValue.set(key, LooseValue(member.value), in: &members)
      }
      self = .map(members)
    case .number(let number) where number.double.isNaN: self = .notANumber
    case .number(let number) where !number.double.isFinite && !number.isIntegerLiteral:
      self = .infinity(negative: number.double < 0)
    default: self = .json(value)
    }
  }

  static func set(_ key: LooseValue, _ value: LooseValue, in members: inout [Member]) {
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value = value
    } else {
      members.append(Member(key: key, value: value))
    }
  }

  /// As Python's `str` writes it.
  var text: String {
    if case .json(.string(let text)) = self { return text }
    return quoted
  }

  private var quoted: String {
    switch self {
    case .json(let value): DisplayText.nested(value)
    case .infinity(let negative): negative ? "-inf" : "inf"
    case .notANumber: "nan"
    case .bytes(let bytes): PythonJSON.quoted(bytes: bytes)
    case .moment(let text, _): text
    case .list(let values): "[" + values.map(\.quoted).joined(separator: ", ") + "]"
    case .map(let members):
      "{" + members.map { "\($0.key.quoted): \($0.value.quoted)" }.joined(separator: ", ") + "}"
    }
  }

  /// The type as Python names it, such as `<class 'str'>`.
  var typeName: String {
    let name =
      switch self {
      case .json(.null): "NoneType"
      case .json(.bool): "bool"
      case .json(.number(let number)): number.isIntegerLiteral ? "int" : "float"
      case .json(.string): "str"
      case .infinity, .notANumber: "float"
      case .bytes: "bytes"
      case .moment(_, let type): type
      case .list, .json(.array): "list"
      case .map, .json(.object): "dict"
      }
    return "<class '\(name)'>"
  }
}
