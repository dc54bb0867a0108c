import DurableFiles
import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// Disks that fill up, folders that go away, calendars that jump.
@Suite(.serialized) struct HardTimesTests {
  private func scenario(_ count: Int, state: SecretTemplate.State = .rotating) -> Scenario {
    var scenario = Scenario()
    scenario.accounts = [SimulatedAccount(accountID: "111122223333", profiles: ["default"])]
    var many = SecretTemplate(
      name: "db-{n}", accountIDs: ["111122223333"], regions: ["us-east-1"], state: state)
    many.count = count
    scenario.secrets = [many]
    return scenario
  }

  private func targets(_ harness: EngineHarness) -> [Target] {
    harness.targets(harness.service.secrets.map { ($0.name, "us-east-1", nil) })
  }

  /// What a calendar shows after so many true seconds.
  enum Calendar: String, CaseIterable {
    case stepsBack, stepsForward, backAndForth, startsBeforeItsTime

    func reading(_ elapsed: Double) -> Double {
      let year = 365.0 * 86_400
      switch self {
      case .stepsBack: return elapsed < 1 ? elapsed : elapsed - year
      case .stepsForward: return elapsed < 1 ? elapsed : elapsed + year
      case .backAndForth:
        return elapsed + (Int(elapsed * 4) % 2 == 0 ? 1800 : -1800)
      case .startsBeforeItsTime: return elapsed - 56 * year
      }
    }
  }

  @Test(arguments: Calendar.allCases)
  func `a calendar that jumps changes neither pace nor outcome`(calendar: Calendar) async throws {
    let harness = try EngineHarness(scenario(100), wall: { calendar.reading($0) })
    let targets = targets(harness)
    let settled = try await harness.run(targets)
    #expect(settled.values.filter { $0.outcome == .cancelled }.count == 100)
    let times = harness.cancelCalls.map(\.time).sorted()
    #expect(times.count == 100)
    let span = times.last?.seconds(since: times[0]) ?? 0
    #expect(span > 2.3 && span < 2.6)
    #expect(try Reconciliation(harness, targets).problems.isEmpty)
    #expect(try await harness.seal().isEmpty)
  }

  @Test func `waiting for a rotation goes by the clock that never jumps`() async throws {
    let harness = try EngineHarness(
      scenario(1, state: .inFlight), wall: { $0 < 1 ? $0 : $0 - 86_400 })
    let settled = try await harness.run(targets(harness), timeout: 60)
    #expect(settled[0]?.outcome == .cancelled)
    #expect(harness.time.elapsed < 20)
  }

  /// By how much the calendar is ahead once the run has begun, in hours; whose secret it is.
  @Test(arguments: [
    (3.0, SecretTemplate.State.inFlight), (-3, .inFlight), (3, .stalled), (-3, .stalled),
  ])
  func `the age of a rotation is told by the service's clock`(
    hours: Double, state: SecretTemplate.State
  ) async throws {
    let harness = try EngineHarness(
      scenario(1, state: state), wall: { $0 < 0.001 ? $0 : $0 + hours * 3600 })
    let settled = try await harness.run(targets(harness))
    #expect(settled[0]?.outcome == .cancelled)
    let isStalled = settled[0]?.warnings.contains { $0.code == .stalledRotation }
    #expect(isStalled == (state == .stalled))
    // A rotation that runs is waited for.
    #expect((harness.time.elapsed >= 2) == (state == .inFlight))
  }

  @Test func `on a full disk no change leaves`() async throws {
    let harness = try EngineHarness(scenario(50))
    let targets = targets(harness)
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      try harness.fillDisk()
      await #expect(throws: FileError.self) {
        try await harness.execute(targets, sha256: plan.sha256)
      }
    }
    #expect(harness.stop.cause == .journal)
    #expect(harness.cancelCalls.isEmpty)
  }

  @Test func `once the run's folder is gone no further change leaves`() async throws {
    let harness = try EngineHarness(scenario(200))
    let targets = targets(harness)
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      let work = harness.time.begin {
        try await harness.execute(targets, sha256: plan.sha256)
      }
      await harness.time.sleep(1)
      DurableFile.removeFolder(harness.folder.path)
      await #expect(throws: FileError.self) { try await work.value }
    }
    #expect(harness.stop.cause == .journal)
    let gone = EngineHarness.start.adding(seconds: 1.1)
    #expect(harness.cancelCalls.filter { $0.time > gone }.isEmpty)
    #expect(harness.cancelCalls.count > 30)
  }

  @Test func `a run is held by one process at a time`() throws {
    let place = try TemporaryDirectory()
    let folder = RunFolder(reports: place.path, runID: "r")
    try folder.create()
    func canLock() throws -> Bool {
      if let held = try folder.lock(host: "h", pid: 1) {
        extendLifetime(held)
        return true
      }
      return false
    }
    do {
      let held = try folder.lock(host: "h", pid: 1)
      #expect(try !canLock())
      extendLifetime(held)
    }
    #expect(try canLock())
  }
}

extension EngineHarness {
  /// Leads the journal to a device that is always full.
  fileprivate func fillDisk() throws {
    try folder.link("journal.ndjson", to: "/dev/full")
  }
}
