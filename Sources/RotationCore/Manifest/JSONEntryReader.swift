/// Reads entries from JSON values: a name or ARN as a string, or an object.
struct JSONEntryReader: Sendable {
  let checker: EntryChecker

  private static let idNames = ["id", "secret_id", "SecretId", "ARN", "arn", "name"]
  static let entryNames = ["id", "select", "regions", "profiles", "account_id", "labels"]

  /// Reads one element of a list of secrets.
  ///
  /// - `listing`: the element is one of AWS's own `SecretList`: its ARN is taken and all
  ///   else is left alone.
  func read(_ node: JSONNode, listing: Bool, into sink: inout some ManifestSink) {
    switch node {
    case .scalar(.string(let text), let position) where !listing:
      checker.check(
        EntryChecker.Draft(
          position: position, idName: "the id",
          secretID: EntryChecker.Part(text: Self.trim(text), position: position)), into: &sink)
    case .object(let members, let position) where !listing && JSONSelectorReader.isMeant(members):
      JSONSelectorReader(reader: self).read(members, at: position, into: &sink)
    case .object(let members, let position):
      let foreign = members.contains { $0.key == "ARN" } && !members.contains { $0.key == "id" }
      if listing || foreign {
        readListed(members, at: position, listing: listing, into: &sink)
      } else {
        readOwn(members, at: position, into: &sink)
      }
    default:
      sink.problem(
        checker.problem(
          node.position, "a secret is \(node.kindName)",
          listing
            ? "an element of SecretList is an object with an ARN"
            : "write a name or ARN in quotes, or an object with an id"))
    }
  }

  static func trim(_ text: String) -> String {
    String(decoding: CSVManifestRows.trim(text.utf8), as: UTF8.self)
  }

  private func readListed(
    _ members: [JSONNode.Member], at position: TextPosition, listing: Bool,
    into sink: inout some ManifestSink
  ) {
    guard let arn = members.last(where: { $0.key == "ARN" }) else {
      sink.problem(
        checker.problem(
          position, "an element of SecretList without an ARN",
          "keep the ARN in what `aws secretsmanager list-secrets` prints"))
      return
    }
    guard let text = arn.value.string else {
      sink.problem(
        checker.problem(
          arn.value.position, "ARN is \(arn.value.kindName)", "write the ARN as a string"))
      return
    }
    // In a listing that someone cut down, members of ours may stand beside the ARN.
    let ours = listing ? [] : members.filter { Self.entryNames.contains($0.key) }
    var draft = EntryChecker.Draft(
      position: position, idName: "ARN",
      secretID: EntryChecker.Part(text: Self.trim(text), position: arn.value.position))
    var sound = true
    for member in ours { read(member, &draft, &sound, &sink) }
    if sound { checker.check(draft, into: &sink) }
  }

  private func readOwn(
    _ members: [JSONNode.Member], at position: TextPosition, into sink: inout some ManifestSink
  ) {
    var draft = EntryChecker.Draft(
      position: position, idName: "id",
      secretID: EntryChecker.Part(text: "", position: position))
    var sound = duplicates(in: members, into: &sink)
    var hasID = false
    for member in members {
      guard Self.idNames.contains(member.key) else {
        read(member, &draft, &sound, &sink)
        continue
      }
      if hasID {
        sink.problem(
          checker.problem(
            member.keyPosition, "a second id, '\(Excerpt.of(member.key))'", "keep one of them"))
        sound = false
        continue
      }
      hasID = true
      guard let text = member.value.string else {
        wrongType(member, "a string", &sound, &sink)
        continue
      }
      draft.idName = member.key
      draft.secretID = EntryChecker.Part(text: Self.trim(text), position: member.value.position)
    }
    if !hasID {
      sink.problem(
        checker.problem(position, "a secret without an id", "add \"id\": \"name or ARN\""))
      sound = false
    }
    if sound { checker.check(draft, into: &sink) }
  }

  private func read(
    _ member: JSONNode.Member, _ draft: inout EntryChecker.Draft, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    switch member.key {
    case "regions", "region":
      draft.regions += strings(member, &sound, &sink)
    case "profiles", "profile":
      draft.profiles += strings(member, &sound, &sink)
    case "account_id":
      if member.value.isNull { return }
      guard let text = member.value.string else {
        wrongType(member, "a string of 12 digits in quotes", &sound, &sink)
        return
      }
      draft.accountID = EntryChecker.Part(text: text, position: member.value.position)
    case "labels": draft.labels = labels(member, &sound, &sink)
    default:
      sink.problem(
        checker.problem(
          member.keyPosition, "an unknown member '\(Excerpt.of(member.key))'",
          Suggestion.text(for: member.key, among: Self.entryNames)
            + "; further columns go under \"labels\""))
      sound = false
    }
  }

  /// A string, or an array of strings; null counts as absent.
  func strings(
    _ member: JSONNode.Member, _ sound: inout Bool, _ sink: inout some ManifestSink
  ) -> [EntryChecker.Part] {
    switch member.value {
    case .scalar(.null, _): return []
    case .scalar(.string(let text), let position):
      return [EntryChecker.Part(text: Self.trim(text), position: position)]
    case .array(let values, _):
      var parts: [EntryChecker.Part] = []
      for value in values {
        guard let text = value.string else {
          sink.problem(
            checker.problem(
              value.position, "\(member.key) holds \(value.kindName)", "write strings in quotes"))
          sound = false
          continue
        }
        parts.append(EntryChecker.Part(text: Self.trim(text), position: value.position))
      }
      return parts
    default:
      wrongType(member, "an array of strings", &sound, &sink)
      return []
    }
  }

  func labels(
    _ member: JSONNode.Member, _ sound: inout Bool, _ sink: inout some ManifestSink
  ) -> [Label] {
    if member.value.isNull { return [] }
    guard case .object(let members, _) = member.value else {
      wrongType(member, "an object of strings", &sound, &sink)
      return []
    }
    if !duplicates(in: members, into: &sink) { sound = false }
    var labels: [Label] = []
    for label in members {
      switch label.value {
      case .scalar(.string(let text), _): labels.append(Label(name: label.key, value: text))
      case .scalar(.number(let number), _):
        labels.append(Label(name: label.key, value: number.literal))
      case .scalar(.bool(let flag), _):
        labels.append(Label(name: label.key, value: flag ? "true" : "false"))
      case .scalar(.null, _): break
      default: wrongType(label, "a string", &sound, &sink)
      }
    }
    return labels
  }

  func wrongType(
    _ member: JSONNode.Member, _ wanted: String, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    sink.problem(
      checker.problem(
        member.value.position, "\(Excerpt.of(member.key)) is \(member.value.kindName)",
        "write \(wanted)"))
    sound = false
  }

  /// Reports names that stand twice in one object.
  func duplicates(
    in members: [JSONNode.Member], into sink: inout some ManifestSink
  ) -> Bool {
    // A few names are compared with each other; making a set costs more than that.
    if members.count <= 8 {
      let hasTwin = members.indices.contains { index in
        members[..<index].contains { $0.key == members[index].key }
      }
      if !hasTwin { return true }
    }
    var seen: Set<String> = []
    var sound = true
    for member in members where !seen.insert(member.key).inserted {
      sink.problem(
        checker.problem(
          member.keyPosition, "the member '\(Excerpt.of(member.key))' stands twice",
          "keep one of them"))
      sound = false
    }
    return sound
  }
}

/// Guesses what a misspelt name was meant to be.
enum Suggestion {
  /// `did you mean 'regions'?` for a near name, else the list of all names.
  static func text(for name: String, among names: [String]) -> String {
    let lower = name.lowercased()
    let best = names.map { ($0, distance(lower, $0.lowercased())) }.min { $0.1 < $1.1 }
    if let best, best.1 <= best.0.utf8.count / 2, name.utf8.count < 40 {
      return "did you mean '\(best.0)'?"
    }
    return "known are \(names.joined(separator: ", "))"
  }

  /// Levenshtein's distance over bytes; names longer than 40 bytes count as far.
  private static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    guard a.count <= 40 else { return .max }
    var row = Array(0...b.count)
    for i in 0..<a.count {
      var diagonal = row[0]
      row[0] = i + 1
      for j in 0..<b.count {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
        diagonal = above
      }
    }
    return row[b.count]
  }
}
