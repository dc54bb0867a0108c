/// A prompted line taken apart as a POSIX shell takes apart words and quotes, and nothing else of
/// it.
package struct PromptWords: Sendable, Hashable {
  /// The words that are complete: something follows them.
  package private(set) var before: [String] = []
  /// What stands right before the end of the text, quotes taken away; empty after a blank.
  package private(set) var current = ""
  /// How many scalars of the text make up ``current``, quotes included.
  package private(set) var currentLength = 0
  /// Python's words for a text that ends inside a quotation; nil for all others.
  package private(set) var problem: String?

  package init(_ text: String) {
    var word: String.UnicodeScalarView?
    var quote: Unicode.Scalar?
    var isEscaped = false
    // Scalars, since `\r\n` is one Character to Swift.
    for scalar in text.unicodeScalars {
      currentLength += 1
      if isEscaped {
        // Between double quotes a backslash means itself unless it hides a quote or another.
        if quote != nil, scalar != "\\", scalar != "\"" { word?.append("\\") }
        word = (word ?? .init()) + CollectionOfOne(scalar)
        isEscaped = false
      } else if scalar == "\\", quote != "'" {
        word = word ?? .init()
        isEscaped = true
      } else if let open = quote {
        if scalar == open { quote = nil } else { word?.append(scalar) }
      } else if scalar == "\"" || scalar == "'" {
        quote = scalar
        word = word ?? .init()
      } else if " \t\r\n".unicodeScalars.contains(scalar) {
        if let done = word { before.append(String(done)) }
        word = nil
        currentLength = 0
      } else {
        word = (word ?? .init()) + CollectionOfOne(scalar)
      }
    }
    hasCurrent = word != nil
    current = word.map { String($0) } ?? ""
    if isEscaped { problem = "No escaped character" }
    if quote != nil { problem = "No closing quotation" }
  }

  private var hasCurrent = false

  /// All words; one that is not closed ends with the text.
  package var all: [String] { hasCurrent ? before + [current] : before }

  /// The word as it has to be written to be read back as it is.
  package static func quoted(_ word: String) -> String {
    let plain = "@%+=:,./-_~{}".unicodeScalars
    let isPlain = word.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType == .decimal)
        || plain.contains($0)
    }
    guard !isPlain || word.isEmpty else { return word }
    return "'" + word.replacing("'", with: "'\"'\"'") + "'"
  }
}
