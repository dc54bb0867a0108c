internal import RotationCore

/// Arithmetic that keeps whole numbers exact and prints others as Python does.
extension JSONNumber {
  /// A double as Python prints it: `3.0`, `1e-05`, `1e+16`; nil for infinity and NaN.
  init?(pythonFloat value: Double) {
    guard value.isFinite else { return nil }
    // Swift changes to an exponent where doubles stop being exact, Python at 10^16.
    let writtenInFull = value.magnitude >= 0x1p53 && value.magnitude < 1e16
    self.init(literal: writtenInFull ? "\(Int(value)).0" : value.description)
  }

  /// The number as Python prints it: whole literals as they are, others as the nearest double.
  var normalized: JSONNumber {
    if isIntegerLiteral { return literal == "-0" ? JSONNumber(0) : self }
    return JSONNumber(pythonFloat: double) ?? self
  }

  /// Negative, zero or positive; exact between whole literals of any length.
  func compared(to other: JSONNumber) -> Int {
    if let a = Int(literal), let b = Int(other.literal) { return a < b ? -1 : a > b ? 1 : 0 }
    guard isIntegerLiteral, other.isIntegerLiteral else {
      return double < other.double ? -1 : double > other.double ? 1 : 0
    }
    let negative = literal.hasPrefix("-")
    guard negative == other.literal.hasPrefix("-") else { return negative ? -1 : 1 }
    let (a, b) = (literal.utf8, other.literal.utf8)
    let larger =
      a.count == b.count
      ? (a.elementsEqual(b) ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1)
      : a.count < b.count ? -1 : 1
    return negative ? -larger : larger
  }

  /// Without its sign.
  var absolute: JSONNumber {
    let number = normalized
    guard number.literal.hasPrefix("-") else { return number }
    return JSONNumber(literal: String(number.literal.dropFirst()))
  }

  /// Rounded to a whole number, written in full without a fraction.
  func rounded(_ rule: FloatingPointRoundingRule) -> JSONNumber {
    guard !isIntegerLiteral else { return normalized }
    let value = double.rounded(rule)
    if let whole = Int(exactly: value) { return JSONNumber(whole) }
    guard value.isFinite else { return self }
    // Beyond 64 bits: the significand, doubled as often as the exponent says.
    var digits = String(UInt64(value.magnitude.significand * 0x1p52)).utf8.reversed().map {
      $0 - 48
    }
    for _ in 52..<value.exponent {
      var carry: UInt8 = 0
      for index in digits.indices {
        let doubled = digits[index] * 2 + carry
        digits[index] = doubled % 10
        carry = doubled / 10
      }
      if carry > 0 { digits.append(carry) }
    }
    let text = String(decoding: digits.reversed().map { $0 + 48 }, as: UTF8.self)
    return JSONNumber(literal: (value < 0 ? "-" : "") + text)
  }

  /// The total: whole while every number is and 128 bits hold it, else a double; nil beyond that.
  static func sum(_ numbers: [JSONNumber]) -> JSONNumber? {
    var whole: Int128 = 0
    for (index, number) in numbers.enumerated() {
      guard let value = Int128(number.literal) else {
        return sum(numbers[index...], from: Double(whole))
      }
      let (next, overflow) = whole.addingReportingOverflow(value)
      guard !overflow else { return sum(numbers[index...], from: Double(whole)) }
      whole = next
    }
    return JSONNumber(literal: String(whole))
  }

  private static func sum(_ numbers: ArraySlice<JSONNumber>, from start: Double) -> JSONNumber? {
    JSONNumber(pythonFloat: numbers.reduce(start) { $0 + $1.double })
  }

  /// The number a text stands for, blanks around it allowed; nil for any other text.
  init?(parsing text: String) {
    var bytes = Array(text.utf8)
    let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D]
    while let last = bytes.last, blanks.contains(last) { bytes.removeLast() }
    bytes = Array(bytes.drop { blanks.contains($0) })
    if bytes.first == UInt8(ascii: "+"), bytes.dropFirst().first != UInt8(ascii: "-") {
      bytes.removeFirst()
    }
    if let number = JSONNumber.nonFinite(bytes) {
      self = number
      return
    }
    guard let ungrouped = JSONNumber.withoutUnderscores(bytes) else { return nil }
    bytes = ungrouped
    let trimmed = String(decoding: bytes, as: UTF8.self)
    if let whole = Int(trimmed), !trimmed.hasPrefix("+") {
      self.init(whole)
      return
    }
    // Double would also read hexadecimal, infinity and NaN.
    let allowed = Array("0123456789+-.eE".utf8)
    if JSONTokenizer.isNumber(bytes) {
      self = JSONNumber(literal: trimmed).normalized
    } else if bytes.allSatisfy(allowed.contains), let value = Double(trimmed),
      let number = JSONNumber(pythonFloat: value)
    {
      self = number
    } else {
      return nil
    }
  }

  /// Python's `float` also reads `inf`, `infinity` and `nan`, with a sign, in any case.
  private static func nonFinite(_ bytes: [UInt8]) -> JSONNumber? {
    switch String(decoding: bytes, as: UTF8.self).lowercased() {
    case "inf", "infinity": JSONNumber(literal: "Infinity")
    case "-inf", "-infinity": JSONNumber(literal: "-Infinity")
    case "nan", "-nan": JSONNumber(literal: "NaN")
    default: nil
    }
  }

  /// Digits may be grouped by single underscores; nil where one stands anywhere else.
  private static func withoutUnderscores(_ bytes: [UInt8]) -> [UInt8]? {
    let underscore = UInt8(ascii: "_")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    for (index, byte) in bytes.enumerated() where byte == underscore {
      guard index > 0, index + 1 < bytes.count, digits.contains(bytes[index - 1]),
        digits.contains(bytes[index + 1])
      else { return nil }
    }
    return bytes.filter { $0 != underscore }
  }
}
