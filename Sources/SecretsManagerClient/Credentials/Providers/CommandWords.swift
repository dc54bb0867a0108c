/// Splitting a command line as Python's `shlex` does for the AWS CLI: the quoting of a POSIX shell
/// and nothing else of it, so `|`, `#`, `$` and `*` stand for themselves.
enum CommandWords {
  enum Problem: Error {
    case openQuotation
    case openEscape

    /// Python's words.
    var message: String {
      switch self {
      case .openQuotation: "No closing quotation"
      case .openEscape: "No escaped character"
      }
    }
  }

  static func split(_ text: String) throws(Problem) -> [String] {
    var words: [String] = []
    var word: String.UnicodeScalarView?
    var quote: Unicode.Scalar?
    var isEscaped = false
    // Scalars, since `\r\n` is one Character to Swift.
    for scalar in text.unicodeScalars {
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
        if let done = word { words.append(String(done)) }
        word = nil
      } else {
        word = (word ?? .init()) + CollectionOfOne(scalar)
      }
    }
    if isEscaped { throw .openEscape }
    if quote != nil { throw .openQuotation }
    if let word { words.append(String(word)) }
    return words
  }
}
