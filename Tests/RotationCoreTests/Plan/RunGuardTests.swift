import RotationCore
import Testing

@Suite struct RunGuardTests {
  private let home = "111122223333"
  private let away = "444455556666"

  private func entry(
    _ id: String, account: String? = nil, _ disposition: Disposition = .cancel,
    region: String = "us-east-1"
  ) -> PlanEntry {
    var entry = PlanEntry(
      target: Target(
        ordinal: 0, secretID: id, region: region, profile: nil, accountID: nil,
        sources: [SourceLocation(file: "m.csv", line: 7, column: 1)], labels: []),
      disposition: disposition, reason: "rotation is on")
    entry.callerAccount = account ?? home
    return entry
  }

  private func overview(_ entries: [PlanEntry]) -> PlanOverview {
    var overview = PlanOverview(now: Timestamp(milliseconds: 0))
    for entry in entries { overview.add(entry) }
    return overview
  }

  @Test func `a reason and an incident are demanded only by rules that say so`() {
    var guards = RunGuards()
    #expect(guards.refusals(reason: nil, incident: nil).isEmpty)
    guards.requiresReason = [.init(false, origin: "a"), .init(true, origin: "b:1:1")]
    guards.requiresIncident = [.init(true, origin: "c")]
    #expect(guards.refusals(reason: nil, incident: nil).map(\.origin) == ["b:1:1", "c"])
    #expect(guards.refusals(reason: "x", incident: nil).map(\.hint) == ["add --incident ID"])
    #expect(guards.refusals(reason: "x", incident: "y").isEmpty)
  }

  @Test func `a profile must be of its expected account`() {
    var guards = RunGuards()
    guards.expectedAccounts = [.init(.init(profile: "pay", account: home), origin: "f:1:1")]
    #expect(
      guards.refusals(
        profiles: ["pay", "ops"], accounts: ["pay": home, "ops": away], unusable: []
      )
      .isEmpty)
    let refused = guards.refusals(profiles: ["pay"], accounts: ["pay": away], unusable: [])
    #expect(
      refused.map(\.what) == ["profile 'pay' is of account \(away), and \(home) is expected"])
    let unknown = guards.refusals(profiles: ["pay"], accounts: [:], unusable: [])
    #expect(
      unknown.first?.what == "the account of profile 'pay' is not known, and \(home) is expected")
    #expect(guards.refusals(profiles: ["pay"], accounts: [:], unusable: ["pay"]).isEmpty)
  }

  @Test func `expectations of one place are alternatives and those of two places all hold`() {
    var guards = RunGuards()
    guards.expectedAccounts = [home, away].map {
      .init(.init(profile: nil, account: $0), origin: "--expect-account")
    }
    #expect(guards.refusals(profiles: [nil], accounts: [nil: away], unusable: []).isEmpty)
    guards.expectedAccounts.append(
      .init(.init(profile: nil, account: home), origin: "/etc/rotactl/rotactl.json:3:4"))
    let refused = guards.refusals(profiles: [nil], accounts: [nil: away], unusable: [])
    #expect(refused.map(\.origin) == ["/etc/rotactl/rotactl.json:3:4"])
    #expect(guards.refusals(profiles: [nil], accounts: [nil: home], unusable: []).isEmpty)
  }

  @Test func `an expectation for a profile stands in for the one for all`() {
    var guards = RunGuards()
    guards.expectedAccounts = [
      .init(.init(profile: nil, account: home), origin: "f:1:1"),
      .init(.init(profile: "ops", account: away), origin: "f:2:1"),
    ]
    #expect(
      guards.refusals(
        profiles: ["ops", "pay"], accounts: ["ops": away, "pay": home], unusable: []
      ).isEmpty)
    #expect(
      guards.refusals(profiles: ["ops"], accounts: ["ops": home], unusable: []).count == 1)
  }

  @Test func `a forbidden account is refused as caller and as owner`() {
    var guards = RunGuards()
    guards.forbiddenAccounts = [.init(away, origin: "f:9:9")]
    #expect(guards.refusals(profiles: ["x"], accounts: ["x": away], unusable: []).count == 1)
    let arn = "arn:aws:secretsmanager:us-east-1:\(away):secret:db-a1B2c3"
    #expect(guards.refusal(of: entry(arn))?.origin == "f:9:9")
    #expect(guards.refusal(of: entry(arn, .alreadyOff)) == nil)
    #expect(guards.refusal(of: entry("db")) == nil)
  }

  @Test func `the strictest cap counts and it counts what would be changed`() {
    var guards = RunGuards()
    guards.maximumTargets = [.init(5, origin: "--max-targets"), .init(2, origin: "f:1:1")]
    let three = overview([entry("a"), entry("b"), entry("c"), entry("d", .alreadyOff)])
    #expect(guards.refusals(of: three).map(\.origin) == ["f:1:1"])
    #expect(
      guards.refusals(of: three).first?.what == "3 secrets would be changed, and 2 are allowed")
    #expect(
      guards.refusals(of: overview([entry("a"), entry("b"), entry("c", .alreadyOff)])).isEmpty)
    guards.maximumTargets = []
    guards.maximumAccounts = [.init(1, origin: "--max-accounts")]
    #expect(
      guards.refusals(of: overview([entry("a"), entry("b", account: away)])).map(\.what)
        == ["secrets of 2 accounts would be changed, and 1 are allowed"])
    #expect(
      guards.refusals(of: overview([entry("a"), entry("b", account: away, .alreadyOff)])).isEmpty)
  }

  @Test(arguments: [
    ("prod/root-*", "prod/root-db", true), ("prod/root-*", "prod/db", false),
    ("prod/db", "prod/db", true), ("PROD/*", "prod/db", false), ("*", "x", true),
    ("arn:aws:secretsmanager:*:111122223333:*", "prod/db", true), ("db-??", "prod/db", false),
  ])
  func `what is never to be touched is known by name and by ARN`(
    pattern: String, id: String, isRefused: Bool
  ) {
    var guards = RunGuards()
    guards.neverTouch = [.init(GlobPattern(pattern), origin: "f:2:2")]
    var planned = entry(id)
    planned.actingID = "arn:aws:secretsmanager:us-east-1:111122223333:secret:\(id)-a1B2c3"
    let refusal = guards.refusal(of: planned)
    #expect((refusal != nil) == isRefused)
    if isRefused { #expect(refusal?.what.hasPrefix("m.csv:7:1: ") == true) }
    planned.disposition = .alreadyOff
    #expect(guards.refusal(of: planned) == nil)
  }

  @Test func `a row's account that no profile is of is refused`() {
    var planned = entry("db", .refused)
    planned.target.accountID = away
    planned.reason = "the secret is of account \(away), but ops is of \(home)"
    #expect(RunGuards().refusal(of: planned)?.what.contains("but ops is of") == true)
    planned.failure = ServiceFailure(kind: .credentials, code: "NoCredentials", message: "")
    #expect(RunGuards().refusal(of: planned) == nil)
  }

  @Test func `a plan may be as old as the strictest rule says`() {
    let day = RunGuards.Rule(86_400.0, origin: "default")
    var guards = RunGuards()
    #expect(guards.refusal(planAge: 86_400, usual: day) == nil)
    #expect(
      guards.refusal(planAge: 90_061, usual: day)?.what
        == "the plan is 25h1m old, and 24h is allowed")
    guards.planMaximumAge = [.init(3600, origin: "f:1:1")]
    #expect(guards.refusal(planAge: 3700, usual: day)?.origin == "f:1:1")
    #expect(guards.refusal(planAge: -200, usual: day) == nil)
    #expect(guards.refusal(planAge: -400, usual: day)?.what == "the plan was made 6m in the future")
  }

  @Test(arguments: [
    ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbY", false), ("**", "", true), ("", "", true),
    ("", "a", false), ("?", "", false), ("*a", "bab", false), ("*ab", "aab", true),
  ])
  func `a star stands for any text`(pattern: String, text: String, matches: Bool) {
    #expect(GlobPattern(pattern).matches(text) == matches)
  }
}
