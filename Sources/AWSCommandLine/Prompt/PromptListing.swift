/// What the Tab key writes into the line and shows below it.
package struct PromptListing: Sendable, Hashable {
  /// How many scalars before the cursor are replaced.
  package private(set) var replaced = 0
  package private(set) var insertion = ""
  package private(set) var lines: [String] = []

  /// More candidates than this are cut off, and their number is said.
  private static let limit = 60

  package init(_ proposal: PromptCompleter.Proposal, columns: Int) {
    let candidates = proposal.candidates
    guard let first = candidates.first else {
      lines = proposal.hint.map { ["  (\($0))"] } ?? []
      return
    }
    if candidates.count == 1 {
      // What can still grow gets no blank: a folder, or an option with its value.
      let isOpen = first.word.hasSuffix("/") || first.word.hasSuffix("=")
      replace(proposal, PromptWords.quoted(first.word) + (isOpen ? "" : " "))
      return
    }
    let common = PromptListing.commonPrefix(candidates.map(\.word))
    let isLonger = common.unicodeScalars.count > proposal.word.unicodeScalars.count
    if isLonger, common.utf8.starts(with: proposal.word.utf8), PromptWords.quoted(common) == common
    {
      replace(proposal, common)
      return
    }
    lines = PromptListing.list(candidates, columns: columns)
  }

  private mutating func replace(_ proposal: PromptCompleter.Proposal, _ text: String) {
    replaced = proposal.length
    insertion = text
  }

  private static func commonPrefix(_ words: [String]) -> String {
    var common = Array((words.first ?? "").unicodeScalars)
    for word in words.dropFirst() {
      let same = zip(common, word.unicodeScalars).prefix { $0 == $1 }.count
      common.removeSubrange(same...)
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: common)
    return String(result)
  }

  private static func list(_ candidates: [PromptCandidate], columns: Int) -> [String] {
    let shown = candidates.prefix(limit).map {
      PromptCandidate(printable($0.word), note: $0.note)
    }
    let width = shown.map(\.word.unicodeScalars.count).max() ?? 0
    var lines: [String] = []
    if shown.contains(where: { !$0.note.isEmpty }) {
      lines = shown.map { "  \(padded($0.word, width))  \($0.note)" }
      lines = lines.map { String($0.prefix(max(width + 2, columns - 1))) }
    } else {
      let perLine = max(1, (columns - 1) / (width + 2))
      let count = (shown.count + perLine - 1) / perLine
      // Down the columns, as `ls` does.
      for row in 0..<count {
        let cells = stride(from: row, to: shown.count, by: count).map {
          "  " + padded(shown[$0].word, width)
        }
        lines.append(cells.joined())
      }
    }
    if candidates.count > limit {
      lines.append("  ... and \(candidates.count - limit) more; write a letter or two")
    }
    return lines
  }

  private static func padded(_ word: String, _ width: Int) -> String {
    word + String(repeating: " ", count: max(0, width - word.unicodeScalars.count))
  }

  /// A name from outside must not move the cursor or change colours.
  private static func printable(_ word: String) -> String {
    String(
      String.UnicodeScalarView(
        word.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0 }))
  }
}
