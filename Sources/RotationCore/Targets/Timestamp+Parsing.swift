extension Timestamp {
  /// Reads a time as AWS and its tools write it: seconds since the epoch, ISO 8601, or RFC 822.
  ///
  /// A time without a zone is in UTC. Digits beyond the millisecond are dropped.
  package init?(parsing text: String) {
    let bytes = text.utf8
    let start = bytes.firstIndex { !TimeReader.isBlank($0) } ?? bytes.endIndex
    let end = bytes.lastIndex { !TimeReader.isBlank($0) }.map { bytes.index(after: $0) }
    let trimmed = text[start..<(end ?? start)]
    if Timestamp.isDecimal(trimmed) {
      guard let seconds = Double(trimmed) else { return nil }
      self.init(epochSeconds: seconds)
    } else {
      guard let time = Timestamp(iso8601: text) ?? Timestamp(rfc822: text) else { return nil }
      self = time
    }
  }

  /// Reads `2026-11-23T18:11:41Z`.
  ///
  /// The date may stand alone, and hyphens and colons may be missing. A blank may stand for the
  /// `T`, a fraction follows `.` or `,`, and the zone is `Z`, `UTC`, `GMT`, `+hh:mm`, `+hhmm`, `+hh`
  /// or nothing, which means UTC.
  package init?(iso8601 text: String) {
    if let time = Timestamp(ownForm: text) {
      self = time
      return
    }
    var reader = TimeReader(text)
    guard let year = reader.number(4) else { return nil }
    let isExtended = reader.skip("-")
    guard let month = reader.number(2), !isExtended || reader.skip("-"), let day = reader.number(2)
    else { return nil }
    var time = TimeReader.Clock()
    if !reader.isAtEnd {
      guard reader.skip("T") || reader.skip("t") || reader.skipBlanks(),
        let read = reader.clock()
      else { return nil }
      time = read
    }
    self.init(year: year, month: month, day: day, time: time)
  }

  /// Reads ``iso8601`` back, the only form in plans and journals; nil for every other.
  private init?(ownForm text: String) {
    var text = text
    let parsed = text.withUTF8 { bytes -> Timestamp? in
      guard bytes.count == 24, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
        bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
        bytes[16] == UInt8(ascii: ":"), bytes[19] == UInt8(ascii: "."),
        bytes[23] == UInt8(ascii: "Z")
      else { return nil }
      var isNumber = true
      func number(_ start: Int, _ count: Int) -> Int {
        var value = 0
        for index in start..<start + count {
          let digit = Int(bytes[index]) - 0x30
          if digit < 0 || digit > 9 { isNumber = false }
          value = value * 10 + digit
        }
        return value
      }
      let (hour, minute, second) = (number(11, 2), number(14, 2), number(17, 2))
      let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
      let milliseconds = number(20, 3)
      guard isNumber, hour < 24, minute < 60, second < 60 else { return nil }
      let time = TimeReader.Clock(
        milliseconds: ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds)
      return Timestamp(year: year, month: month, day: day, time: time)
    }
    guard let parsed else { return nil }
    self = parsed
  }

  /// Reads `Wed, 02 Oct 2002 13:00:00 GMT`; the day of the week may be missing and is not checked.
  package init?(rfc822 text: String) {
    var words = text.split(separator: " ", omittingEmptySubsequences: true)
    let days = ["Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,"]
    if let first = words.first, days.contains(String(first)) { words.removeFirst() }
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    guard words.count == 4 || words.count == 5, (1...2).contains(words[0].utf8.count),
      let day = TimeReader.digits(words[0]), words[2].utf8.count == 4,
      let month = months.firstIndex(of: String(words[1])), let year = TimeReader.digits(words[2])
    else { return nil }
    var reader = TimeReader(words[3...].joined(separator: " "))
    guard let time = reader.clock() else { return nil }
    self.init(year: year, month: month + 1, day: day, time: time)
  }

  /// Days to a date after Hinnant, "chrono-compatible low-level date algorithms".
  private init?(year: Int, month: Int, day: Int, time: TimeReader.Clock) {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let length =
      switch month {
      case 2: isLeap ? 29 : 28
      case 4, 6, 9, 11: 30
      default: 31
      }
    guard (1...9999).contains(year), (1...12).contains(month), (1...length).contains(day)
    else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shifted.quotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    self.init(milliseconds: Int64(days) * 86_400_000 + Int64(time.milliseconds))
  }

  /// Whether the text is a number with an optional sign, fraction and exponent.
  private static func isDecimal(_ text: Substring) -> Bool {
    let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return false }
    return parts.enumerated().allSatisfy { index, part in
      let unsigned = part.hasPrefix("-") || part.hasPrefix("+") ? part.dropFirst() : part
      let digits = unsigned.split(separator: ".", omittingEmptySubsequences: false)
      return digits.count <= (index == 0 ? 2 : 1) && unsigned.contains { $0 != "." }
        && digits.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }
  }
}

/// The place in a text that is read as a time.
private struct TimeReader {
  /// A time of day, moved by the offset of its zone.
  struct Clock {
    var milliseconds = 0
  }

  private let bytes: [UInt8]
  private var index: Int

  /// Blanks at both ends are passed over.
  init(_ text: String) {
    var bytes = Array(text.utf8)
    while let last = bytes.last, TimeReader.isBlank(last) { bytes.removeLast() }
    index = bytes.firstIndex { !TimeReader.isBlank($0) } ?? bytes.count
    self.bytes = bytes
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  var isAtEnd: Bool { index == bytes.count }

  static func digits(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }

  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard index < bytes.count, UInt32(bytes[index]) == scalar.value else { return false }
    index += 1
    return true
  }

  mutating func skipBlanks() -> Bool {
    let start = index
    while skip(" ") {}
    return index > start
  }

  /// Exactly so many digits.
  mutating func number(_ count: Int) -> Int? {
    guard index + count <= bytes.count else { return nil }
    let digits = bytes[index..<(index + count)]
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    index += count
    return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// The time of day and the zone, up to the end.
  mutating func clock() -> Clock? {
    guard let hour = number(2), hour < 24 else { return nil }
    var (minute, second, fraction) = (0, 0, 0)
    let isExtended = skip(":")
    if let read = number(2) {
      minute = read
      if isExtended ? skip(":") : true, let read = number(2) {
        second = read
        guard let read = self.fraction() else { return nil }
        fraction = read
      }
    } else if isExtended {
      return nil
    }
    // A colon without a number behind it is none of the forms.
    guard bytes[index - 1] != UInt8(ascii: ":"), minute < 60, second < 60, let offset = offset(),
      isAtEnd
    else { return nil }
    let seconds = ((hour * 60 + minute - offset) * 60) + second
    return Clock(milliseconds: seconds * 1000 + fraction)
  }

  /// Milliseconds; nil for a point without digits.
  private mutating func fraction() -> Int? {
    guard skip(".") || skip(",") else { return 0 }
    let start = index
    var (value, scale) = (0, 100)
    while index < bytes.count, (0x30...0x39).contains(bytes[index]) {
      value += Int(bytes[index] - 0x30) * scale
      scale /= 10
      index += 1
    }
    return index > start ? value : nil
  }

  /// Minutes east of UTC.
  private mutating func offset() -> Int? {
    _ = skipBlanks()
    let rest = String(decoding: bytes[index...], as: UTF8.self)
    if ["", "Z", "z", "UTC", "GMT"].contains(rest) {
      index = bytes.count
      return 0
    }
    let isWest = skip("-")
    guard isWest || skip("+"), let hours = number(2) else { return nil }
    let hasColon = skip(":")
    guard let minutes = number(2) ?? (hasColon ? nil : 0), hours < 24, minutes < 60 else {
      return nil
    }
    return (hours * 60 + minutes) * (isWest ? -1 : 1)
  }
}
