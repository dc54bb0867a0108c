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

    package init(
      inFlight: InFlightPolicy, inFlightTimeout: Double, laneWorkers: Int, runName: String = "RUN"
    ) {
      self.inFlight = inFlight
      self.inFlightTimeout = inFlightTimeout
      self.laneWorkers = laneWorkers
      self.runName = runName
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

  /// The plan's targets as the executor holds them: 32 bytes each.
  private struct Place {
    let rotatesAt: Int64
    let offset: Int
    let length: Int32
    let ordinal: UInt32
    let inDoubt: Bool
  }

  /// All workers of all lanes together are bounded by this.
  private static var workerBound: Int { 4096 }
  /// Of a lane, however slow.
  private static var leastWorkers: Int { 8 }

  /// A plan as it stands before the first call.
  private struct SortedPlan {
    let header: PlanHeader
    /// What is left to do.
    var open: [LaneID: [Place]] = [:]
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
    let sorted = try settleWithoutCalls(planPath: planPath, journal: journal, marks: marks)
    let lanes = sorted.open
    if let seconds = sorted.header.staggerSeconds {
      for (lane, count) in sorted.changes where count > 1 {
        await pacers.hold(lane, below: Double(count) / seconds)
      }
    }
    let store = try PlanStore(path: planPath)
    let action = sorted.header.action
    let examiner = Examiner(
      reader: service, loop: loop, pacers: pacers, identities: identities, action: action,
      width: 1)
    let runner = TargetRunner(
      service: service, examiner: examiner, loop: loop, journal: journal, action: action,
      settings: settings)
    let bound = max(2, min(settings.laneWorkers, Self.workerBound / max(1, lanes.count)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (lane, places) in lanes.sorted(by: { $0.key < $1.key }) {
        let items = places.sorted { ($0.rotatesAt, $0.ordinal) < ($1.rotatesAt, $1.ordinal) }.map {
          LaneRunner<Service>.Item(
            offset: $0.offset, length: Int($0.length), inDoubt: $0.inDoubt, waited: nil)
        }
        let laneRunner = LaneRunner(
          lane: lane, pacer: await pacers.pacer(for: lane), store: store, runner: runner,
          journal: journal, loop: loop)
        // Who has looked and waits for its turn looks at a state that ages, so that a slow lane
        // has few of them.
        let rate = await pacers.limits(of: lane).rate
        let workers = min(bound, max(Self.leastWorkers, Int(min(rate, 1e6).rounded(.up))))
        group.addTask { try await laneRunner.run(items, workers: workers) }
      }
      try await group.waitForAll()
    }
    if journal.fault != nil { loop.stop.stop(.journal) }
  }

  /// Journals what needs no call, and sorts the rest into lanes.
  private func settleWithoutCalls(
    planPath: String, journal: JournalWriter, marks: [JournalState.Mark]
  ) throws -> SortedPlan {
    var reader = try PlanFileReader(path: planPath)
    var sorted = SortedPlan(header: reader.header)
    let words = TargetWords(action: reader.header.action, run: settings.runName)
    while let (entry, offset, length) = try reader.next() {
      let ordinal = entry.target.ordinal
      let mark = marks.indices.contains(ordinal) ? marks[ordinal] : .open
      if entry.isActionable { sorted.changes[entry.lane, default: 0] += 1 }
      if mark == .settled { continue }
      if entry.isActionable || mark.isInDoubt {
        let next = entry.saved?.nextRotation ?? entry.before?.nextRotation
        sorted.open[entry.lane, default: []].append(
          Place(
            rotatesAt: next?.milliseconds ?? .max, offset: offset, length: Int32(length),
            ordinal: UInt32(ordinal), inDoubt: mark.isInDoubt))
      } else if var settlement = PlannedSettlement.settlement(of: entry, now: loop.clock.now()) {
        if entry.disposition == .blocked, let before = entry.before {
          settlement.warnings.append(words.blocked(before))
        }
        journal.append(.settled(settlement))
        loop.board.settled(settlement.outcome)
      }
    }
    return sorted
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
