internal import RotationCore

/// JSON with four spaces, everything outside ASCII as it is; an empty object prints nothing.
enum JSONFormat {
  static func render(_ value: JSONValue) -> [UInt8] {
    guard !value.isEmptyObject else { return [] }
    var bytes: [UInt8] = []
    write(value, depth: 0, into: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private static func write(_ value: JSONValue, depth: Int, into bytes: inout [UInt8]) {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let number):
      bytes.append(contentsOf: PythonText.number(number, infinity: "Infinity").utf8)
    case .string(let text): write(string: text, into: &bytes)
    case .array(let values):
      guard !values.isEmpty else { return bytes.append(contentsOf: "[]".utf8) }
      for (index, value) in values.enumerated() {
        bytes.append(index == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
        newline(depth + 1, into: &bytes)
        write(value, depth: depth + 1, into: &bytes)
      }
      newline(depth, into: &bytes)
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      guard !object.isEmpty else { return bytes.append(contentsOf: "{}".utf8) }
      for (index, member) in object.members.enumerated() {
        bytes.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
        newline(depth + 1, into: &bytes)
        write(string: member.key, into: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        write(member.value, depth: depth + 1, into: &bytes)
      }
      newline(depth, into: &bytes)
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func newline(_ depth: Int, into bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 4 * depth))
  }

  private static func write(string: String, into bytes: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
      case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
      case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
      case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
      case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
      case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
      case 0..<0x20:
        bytes.append(contentsOf: #"\u00"#.utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A scalar on one line of its own, as YAML output shows a bare one.
  static func line(_ scalar: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    write(scalar, depth: 0, into: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}
