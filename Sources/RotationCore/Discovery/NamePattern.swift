/// A pattern over the whole of a secret's name: `*` stands for any characters, slashes too, and
/// `?` for one.
///
/// Cases differ, as they do in names. There are no sets, alternatives or escapes: no name can hold
/// a star or a question mark.
package struct NamePattern: Sendable, Hashable {
  package let text: String
  private let bytes: [UInt8]

  /// Why a text is no pattern.
  package struct Problem: Error, Sendable, Hashable {
    package let what: String
    package let mend: String
  }

  /// The longest pattern, in bytes; names have at most 256 characters.
  package static let longest = 512

  package init(parsing text: String) throws(Problem) {
    guard !text.isEmpty else {
      throw Problem(what: "the pattern is empty", mend: "write one such as prod/*")
    }
    guard text.utf8.count <= NamePattern.longest else {
      throw Problem(
        what: "a pattern of \(text.utf8.count) bytes",
        mend: "write at most \(NamePattern.longest)")
    }
    let isKnown = text.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        || "/_+=.@-!*?".utf8.contains($0)
    }
    guard isKnown else {
      throw Problem(
        what: "'\(Excerpt.of(text))' holds a character that no secret's name has",
        mend: "write letters, digits and /_+=.@-! with * and ? as the only wildcards")
    }
    self.text = text
    bytes = Array(text.utf8)
  }

  /// Whether the whole name fits.
  ///
  /// O(name x pattern) at worst.
  package func matches(_ name: String) -> Bool {
    var name = name
    return name.withUTF8 { matches($0) }
  }

  private func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    var place = 0
    // Where the last star stands, and how much of the name it has taken so far.
    var star: Int?
    var taken = 0
    while position < name.count {
      if place < bytes.count, bytes[place] == UInt8(ascii: "*") {
        star = place
        taken = position
        place += 1
      } else if place < bytes.count,
        bytes[place] == UInt8(ascii: "?") || bytes[place] == name[position]
      {
        place += 1
        position += 1
      } else if let star {
        taken += 1
        position = taken
        place = star + 1
      } else {
        return false
      }
    }
    return bytes[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
