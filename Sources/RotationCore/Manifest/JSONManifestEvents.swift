/// Follows the events of a JSON manifest from its first bracket to its last.
///
/// The top of the document is followed by hand; each value below it that matters is built by a
/// ``JSONNodeBuilder`` and handed on as soon as it is complete.
struct JSONManifestEvents: Sendable {
  static let memberNames = ["version", "incident", "reason", "defaults", "secrets"]

  private enum Place {
    case start
    /// Between the members of the top object.
    case object
    /// Within a list of secrets; `top` when the list is the document itself.
    case list(listing: Bool, top: Bool)
    /// Within the value of a member that is built.
    case member(key: String, keyPosition: TextPosition)
    /// Within a value that is passed over, with the number of its open brackets.
    case passing(depth: Int)
    case done
  }

  let checker: EntryChecker
  /// Passes over the secrets themselves.
  let preambleOnly: Bool
  private(set) var preamble = ManifestPreamble()
  private var place = Place.start
  private var builder = JSONNodeBuilder()
  private var elementPosition = TextPosition(line: 1, column: 1)
  private var key = ""
  private var keyPosition = TextPosition(line: 1, column: 1)
  private var seen: Set<String> = []
  private var isListing = false
  private var elements = 0
  private var sawTopProblem = false
  /// Unknown members, kept until the shape of the object is known.
  ///
  /// At most 100.
  private var unknown: [(name: String, position: TextPosition)] = []
  /// Depth within an element of a listing, and whether the member at hand is its ARN.
  private var listedDepth = 0
  private var passesListedValue = false

  init(checker: EntryChecker, preambleOnly: Bool) {
    self.checker = checker
    self.preambleOnly = preambleOnly
  }

  mutating func begin(object: Bool, at position: TextPosition, into sink: inout some ManifestSink) {
    switch place {
    case .start:
      let list = preambleOnly ? Place.passing(depth: 1) : .list(listing: false, top: true)
      place = object ? .object : list
    case .object: beginMember(object: object, at: position, into: &sink)
    case .list(let listing, _):
      if builder.isIdle { elementPosition = position }
      if listing, passesListed(opening: true) { return }
      builder.begin(object: object, at: position)
    case .member: builder.begin(object: object, at: position)
    case .passing(let depth): place = .passing(depth: depth + 1)
    case .done: break
    }
  }

  mutating func end(at position: TextPosition, into sink: inout some ManifestSink) {
    switch place {
    case .start, .done: break
    case .object: place = .done
    case .list(let listing, let top):
      if builder.isIdle {
        place = top ? .done : .object
        return
      }
      if listing, passesListed(opening: false) { return }
      if let node = builder.end(at: position) { element(node, listing, into: &sink) }
    case .member(let key, let keyPosition):
      if let node = builder.end(at: position) {
        member(JSONNode.Member(key: key, keyPosition: keyPosition, value: node), into: &sink)
      }
    case .passing(let depth): place = depth == 1 ? .object : .passing(depth: depth - 1)
    }
  }

  mutating func key(_ name: String, at position: TextPosition, into sink: inout some ManifestSink) {
    switch place {
    case .object:
      key = name
      keyPosition = position
      topKey(into: &sink)
    case .list(true, _):
      if listedDepth == 1 { passesListedValue = name != "ARN" }
      if !passesListedValue { builder.key(name, at: position) }
    case .list(false, _), .member: builder.key(name, at: position)
    case .start, .passing, .done: break
    }
  }

  mutating func scalar(
    _ value: JSONValue, at position: TextPosition, into sink: inout some ManifestSink
  ) {
    switch place {
    case .start:
      sink.problem(
        checker.problem(
          position, "the manifest is \(value.kindName)",
          "write an object with \"secrets\", or an array of them"))
      sawTopProblem = true
      place = .done
    case .object:
      let node = JSONNode.scalar(value, position)
      member(JSONNode.Member(key: key, keyPosition: keyPosition, value: node), into: &sink)
    case .list(let listing, _):
      if builder.isIdle { elementPosition = position }
      if listing, listedDepth > 0, passesListedValue { return }
      if let node = builder.scalar(value, at: position) { element(node, listing, into: &sink) }
    case .member: _ = builder.scalar(value, at: position)
    case .passing, .done: break
    }
  }

  mutating func finish(into sink: inout some ManifestSink) {
    let start = TextPosition(line: 1, column: 1)
    if !isListing {
      for (name, position) in unknown {
        sink.problem(
          checker.problem(
            position, "an unknown member '\(Excerpt.of(name))'",
            Suggestion.text(for: name, among: Self.memberNames)))
        sawTopProblem = true
      }
    }
    if elements > 0 || sawTopProblem { return }
    sink.problem(
      checker.problem(
        start, "the manifest names no secret",
        "list names or ARNs in an array, or in an object under \"secrets\""))
  }

  /// Follows an element of AWS's own listing, of which only the ARN is built.
  ///
  /// - Returns: whether the bracket belongs to a value that is passed over.
  private mutating func passesListed(opening: Bool) -> Bool {
    if opening {
      listedDepth += 1
      return listedDepth > 1 && passesListedValue
    }
    listedDepth -= 1
    return listedDepth >= 1 && passesListedValue
  }

  private mutating func topKey(into sink: inout some ManifestSink) {
    if !seen.insert(key).inserted, seen.count <= 1000 {
      sink.problem(
        checker.problem(
          keyPosition, "the member '\(Excerpt.of(key))' stands twice", "keep one of them"))
      sawTopProblem = true
    }
    if seen.count > 1000 { seen.removeAll() }
    let isKnown = Self.memberNames.contains(key) || key == "SecretList" || key == "NextToken"
    if !isKnown, unknown.count < ManifestProblemList.limit { unknown.append((key, keyPosition)) }
  }

  private mutating func beginMember(
    object: Bool, at position: TextPosition, into sink: inout some ManifestSink
  ) {
    switch key {
    case "secrets" where !object, "SecretList" where !object:
      if key == "SecretList" { isListing = true }
      place =
        preambleOnly ? .passing(depth: 1) : .list(listing: key == "SecretList", top: false)
    case "version", "incident", "reason", "defaults":
      place = .member(key: key, keyPosition: keyPosition)
      builder.reset()
      builder.begin(object: object, at: position)
    case "secrets", "SecretList":
      notAList("an object", at: position, into: &sink)
      place = .passing(depth: 1)
    default: place = .passing(depth: 1)
    }
  }

  private mutating func notAList(
    _ kind: String, at position: TextPosition, into sink: inout some ManifestSink
  ) {
    sink.problem(checker.problem(position, "\(key) is \(kind)", "write an array of secrets"))
    sawTopProblem = true
  }

  private mutating func element(
    _ node: JSONNode, _ listing: Bool, into sink: inout some ManifestSink
  ) {
    let tooLong = builder.isTooLong
    builder.reset()
    listedDepth = 0
    passesListedValue = false
    elements += 1
    if tooLong {
      sink.problem(
        checker.problem(elementPosition, "a secret of more than 1 MiB", "shorten its labels"))
      return
    }
    JSONEntryReader(checker: checker).read(node, listing: listing, into: &sink)
  }

  /// A complete member of the top object, other than a list of secrets.
  private mutating func member(
    _ member: JSONNode.Member, into sink: inout some ManifestSink
  ) {
    place = .object
    builder.reset()
    var sound = true
    let reader = JSONEntryReader(checker: checker)
    switch member.key {
    case "version":
      if case .scalar(.number(let number), _) = member.value, number.int == 1 { break }
      sink.problem(
        checker.problem(
          member.value.position, "a version other than 1",
          "write \"version\": 1; this release reads no other"))
      sound = false
    case "incident": preamble.incident = text(member, reader, &sound, &sink)
    case "reason": preamble.reason = text(member, reader, &sound, &sink)
    case "defaults": defaults(member, reader, &sound, &sink)
    case "secrets", "SecretList":
      notAList(
        member.value.kindName, at: member.value.position,
        into: &sink)
    case "NextToken":
      if let text = member.value.string, !text.isEmpty { preamble.isPartialListing = true }
    default: break
    }
    if !sound { sawTopProblem = true }
  }

  private func text(
    _ member: JSONNode.Member, _ reader: JSONEntryReader, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) -> String? {
    if member.value.isNull { return nil }
    guard let text = member.value.string else {
      reader.wrongType(member, "a string", &sound, &sink)
      return nil
    }
    return text
  }

  private mutating func defaults(
    _ member: JSONNode.Member, _ reader: JSONEntryReader, _ sound: inout Bool,
    _ sink: inout some ManifestSink
  ) {
    guard case .object(let members, _) = member.value else {
      reader.wrongType(member, "an object with regions and profiles", &sound, &sink)
      return
    }
    if !reader.duplicates(in: members, into: &sink) { sound = false }
    for inner in members {
      var found: ManifestProblem?
      switch inner.key {
      case "regions", "region":
        let parts = reader.strings(inner, &sound, &sink)
        preamble.defaultRegions += parts.map(\.text)
        for part in parts { report(checker.checkRegion(part), &sound, &sink) }
      case "profiles", "profile":
        let parts = reader.strings(inner, &sound, &sink)
        preamble.defaultProfiles += parts.map(\.text)
        for part in parts { report(checker.checkProfile(part), &sound, &sink) }
      default:
        found = checker.problem(
          inner.keyPosition, "an unknown member '\(Excerpt.of(inner.key))' in defaults",
          Suggestion.text(for: inner.key, among: ["regions", "profiles"]))
      }
      report(found, &sound, &sink)
    }
  }

  private func report(
    _ problem: ManifestProblem?, _ sound: inout Bool, _ sink: inout some ManifestSink
  ) {
    guard let problem else { return }
    sink.problem(problem)
    sound = false
  }
}
