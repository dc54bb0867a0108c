/// Looks over one JSON object for its members without building their values.
///
/// For lines that were written by this tool and are read for one or two facts each. What is not
/// plain ASCII, or escaped in more than the simplest way, is left to ``JSONValue``.
package struct JSONGlance {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  /// Hands over each member: its name without the quotes, and the text of its value.
  ///
  /// - Returns: false when the text is not such an object; what was handed over must then be
  ///   forgotten.
  package static func members(
    of bytes: UnsafeRawBufferPointer,
    _ visit: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    var glance = JSONGlance(bytes: bytes)
    return glance.object(visit)
  }

  /// The text of a string that ``members(of:_:)`` handed over; nil for any other value.
  package static func string(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard value.count >= 2, value.first == UInt8(ascii: "\"") else { return nil }
    let text = UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])
    return text.contains(UInt8(ascii: "\\")) ? nil : text
  }

  /// A whole number from 0 to 10^18 - 1; nil for any other value.
  package static func wholeNumber(_ value: UnsafeRawBufferPointer) -> Int? {
    guard (1...18).contains(value.count) else { return nil }
    var number = 0
    for byte in value {
      guard 0x30...0x39 ~= byte else { return nil }
      number = number * 10 + Int(byte - 0x30)
    }
    return number
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func object(
    _ visit: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    guard take(UInt8(ascii: "{")) else { return false }
    if take(UInt8(ascii: "}")) { return index == bytes.count }
    while true {
      let start = index
      guard string() else { return false }
      let name = UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<(index - 1)])
      guard take(UInt8(ascii: ":")) else { return false }
      let value = index
      guard skipValue() else { return false }
      visit(name, UnsafeRawBufferPointer(rebasing: bytes[value..<index]))
      if take(UInt8(ascii: "}")) { return index == bytes.count }
      guard take(UInt8(ascii: ",")) else { return false }
    }
  }

  /// Passes over one value of any kind, without blanks inside.
  private mutating func skipValue() -> Bool {
    // For each open container whether it is an object, the innermost in the lowest bit.
    var containers: UInt64 = 0
    var depth = 0
    while true {
      guard index < bytes.count else { return false }
      switch bytes[index] {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        guard depth < 64 else { return false }
        let isObject = bytes[index] == UInt8(ascii: "{")
        index += 1
        if take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) { break }
        containers = containers << 1 | (isObject ? 1 : 0)
        depth += 1
        if isObject, !name() { return false }
        continue
      case UInt8(ascii: "\""): guard string() else { return false }
      case UInt8(ascii: "t"): guard word("true") else { return false }
      case UInt8(ascii: "f"): guard word("false") else { return false }
      case UInt8(ascii: "n"): guard word("null") else { return false }
      default: guard number() else { return false }
      }
      // A value is complete; so may be the containers around it.
      while depth > 0 {
        let isObject = containers & 1 == 1
        if take(UInt8(ascii: ",")) {
          if isObject, !name() { return false }
          break
        }
        guard take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return false }
        containers >>= 1
        depth -= 1
      }
      if depth == 0 { return true }
    }
  }

  private mutating func name() -> Bool { string() && take(UInt8(ascii: ":")) }

  private mutating func word(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard index + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return false }
    index += count
    return true
  }

  private mutating func number() -> Bool {
    let start = index
    while index < bytes.count, 0x30...0x39 ~= bytes[index] { index += 1 }
    // Fractions, exponents and signs are rare enough to be left to the whole reader.
    let count = index - start
    guard count > 0, count == 1 || bytes[start] != UInt8(ascii: "0") else { return false }
    return index < bytes.count && [0x2C, 0x7D, 0x5D].contains(bytes[index])
  }

  private mutating func string() -> Bool {
    guard take(UInt8(ascii: "\"")) else { return false }
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while true {
      while index + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let special =
          ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
          | ((word &- ones &* 0x20) & ~word) | word
        if special & highs != 0 { break }
        index += 8
      }
      guard index < bytes.count else { return false }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index += 1
        return true
      case UInt8(ascii: "\\"):
        guard index + 1 < bytes.count, #""\/bfnrt"#.utf8.contains(bytes[index + 1]) else {
          return false
        }
        index += 2
      case 0x20..<0x80: index += 1
      default: return false
      }
    }
  }
}
