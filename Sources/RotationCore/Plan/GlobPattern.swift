/// A pattern for names and ARNs: `*` stands for any text, `?` for one character, all else for
/// itself; upper and lower case differ, and the whole text must match.
package struct GlobPattern: Sendable, Hashable, CustomStringConvertible {
  package let text: String
  private let parts: [UInt8]

  package init(_ text: String) {
    self.text = text
    parts = Array(text.utf8)
  }

  package var description: String { text }

  /// Linear in the text for each star: after a mismatch only the last star is tried again.
  package func matches(_ candidate: String) -> Bool {
    let bytes = Array(candidate.utf8)
    var place = 0
    var part = 0
    var star: (part: Int, place: Int)?
    while place < bytes.count {
      if part < parts.count, parts[part] == UInt8(ascii: "*") {
        star = (part, place)
        part += 1
      } else if part < parts.count,
        parts[part] == bytes[place] || parts[part] == UInt8(ascii: "?")
      {
        place += 1
        part += 1
      } else if let last = star {
        star = (last.part, last.place + 1)
        part = last.part + 1
        place = last.place + 1
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
