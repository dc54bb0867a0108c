/// Whether a bare YAML scalar reads as a string, by the YAML 1.2 rules that the CLI's writer has.
///
/// These rules keep `_` in numbers and the dates of YAML 1.1, but not its `yes`, `no` and `12:30`.
enum PlainScalar {
  private static let words: Set<String> = [
    "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "<<", "=",
    "!", "&", "*",
  ]

  static func isString(_ text: String) -> Bool {
    if words.contains(text) { return false }
    let bytes = Array(text.utf8)
    guard let first = bytes.first, isDigit(first) || [0x2B, 0x2D, 0x2E].contains(first) else {
      return true
    }
    return !isWhole(bytes) && !isFloat(bytes) && !isTimestamp(bytes)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private static func isDigitOrMark(_ byte: UInt8) -> Bool { isDigit(byte) || byte == 0x5F }

  private static func withoutSign(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
    bytes.first == 0x2B || bytes.first == 0x2D ? bytes.dropFirst() : bytes[...]
  }

  /// Digits and `_`, or `0b`, `0o` or `0x` and the digits that go with it.
  private static func isWhole(_ bytes: [UInt8]) -> Bool {
    let digits = withoutSign(bytes)
    guard !digits.isEmpty else { return false }
    if digits.allSatisfy(isDigitOrMark) { return true }
    guard digits.count > 2, digits.first == 0x30 else { return false }
    let rest = digits.dropFirst(2)
    return switch digits[digits.startIndex + 1] {
    case UInt8(ascii: "b"): rest.allSatisfy { $0 == 0x30 || $0 == 0x31 || $0 == 0x5F }
    case UInt8(ascii: "o"): rest.allSatisfy { (0x30...0x37).contains($0) || $0 == 0x5F }
    case UInt8(ascii: "x"):
      rest.allSatisfy { isDigitOrMark($0) || (0x61...0x66).contains($0 | 0x20) }
    default: false
    }
  }

  private static func isFloat(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    if [".nan", ".NaN", ".NAN"].contains(text) { return true }
    var rest = withoutSign(bytes)
    if [".inf", ".Inf", ".INF"].contains(String(decoding: rest, as: UTF8.self)) { return true }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      let fraction = rest.prefix(while: isDigitOrMark)
      rest = rest.dropFirst(fraction.count)
      // Without a digit before the point, an exponent needs its sign.
      return !fraction.isEmpty && (rest.isEmpty || isExponent(rest, needsSign: true))
    }
    guard let first = rest.first, isDigit(first) else { return false }
    rest = rest.drop(while: isDigitOrMark)
    guard rest.first == UInt8(ascii: ".") else { return isExponent(rest, needsSign: false) }
    rest = rest.dropFirst().drop(while: isDigitOrMark)
    return rest.isEmpty || isExponent(rest, needsSign: false)
  }

  private static func isExponent(_ bytes: ArraySlice<UInt8>, needsSign: Bool) -> Bool {
    guard let mark = bytes.first, mark | 0x20 == UInt8(ascii: "e") else { return false }
    var digits = bytes.dropFirst()
    if digits.first == 0x2B || digits.first == 0x2D {
      digits = digits.dropFirst()
    } else if needsSign {
      return false
    }
    return !digits.isEmpty && digits.allSatisfy(isDigit)
  }

  /// `2026-11-24`, or a date with a time, its fraction and its zone.
  private static func isTimestamp(_ bytes: [UInt8]) -> Bool {
    var reader = Reader(rest: bytes[...])
    guard reader.digits(4...4), reader.take("-") else { return false }
    let date = reader
    if reader.digits(2...2), reader.take("-"), reader.digits(2...2), reader.rest.isEmpty {
      return true
    }
    reader = date
    guard reader.digits(1...2), reader.take("-"), reader.digits(1...2) else { return false }
    guard reader.take("T") || reader.take("t") || reader.blanks() else { return false }
    guard reader.digits(1...2), reader.take(":"), reader.digits(2...2), reader.take(":"),
      reader.digits(2...2)
    else { return false }
    if reader.take(".") { _ = reader.digits(0...Int.max) }
    if reader.rest.isEmpty { return true }
    _ = reader.blanks()
    if reader.take("Z") { return reader.rest.isEmpty }
    guard reader.take("+") || reader.take("-"), reader.digits(1...2) else { return false }
    if reader.take(":"), !reader.digits(2...2) { return false }
    return reader.rest.isEmpty
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    /// As many digits as there are, up to the upper bound; false below the lower one.
    mutating func digits(_ count: ClosedRange<Int>) -> Bool {
      var found = 0
      while found < count.upperBound, let byte = rest.first, isDigit(byte) {
        rest = rest.dropFirst()
        found += 1
      }
      return found >= count.lowerBound
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard let byte = rest.first, UInt32(byte) == character.value else { return false }
      rest = rest.dropFirst()
      return true
    }

    mutating func blanks() -> Bool {
      let count = rest.count
      rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
      return rest.count < count
    }
  }
}
