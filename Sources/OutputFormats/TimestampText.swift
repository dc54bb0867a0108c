internal import RotationCore

/// Moments in a service's answer as `cli_timestamp_format = iso8601` shows them.
///
/// With `wire` the number is shown as it came, which needs no change to the document.
package enum TimestampText {
  /// Such as `2023-11-14T22:13:20.123000+01:00`: microseconds only when there are any.
  ///
  /// - `epochSeconds`: the number in the answer.
  /// - `utcOffset`: how many seconds the local zone is ahead of UTC at that moment.
  ///
  /// Nil for a moment outside the years 1 to 9999.
  package static func iso8601(epochSeconds: Double, utcOffset: Int) -> String? {
    let local = epochSeconds + Double(utcOffset)
    guard epochSeconds.isFinite, local >= -62_135_596_800, local < 253_402_300_800 else {
      return nil
    }
    var whole = Int64(epochSeconds)
    var micros = Int64(
      ((epochSeconds - Double(whole)) * 1_000_000).rounded(.toNearestOrEven))
    if micros < 0 {
      micros += 1_000_000
      whole -= 1
    } else if micros >= 1_000_000 {
      micros -= 1_000_000
      whole += 1
    }
    let moment = Timestamp(milliseconds: (whole + Int64(utcOffset)) * 1000)
    let fraction = micros == 0 ? "" : "." + padded(micros, 6)
    return moment.iso8601.prefix(19) + fraction + zone(utcOffset)
  }

  private static func zone(_ offset: Int) -> String {
    let seconds = Int64(offset.magnitude)
    let tail = seconds % 60 == 0 ? "" : ":" + padded(seconds % 60, 2)
    return (offset < 0 ? "-" : "+") + padded(seconds / 3600, 2) + ":"
      + padded(seconds / 60 % 60, 2) + tail
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
