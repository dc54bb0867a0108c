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

    package init(inFlight: InFlightPolicy, inFlightTimeout: Double, laneWorkers: Int) {
      self.inFlight = inFlight
      self.inFlightTimeout = inFlightTimeout
      self.laneWorkers = laneWorkers
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
    let lanes = try settleWithoutCalls(planPath: planPath, journal: journal, marks: marks)
    let store = try PlanStore(path: planPath)
    let examiner = Examiner(
      reader: service, loop: loop, pacers: pacers, identities: identities, width: 1)
    let runner = TargetRunner(
      service: service, examiner: examiner, loop: loop, journal: journal,
      inFlight: settings.inFlight, inFlightTimeout: settings.inFlightTimeout)
    let workers = max(
      2, min(settings.laneWorkers, Self.workerBound / max(1, lanes.count)))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (lane, places) in lanes.sorted(by: { $0.key < $1.key }) {
        let items = places.sorted { ($0.rotatesAt, $0.ordinal) < ($1.rotatesAt, $1.ordinal) }.map {
          LaneRunner<Service>.Item(
            offset: $0.offset, length: Int($0.length), inDoubt: $0.inDoubt, waited: nil)
        }
        let laneRunner = LaneRunner(
          lane: lane, pacer: await pacers.pacer(for: lane), store: store, runner: runner,
          journal: journal, loop: loop)
        group.addTask { try await laneRunner.run(items, workers: workers) }
      }
      try await group.waitForAll()
    }
    if journal.fault != nil { loop.stop.stop(.journal) }
  }

  /// Journals what needs no call, and sorts the rest into lanes.
  private func settleWithoutCalls(
    planPath: String, journal: JournalWriter, marks: [JournalState.Mark]
  ) throws -> [LaneID: [Place]] {
    var reader = try PlanFileReader(path: planPath)
    var lanes: [LaneID: [Place]] = [:]
    while let (entry, offset, length) = try reader.next() {
      let ordinal = entry.target.ordinal
      let mark = marks.indices.contains(ordinal) ? marks[ordinal] : .open
      if mark == .settled { continue }
      if entry.isActionable || mark.isInDoubt {
        lanes[entry.lane, default: []].append(
          Place(
            rotatesAt: entry.before?.nextRotation?.milliseconds ?? .max, offset: offset,
            length: Int32(length), ordinal: UInt32(ordinal), inDoubt: mark.isInDoubt))
      } else if let settlement = PlannedSettlement.settlement(of: entry, now: loop.clock.now()) {
        journal.append(.settled(settlement))
        loop.board.settled(settlement.outcome)
      }
    }
    return lanes
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
    switch entry.disposition {
    case .cancel, .inFlight, .notExamined: return nil
    case .alreadyOff: settlement.outcome = .alreadyOff
    case .neverConfigured: settlement.outcome = .neverConfigured
    case .replica: settlement.outcome = .mergedIntoPrimary
    case .markedForDeletion:
      settlement.outcome = .skipped
      settlement.reason = .markedForDeletion
    case .duplicate:
      settlement.outcome = .skipped
      settlement.reason = .duplicate
    case .refused: settlement.reason = entry.failure == nil ? .refused : .preflight
    case .unreadable:
      if entry.failure == nil { return nil }
      settlement.reason = .service
    }
    if [.alreadyOff, .neverConfigured].contains(settlement.outcome) {
      settlement.after = entry.before
    }
    return settlement
  }
}
