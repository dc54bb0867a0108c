/// A moment in UTC with millisecond resolution.
package struct Timestamp: Sendable, Hashable, Comparable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Seconds since the epoch as the service writes them, rounded to the millisecond; nil when
  /// the number lies outside the years 1 to 9999.
  package init?(epochSeconds: Double) {
    guard epochSeconds >= -62_135_596_800, epochSeconds < 253_402_300_800 else { return nil }
    milliseconds = Int64((epochSeconds * 1000).rounded())
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  package var epochSeconds: Double { Double(milliseconds) / 1000 }

  package func adding(seconds: Double) -> Timestamp {
    Timestamp(milliseconds: milliseconds + Int64((seconds * 1000).rounded()))
  }

  /// Seconds from another moment to this one.
  package func seconds(since other: Timestamp) -> Double {
    Double(milliseconds - other.milliseconds) / 1000
  }

  private struct Civil {
    var year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int
  }

  /// The civil date and time.
  ///
  /// Days to a date after Hinnant, "chrono-compatible low-level date algorithms".
  private var civil: Civil {
    let (days, rest) = Timestamp.floorDivide(milliseconds, 86_400_000)
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return Civil(
      year: Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), month: Int(month),
      day: Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1), hour: Int(rest / 3_600_000),
      minute: Int(rest / 60_000 % 60), second: Int(rest / 1000 % 60),
      millisecond: Int(rest % 1000))
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> (Int64, Int64) {
    let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
    return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
  }

  /// The decimal digits of a number that is not negative, zeros in front; a year beyond 9999 has
  /// more than four.
  private static func put(
    _ value: Int, _ width: Int, into text: UnsafeMutableBufferPointer<UInt8>, _ end: inout Int
  ) {
    var count = width
    var bound = width == 2 ? 100 : width == 3 ? 1000 : 10_000
    while value >= bound {
      count += 1
      bound *= 10
    }
    var rest = value
    for place in stride(from: end + count - 1, through: end, by: -1) {
      text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
    end += count
  }

  private static func put(
    _ byte: Unicode.Scalar, into text: UnsafeMutableBufferPointer<UInt8>, _ end: inout Int
  ) {
    text[end] = UInt8(ascii: byte)
    end += 1
  }

  /// The form of records, such as `2026-11-23T18:11:41.123Z`.
  package var iso8601: String {
    let c = civil
    return String(unsafeUninitializedCapacity: 40) { text in
      var end = 0
      Timestamp.put(max(0, c.year), 4, into: text, &end)
      Timestamp.put("-", into: text, &end)
      Timestamp.put(c.month, 2, into: text, &end)
      Timestamp.put("-", into: text, &end)
      Timestamp.put(c.day, 2, into: text, &end)
      Timestamp.put("T", into: text, &end)
      Timestamp.put(c.hour, 2, into: text, &end)
      Timestamp.put(":", into: text, &end)
      Timestamp.put(c.minute, 2, into: text, &end)
      Timestamp.put(":", into: text, &end)
      Timestamp.put(c.second, 2, into: text, &end)
      Timestamp.put(".", into: text, &end)
      Timestamp.put(c.millisecond, 3, into: text, &end)
      Timestamp.put("Z", into: text, &end)
      return end
    }
  }

  /// `20261123T181141Z`, the form of SigV4's X-Amz-Date and of run ids.
  package var basic: String {
    let c = civil
    return String(unsafeUninitializedCapacity: 40) { text in
      var end = 0
      Timestamp.put(max(0, c.year), 4, into: text, &end)
      Timestamp.put(c.month, 2, into: text, &end)
      Timestamp.put(c.day, 2, into: text, &end)
      Timestamp.put("T", into: text, &end)
      Timestamp.put(c.hour, 2, into: text, &end)
      Timestamp.put(c.minute, 2, into: text, &end)
      Timestamp.put(c.second, 2, into: text, &end)
      Timestamp.put("Z", into: text, &end)
      return end
    }
  }

  /// `14:05` in UTC, for the console.
  package var clock: String {
    let c = civil
    return String(unsafeUninitializedCapacity: 8) { text in
      var end = 0
      Timestamp.put(c.hour, 2, into: text, &end)
      Timestamp.put(":", into: text, &end)
      Timestamp.put(c.minute, 2, into: text, &end)
      return end
    }
  }
}
