/// Cutting blanks off texts that came from outside.
enum TextTrimming {
  /// Without blanks, tabs and line ends at both ends.
  static func trim(_ text: some StringProtocol) -> String { trim(Array(text.utf8)) }

  /// The same for bytes of UTF-8.
  static func trim(_ bytes: some BidirectionalCollection<UInt8>) -> String {
    guard let first = bytes.firstIndex(where: { !isBlank($0) }),
      let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// Whether a text is one word of few ASCII letters, as request ids are.
  private static func isPlain(_ text: some StringProtocol, _ limit: Int) -> Bool {
    let bytes = text.utf8
    return bytes.count <= limit && bytes.allSatisfy { 0x20 < $0 && $0 < 0x7F }
  }

  /// At most so many characters on one line, control characters replaced by blanks.
  static func excerpt(_ text: some StringProtocol, _ limit: Int = 500) -> String {
    if isPlain(text, limit) { return String(text) }
    let scalars = text.unicodeScalars.prefix(limit).map { scalar in
      scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return trim(String(result))
  }
}
