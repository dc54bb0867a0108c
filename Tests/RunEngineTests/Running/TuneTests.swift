import DurableFiles
import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

@Suite struct TuneTests {
  private static let account = "111122223333"

  private func harness(_ count: Int, regions: [String] = ["us-east-1"]) throws -> EngineHarness {
    var scenario = Scenario()
    scenario.accounts = [SimulatedAccount(accountID: TuneTests.account, profiles: ["default"])]
    var template = SecretTemplate(
      name: "db-{n}", accountIDs: [TuneTests.account], regions: regions)
    template.count = count
    scenario.secrets = [template]
    return try EngineHarness(scenario)
  }

  private func targets(_ harness: EngineHarness) -> [Target] {
    harness.targets(harness.service.secrets.map { ($0.name, $0.arn.region, nil) })
  }

  private func file(_ harness: EngineHarness) -> LimitsFile {
    LimitsFile(path: harness.folder.path + "/limits.json")
  }

  /// Runs with a watcher as a run has it, and with changes that an operator makes at given times.
  private func run(
    _ harness: EngineHarness, _ changes: [(after: Double, limits: RunLimits)]
  ) async throws -> Double {
    try await harness.time.run {
      let targets = targets(harness)
      let plan = try await harness.plan(targets)
      let watcher = LimitsWatcher(
        file(harness), pacers: harness.pacers, limit: harness.loop.limit, concurrency: 64,
        board: harness.board, clock: harness.clock)
      _ = await watcher.look()
      let start = harness.time.elapsed
      let watching = harness.time.begin { await watcher.watch { _ in } }
      let operating = harness.time.begin {
        for change in changes {
          await harness.time.sleep(change.after)
          try file(harness).write(change.limits)
        }
      }
      try await harness.execute(targets, sha256: plan.sha256)
      watching.cancel()
      try await operating.value
      try await watching.value
      return start
    }
  }

  private func changed(
    _ lanes: LanePattern = .all, rate: Double? = nil, isPaused: Bool? = nil
  ) -> RunLimits {
    var limits = RunLimits()
    limits.add(.init(lanes, rate: rate, isPaused: isPaused))
    return limits
  }

  private func sent(_ harness: EngineHarness, since start: Double, region: String = "us-east-1")
    -> [Double]
  {
    harness.cancelCalls.filter { $0.region == region }.map {
      $0.time.seconds(since: EngineHarness.start) - start
    }
  }

  @Test func `no change leaves while the run is paused and the display says so`() async throws {
    let harness = try harness(200)
    let start = try await run(
      harness, [(1, changed(isPaused: true)), (100, changed(isPaused: false))])
    let times = sent(harness, since: start)
    #expect(times.count == 200)
    #expect(times.contains { $0 < 1 })
    #expect(times.allSatisfy { $0 <= 1.5 || $0 >= 101 })
    #expect(try harness.settlements().values.allSatisfy { $0.outcome == .cancelled })
    #expect(harness.board.snapshot.pausedLanes == 0)
  }

  @Test func `a paused run is shown as paused and stops at a signal`() async throws {
    let harness = try harness(20, regions: ["us-east-1", "eu-west-1"])
    try file(harness).write(
      changed(LanePattern(account: nil, region: "eu-west-1"), isPaused: true))
    try await harness.time.run {
      let stopping = harness.time.begin {
        await harness.time.sleep(60)
        #expect(harness.board.snapshot.pausedLanes == 1)
        #expect(harness.board.snapshot.lanes == 2)
        harness.stop.stop(.interrupt)
      }
      _ = try await runInside(harness)
      try await stopping.value
    }
    #expect(sent(harness, since: 0).count == 20)
    #expect(sent(harness, since: 0, region: "eu-west-1").isEmpty)
    let state = try JournalReader.read(harness.journalPath)
    #expect(state.marks.count { $0 == .settled } == 20)
    // What waited had its intent on the disk; the stop took it back.
    #expect(state.marks.count { $0 == .open } == 20)
  }

  private func runInside(_ harness: EngineHarness) async throws {
    let targets = targets(harness)
    let plan = try await harness.plan(targets)
    let watcher = LimitsWatcher(
      file(harness), pacers: harness.pacers, limit: harness.loop.limit, concurrency: 64,
      board: harness.board, clock: harness.clock)
    _ = await watcher.look()
    let watching = harness.time.begin { await watcher.watch { _ in } }
    try await harness.execute(targets, sha256: plan.sha256)
    watching.cancel()
    try await watching.value
  }

  @Test func `a new rate holds within a second`() async throws {
    let harness = try harness(200)
    let start = try await run(harness, [(2, changed(rate: 4)), (20, changed(rate: 40))])
    let times = sent(harness, since: start)
    #expect(times.count == 200)
    let slow = times.count { $0 > 3 && $0 <= 22 }
    #expect((75...78).contains(slow))
    #expect(times.allSatisfy { $0 < 30 })
  }

  @Test func `a change for one lane leaves the others alone`() async throws {
    let harness = try harness(80, regions: ["us-east-1", "eu-west-1"])
    try file(harness).write(
      changed(LanePattern(account: TuneTests.account, region: "us-east-1"), rate: 1))
    let start = try await run(harness, [])
    #expect((sent(harness, since: start).last ?? 0) > 70)
    #expect((sent(harness, since: start, region: "eu-west-1").last ?? 99) < 3)
  }

  @Test func `a file that cannot be used changes nothing`() async throws {
    let harness = try harness(1)
    let watcher = LimitsWatcher(
      file(harness), pacers: harness.pacers, limit: harness.loop.limit, concurrency: 64,
      board: harness.board, clock: harness.clock)
    #expect(await watcher.look() == nil)
    let limits = changed(rate: 4)
    try file(harness).write(limits)
    #expect(await watcher.look() == .changed(limits))
    #expect(await watcher.look() == nil)
    try harness.folder.write("limits.json", "{\"schema\":")
    guard case .unusable = await watcher.look() else {
      Issue.record("half a file was taken for limits")
      return
    }
    let lane = LaneID(account: TuneTests.account, region: "us-east-1")
    #expect(harness.pacers.pacer(for: lane).snapshot.configuredRate == 4)
  }

  @Test func `the bound on calls in flight moves both ways`() async throws {
    let time = VirtualTime()
    let limit = ConcurrencyLimit(8)
    let peaks = Peaks()
    try await time.run {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<120 {
          group.addTask {
            await limit.hold {
              await peaks.enter(at: time.elapsed)
              await time.sleep(1)
              await peaks.leave()
            }
          }
        }
        group.addTask {
          await time.sleep(2.5)
          limit.resize(to: 2)
          await time.sleep(10)
          limit.resize(to: 20)
        }
      }
    }
    #expect(await peaks.most(in: 0..<2.4) == 8)
    #expect(await peaks.most(in: 3.5..<12.4) == 2)
    #expect(await peaks.most(in: 12.5..<16) == 20)
  }

  private actor Peaks {
    private var inside = 0
    private var seen: [(time: Double, inside: Int)] = []

    func enter(at time: Double) {
      inside += 1
      seen.append((time, inside))
    }

    func leave() { inside -= 1 }

    func most(in span: Range<Double>) -> Int {
      seen.filter { span.contains($0.time) }.map(\.inside).max() ?? 0
    }
  }

  @Test func `rates of lanes hold from the first call`() async throws {
    let harness = try harness(1)
    let pattern = try #require(LanePattern(parsing: "*/eu-west-1"))
    let pacers = PacerRegistry(
      ConfiguredLimits(rate: 40, burst: 2, laneRates: [.init(pattern, rate: 5)]),
      clock: harness.clock)
    for region in ["eu-west-1", "us-east-1"] {
      _ = pacers.pacer(for: LaneID(account: TuneTests.account, region: region))
    }
    #expect(pacers.snapshots().map(\.configuredRate) == [5, 40])
  }
}
