/// Turns the parts of a row into an entry, or tells all that is wrong with them.
///
/// Every form of manifest goes through here, so that a rule stands in one place.
struct EntryChecker: Sendable {
  /// Secrets Manager's bound of a SecretId, in characters (API reference, CancelRotateSecret).
  static let maximumSecretID = 2048
  /// The bound of regions, and of profiles, in one row.
  static let maximumValues = 1000

  /// A text of the manifest with its place.
  struct Part: Sendable {
    var text: String
    var position: TextPosition
  }

  /// What a row says, before any check.
  struct Draft: Sendable {
    var position: TextPosition
    /// What the manifest calls the id, such as `secret_id`.
    var idName: String
    var secretID: Part
    var regions: [Part] = []
    var profiles: [Part] = []
    var accountID: Part?
    var labels: [Label] = []
  }

  let file: String

  func location(_ position: TextPosition) -> SourceLocation {
    SourceLocation(file: file, line: position.line, column: position.column)
  }

  func problem(_ position: TextPosition, _ what: String, _ mend: String) -> ManifestProblem {
    ManifestProblem(location: location(position), what: what, mend: mend)
  }

  /// Checks a row; an entry comes out only when nothing is wrong with it.
  func check(_ draft: Draft, into sink: inout some ManifestSink) {
    var sound = checkSecretID(draft, into: &sink)
    let regions = texts(draft.regions, checkRegion, &sound, &sink)
    let profiles = texts(draft.profiles, checkProfile, &sound, &sink)
    if let account = draft.accountID, !AccountID.isValid(account.text) {
      sink.problem(
        problem(
          account.position, "account_id is '\(Excerpt.of(account.text))'; it has 12 digits",
          "write all 12 digits; a spreadsheet drops leading zeros unless the column is text"))
      sound = false
    }
    if sound, SecretARN.looksLikeARN(draft.secretID.text) {
      sound = checkARN(draft, into: &sink)
    }
    guard sound else { return }
    sink.entry(
      ManifestEntry(
        location: location(draft.secretID.position), secretID: draft.secretID.text,
        regions: regions, profiles: profiles, accountID: draft.accountID?.text,
        labels: draft.labels))
  }

  private func texts<Sink: ManifestSink>(
    _ parts: [Part], _ rule: (Part) -> ManifestProblem?, _ sound: inout Bool, _ sink: inout Sink
  ) -> [String] {
    guard parts.count <= EntryChecker.maximumValues else {
      sink.problem(
        problem(
          parts[0].position, "\(parts.count) values; at most \(EntryChecker.maximumValues) go",
          "write several rows"))
      sound = false
      return []
    }
    for part in parts {
      if let found = rule(part) {
        sink.problem(found)
        sound = false
      }
    }
    return parts.map(\.text)
  }

  private func checkSecretID(_ draft: Draft, into sink: inout some ManifestSink) -> Bool {
    let id = draft.secretID
    var found: ManifestProblem?
    if id.text.utf8.isEmpty {
      found = problem(
        id.position, "\(draft.idName) is empty", "write the name or the ARN of a secret")
    } else if id.text.utf8.count > EntryChecker.maximumSecretID,
      id.text.unicodeScalars.count > EntryChecker.maximumSecretID
    {
      found = problem(
        id.position,
        "\(draft.idName) has \(id.text.unicodeScalars.count) characters; AWS allows"
          + " \(EntryChecker.maximumSecretID)", "shorten it to the name or the ARN of a secret")
    } else if let control = EntryChecker.controlCharacter(id.text) {
      found = problem(
        id.position, "\(draft.idName) holds a control character (\(control))", "remove it")
    }
    if let found { sink.problem(found) }
    return found == nil
  }

  /// Names the first control character of a text, such as `0x0A`; nil when there is none.
  static func controlCharacter(_ text: String) -> String? {
    guard
      let byte = text.utf8.withContiguousStorageIfAvailable({ bytes in
        bytes.first { $0 < 0x20 || $0 == 0x7F }
      }) ?? text.utf8.first(where: { $0 < 0x20 || $0 == 0x7F })
    else { return nil }
    return "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  func checkRegion(_ part: Part) -> ManifestProblem? {
    if Region.isValid(part.text) { return nil }
    if part.text == "all" {
      return problem(
        part.position, "a manifest cannot say region 'all' in a row",
        "list the regions, leave them out and pass --region all, or write a selector")
    }
    return problem(
      part.position, "'\(Excerpt.of(part.text))' is not a region",
      "write one such as us-east-1; several are separated by ';' in a cell")
  }

  func checkProfile(_ part: Part) -> ManifestProblem? {
    if part.text.isEmpty {
      return problem(part.position, "a profile is empty", "write its name or leave it out")
    }
    guard let control = EntryChecker.controlCharacter(part.text) else { return nil }
    return problem(
      part.position, "a profile holds a control character (\(control))", "remove it")
  }

  private func checkARN(_ draft: Draft, into sink: inout some ManifestSink) -> Bool {
    let arn: SecretARN
    switch Result(catching: { () throws(SecretARN.Problem) in
      try SecretARN(parsing: draft.secretID.text)
    }) {
    case .success(let value): arn = value
    case .failure(let found):
      sink.problem(problem(draft.secretID.position, Excerpt.of(found.what, limit: 160), found.mend))
      return false
    }
    var sound = true
    for region in draft.regions where region.text != arn.region {
      sink.problem(
        problem(
          region.position, "the row says region '\(region.text)' but the ARN is of '\(arn.region)'",
          "leave the region out; an ARN goes to its own region"))
      sound = false
    }
    if let account = draft.accountID, account.text != arn.accountID {
      sink.problem(
        problem(
          account.position,
          "the row says account '\(account.text)' but the ARN is of '\(arn.accountID)'",
          "leave account_id out, or correct the one that is wrong"))
      sound = false
    }
    return sound
  }
}
