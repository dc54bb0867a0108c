/// Python's complaint about bytes that are no UTF-8, which the AWS CLI shows as it is.
enum PythonDecoding {
  /// - Returns: nil for valid UTF-8.
  static func problem(in bytes: [UInt8]) -> String? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var position = 0
    while position < bytes.count {
      switch sequence(bytes[position...]) {
      case .valid(let length): position += length
      case .invalid(let length, let reason): return sentence(bytes, position, length, reason)
      }
    }
    return nil
  }

  private enum Sequence {
    case valid(Int)
    /// How many bytes make up the broken sequence, and why it is one.
    case invalid(Int, String)
  }

  private static func sequence(_ bytes: ArraySlice<UInt8>) -> Sequence {
    guard let first = bytes.first else { return .valid(0) }
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0x00...0x7F: return .valid(1)
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if first == 0xE0 { second = 0xA0...0xBF }
      if first == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if first == 0xF0 { second = 0x90...0xBF }
      if first == 0xF4 { second = 0x80...0x8F }
    default: return .invalid(1, "invalid start byte")
    }
    for (index, byte) in bytes.prefix(length).enumerated().dropFirst() {
      let allowed = index == 1 ? second : 0x80...0xBF
      guard allowed.contains(byte) else { return .invalid(index, "invalid continuation byte") }
    }
    guard bytes.count >= length else { return .invalid(bytes.count, "unexpected end of data") }
    return .valid(length)
  }

  private static func sentence(
    _ bytes: [UInt8], _ position: Int, _ length: Int, _ reason: String
  ) -> String {
    let digits = String(bytes[position], radix: 16)
    let place =
      length == 1
      ? "byte 0x\(digits.count == 1 ? "0" : "")\(digits) in position \(position)"
      : "bytes in position \(position)-\(position + length - 1)"
    return "'utf-8' codec can't decode \(place): \(reason)"
  }
}
