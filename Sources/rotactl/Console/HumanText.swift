internal import RotationCore

/// Numbers, durations and foreign text as people read them.
enum HumanText {
  /// Digits in groups of three: `1,234,567`.
  static func count(_ value: Int) -> String { ShownText.grouped(value) }

  /// A number with its noun, as in 1 secret or 2,000 secrets.
  static func count(_ value: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count(value)) \(value == 1 ? noun : plural ?? noun + "s")"
  }

  /// The two largest units, rounded up to a whole second: `45s`, `3m 20s`, `5h 33m`, `2d 4h`.
  static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "unknown" }
    let whole = Int(max(0, seconds).rounded(.up))
    let (days, hours, minutes, rest) = (
      whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60
    )
    if days > 0 { return "\(days)d \(hours)h" }
    if hours > 0 { return "\(hours)h \(minutes)m" }
    return minutes > 0 ? "\(minutes)m \(rest)s" : "\(rest)s"
  }

  /// RotationRules in a few words: `every 30 days`, `rate(10 days), window 3h`.
  static func rules(_ rules: JSONValue) -> String {
    var parts: [String] = []
    if let schedule = rules["ScheduleExpression"]?.string {
      parts.append(printable(schedule))
    } else if let days = rules["AutomaticallyAfterDays"]?.int {
      parts.append("every \(count(days, "day"))")
    }
    if let window = rules["Duration"]?.string { parts.append("window \(printable(window))") }
    return parts.isEmpty ? "by the service's rules" : parts.joined(separator: ", ")
  }

  /// One digit after the point, none from 100 on: `0.5`, `38.2`, `250`.
  static func decimal(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "?" }
    let tenths = Int((value.magnitude * 10).rounded())
    let sign = value < 0 && tenths > 0 ? "-" : ""
    if tenths >= 1000 { return sign + count((tenths + 5) / 10) }
    return tenths.isMultiple(of: 10)
      ? sign + "\(tenths / 10)" : sign + "\(tenths / 10).\(tenths % 10)"
  }

  /// Text that came from outside, fit for a terminal: control characters become `\u{1b}` and the
  /// like, so that no name can move the cursor, paint, or forge a line.
  static func printable(_ text: String) -> String {
    ShownText.spelling(out: isControl, in: text)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: true
    // Marks that reorder text or break lines.
    case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// A word for a POSIX shell, quoted where it must be.
  static func shellWord(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || "-_./:=@+,%".utf8.contains($0)
      }
    guard !isPlain else { return text }
    var quoted = "'"
    for character in text {
      if character == "'" { quoted += #"'\''"# } else { quoted.append(character) }
    }
    return quoted + "'"
  }

  /// The text cut to a number of characters, the cut marked by `…`.
  static func cut(_ text: String, to width: Int) -> String {
    guard width > 0 else { return "" }
    guard text.count > width else { return text }
    return String(text.prefix(width - 1)) + "…"
  }
}
