internal import DurableFiles
package import RotationCore

/// Carries a plan out: every target that is not settled yet, lane by lane, all lanes at once.
package struct RunExecutor<Service: SecretsManagerService>: Sendable {
  private let service: Service
  private let loop: AttemptLoop
  private let pacers: PacerRegistry
  private let identities: [String?: ProfileIdentity]
  private let settings: Settings

  /// How a run treats its targets.
  package struct Settings: Sendable {
    package var inFlight: InFlightPolicy
    /// How long a running rotation is waited for, in seconds.
    package var inFlightTimeout: Double
    /// Workers of one lane at most.
    package var laneWorkers: Int
    /// The run as an operator names it, for the commands that reports tell.
    package var runName: String
    package var stopRules: StopRules

    package init(
      inFlight: InFlightPolicy, inFlightTimeout: Double, laneWorkers: Int, runName: String = "RUN",
      stopRules: StopRules = StopRules()
    ) {
      self.inFlight = inFlight
      self.inFlightTimeout = inFlightTimeout
      self.laneWorkers = laneWorkers
      self.runName = runName
      self.stopRules = stopRules
    }
  }

  package init(
    service: Service, loop: AttemptLoop, pacers: PacerRegistry,
    identities: [String?: ProfileIdentity], settings: Settings
  ) {
    self.service = service
    self.loop = loop
    self.pacers = pacers
    self.identities = identities
    self.settings = settings
  }

  /// All workers of all lanes together are bounded by this.
  private static var workerBound: Int { 4096 }

  /// A plan as it stands before the first call.
  private struct SortedPlan {
    let header: PlanHeader
    /// What is left to do.
    var open: [LaneID: [LanePlace]] = [:]
    /// How many changes the whole plan calls for, what is settled included.
    var changes: [LaneID: Int] = [:]
  }

  /// - Parameters:
  ///   - planPath: the run's plan.
  ///   - journal: open for appending.
  ///   - marks: what an earlier process settled, by ordinal.
  /// - Throws: when plan or journal cannot be read or written; outcomes never throw.
  package func execute(
    planPath: String, journal: JournalWriter, marks: [JournalState.Mark]
  ) async throws {
    // At once, not at the next intent: those that wait for the pace have theirs already.
    journal.whenFailing { [stop = loop.stop] in stop.stop(.journal) }
    let watch = FailureWatch(settings.stopRules, stop: loop.stop)
    let sorted = try settleWithoutCalls(
      planPath: planPath, journal: journal, marks: marks, watch: watch)
    if let seconds = sorted.header.staggerSeconds {
      for (lane, count) in sorted.changes where count > 1 {
        pacers.hold(lane, below: Double(count) / seconds)
      }
    }
    let crew = Crew(header: sorted.header, store: try PlanStore(path: planPath), journal, watch)
    let stages = settings.stopRules.regionOrder.stages(of: sorted.open.keys)
    for (index, stage) in stages.enumerated() where !loop.stop.isStopped {
      let bound = max(2, min(settings.laneWorkers, Self.workerBound / max(1, stage.count)))
      var lanes: [StagedLane] = []
      for lane in stage {
        lanes.append(staged(lane, sorted.open[lane] ?? [], crew, bound: bound))
      }
      try await run(lanes)
      // A region that stopped is a reason not to begin the next one.
      if index + 1 < stages.count, let ending = loop.stop.ending {
        loop.stop.stop(
          ending.cause, detail: (ending.detail.map { $0 + "; " } ?? "") + "later regions not begun")
      }
    }
    if journal.fault != nil { loop.stop.stop(.journal) }
  }

  /// What the lanes of a run share.
  private struct Crew {
    let header: PlanHeader
    let store: PlanStore
    let journal: JournalWriter
    let watch: FailureWatch

    init(
      header: PlanHeader, store: PlanStore, _ journal: JournalWriter, _ watch: FailureWatch
    ) {
      self.header = header
      self.store = store
      self.journal = journal
      self.watch = watch
    }
  }

  /// A lane of the stage at hand: what goes first, and the rest.
  private struct StagedLane {
    let runner: LaneRunner<Service>
    let canary: [LanePlace]
    let rest: [LanePlace]
    let workers: Int
  }

  private func staged(
    _ lane: LaneID, _ places: [LanePlace], _ crew: Crew, bound: Int
  ) -> StagedLane {
    let counter = crew.watch.lane(lane)
    let laneLoop = loop.stopped(by: counter.stop)
    let action = crew.header.action
    let examiner = Examiner(
      reader: service, loop: laneLoop, pacers: pacers, identities: identities, action: action,
      width: 1)
    let runner = TargetRunner(
      service: service, examiner: examiner, loop: laneLoop, journal: crew.journal, action: action,
      settings: settings, isReviewed: crew.header.saved != nil)
    var canary: [LanePlace] = []
    var rest: [LanePlace] = []
    for place in places.sorted() {
      if place.isChange, canary.count < settings.stopRules.canary {
        canary.append(place)
      } else {
        rest.append(place)
      }
    }
    return StagedLane(
      runner: LaneRunner(
        lane: lane, pacer: pacers.pacer(for: lane), store: crew.store, runner: runner,
        journal: crew.journal, loop: laneLoop, watch: crew.watch, counter: counter),
      canary: canary, rest: rest, workers: bound)
  }

  /// All lanes of a stage at once: first their canaries, and when all of those are proven the rest.
  private func run(_ lanes: [StagedLane]) async throws {
    if settings.stopRules.canary > 0 {
      let bad = try await all(lanes) { try await $0.runner.run($0.canary, workers: $0.workers) }
      if let first = bad.min(by: { $0.ordinal < $1.ordinal }) {
        loop.stop.stop(.canary, detail: first.words)
      }
      guard !loop.stop.isStopped else { return }
    }
    _ = try await all(lanes) { try await $0.runner.run($0.rest, workers: $0.workers) }
  }

  /// - Returns: for each lane with one, its first target that is not good.
  private func all(
    _ lanes: [StagedLane],
    _ body: @escaping @Sendable (StagedLane) async throws -> LaneRunner<Service>.Setback?
  ) async throws -> [LaneRunner<Service>.Setback] {
    try await withThrowingTaskGroup(of: LaneRunner<Service>.Setback?.self) { group in
      for lane in lanes { group.addTask { try await body(lane) } }
      var found: [LaneRunner<Service>.Setback] = []
      for try await setback in group { if let setback { found.append(setback) } }
      return found
    }
  }

  /// Journals what needs no call, and sorts the rest into lanes.
  private func settleWithoutCalls(
    planPath: String, journal: JournalWriter, marks: [JournalState.Mark], watch: FailureWatch
  ) throws -> SortedPlan {
    var reader = try PlanFileReader(path: planPath)
    var sorted = SortedPlan(header: reader.header)
    let isReviewed = reader.header.saved != nil
    let words = TargetWords(action: reader.header.action, run: settings.runName)
    while let (entry, offset, length) = try reader.next() {
      let ordinal = entry.target.ordinal
      let mark = marks.indices.contains(ordinal) ? marks[ordinal] : .open
      if entry.isActionable { sorted.changes[entry.lane, default: 0] += 1 }
      if mark == .settled { continue }
      let isChange = entry.isActionable || mark.isInDoubt
      if isChange || isReviewed && entry.isWorthAnotherLook {
        let next = entry.saved?.nextRotation ?? entry.before?.nextRotation
        sorted.open[entry.lane, default: []].append(
          LanePlace(
            rotatesAt: isChange ? next?.milliseconds : nil, offset: offset, length: length,
            ordinal: ordinal, inDoubt: mark.isInDoubt, isChange: isChange))
      } else if var settlement = PlannedSettlement.settlement(of: entry, now: loop.clock.now()) {
        if entry.disposition == .blocked, let before = entry.before {
          settlement.warnings.append(words.blocked(before))
        }
        journal.append(.settled(settlement))
        loop.board.settled(settlement.outcome)
        watch.planned(settlement.outcome)
      }
    }
    return sorted
  }
}

extension PlanEntry {
  /// Whether a saved plan's word, that nothing has to be done, must be seen again to be believed.
  fileprivate var isWorthAnotherLook: Bool {
    guard before != nil else { return false }
    switch disposition {
    case .alreadyOff, .neverConfigured, .markedForDeletion, .replica, .alreadyOn, .nothingPending:
      return true
    default: return false
    }
  }
}

/// The outcome of a target for which the plan already knows that no call is needed.
package enum PlannedSettlement {
  /// - Returns: nil for a target that calls for a change.
  package static func settlement(of entry: PlanEntry, now: Timestamp) -> Settlement? {
    var settlement = Settlement(
      ordinal: entry.target.ordinal, outcome: .failed, message: entry.reason, startedAt: now,
      settledAt: now)
    settlement.before = entry.before
    settlement.failure = entry.failure
    settlement.primaryOrdinal = entry.primaryOrdinal
    guard let (outcome, reason) = entry.disposition.settlement else { return nil }
    if entry.disposition == .unreadable, entry.failure == nil { return nil }
    settlement.outcome = outcome
    settlement.reason = reason
    if entry.disposition == .refused, entry.failure != nil { settlement.reason = .preflight }
    switch entry.disposition {
    case .alreadyOff, .neverConfigured, .alreadyOn, .nothingPending, .drifted, .blocked:
      settlement.after = entry.before
    default: break
    }
    return settlement
  }
}
