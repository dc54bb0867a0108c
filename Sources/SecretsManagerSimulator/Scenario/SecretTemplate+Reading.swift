import RotationCore

extension SecretTemplate {
  static let members = [
    "name", "count", "accounts", "regions", "suffix", "state", "nextRotation",
    "nextRotationStep", "lastRotation", "rules", "lambda", "finishesAfterSeconds",
    "owningService", "type", "description", "replicas", "tags", "sharedWith", "denied",
  ]

  /// - Returns: nil when name or place cannot be told; the problems say why.
  init?(
    _ value: JSONValue, path: String, accounts: [SimulatedAccount],
    _ problems: inout ScenarioProblems
  ) {
    let members = ScenarioMembers(
      value, path: path, known: SecretTemplate.members, problems: &problems)
    guard let name = members.string("name", &problems) else {
      if !members.has("name") { problems.add(path, "it has no name", "give it a name") }
      return nil
    }
    let known = Set(accounts.map(\.accountID))
    let ids = members.strings("accounts", "ids of accounts listed above", &problems) {
      known.contains($0)
    }
    guard let regions = members.strings("regions", "regions", &problems, where: Region.isValid),
      !regions.isEmpty
    else {
      if !members.has("regions") {
        problems.add(path, "it has no region", "write \"regions\": [\"us-east-1\"]")
      }
      return nil
    }
    self.init(name: name, accountIDs: ids ?? accounts.map(\.accountID), regions: regions)
    count = members.integer("count", in: 1...Scenario.maximumSecrets, &problems) ?? 1
    if let word = members.string("state", &problems) {
      if let state = State(rawValue: word) {
        self.state = state
      } else {
        problems.add(
          members.path("state"), "unknown state '\(word)'",
          "use one of \(State.allCases.map(\.rawValue).joined(separator: ", "))")
      }
    }
    readRotation(members, &problems)
    readOwnership(members, &problems)
  }

  private mutating func readRotation(
    _ members: ScenarioMembers, _ problems: inout ScenarioProblems
  ) {
    if let suffix = members.string("suffix", &problems) {
      let probe = SecretARN(partition: "", region: "", accountID: "", resource: "x-\(suffix)")
      if probe.hasSuffix, suffix.utf8.count == 6 {
        self.suffix = suffix
      } else {
        problems.add(members.path("suffix"), "'\(suffix)'", "write six letters or digits")
      }
    }
    nextRotation = members.moment("nextRotation", &problems)
    nextRotationStepSeconds = members.duration("nextRotationStep", &problems) ?? 0
    lastRotation = members.moment("lastRotation", &problems)
    rules = members.value("rules")
    if let rules, rules.object == nil {
      problems.add(
        members.path("rules"), "it is \(rules.kindName)",
        "write RotationRules as DescribeSecret has them")
    }
    lambdaARN = members.string("lambda", &problems)
    finishesAfterSeconds = members.number("finishesAfterSeconds", in: 0...1e7, &problems)
  }

  private mutating func readOwnership(
    _ members: ScenarioMembers, _ problems: inout ScenarioProblems
  ) {
    owningService = members.string("owningService", &problems)
    type = members.string("type", &problems)
    description = members.string("description", &problems)
    replicas =
      members.strings("replicas", "regions", &problems, where: Region.isValid) ?? []
    if replicas.contains(where: regions.contains) {
      problems.add(
        members.path("replicas"), "a region of the primary", "list only the other regions")
    }
    sharedWith =
      members.strings("sharedWith", "account ids", &problems, where: AccountID.isValid) ?? []
    denied = members.bool("denied", &problems) ?? false
    guard let value = members.value("tags") else { return }
    guard let object = value.object, object.members.allSatisfy({ $0.value.string != nil }) else {
      problems.add(
        members.path("tags"), "it is not an object of strings", "write {\"key\": \"value\"}")
      return
    }
    tags = object.members.map { Label(name: $0.key, value: $0.value.string ?? "") }
  }
}

extension FaultRule {
  private static let members = [
    "kind", "operations", "secret", "account", "region", "probability", "firstAttempts",
    "moment", "maximum", "milliseconds", "seconds", "bytes", "retryAfter",
  ]

  private static let words = [
    "throttle", "500", "503", "slow", "reset", "cutBody", "garbage200", "html", "clockSkew",
    "expiredToken", "accessDenied", "invalidNextToken", "silence", "hugeError",
  ]

  /// - Returns: nil when the kind is unknown; the problems say so.
  init?(_ value: JSONValue, path: String, _ problems: inout ScenarioProblems) {
    let members = ScenarioMembers(
      value, path: path, known: FaultRule.members, problems: &problems)
    let milliseconds = members.integer("milliseconds", in: 0...600_000, &problems) ?? 1000
    let seconds = members.number("seconds", in: -1e8...1e8, &problems) ?? 600
    let bytes = members.integer("bytes", in: 0...67_108_864, &problems) ?? 2_000_000
    let kinds: [FaultKind] = [
      .throttle, .internalError, .unavailable, .slow(milliseconds: milliseconds), .reset, .cutBody,
      .garbage200, .html, .clockSkew(seconds: seconds), .expiredToken, .accessDenied,
      .invalidNextToken, .silence, .hugeError(bytes: bytes),
    ]
    guard let word = members.string("kind", &problems),
      let kind = kinds.first(where: { $0.word == word })
    else {
      problems.add(
        members.path("kind"), "no known kind of fault",
        "use one of \(FaultRule.words.joined(separator: ", "))")
      return nil
    }
    let probability = members.number("probability", in: 0...1, &problems)
    let first = members.integer("firstAttempts", in: 1...1_000_000, &problems)
    if (probability == nil) == (first == nil) {
      problems.add(
        path, "it does not tell when to strike", "write either probability or firstAttempts")
    }
    var after: Bool?
    switch members.string("moment", &problems) {
    case nil: break
    case "before": after = false
    case "after": after = true
    case .some:
      problems.add(members.path("moment"), "neither before nor after", "write one of the two")
    }
    self.init(
      kind: kind,
      trigger: first.map(Trigger.firstAttempts) ?? .probability(probability ?? 0),
      operations: Set(members.strings("operations", "operations", &problems) ?? []),
      secret: members.string("secret", &problems),
      accountID: members.string("account", &problems),
      region: members.string("region", &problems), strikesAfter: after,
      maximum: members.integer("maximum", in: 1...1_000_000_000, &problems),
      retryAfterMilliseconds: members.integer("retryAfter", in: 0...3_600_000, &problems))
  }
}
