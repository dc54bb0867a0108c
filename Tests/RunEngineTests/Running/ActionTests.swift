import DurableFiles
import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// Restoring rotation and mending labels, in process with time moved by hand.
@Suite struct ActionTests {
  private static let account = "111122223333"

  private func scenario(
    _ secrets: [SecretTemplate], faults: [FaultRule] = []
  ) -> Scenario {
    var scenario = Scenario()
    scenario.accounts = [SimulatedAccount(accountID: ActionTests.account, profiles: ["default"])]
    scenario.secrets = secrets
    scenario.faults = faults
    return scenario
  }

  private func secret(
    _ name: String, count: Int = 1, _ edit: (inout SecretTemplate) -> Void = { _ in }
  ) -> SecretTemplate {
    var template = SecretTemplate(
      name: name, accountIDs: [ActionTests.account], regions: ["us-east-1"])
    template.count = count
    edit(&template)
    return template
  }

  /// Cancels every secret, and makes of each one that was a draft of its restore.
  private func cancelled(_ harness: EngineHarness) async throws -> [PlanEntry] {
    let names = harness.service.secrets.map(\.name)
    let settled = try await harness.run(
      harness.targets(names.map { ($0, "us-east-1", nil) }), inFlight: .cancel)
    DurableFile.remove(harness.journalPath)
    var drafts: [PlanEntry] = []
    for ordinal in settled.keys.sorted() {
      guard let settlement = settled[ordinal], settlement.outcome == .cancelled,
        let before = settlement.before, let arn = before.arn
      else { continue }
      var draft = PlanEntry(
        target: harness.targets([(arn, "us-east-1", nil)])[0], disposition: .notExamined,
        reason: "")
      draft.target.ordinal = drafts.count
      draft.saved = SavedRotation(of: before)
      let digits = String(ordinal)
      draft.clientRequestToken =
        String(repeating: "0", count: 32 - digits.count) + digits
      drafts.append(draft)
    }
    return drafts
  }

  private func perform(
    _ harness: EngineHarness, _ drafts: [PlanEntry], _ action: RunAction,
    inFlight: InFlightPolicy = .skip, stagger: Double? = nil,
    meanwhile: @escaping @Sendable () throws -> Void = {}
  ) async throws -> [Int: Settlement] {
    try await harness.time.run {
      let plan = try await harness.plan(drafts, action, stagger: stagger)
      try meanwhile()
      try await harness.execute(drafts.map(\.target), sha256: plan.sha256, inFlight: inFlight)
    }
    return try harness.settlements()
  }

  private func rotateCalls(_ harness: EngineHarness) -> [CallRecord] {
    harness.service.calls.filter { $0.operation == "RotateSecret" }
  }

  private var mixed: [SecretTemplate] {
    [
      secret("lambda-{n}", count: 40),
      secret("schedule-{n}", count: 20) {
        $0.rules = [
          "ScheduleExpression": "rate(10 days)", "AutomaticallyAfterDays": 10, "Duration": "3h",
        ]
      },
      secret("cron-{n}", count: 20) {
        $0.rules = ["ScheduleExpression": "cron(0 8 1 * ? *)", "AutomaticallyAfterDays": 31]
      },
      secret("rds!db-{n}", count: 10) { $0.owningService = "rds" },
      secret("partner-{n}", count: 10) { $0.type = "SalesforceClientSecret" },
      secret("off-{n}", count: 5) { $0.state = .off },
    ]
  }

  @Test func `every kind comes back exactly as it was and rotates once at most`() async throws {
    let harness = try EngineHarness(
      scenario(
        mixed,
        faults: [
          FaultRule(
            kind: .reset, trigger: .probability(0.1), operations: ["RotateSecret"],
            strikesAfter: true),
          FaultRule(kind: .throttle, trigger: .probability(0.05)),
          FaultRule(kind: .garbage200, trigger: .probability(0.03)),
        ]))
    let before = harness.service.secrets
    let drafts = try await cancelled(harness)
    #expect(drafts.count == 100)
    let settled = try await perform(harness, drafts, .restore)
    #expect(settled.count == 100)
    #expect(settled.values.allSatisfy { $0.outcome == .restored })
    for (then, now) in zip(before, harness.service.secrets) {
      #expect(then.rotationEnabled == now.rotationEnabled)
      #expect(then.rotationRules == now.rotationRules)
      #expect(then.rotationLambdaARN == now.rotationLambdaARN)
      #expect(then.externalRotationMetadata == now.externalRotationMetadata)
      #expect(then.externalRotationRoleARN == now.externalRotationRoleARN)
      #expect(then.versions == now.versions)
    }
    let effects = Dictionary(grouping: rotateCalls(harness).filter(\.tookEffect), by: \.secretID)
    #expect(effects.count == 100 && effects.values.allSatisfy { $0.count == 1 })
    #expect(rotateCalls(harness).count > 100)
  }

  @Test func `what drifted is skipped and named`() async throws {
    let harness = try EngineHarness(
      scenario(["same", "on", "otherwise", "gone"].map { secret($0) }))
    let drafts = try await cancelled(harness)
    @Sendable func change(_ name: String, _ more: JSONObject) throws {
      var change: JSONObject = [
        "secret": .string(name), "account": .string(ActionTests.account), "region": "us-east-1",
      ]
      change.members += more.members
      try harness.service.change(.object(change))
    }
    try change("on", ["rotationEnabled": true])
    let settled = try await perform(harness, drafts, .restore) {
      // Behind the plan's back, so that only the look right before the call can see it.
      try change("gone", ["markedForDeletion": true])
      try change("otherwise", ["rules": ["AutomaticallyAfterDays": 3]])
    }
    let outcomes: [Outcome?] = (0..<4).map { settled[$0]?.outcome }
    #expect(outcomes == [.restored, .alreadyOn, .skipped, .skipped])
    #expect(settled[2]?.reason == .drifted && settled[3]?.reason == .drifted)
    #expect(settled[2]?.message.contains("rules") == true)
    #expect(settled[3]?.message.contains("deletion") == true)
    #expect(settled[2]?.isGood == false && settled[1]?.isGood == true)
    #expect(rotateCalls(harness).count == 1)
  }

  @Test func `a version that is stuck blocks a restore until it is dropped`() async throws {
    let harness = try EngineHarness(scenario([secret("stuck") { $0.state = .stalled }]))
    let drafts = try await cancelled(harness)
    let blocked = try await perform(harness, drafts, .restore)
    #expect(blocked[0]?.reason == .pendingBlocks)
    #expect(blocked[0]?.warnings.first?.next?.hasPrefix("rotactl pending") == true)
    #expect(rotateCalls(harness).isEmpty)
    DurableFile.remove(harness.journalPath)
    let dropped = try await perform(harness, drafts, .dropPending)
    #expect(dropped[0]?.outcome == .labelRemoved)
    DurableFile.remove(harness.journalPath)
    let restored = try await perform(harness, drafts, .restore)
    #expect(restored[0]?.outcome == .restored)
  }

  @Test func `an interrupted restore sends the same token again`() async throws {
    let harness = try EngineHarness(
      scenario(
        [secret("db")],
        faults: [
          FaultRule(kind: .reset, trigger: .firstAttempts(1), operations: ["RotateSecret"])
        ]))
    let drafts = try await cancelled(harness)
    let notes = TokenNotes(harness.service)
    try await harness.time.run {
      let plan = try await harness.plan(drafts, .restore)
      // The process dies between intent and answer: the call leaves, and nothing is written after.
      let journal = try JournalWriter(
        path: harness.journalPath, chain: JournalReader.chain, validBytes: 0,
        now: harness.clock.now)
      harness.time.standStill { [weak journal] in journal?.isBusy ?? false }
      journal.append(
        .opened(runID: "r", toolVersion: "test", planSHA256: plan.sha256, targets: 1))
      try await journal.commit(
        .intent(
          ordinal: 0, operation: .rotateSecret, region: "us-east-1",
          secretID: drafts[0].target.secretID, attempt: 1))
      try await journal.close()
      try await harness.execute(drafts.map(\.target), sha256: plan.sha256, over: notes)
    }
    #expect(try harness.settlements()[0]?.outcome == .restored)
    let tokens = await notes.tokens
    #expect(tokens.count == 2)
    #expect(Set(tokens) == [drafts[0].clientRequestToken ?? ""])
    #expect(rotateCalls(harness).filter(\.tookEffect).count == 1)
  }

  /// A run that died after its change had its effect and before anything was written of it.
  private func interrupted(
    _ harness: EngineHarness, _ drafts: [PlanEntry], _ action: RunAction
  ) async throws -> Settlement? {
    try await harness.time.run {
      let plan = try await harness.plan(drafts, action)
      var reader = try PlanFileReader(path: harness.planPath)
      let entry = try #require(try reader.next()?.entry)
      let state = try #require(entry.before)
      let change = try #require(action.rule.change(of: state, for: entry))
      let site = CallSite(profile: nil, region: "us-east-1")
      let attempt = AttemptNumber(number: 1, maximum: 3, invocationID: "i")
      _ = try await harness.service.carryOut(change, at: site, attempt: attempt).result.get()
      let journal = try JournalWriter(
        path: harness.journalPath, chain: JournalReader.chain, validBytes: 0,
        now: harness.clock.now)
      harness.time.standStill { [weak journal] in journal?.isBusy ?? false }
      journal.append(
        .opened(runID: "r", toolVersion: "test", planSHA256: plan.sha256, targets: 1))
      try await journal.commit(
        .intent(
          ordinal: 0, operation: change.operation, region: "us-east-1", secretID: entry.actingID,
          attempt: 1))
      try await journal.close()
      try await harness.execute(drafts.map(\.target), sha256: plan.sha256)
    }
    return try harness.settlements()[0]
  }

  @Test func `a change in doubt is settled by a look and not made twice`() async throws {
    let restoring = try EngineHarness(scenario([secret("db")]))
    let settled = try await interrupted(restoring, try await cancelled(restoring), .restore)
    #expect(settled?.outcome == .restored)
    #expect(rotateCalls(restoring).count == 1)
    for action in [RunAction.dropPending, .promotePending] {
      let harness = try EngineHarness(scenario([secret("stuck") { $0.state = .stalled }]))
      let arn = try #require(harness.service.secrets.first).arn.text
      let draft = PlanEntry(
        target: harness.targets([(arn, "us-east-1", nil)])[0], disposition: .notExamined,
        reason: "")
      let settled = try await interrupted(harness, [draft], action)
      #expect(settled?.outcome == action.rule.outcome)
      #expect(
        harness.service.calls.filter { $0.operation == "UpdateSecretVersionStage" }.count == 1)
    }
  }

  @Test func `stagger spreads a lane's calls evenly`() async throws {
    let harness = try EngineHarness(scenario([secret("db-{n}", count: 20)]))
    let drafts = try await cancelled(harness)
    let settled = try await perform(harness, drafts, .restore, stagger: 2000)
    #expect(settled.values.allSatisfy { $0.outcome == .restored })
    let times = rotateCalls(harness).map(\.time).sorted()
    let gaps = zip(times.dropFirst(), times).map { $0.seconds(since: $1) }
    #expect(gaps.count == 19)
    #expect(gaps.allSatisfy { abs($0 - 100) < 1 })
  }

  @Test func `a stuck version is dropped or promoted and a young one refused`() async throws {
    for action in [RunAction.dropPending, .promotePending] {
      let harness = try EngineHarness(
        scenario([
          secret("stuck") { $0.state = .stalled },
          secret("young") {
            $0.state = .inFlight
            $0.finishesAfterSeconds = 1e6
          },
          secret("fine"),
        ]))
      let truth = harness.service.secrets
      let drafts = harness.targets(truth.map { ($0.arn.text, "us-east-1", nil) }).map {
        PlanEntry(target: $0, disposition: .notExamined, reason: "")
      }
      let settled = try await perform(harness, drafts, action)
      let place = Dictionary(uniqueKeysWithValues: truth.enumerated().map { ($1.name, $0) })
      let stuck = try #require(place["stuck"])
      #expect(settled[stuck]?.outcome == (action == .dropPending ? .labelRemoved : .promoted))
      let pending = try #require(truth[stuck].pendingVersionID)
      let after = harness.service.secrets[stuck]
      #expect(after.pendingVersionID == nil)
      #expect((after.currentVersionID == pending) == (action == .promotePending))
      #expect(settled[try #require(place["young"])]?.reason == .inFlight)
      #expect(settled[try #require(place["fine"])]?.outcome == .nothingPending)
      let changes = harness.service.calls.filter { $0.operation == "UpdateSecretVersionStage" }
      #expect(changes.count == 1)
    }
  }

  @Test func `looking again does not set the pace of a lane`() async throws {
    let harness = try EngineHarness(
      scenario(
        [secret("db-{n}", count: 300)],
        faults: [
          FaultRule(
            kind: .slow(milliseconds: 400), trigger: .probability(1),
            operations: ["DescribeSecret"])
        ]), rate: 30)
    let targets = harness.targets(harness.service.secrets.map { ($0.name, "us-east-1", nil) })
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      let began = harness.clock.elapsed()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await harness.execute(targets, sha256: plan.sha256) }
        group.addTask {
          // Held back for a while, so that every look that was made is too old.
          var limits = RunLimits()
          await harness.time.sleep(2)
          limits.add(RunLimits.Change(.all, isPaused: true))
          harness.pacers.apply(limits)
          await harness.time.sleep(5)
          limits.add(RunLimits.Change(.all, isPaused: false))
          harness.pacers.apply(limits)
        }
        try await group.waitForAll()
      }
      // Ten seconds at the pace, five of pause, and calls under way; one look at a time takes 120 s.
      #expect(harness.clock.elapsed() - began < 25)
    }
    #expect(try harness.settlements().values.filter { $0.outcome == .cancelled }.count == 300)
  }

  @Test func `a rotation that begins while a cancel waits for its pace is seen`() async throws {
    let harness = try EngineHarness(
      scenario((1...4).map { number in secret("db-\(number)") { $0.finishesAfterSeconds = 30 } }),
      rate: 0.1)
    let targets = harness.targets(harness.service.secrets.map { ($0.name, "us-east-1", nil) })
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await harness.execute(targets, sha256: plan.sha256) }
        group.addTask {
          // Two left at once; the other two have looked and wait ten seconds each.
          await harness.time.sleep(5)
          for secret in harness.service.secrets where secret.rotationEnabled == true {
            try harness.service.change([
              "secret": .string(secret.arn.text), "finishesAfterSeconds": 30,
              "beginRotation": true,
            ])
          }
        }
        try await group.waitForAll()
      }
    }
    let settled = try harness.settlements()
    #expect(settled.count == 4 && settled.values.allSatisfy { $0.outcome == .cancelled })
    #expect(harness.service.secrets.allSatisfy { $0.pendingVersionID == nil })
    #expect(settled.values.allSatisfy { !$0.warnings.map(\.code).contains(.leftoverPending) })
  }
}

/// Notes the tokens of RotateSecret on their way.
private actor TokenNotes: SecretsManagerService {
  private let service: InProcessService
  private(set) var tokens: [String] = []

  init(_ service: InProcessService) { self.service = service }

  func callerIdentity(
    at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<CallerIdentity> {
    await service.callerIdentity(at: site, attempt: attempt)
  }

  func describeSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState> {
    await service.describeSecret(secretID, at: site, attempt: attempt)
  }

  func listSecrets(
    _ request: ListSecretsRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretListPage> {
    await service.listSecrets(request, at: site, attempt: attempt)
  }

  func listSecretVersionIDs(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<[SecretVersion]> {
    await service.listSecretVersionIDs(secretID, at: site, attempt: attempt)
  }

  func cancelRotateSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await service.cancelRotateSecret(secretID, at: site, attempt: attempt)
  }

  func rotateSecret(
    _ request: RotationRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    tokens.append(request.clientRequestToken)
    return await service.rotateSecret(request, at: site, attempt: attempt)
  }

  func updateSecretVersionStage(
    _ change: StageChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await service.updateSecretVersionStage(change, at: site, attempt: attempt)
  }
}
