internal import RotationCore

/// A span of time with its unit: `1500ms`, `30s`, `10m`, `2h`, `1.5h`; at most 30 days.
struct DurationValue: Sendable, Hashable {
  /// More than zero.
  let seconds: Double

  var duration: Duration { .milliseconds(Int64((seconds * 1000).rounded())) }

  static func read(_ text: String) throws(ValueProblem) -> DurationValue {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(number.count)
    guard let amount = Decimals.parse(number) else {
      throw ValueProblem(
        "'\(text)' is not a duration", hint: "write a number and a unit, as in 30s")
    }
    let factor: Double
    switch unit {
    case "ms": factor = 0.001
    case "s": factor = 1
    case "m": factor = 60
    case "h": factor = 3600
    case "":
      throw ValueProblem(
        "'\(text)' has no unit", hint: "write \(text)s for seconds, \(text)m for minutes")
    default:
      throw ValueProblem("'\(unit)' is no unit of time", hint: "use ms, s, m or h")
    }
    let seconds = amount * factor
    guard seconds >= 0.001 else { throw ValueProblem("'\(text)' is no time at all") }
    guard seconds <= 30 * 86_400 else {
      throw ValueProblem("'\(text)' is longer than 30 days", hint: "write 720h or less")
    }
    return DurationValue(seconds: seconds)
  }
}

/// Calls per second, as `40`, `0.5`, `40/s` or `30/m`; between 0.001 and 10,000, or `unlimited`.
struct RateValue: Sendable, Hashable {
  /// Infinite without a limit.
  let perSecond: Double

  static func read(_ text: String) throws(ValueProblem) -> RateValue {
    if text == RateRecord.unlimited { return RateValue(perSecond: .infinity) }
    var number = text[...]
    var divisor = 1.0
    if text.hasSuffix("/s") {
      number = number.dropLast(2)
    } else if text.hasSuffix("/m") {
      number = number.dropLast(2)
      divisor = 60
    }
    guard let amount = Decimals.parse(number) else {
      throw ValueProblem(
        "'\(text)' is not a rate", hint: "write calls per second, as in 40 or 0.5, or unlimited")
    }
    let rate = amount / divisor
    guard (0.001...10_000).contains(rate) else {
      throw ValueProblem(
        "'\(text)' is outside of 0.001 to 10000 calls per second",
        hint: "AWS allows 50 per second, account and region")
    }
    return RateValue(perSecond: rate)
  }
}

/// A rate for some lanes, as `111122223333/us-east-1=20`; `*` stands for any account or region.
enum LaneRateValue {
  static func read(_ text: String) throws(ValueProblem) -> ConfiguredLimits.LaneRate {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let lanes = LanePattern(parsing: parts[0]) else {
      throw ValueProblem(
        "'\(text)' names no lane and rate",
        hint: "write it as in 111122223333/us-east-1=20, with * for any account or region")
    }
    return ConfiguredLimits.LaneRate(lanes, rate: try RateValue.read(parts[1]).perSecond)
  }
}

/// Plain decimal numbers: digits with at most one point, nothing like `1e3`, `0x1` or `nan`.
enum Decimals {
  static func parse(_ text: Substring) -> Double? {
    guard (1...18).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "."),
      text.utf8.last != UInt8(ascii: "."),
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") })
    else { return nil }
    return Double(String(text))
  }
}

/// Readers for settings of simple kinds.
enum SettingReader {
  /// A whole number within bounds.
  static func wholeNumber(
    _ bounds: ClosedRange<Int>
  ) -> (String) throws(ValueProblem) -> Int {
    { (text: String) throws(ValueProblem) -> Int in
      guard let value = Int(text), text.first != "+" else {
        throw ValueProblem("'\(text)' is not a whole number")
      }
      guard bounds.contains(value) else {
        throw ValueProblem("\(value) is outside of \(bounds.lowerBound) to \(bounds.upperBound)")
      }
      return value
    }
  }

  /// One word of a fixed set.
  static func word<Word: RawRepresentable & CaseIterable>(
    _ type: Word.Type
  ) -> (String) throws(ValueProblem) -> Word where Word.RawValue == String {
    { (text: String) throws(ValueProblem) -> Word in
      if let word = Word(rawValue: text) { return word }
      let words = Word.allCases.map(\.rawValue)
      let all = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
      throw ValueProblem("'\(text)' is not known here", hint: "use \(all)")
    }
  }

  /// A line of text for the record: not empty, at most 1,024 bytes, no control characters.
  static func line(_ text: String) throws(ValueProblem) -> String {
    let text = Settings.trimmed(text)
    guard !text.isEmpty else { throw ValueProblem("the text is empty") }
    guard text.utf8.count <= 1024 else {
      throw ValueProblem("the text has \(text.utf8.count) bytes; 1024 are allowed")
    }
    guard HumanText.printable(text) == text else {
      throw ValueProblem("the text holds control characters", hint: "write one plain line")
    }
    return text
  }

  static func path(_ text: String) throws(ValueProblem) -> String {
    guard !text.isEmpty, !text.utf8.contains(0) else { throw ValueProblem("the path is empty") }
    return text
  }

  /// A region's name, or `all`.
  static func regionOrAll(_ text: String) throws(ValueProblem) -> String {
    text == ResolvedConnection.allRegions ? text : try region(text)
  }

  static func region(_ text: String) throws(ValueProblem) -> String {
    guard Region.isValid(text) else {
      throw ValueProblem("'\(text)' is not a region's name", hint: "write it as in eu-west-1")
    }
    return text
  }

  /// `http://` or `https://` with a host and no user, query or fragment.
  static func endpoint(_ text: String) throws(ValueProblem) -> String {
    let problem = ValueProblem(
      "'\(text)' is not the address of an endpoint", hint: "write it as in http://127.0.0.1:4566")
    let lower = text.lowercased()
    let scheme = ["http://", "https://"].first { lower.hasPrefix($0) }
    guard let scheme else { throw problem }
    let rest = text.dropFirst(scheme.count)
    let host = rest.prefix { $0 != "/" }
    guard !host.isEmpty, host.first != ":", !rest.contains(where: { "@?# ".contains($0) }),
      HumanText.printable(text) == text
    else { throw problem }
    return text
  }

  /// A run's name becomes a folder's: letters, digits, `-`, `_` and `.`, at most 100.
  static func runID(_ text: String) throws(ValueProblem) -> String {
    let isGood =
      (1...100).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: ".")
      && text.utf8.first != UInt8(ascii: "-")
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || "-_.".utf8.contains($0)
      }
    guard isGood else {
      throw ValueProblem(
        "'\(text)' cannot be a run id", hint: "use up to 100 letters, digits, '-', '_' and '.'")
    }
    return text
  }

  /// One ASCII character between the fields of a CSV row; `tab` and `\t` name the tabulator.
  static func delimiter(_ text: String) throws(ValueProblem) -> UInt8 {
    if text == "tab" || text == #"\t"# { return UInt8(ascii: "\t") }
    let bytes = Array(text.utf8)
    guard bytes.count == 1, bytes[0] == 9 || (0x20..<0x7F).contains(bytes[0]),
      bytes[0] != UInt8(ascii: "\"")
    else {
      throw ValueProblem(
        "'\(text)' cannot be a delimiter", hint: "use one character such as ',' or ';', or tab")
    }
    return bytes[0]
  }
}
