/// Reads an element of the secrets that selects instead of naming: `{"select": {...}}`.
struct JSONSelectorReader: Sendable {
  let reader: JSONEntryReader

  private static let memberNames = ["select", "regions", "profiles", "labels"]
  private static let filterKeys: [String: SecretListFilter.Key] = [
    "name": .name, "description": .description, "tagKey": .tagKey, "tagValue": .tagValue,
    "primaryRegion": .primaryRegion, "owningService": .owningService, "allFields": .all,
  ]
  private static let selectNames =
    ["tags", "rotating", "rotatesWithin", "include", "exclude", "confirm", "regions", "profiles"]
    + filterKeys.keys.sorted()

  private var checker: EntryChecker { reader.checker }

  /// Whether an object is a selector; one that names a secret too is a mistake that is told there.
  static func isMeant(_ members: [JSONNode.Member]) -> Bool {
    members.contains { $0.key == "select" }
  }

  func read(
    _ members: [JSONNode.Member], at position: TextPosition, into sink: inout some ManifestSink
  ) {
    var draft = ManifestSelector(
      location: checker.location(position), selection: SecretSelection())
    var sound = reader.duplicates(in: members, into: &sink)
    for member in members {
      switch member.key {
      case "select": select(member, &draft, &sound, &sink)
      case "labels": draft.labels = reader.labels(member, &sound, &sink)
      case "regions", "region", "profiles", "profile":
        place(member, &draft, &sound, &sink)
      default:
        refuse(member, among: Self.memberNames, "beside select", &sound, &sink)
      }
    }
    if sound { sink.selector(draft) }
  }

  private func select(
    _ member: JSONNode.Member, _ draft: inout ManifestSelector, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    guard case .object(let members, let position) = member.value else {
      reader.wrongType(member, "an object such as {\"rotating\": true}", &sound, &sink)
      return
    }
    if !reader.duplicates(in: members, into: &sink) { sound = false }
    for inner in members where !inner.value.isNull {
      if let key = Self.filterKeys[inner.key] {
        filters(key, inner, &draft, &sound, &sink)
        continue
      }
      switch inner.key {
      case "tags": tags(inner, &draft, &sound, &sink)
      case "rotating", "confirm":
        guard case .scalar(.bool(true), _) = inner.value else {
          reader.wrongType(inner, "true, or leave it out", &sound, &sink)
          continue
        }
        if inner.key == "confirm" {
          draft.confirms = true
        } else {
          draft.selection.rotating = true
        }
      case "rotatesWithin": span(inner, &draft, &sound, &sink)
      case "include": draft.selection.include += patterns(inner, &sound, &sink)
      case "exclude": draft.selection.exclude += patterns(inner, &sound, &sink)
      case "regions", "region", "profiles", "profile": place(inner, &draft, &sound, &sink)
      default: refuse(inner, among: Self.selectNames, "in select", &sound, &sink)
      }
    }
    if draft.selection.filters.count > ListSecretsRequest.maximumFilters {
      problem(
        position,
        "\(draft.selection.filters.count) filters, of which the service takes"
          + " \(ListSecretsRequest.maximumFilters)",
        "use exclude in place of values with !", &sound, &sink)
    }
    if sound, draft.selection == SecretSelection() {
      problem(
        position, "a selector without a condition",
        "write one such as \"rotating\": true; \"include\": \"*\" selects everything", &sound,
        &sink)
    }
  }

  private func place(
    _ member: JSONNode.Member, _ draft: inout ManifestSelector, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    let parts = reader.strings(member, &sound, &sink)
    let isRegion = member.key.hasPrefix("region")
    guard isRegion ? draft.regions.isEmpty : draft.profiles.isEmpty else {
      problem(
        member.keyPosition, "\(member.key) stand twice for one selector", "keep one of them",
        &sound, &sink)
      return
    }
    for part in parts where !(isRegion && part.text == ManifestSelector.allRegions) {
      guard let found = isRegion ? checker.checkRegion(part) : checker.checkProfile(part) else {
        continue
      }
      sink.problem(found)
      sound = false
    }
    if isRegion { draft.regions = parts.map(\.text) } else { draft.profiles = parts.map(\.text) }
  }

  /// Any of the plain values may match; each one with `!` must not and is a filter of its own.
  private func filters(
    _ key: SecretListFilter.Key, _ member: JSONNode.Member, _ draft: inout ManifestSelector,
    _ sound: inout Bool, _ sink: inout some ManifestSink
  ) {
    let parts = reader.strings(member, &sound, &sink)
    for part in parts
    where part.text.isEmpty || part.text == "!" || !SecretListFilter.isValid(value: part.text) {
      problem(
        part.position, "'\(Excerpt.of(part.text))' is no value that the service filters by",
        "write up to 512 letters, digits, blanks and :_@/+=.-!", &sound, &sink)
    }
    let wanted = parts.map(\.text).filter { !$0.hasPrefix("!") }
    if wanted.count > SecretListFilter.maximumValues {
      problem(
        member.value.position,
        "\(wanted.count) values, of which the service takes"
          + " \(SecretListFilter.maximumValues)", "write several selectors, or use include",
        &sound, &sink)
    }
    if !wanted.isEmpty { draft.selection.filters.append(.init(key: key, values: wanted)) }
    for part in parts where part.text.hasPrefix("!") {
      draft.selection.filters.append(.init(key: key, values: [part.text]))
    }
  }

  private func tags(
    _ member: JSONNode.Member, _ draft: inout ManifestSelector, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    guard case .object(let members, _) = member.value, !members.isEmpty else {
      reader.wrongType(member, "an object such as {\"team\": \"payments\"}", &sound, &sink)
      return
    }
    if !reader.duplicates(in: members, into: &sink) { sound = false }
    for tag in members {
      guard let value = tag.value.string else {
        reader.wrongType(tag, "a string", &sound, &sink)
        continue
      }
      draft.selection.tags.append(Label(name: tag.key, value: value))
    }
  }

  private func patterns(
    _ member: JSONNode.Member, _ sound: inout Bool, _ sink: inout some ManifestSink
  ) -> [NamePattern] {
    var patterns: [NamePattern] = []
    for part in reader.strings(member, &sound, &sink) {
      do throws(NamePattern.Problem) {
        patterns.append(try NamePattern(parsing: part.text))
      } catch {
        problem(part.position, error.what, error.mend, &sound, &sink)
      }
    }
    return patterns
  }

  private func span(
    _ member: JSONNode.Member, _ draft: inout ManifestSelector, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    guard let seconds = member.value.string.flatMap(JSONSelectorReader.seconds) else {
      reader.wrongType(member, "a time with its unit, such as \"24h\" or \"30m\"", &sound, &sink)
      return
    }
    draft.selection.rotatesWithin = seconds
  }

  /// Seconds of `30s`, `90m`, `24h` or `7d`; more than none, at most 1,000 days.
  static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let amount = Int(text.dropLast()),
      text.utf8.first != UInt8(ascii: "+"), amount > 0, Double(amount) * unit <= 1000 * 86_400
    else { return nil }
    return Double(amount) * unit
  }

  private func refuse(
    _ member: JSONNode.Member, among names: [String], _ place: String, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    problem(
      member.keyPosition, "an unknown member '\(Excerpt.of(member.key))' \(place)",
      Suggestion.text(for: member.key, among: names), &sound, &sink)
  }

  private func problem(
    _ position: TextPosition, _ what: String, _ mend: String, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    sink.problem(checker.problem(position, what, mend))
    sound = false
  }
}
