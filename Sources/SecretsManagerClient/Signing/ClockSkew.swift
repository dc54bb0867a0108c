package import RotationCore

/// The correction of our clock by the service's.
enum ClockSkew {
  /// The offset to sign with from now on, in milliseconds; nil to keep what is set.
  ///
  /// An offset is used from 300 s on, and replaced when it moves by more than 60 s.
  static func newOffset(date: String, signedAt: Timestamp, current: Int64) -> Int64? {
    guard let server = HTTPDate.parse(date) else { return nil }
    // `signedAt` is the uncorrected clock, so this is the whole distance.
    let skew = server.milliseconds - signedAt.milliseconds
    if current != 0 { return abs(skew - current) > 60_000 ? skew : nil }
    return abs(skew) > 300_000 ? skew : nil
  }
}

/// The `Date` header (RFC 9110, section 5.6.7), in its preferred form only.
package enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
  package static func parse(_ text: String) -> Timestamp? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT" || words[5] == "UTC",
      let month = months.firstIndex(where: { $0 == words[2] })
    else { return nil }
    let day = words[1].utf8.count == 1 ? "0\(words[1])" : String(words[1])
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return Timestamp(iso8601: "\(words[3])-\(number)-\(day)T\(words[4])Z")
  }
}
