import DurableFiles
import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// Kills at every kind of moment, then another process, killed again perhaps.
@Suite(.serialized) struct KillTests {
  private static let account = "111122223333"
  private static let count = 14

  private func scenario(_ seed: UInt64) -> Scenario {
    var scenario = Scenario()
    scenario.seed = Int(seed)
    scenario.accounts = [
      SimulatedAccount(accountID: KillTests.account, profiles: ["default"])
    ]
    var many = SecretTemplate(
      name: "db-{n}", accountIDs: [KillTests.account], regions: ["us-east-1", "eu-west-1"])
    many.count = KillTests.count / 2
    scenario.secrets = [many]
    // Every second run has faults as well.
    guard seed % 2 == 1 else { return scenario }
    scenario.staleReadsMilliseconds = 700
    scenario.faults = [FaultKind.internalError, .reset, .garbage200].flatMap { kind in
      [false, true].map {
        FaultRule(kind: kind, trigger: .probability(0.04), strikesAfter: $0)
      }
    }
    scenario.faults.append(FaultRule(kind: .throttle, trigger: .probability(0.04)))
    return scenario
  }

  /// One life: executes until the event comes, and leaves what a killed process leaves.
  ///
  /// - Returns: whether it was killed.
  private func live(
    _ harness: EngineHarness, _ targets: [Target], sha256: String, killedAt event: Int?,
    seed: UInt64
  ) async throws -> Bool {
    let inherited =
      DurableFile.exists(harness.journalPath)
      ? try JournalReader.read(harness.journalPath).validBytes : 0
    let passage = MortalPassage(
      harness, dyingAt: event ?? .max, inherited: inherited, seed: seed)
    try await harness.time.run {
      let work = harness.time.begin {
        try await harness.execute(targets, sha256: sha256, over: passage)
      }
      passage.onDeath = { work.cancel() }
      try await work.value
    }
    if event != nil { passage.die() }
    guard let remains = passage.remains else { return false }
    try harness.folder.write("journal.ndjson", remains)
    return true
  }

  /// The ARNs that a journal proves to be off.
  private func proven(_ harness: EngineHarness) throws -> Set<String> {
    Set(
      try harness.settlements().values
        .filter { $0.outcome != .unknown }.compactMap { $0.after?.arn })
  }

  @Test(arguments: 0..<30)
  func `a killed run resumes, repeats nothing proven and skips nothing`(number: Int) async throws {
    let seed = UInt64(number)
    var random = SeededRandom(seed: seed &* 7919)
    var harness = try EngineHarness(scenario(seed), rate: 400)
    let targets = harness.targets(
      harness.service.secrets.map { ($0.name, $0.arn.region, nil) })
    let first = harness
    let plan = try await harness.time.run { try await first.plan(targets) }
    var kills = 0
    var isAlive = true
    while isAlive {
      let proven = try kills == 0 ? [] : proven(harness)
      let before = harness.cancelCalls.count
      // 6 events a target without a fault; beyond the last one the kill comes at the very end.
      let event = kills < 6 ? Int.random(in: 1...(KillTests.count * 7), using: &random) : nil
      isAlive = try await live(
        harness, targets, sha256: plan.sha256, killedAt: event, seed: random.next())
      let repeated = harness.cancelCalls.dropFirst(before).filter {
        proven.contains($0.secretID ?? "")
      }
      #expect(repeated.isEmpty)
      if isAlive {
        kills += 1
        harness = EngineHarness(resuming: harness, rate: 400)
      }
    }
    #expect(kills == 6)
    let result = try Reconciliation(harness, targets)
    #expect(result.problems.isEmpty)
    #expect(result.outcomes == [.cancelled: KillTests.count])
    let turnedOff = Set(harness.cancelCalls.filter(\.tookEffect).compactMap(\.secretID))
    #expect(turnedOff.count == KillTests.count)
    #expect(try await harness.seal().isEmpty)
  }
}
