import DurableFiles
import EvidenceBundle
import FoundationEssentials
import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport

/// A run against the simulator in this process, with time moved by hand.
struct EngineHarness: Sendable {
  let folder: TemporaryDirectory
  let time: VirtualTime
  let service: InProcessService
  let clock: RunClock
  let stop = StopSignal()
  let board = ProgressBoard()
  let loop: AttemptLoop
  let pacers: PacerRegistry
  var stopRules = StopRules()
  /// Whether the plan is one that was saved and reviewed.
  var isSaved = false

  /// The moment at which every simulation starts.
  static let start = Timestamp(milliseconds: 1_795_457_501_000)

  /// - `wall`: what the calendar shows after so many true seconds; the simulator's is right.
  init(
    _ scenario: Scenario, rate: Double = 40, attempts: Int = 3,
    wall: @escaping @Sendable (Double) -> Double = { $0 }
  ) throws {
    folder = try TemporaryDirectory()
    let time = VirtualTime()
    self.time = time
    let now: @Sendable () -> Timestamp = { EngineHarness.start.adding(seconds: time.elapsed) }
    clock = RunClock(
      now: { EngineHarness.start.adding(seconds: wall(time.elapsed)) }, elapsed: { time.elapsed },
      sleep: { await time.sleep($0) }, serviceNow: now)
    service = InProcessService(
      scenario: scenario, now: now, sleep: { await time.sleep($0 / .seconds(1)) })
    loop = AttemptLoop(
      policy: RetryPolicy(maximumAttempts: attempts), clock: clock, limit: ConcurrencyLimit(64),
      stop: stop, board: board, unit: { 0.5 })
    pacers = PacerRegistry(rate: rate, burst: 2, clock: clock)
  }

  var planPath: String { folder.path + "/plan.ndjson" }
  var journalPath: String { folder.path + "/journal.ndjson" }

  /// A full disk is played by a link to a device that has nothing to read.
  private var hasJournal: Bool {
    DurableFile.exists(journalPath)
      && (try? FileManager.default.destinationOfSymbolicLink(atPath: journalPath)) == nil
  }

  func targets(_ list: [(String, String, String?)]) -> [Target] {
    list.enumerated().map { index, item in
      Target(
        ordinal: index, secretID: item.0, region: item.1, profile: item.2, accountID: nil,
        sources: [SourceLocation(file: "t.csv", line: index + 2, column: 1)], labels: [])
    }
  }

  func identities(_ targets: [Target]) async -> [String?: ProfileIdentity] {
    var sites: [CallSite] = []
    for target in targets where !sites.contains(where: { $0.profile == target.profile }) {
      sites.append(CallSite(profile: target.profile, region: target.region))
    }
    return await Preflight(reader: service, loop: loop).identities(of: sites)
  }

  @discardableResult
  func plan(_ targets: [Target]) async throws -> Planner<InProcessService>.Result {
    let examiner = Examiner(
      reader: service, loop: loop, pacers: pacers, identities: await identities(targets), width: 32)
    var header = PlanHeader(
      createdAt: clock.now(), toolVersion: "test", offline: false, incident: nil, reason: nil,
      manifests: [])
    if isSaved {
      header.saved = SavedPlan(operatorName: "o", host: "h", callers: [], settings: [])
    }
    var rest = targets[...]
    return try await Planner(examiner: examiner, stop: stop).write(
      to: planPath, header: header, overview: PlanOverview(now: clock.now())
    ) {
      guard !rest.isEmpty else { return nil }
      defer { rest = rest.dropFirst(100) }
      return Array(rest.prefix(100))
    }
  }

  /// Plans a run of another kind.
  @discardableResult
  func plan(
    _ drafts: [PlanEntry], _ action: RunAction, stagger: Double? = nil
  ) async throws -> Planner<InProcessService>.Result {
    let examiner = Examiner(
      reader: service, loop: loop, pacers: pacers,
      identities: await identities(drafts.map(\.target)), action: action, width: 32)
    var header = PlanHeader(
      createdAt: clock.now(), toolVersion: "test", offline: false, incident: nil, reason: nil,
      manifests: [])
    header.action = action
    header.staggerSeconds = stagger
    var rest: [PlanEntry]? = drafts
    return try await Planner(examiner: examiner, stop: stop).write(
      to: planPath, header: header, overview: PlanOverview(now: clock.now())
    ) { () -> [PlanEntry]? in
      defer { rest = nil }
      return rest
    }
  }

  /// Executes the plan from whatever the journal says.
  func execute(
    _ targets: [Target], sha256: String, inFlight: InFlightPolicy = .wait, timeout: Double = 600
  ) async throws {
    try await execute(
      targets, sha256: sha256, over: service, inFlight: inFlight, timeout: timeout)
  }

  /// The same with calls that go through something before they reach the simulator.
  func execute(
    _ targets: [Target], sha256: String, over service: some SecretsManagerService,
    inFlight: InFlightPolicy = .wait, timeout: Double = 600, laneWorkers: Int = 16
  ) async throws {
    let state =
      hasJournal ? try JournalReader.read(journalPath) : JournalState()
    let fresh = state.chain.lines == 0
    let journal = try JournalWriter(
      path: journalPath, chain: state.chain, validBytes: state.validBytes, now: clock.now)
    time.standStill { [weak journal] in journal?.isBusy ?? false }
    if fresh {
      journal.append(
        .opened(runID: "r", toolVersion: "test", planSHA256: sha256, targets: targets.count))
    }
    let executor = RunExecutor(
      service: service, loop: loop, pacers: pacers, identities: await identities(targets),
      settings: .init(
        inFlight: inFlight, inFlightTimeout: timeout, laneWorkers: laneWorkers,
        stopRules: stopRules))
    try await executor.execute(planPath: planPath, journal: journal, marks: state.marks)
    try await journal.close()
  }

  /// Plans and executes in one go.
  func run(
    _ targets: [Target], inFlight: InFlightPolicy = .wait, timeout: Double = 600,
    laneWorkers: Int = 16
  ) async throws -> [Int: Settlement] {
    try await time.run {
      let result = try await plan(targets)
      try await execute(
        targets, sha256: result.sha256, over: service, inFlight: inFlight, timeout: timeout,
        laneWorkers: laneWorkers)
    }
    return try settlements()
  }

  func settlements() throws -> [Int: Settlement] {
    var found: [Int: Settlement] = [:]
    var lines = try LineReader(path: journalPath)
    while let line = try lines.next(), line.isTerminated {
      if case .settled(let settlement) = try JournalRecord.parse(line: line.bytes).record {
        found[settlement.ordinal] = settlement
      }
    }
    return found
  }

  var cancelCalls: [CallRecord] {
    service.calls.filter { $0.operation == "CancelRotateSecret" }
  }
}

extension EngineHarness {
  /// Plans, and executes until a signal comes after that many seconds.
  func runStopped(_ targets: [Target], after seconds: Double) async throws {
    try await time.run {
      let plan = try await plan(targets)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await execute(targets, sha256: plan.sha256) }
        group.addTask {
          await time.sleep(seconds)
          stop.stop(.interrupt)
        }
        try await group.waitForAll()
      }
    }
  }

  /// The same folder, service and time with a new stop signal, as a new process has.
  init(resuming old: EngineHarness, rate: Double = 40) {
    folder = old.folder
    service = old.service
    clock = old.clock
    loop = AttemptLoop(
      policy: old.loop.policy(for: nil), clock: old.clock, limit: ConcurrencyLimit(64), stop: stop,
      board: board, unit: { 0.5 })
    pacers = PacerRegistry(rate: rate, burst: 2, clock: old.clock)
    time = old.time
  }

  /// Ends the journal with its totals and seals a bundle.
  ///
  /// - Returns: what the bundle's check finds wrong.
  func seal() async throws -> [String] {
    let state = try JournalReader.read(journalPath)
    let journal = try JournalWriter(
      path: journalPath, chain: state.chain, validBytes: state.validBytes, now: clock.now)
    journal.append(.finished(totals: state.totals))
    try await journal.close()
    try folder.write("run.json", #"{"schema":"rotactl.run/1","runId":"r"}"# + "\n")
    let other = try TemporaryDirectory()
    let digest = try EvidenceWriter.finish(
      runFolder: folder.path, bundle: other.path + "/r.tar.gz", format: .tarGz,
      looseReports: false)
    let check = BundleVerifier.verify(digest.path)
    return check.findings.filter { $0.severity == .broken }.map(\.what)
      + (check.isSound ? [] : ["not sound"])
  }
}
