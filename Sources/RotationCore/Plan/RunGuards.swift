/// What an operator or an organization does not let a run do.
///
/// Every rule carries the place that set it, for the message of its refusal. Rules from several
/// places all hold: one can add to another and never loosen it.
package struct RunGuards: Sendable, Hashable {
  /// A rule's value and where it stands, such as `--max-targets` or `rotactl.json:4:20`.
  package struct Rule<Value: Sendable & Hashable>: Sendable, Hashable {
    package let value: Value
    package let origin: String
    package init(_ value: Value, origin: String) {
      self.value = value
      self.origin = origin
    }
  }

  /// The account that a profile must be of.
  package struct ExpectedAccount: Sendable, Hashable {
    /// Nil for every profile that no other rule of the same place names.
    package let profile: String?
    package let account: String
    package init(profile: String?, account: String) {
      self.profile = profile
      self.account = account
    }
  }

  package var expectedAccounts: [Rule<ExpectedAccount>] = []
  package var forbiddenAccounts: [Rule<String>] = []
  /// Names or ARNs that no run may change.
  package var neverTouch: [Rule<GlobPattern>] = []
  /// Secrets that one run may change.
  package var maximumTargets: [Rule<Int>] = []
  /// Accounts in which one run may change something.
  package var maximumAccounts: [Rule<Int>] = []
  package var requiresReason: [Rule<Bool>] = []
  package var requiresIncident: [Rule<Bool>] = []
  /// Paths of files; while one of them exists no run changes anything.
  package var freezeFiles: [Rule<String>] = []
  /// The oldest plan that may be run, in seconds.
  package var planMaximumAge: [Rule<Double>] = []

  package init() {}

  /// Why a run is refused.
  package struct Refusal: Sendable, Hashable {
    /// A clause in lower case without a final stop.
    package let what: String
    /// The place that set the rule.
    package let origin: String
    /// An imperative without a final stop.
    package let hint: String
  }
}

extension RunGuards {
  /// Judges what the operator said about the run.
  package func refusals(reason: String?, incident: String?) -> [Refusal] {
    var found: [Refusal] = []
    if reason == nil, let rule = requiresReason.first(where: \.value) {
      found.append(
        Refusal(
          what: "a reason is required", origin: rule.origin, hint: "add --reason TEXT"))
    }
    if incident == nil, let rule = requiresIncident.first(where: \.value) {
      found.append(
        Refusal(
          what: "an incident is required", origin: rule.origin, hint: "add --incident ID"))
    }
    return found
  }

  /// Judges who the profiles turned out to be.
  ///
  /// - `profiles`: those that the run uses; nil stands for the default credentials.
  /// - `accounts`: what STS said.
  /// - `unusable`: profiles without credentials that work; they can call nothing.
  package func refusals(
    profiles: [String?], accounts: [String?: String], unusable: Set<String?>
  ) -> [Refusal] {
    var found: [Refusal] = []
    for profile in profiles where !unusable.contains(profile) {
      let name = profile.map { "profile '\(Excerpt.of($0))'" } ?? "the default profile"
      let account = accounts[profile]
      for group in expectations(of: profile) {
        guard let first = group.first, !group.contains(where: { $0.value.account == account })
        else { continue }
        let wanted = group.map(\.value.account).joined(separator: " or ")
        found.append(
          Refusal(
            what: account.map { "\(name) is of account \($0), and \(wanted) is expected" }
              ?? "the account of \(name) is not known, and \(wanted) is expected",
            origin: first.origin, hint: "name the right --profile, or mend the expected account"))
      }
      if let account, let rule = forbiddenAccounts.first(where: { $0.value == account }) {
        found.append(
          Refusal(
            what: "\(name) is of account \(account), which is forbidden", origin: rule.origin,
            hint: "take that profile out of the run"))
      }
    }
    return found
  }

  /// The expectations that a profile must meet, one of each group: those that name it, else those
  /// for every profile, place by place.
  private func expectations(of profile: String?) -> [[Rule<ExpectedAccount>]] {
    var groups: [String: [Rule<ExpectedAccount>]] = [:]
    for rule in expectedAccounts { groups[source(of: rule.origin), default: []].append(rule) }
    return groups.sorted { $0.key < $1.key }.compactMap { _, rules in
      let own = rules.filter { $0.value.profile != nil && $0.value.profile == profile }
      let group = own.isEmpty ? rules.filter { $0.value.profile == nil } : own
      return group.isEmpty ? nil : group
    }
  }

  /// The file of `rotactl.json:4:20`, or the option itself.
  private func source(of origin: String) -> String {
    let parts = origin.split(separator: ":")
    guard parts.count >= 3, Int(parts[parts.count - 1]) != nil else { return origin }
    return parts.dropLast(2).joined(separator: ":")
  }

  /// Judges how much a plan would change.
  package func refusals(of overview: PlanOverview) -> [Refusal] {
    var found: [Refusal] = []
    let changes = overview.possibleChanges
    if let rule = maximumTargets.min(by: { $0.value < $1.value }), changes > rule.value {
      found.append(
        Refusal(
          what: "\(changes) secrets would be changed, and \(rule.value) are allowed",
          origin: rule.origin, hint: "split the manifest, or have the limit raised"))
    }
    let accounts = Set(overview.lanes.keys.map(\.account)).count
    if let rule = maximumAccounts.min(by: { $0.value < $1.value }), accounts > rule.value {
      found.append(
        Refusal(
          what: "secrets of \(accounts) accounts would be changed, and \(rule.value) are allowed",
          origin: rule.origin, hint: "split the manifest, or have the limit raised"))
    }
    return found
  }

  /// Whether any target of such a plan could be refused, so that looking at each is worth it.
  package func mayRefuseTargets(of overview: PlanOverview) -> Bool {
    !neverTouch.isEmpty || !forbiddenAccounts.isEmpty || overview.count(.refused) > 0
  }

  /// Judges one target of a plan: what must never be changed, and a row's account that no profile
  /// is of.
  package func refusal(of entry: PlanEntry) -> Refusal? {
    let place = entry.target.sources.first.map { "\($0): " } ?? ""
    if entry.disposition == .refused, entry.failure == nil, entry.target.accountID != nil,
      !SecretARN.looksLikeARN(entry.target.secretID)
    {
      return Refusal(
        what: "\(place)'\(Excerpt.of(entry.target.secretID))': \(entry.reason)",
        origin: "account_id", hint: "give the row the right profile or account, or take it out")
    }
    guard entry.isActionable || entry.disposition == .notExamined else { return nil }
    if let account = ownerAccount(of: entry),
      let rule = forbiddenAccounts.first(where: { $0.value == account })
    {
      return Refusal(
        what: "\(place)the secret is of account \(account), which is forbidden",
        origin: rule.origin, hint: "take it out of the manifest")
    }
    guard !neverTouch.isEmpty else { return nil }
    var names: Set<String> = [entry.target.secretID, entry.actingID]
    for text in [entry.before?.arn, entry.before?.name] { if let text { names.insert(text) } }
    for name in names {
      if let arn = try? SecretARN(parsing: name) { names.insert(arn.name) }
    }
    guard let rule = neverTouch.first(where: { rule in names.contains { rule.value.matches($0) } })
    else { return nil }
    return Refusal(
      what:
        "\(place)'\(Excerpt.of(entry.target.secretID))' matches '\(Excerpt.of(rule.value.text))', "
        + "which is never to be touched",
      origin: rule.origin, hint: "take it out of the manifest")
  }

  private func ownerAccount(of entry: PlanEntry) -> String? {
    (try? SecretARN(parsing: entry.before?.arn ?? entry.actingID))?.accountID
  }

  /// Judges a plan's age, in seconds.
  ///
  /// - `usual`: what holds where no rule says less.
  package func refusal(planAge seconds: Double, usual: Rule<Double>) -> Refusal? {
    let rules = planMaximumAge + [usual]
    guard let rule = rules.min(by: { $0.value < $1.value }) else { return nil }
    if seconds < -RunGuards.clockTolerance {
      return Refusal(
        what: "the plan was made \(RunGuards.age(-seconds)) in the future", origin: rule.origin,
        hint: "set this machine's clock, or plan again")
    }
    guard seconds > rule.value else { return nil }
    return Refusal(
      what:
        "the plan is \(RunGuards.age(seconds)) old, and \(RunGuards.age(rule.value)) is allowed",
      origin: rule.origin, hint: "plan again")
  }

  /// Two machines' clocks may differ by so many seconds.
  private static let clockTolerance = 300.0

  private static func age(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 120 { return "\(whole)s" }
    if whole < 7200 { return "\(whole / 60)m" }
    return "\(whole / 3600)h" + (whole % 3600 >= 60 ? "\(whole % 3600 / 60)m" : "")
  }
}
