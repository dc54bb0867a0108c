/// What the columns of a CSV manifest mean, by their names in the header row.
struct ManifestColumns: Sendable {
  enum Meaning: Sendable, Hashable {
    case secretID, region, profile, accountID
    /// A further column, carried into the report under its own name.
    case label(String)
    /// A column without a name, which must stay empty.
    case nameless
  }

  /// Names that stand for the secret id, the surest first: where a file has several of them, the
  /// first is the id and the others are labels.
  static let secretIDNames = ["secret_id", "secretid", "arn", "name", "id"]

  /// What a column name stands for, whatever its case; nil for a label.
  static func known(_ name: String) -> Meaning? {
    let lower = name.lowercased()
    if secretIDNames.contains(lower) { return .secretID }
    switch lower {
    case "region", "regions": return .region
    case "profile", "profiles": return .profile
    case "account_id", "accountid": return .accountID
    default: return nil
    }
  }

  private(set) var meanings: [Meaning] = []
  /// The name of the id's column as written.
  private(set) var secretIDName = "secret_id"

  /// Reads the header row.
  ///
  /// - Returns: nil when entries cannot be read under it; the problems are then in the sink.
  init?(
    _ names: [(text: String, position: TextPosition)], checker: EntryChecker, delimiter: UInt8,
    into sink: inout some ManifestSink
  ) {
    var sound = true
    let spellings = names.map { $0.text.lowercased() }
    let idSpelling = ManifestColumns.secretIDNames.first { spellings.contains($0) }
    var seen: Set<Meaning> = []
    for (name, spelling) in zip(names, spellings) {
      var meaning = ManifestColumns.known(name.text) ?? .label(name.text)
      if meaning == .secretID {
        // `secret_id` and `SecretId` are one name in two spellings; `name` is another.
        let isSame = spelling == idSpelling || (spelling == "secretid" && idSpelling == "secret_id")
        if isSame { secretIDName = name.text } else { meaning = .label(name.text) }
      }
      if name.text.isEmpty {
        meaning = .nameless
      } else if !seen.insert(meaning).inserted {
        sink.problem(
          checker.problem(
            name.position, "the column '\(Excerpt.of(name.text))' stands twice",
            "keep one of them or give the other a name of its own"))
        sound = false
      }
      meanings.append(meaning)
    }
    if idSpelling == nil {
      let position = names.first?.position ?? TextPosition(line: 1, column: 1)
      sink.problem(
        checker.problem(
          position, "no column is named secret_id (or SecretId, ARN, name, id)",
          ManifestColumns.mendMissing(names.map(\.text), delimiter: delimiter)))
      sound = false
    }
    guard sound else { return nil }
  }

  private static func mendMissing(_ names: [String], delimiter: UInt8) -> String {
    let all = names.joined(separator: " ")
    for (other, option) in [(";", ";"), ("\t", "\\t"), ("|", "|"), (",", ",")]
    where other.utf8.first != delimiter && all.contains(other) {
      let parts = all.split(separator: Character(other)).map { trimmed(String($0)) }
      if parts.contains(where: { known($0) == .secretID }) {
        return "the columns seem to be separated by '\(option)'; pass --delimiter '\(option)'"
      }
    }
    return "put the names of the columns in the first row, secret_id among them"
  }

  private static func trimmed(_ text: String) -> String {
    String(
      text.drop { $0 == " " || $0 == "\"" }.reversed().drop { $0 == " " || $0 == "\"" }
        .reversed())
  }
}
