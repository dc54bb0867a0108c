/// Suggests the words that a mistyped one may stand for.
///
/// The measure is Python's `difflib`: twice the matching characters over all characters.
enum CloseMatches {
  private static let cutoff = 0.8
  private static let limit = 3

  /// The text for a word that is none of the choices.
  static func complaint(about word: String, choices: [String]) -> String {
    let near = matches(for: word, in: choices)
    var lines = ["Found invalid choice '\(word)'\n"]
    if !near.isEmpty { lines.append("Maybe you meant:\n") }
    lines += near.map { "  * \($0)" }
    return lines.joined(separator: "\n")
  }

  static func matches(for word: String, in choices: [String]) -> [String] {
    let wanted = Array(word.unicodeScalars)
    let scored = choices.map { choice in
      (choice: choice, score: ratio(Array(choice.unicodeScalars), wanted))
    }
    let near = scored.filter { $0.score >= cutoff }.sorted {
      ($0.score, $0.choice) > ($1.score, $1.choice)
    }
    return near.prefix(limit).map(\.choice)
  }

  private static func ratio(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Double {
    guard !a.isEmpty || !b.isEmpty else { return 1 }
    return 2 * Double(matching(a[...], b[...])) / Double(a.count + b.count)
  }

  /// The length of the longest common run, and of those left and right of it.
  private static func matching(
    _ a: ArraySlice<Unicode.Scalar>, _ b: ArraySlice<Unicode.Scalar>
  ) -> Int {
    var best = (a: a.startIndex, b: b.startIndex, length: 0)
    for i in a.indices {
      for j in b.indices {
        var length = 0
        while i + length < a.endIndex, j + length < b.endIndex, a[i + length] == b[j + length] {
          length += 1
        }
        if length > best.length { best = (i, j, length) }
      }
    }
    guard best.length > 0 else { return 0 }
    return best.length + matching(a[..<best.a], b[..<best.b])
      + matching(a[(best.a + best.length)...], b[(best.b + best.length)...])
  }
}
