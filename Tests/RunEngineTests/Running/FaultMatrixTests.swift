import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// Every fault at every rate, each held against the server's truth.
///
/// One after the other: each case has a thread of its own that turns while it waits.
@Suite(.serialized) struct FaultMatrixTests {
  private static let account = "111122223333"
  private static let east = "us-east-1"
  private static let west = "eu-west-1"

  private static let kinds: [FaultKind] = [
    .throttle, .internalError, .unavailable, .slow(milliseconds: 800), .reset, .cutBody,
    .garbage200, .html, .clockSkew(seconds: 900), .expiredToken, .silence,
    .hugeError(bytes: 2_000_000),
  ]

  /// A secret in each state, most of them rotating.
  private static func scenario(
    seed: Int = 1, regions: [String] = [east], rotating: Int = 30, faults: [FaultRule]
  ) -> Scenario {
    var scenario = Scenario()
    scenario.seed = seed
    scenario.accounts = [SimulatedAccount(accountID: account, profiles: ["default"])]
    func many(_ name: String, _ state: SecretTemplate.State, _ count: Int) -> SecretTemplate {
      var template = SecretTemplate(
        name: name + "-{n}", accountIDs: [account], regions: regions, state: state)
      template.count = count
      return template
    }
    scenario.secrets = [
      many("on", .rotating, rotating), many("off", .off, 3), many("never", .neverConfigured, 3),
      many("stalled", .stalled, 3), many("running", .inFlight, 3),
    ]
    scenario.faults = faults
    return scenario
  }

  /// Half of the strikes come before the operation is carried out, half after it.
  ///
  /// What is refused with 400 was never carried out.
  private static func rules(_ kind: FaultKind, _ probability: Double) -> [FaultRule] {
    if [.throttle, .expiredToken, .clockSkew(seconds: 900)].contains(kind) {
      return [
        FaultRule(
          kind: kind, trigger: .probability(probability), retryAfterMilliseconds: 700)
      ]
    }
    return [false, true].map { after in
      FaultRule(
        kind: kind, trigger: .probability(probability / 2), strikesAfter: after,
        retryAfterMilliseconds: after ? 700 : nil)
    }
  }

  private func targets(_ harness: EngineHarness) -> [Target] {
    harness.targets(harness.service.secrets.map { ($0.name, $0.arn.region, nil) })
  }

  @Test(arguments: kinds, [0.01, 0.1, 0.5])
  func `each fault at each rate ends in the truth`(kind: FaultKind, probability: Double)
    async throws
  {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(faults: FaultMatrixTests.rules(kind, probability)))
    let targets = targets(harness)
    _ = try await harness.run(targets)
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    // A message of two megabytes must not come back for every target.
    #expect(result.longestLine < 64 << 10)
    if probability < 0.5, kind != .clockSkew(seconds: 900) {
      #expect(result.outcomes == [.cancelled: 36, .alreadyOff: 3, .neverConfigured: 3])
    }
  }

  @Test(arguments: [0.1, 0.3, 0.6], 1...4)
  func `all faults together end in the truth`(probability: Double, seed: Int) async throws {
    let each = probability / Double(FaultMatrixTests.kinds.count)
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(
        seed: seed, rotating: 60,
        faults: FaultMatrixTests.kinds.flatMap { FaultMatrixTests.rules($0, each) }))
    let targets = targets(harness)
    _ = try await harness.run(targets)
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes[.unknown, default: 0] == 0)
  }

  @Test(arguments: [FaultKind.unavailable, .html, .silence])
  func `a region that refuses every change costs another one nothing`(kind: FaultKind)
    async throws
  {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(
        regions: [FaultMatrixTests.east, FaultMatrixTests.west], rotating: 120,
        faults: [
          FaultRule(
            kind: kind, trigger: .probability(1), operations: ["CancelRotateSecret"],
            region: FaultMatrixTests.west, strikesAfter: false)
        ]))
    let targets = targets(harness)
    let settled = try await harness.run(targets)
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes[.cancelled] == 126)
    #expect(result.outcomes[.failed, default: 0] + result.outcomes[.unknown, default: 0] == 126)
    let east = targets.filter { $0.region == FaultMatrixTests.east && $0.secretID.contains("on-") }
    let last = east.compactMap { settled[$0.ordinal]?.settledAt }.max()
    let first = east.compactMap { settled[$0.ordinal]?.startedAt }.min()
    // 123 changes at 40 a second; places held by the other region would add a minute.
    #expect(try #require(last).seconds(since: #require(first)) < 8)
  }

  @Test func `a region that has never answered is given up before long`() async throws {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(
        regions: [FaultMatrixTests.east, FaultMatrixTests.west], rotating: 2000,
        faults: [
          FaultRule(kind: .unavailable, trigger: .probability(1), region: FaultMatrixTests.west)
        ]))
    let targets = targets(harness)
    let settled = try await harness.run(targets)
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes[.cancelled] == 2006)
    #expect(result.outcomes[.failed] == 2012)
    #expect(settled.values.contains { $0.failure?.code == "RegionNotAnswering" })
    // Planning bears with the region for 20 s and a round; 2006 changes take 51 s.
    #expect(harness.time.elapsed < 120)
  }

  @Test(arguments: [
    TroubledPassage.Trouble.unresolved, .blackHole, .tls,
  ])
  func `a network that is gone for a while fails nothing`(trouble: TroubledPassage.Trouble)
    async throws
  {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(rotating: 800, faults: []))
    let targets = targets(harness)
    let passage = TroubledPassage(harness, .init(trouble: trouble, during: 5..<50))
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await harness.execute(targets, sha256: plan.sha256, over: passage)
    }
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes == [.cancelled: 806, .alreadyOff: 3, .neverConfigured: 3])
  }

  @Test(arguments: [TroubledPassage.Trouble.unresolved, .tls])
  func `a network that never comes back ends the run and claims nothing`(
    trouble: TroubledPassage.Trouble
  ) async throws {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(rotating: 800, faults: []))
    let targets = targets(harness)
    let passage = TroubledPassage(harness, .init(trouble: trouble, during: 5..<1e9))
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await harness.execute(targets, sha256: plan.sha256, over: passage)
    }
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes[.failed, default: 0] > 500)
    #expect(harness.time.elapsed < 900)
  }

  @Test(arguments: [0.01, 0.1, 0.5], UInt64(1)...3)
  func `an answer that is about another secret proves nothing`(probability: Double, seed: UInt64)
    async throws
  {
    let harness = try EngineHarness(FaultMatrixTests.scenario(rotating: 100, faults: []))
    let targets = targets(harness)
    let passage = TroubledPassage(
      harness, seed: seed, .init(trouble: .swapped, probability: probability))
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await harness.execute(targets, sha256: plan.sha256, over: passage)
    }
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    if probability < 0.5 {
      #expect(result.outcomes == [.cancelled: 106, .alreadyOff: 3, .neverConfigured: 3])
    }
  }

  @Test func `keys that end every ten seconds are renewed and cost no target`() async throws {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(rotating: 200, faults: []), rate: 2)
    let targets = targets(harness)
    let passage = TroubledPassage(harness, sessionSeconds: 10)
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await harness.execute(targets, sha256: plan.sha256, over: passage)
    }
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes == [.cancelled: 206, .alreadyOff: 3, .neverConfigured: 3])
    #expect(passage.renewals >= 9)
  }

  @Test func `an outcome that cannot be told is told later in the same run`() async throws {
    let harness = try EngineHarness(
      FaultMatrixTests.scenario(
        rotating: 1,
        faults: [
          FaultRule(
            kind: .slow(milliseconds: 1000), trigger: .probability(1),
            operations: ["CancelRotateSecret"])
        ]))
    let targets = harness.targets([("on-1", FaultMatrixTests.east, nil)])
    // The cancel is answered after a second; by then no read comes through, for eight seconds.
    let passage = TroubledPassage(harness, .init(trouble: .lost, during: 0.5..<9))
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await harness.execute(targets, sha256: plan.sha256, over: passage)
    }
    let journal = String(decoding: try harness.folder.read("journal.ndjson"), as: UTF8.self)
    #expect(journal.contains(#""outcome":"unknown""#))
    #expect(try harness.settlements()[0]?.outcome == .cancelled)
    #expect(try harness.settlements()[0]?.attempts.count ?? 0 > 4)
    #expect(harness.cancelCalls.count == 1)
    #expect(harness.board.snapshot.outcomes == [.cancelled: 1])
    #expect(harness.board.snapshot.waiting == 0)
    #expect(try Reconciliation(harness, targets).problems.isEmpty)
  }
}
