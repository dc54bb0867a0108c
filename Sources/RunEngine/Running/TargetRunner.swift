internal import DurableFiles
package import RotationCore

/// Brings one target to its outcome: look again, decide, cancel, prove.
package struct TargetRunner<Service: SecretsManagerService>: Sendable {
  /// What came of one turn.
  enum Turn: Sendable {
    case settled(Settlement)
    /// A rotation is running; look again after that many seconds.
    case wait(Double, WaitState)
    /// The run is stopping and nothing was sent: the target stays as it was.
    case untouched
  }

  /// What a target that waits for a rotation takes along.
  struct WaitState: Sendable {
    var startedAt: Timestamp
    var giveUpAt: Double
    var delay: Double
    var attempts: [AttemptRecord]
  }

  private let service: Service
  private let examiner: Examiner<Service>
  private let loop: AttemptLoop
  private let journal: JournalWriter
  private let policy: InFlightPolicy
  private let inFlightTimeout: Double

  package init(
    service: Service, examiner: Examiner<Service>, loop: AttemptLoop, journal: JournalWriter,
    inFlight policy: InFlightPolicy, inFlightTimeout: Double
  ) {
    self.service = service
    self.examiner = examiner
    self.loop = loop
    self.journal = journal
    self.policy = policy
    self.inFlightTimeout = inFlightTimeout
  }

  /// The first wait for a rotation in flight and the longest, in seconds.
  private static var firstWait: Double { 2 }
  private static var longestWait: Double { 15 }
  /// Pauses between the re-reads that prove a cancel; the service is eventually consistent.
  private static var proofPauses: [Double] { [0, 0.5, 1, 2, 4, 5] }

  /// One turn of a target.
  ///
  /// - `entry`: the target with its plan.
  /// - `inDoubt`: an earlier process wrote an intent and no outcome.
  /// - `waited`: from earlier turns that found a rotation in flight.
  /// - `pacer`: of the target's lane.
  func turn(
    _ entry: PlanEntry, inDoubt: Bool, waited: WaitState?, pacer: LanePacer
  ) async -> Turn {
    let startedAt = waited?.startedAt ?? loop.clock.now()
    var attempts = waited?.attempts ?? []
    let looked = await describe(entry, pacer, &attempts)
    var settlement = Settlement(
      ordinal: entry.target.ordinal, outcome: .failed, startedAt: startedAt,
      settledAt: loop.clock.now())
    settlement.before = entry.before
    let state: SecretState
    switch looked {
    case .failure(let failure):
      // A stop ends retries: what would have been tried again is left for another process.
      if failure.kind == .abandoned || loop.stop.isStopped && isPassing(failure) {
        return inDoubt ? doubt(settlement, attempts) : .untouched
      }
      settlement.outcome = inDoubt ? .unknown : .failed
      settlement.reason = .service
      settlement.failure = failure
      settlement.message = "the state could not be read"
      return finish(settlement, attempts)
    case .success(let found): state = found
    }
    if !inDoubt { settlement.before = state }
    let pendingCreatedAt = await pendingTime(entry, state, pacer)
    let now = loop.clock.now()
    let disposition = Decision.disposition(
      of: state, region: entry.actingRegion, pendingCreatedAt: pendingCreatedAt, now: now)
    switch disposition {
    case .inFlight where policy == .skip:
      settlement.outcome = .skipped
      settlement.reason = .inFlight
      settlement.message = "a rotation is running; left alone as asked"
      settlement.after = state
      return finish(settlement, attempts)
    case .inFlight where policy == .wait:
      let elapsed = loop.clock.elapsed()
      var wait =
        waited
        ?? WaitState(
          startedAt: startedAt, giveUpAt: elapsed + inFlightTimeout,
          delay: TargetRunner.firstWait, attempts: [])
      wait.attempts = attempts
      if elapsed + wait.delay > wait.giveUpAt {
        settlement.outcome = .skipped
        settlement.reason = .inFlight
        settlement.message = "a rotation was still running when the time to wait was over"
        settlement.after = state
        return finish(settlement, attempts)
      }
      let pause = wait.delay
      wait.delay = min(pause * 1.5, TargetRunner.longestWait)
      return .wait(pause, wait)
    case .inFlight, .cancel:
      if state.pendingVersionID != nil {
        settlement.warnings.append(pendingWarning(disposition, pendingCreatedAt))
      }
      return await cancel(entry, settlement, attempts, inDoubt: inDoubt, pacer)
    default:
      settleWithoutCall(entry, &settlement, disposition, state, inDoubt: inDoubt)
      return finish(settlement, attempts)
    }
  }

  private func describe(
    _ entry: PlanEntry, _ pacer: LanePacer, _ attempts: inout [AttemptRecord]
  ) async -> Result<SecretState, ServiceFailure> {
    let site = CallSite(profile: entry.target.profile, region: entry.actingRegion)
    return await loop.persistentCall(
      .describeSecret, profile: site.profile, pacer: pacer, attempts: &attempts
    ) {
      await service.describeSecret(entry.actingID, at: site, attempt: $0)
    }
  }

  private func pendingTime(
    _ entry: PlanEntry, _ state: SecretState, _ pacer: LanePacer
  ) async -> Timestamp? {
    guard state.rotationEnabled == true, let pending = state.pendingVersionID else { return nil }
    if pending == entry.before?.pendingVersionID, let known = entry.pendingCreatedAt {
      return known
    }
    let site = CallSite(profile: entry.target.profile, region: entry.actingRegion)
    return await examiner.createdAt(pending, of: entry.actingID, at: site, pacer: pacer)
  }

  private func settleWithoutCall(
    _ entry: PlanEntry, _ settlement: inout Settlement, _ disposition: Disposition,
    _ state: SecretState, inDoubt: Bool
  ) {
    settlement.after = state
    switch disposition {
    case .alreadyOff where inDoubt:
      settlement.outcome = .cancelled
      settlement.message = "an interrupted cancel was in doubt; the re-read proves it"
      settlement.warnings = afterWarnings(entry, state)
    case .alreadyOff: settlement.outcome = .alreadyOff
    case .neverConfigured: settlement.outcome = .neverConfigured
    case .markedForDeletion:
      settlement.outcome = .skipped
      settlement.reason = .markedForDeletion
      settlement.message = "marked for deletion"
    default:
      settlement.outcome = .failed
      settlement.reason = .drifted
      settlement.message = "the secret is now a replica of \(state.primaryRegion ?? "elsewhere")"
    }
  }

  /// The change itself: an intent for each attempt is on the disk before the attempt leaves.
  private func cancel(
    _ entry: PlanEntry, _ draft: Settlement, _ earlier: [AttemptRecord], inDoubt: Bool,
    _ pacer: LanePacer
  ) async -> Turn {
    var settlement = draft
    var attempts = earlier
    let site = CallSite(profile: entry.target.profile, region: entry.actingRegion)
    var intents = 0
    let result = await loop.persistentCall(
      .cancelRotateSecret, profile: site.profile, pacer: pacer, attempts: &attempts,
      willSend: { number in
        guard !loop.stop.isStopped else { return false }
        do throws(FileError) {
          try await journal.commit(
            .intent(
              ordinal: entry.target.ordinal, operation: .cancelRotateSecret,
              region: entry.actingRegion, secretID: entry.actingID, attempt: number))
          intents += 1
          return true
        } catch {
          loop.stop.stop(.journal)
          return false
        }
      },
      notSent: {
        journal.append(.withdrawn(ordinal: entry.target.ordinal))
        intents -= 1
      },
      send: { await service.cancelRotateSecret(entry.actingID, at: site, attempt: $0) })
    switch result {
    case .success:
      return await prove(entry, settlement, attempts, answered: true, failure: nil, pacer)
    case .failure(let failure):
      if intents == 0 {
        return inDoubt ? doubt(settlement, attempts) : .untouched
      }
      // Any earlier attempt may have been carried out although its answer was lost.
      let doubtful =
        inDoubt || failure.leavesDoubt
        || attempts.contains {
          $0.operation == .cancelRotateSecret && ($0.httpStatus ?? 500) >= 500
        }
      if doubtful {
        return await prove(entry, settlement, attempts, answered: false, failure: failure, pacer)
      }
      if loop.stop.isStopped, isPassing(failure) { return doubt(settlement, attempts) }
      settlement.outcome = .failed
      settlement.reason = .service
      settlement.failure = failure
      settlement.message = "CancelRotateSecret was refused"
      return finish(settlement, attempts)
    }
  }

  /// Re-reads until rotation is seen to be off; only that makes a target `cancelled`.
  private func prove(
    _ entry: PlanEntry, _ draft: Settlement, _ earlier: [AttemptRecord], answered: Bool,
    failure: ServiceFailure?, _ pacer: LanePacer
  ) async -> Turn {
    var settlement = draft
    var attempts = earlier
    settlement.failure = failure
    var last: SecretState?
    for pause in TargetRunner.proofPauses {
      // A stop does not end the proof: what was sent is followed to its end within the drain.
      if pause > 0 { await loop.clock.sleep(pause) }
      if Task.isCancelled { break }
      guard case .success(let state) = await describe(entry, pacer, &attempts) else { break }
      last = state
      if state.rotationEnabled != true {
        settlement.outcome = .cancelled
        settlement.failure = nil
        settlement.after = state
        if !answered { settlement.message = "the answer was lost; the re-read proves it" }
        settlement.warnings += afterWarnings(entry, state)
        return finish(settlement, attempts)
      }
    }
    settlement.after = last
    settlement.reason = .notProven
    if let failure, loop.stop.isStopped, isPassing(failure) {
      return doubt(settlement, attempts)
    }
    if last != nil, !answered {
      settlement.outcome = .failed
      settlement.reason = .service
      settlement.message = "CancelRotateSecret failed, and rotation is still on"
    } else {
      settlement.outcome = .unknown
      settlement.message =
        last == nil
        ? "the cancel was sent, and the state could not be read afterwards"
        : "the cancel was accepted, and re-reads still show rotation on"
    }
    return finish(settlement, attempts)
  }

  private func isPassing(_ failure: ServiceFailure) -> Bool {
    failure.kind == .abandoned || RetryPolicy.verdict(on: failure) != .final
  }

  private func doubt(_ draft: Settlement, _ attempts: [AttemptRecord]) -> Turn {
    var settlement = draft
    settlement.outcome = .unknown
    settlement.reason = .stopped
    settlement.message = "the run stopped before the outcome could be re-read"
    return finish(settlement, attempts)
  }

  private func finish(_ draft: Settlement, _ attempts: [AttemptRecord]) -> Turn {
    var settlement = draft
    settlement.settledAt = loop.clock.now()
    settlement.attempts = attempts
    return .settled(settlement)
  }

  private func pendingWarning(_ disposition: Disposition, _ created: Timestamp?) -> TargetWarning {
    let since = created.map { " since \($0.iso8601)" } ?? ""
    return disposition == .inFlight
      ? TargetWarning(
        .cancelledInFlight,
        "a rotation was running\(since) and was cancelled; compare the database with AWSCURRENT")
      : TargetWarning(.stalledRotation, "a rotation had been stuck\(since)")
  }

  private func afterWarnings(_ entry: PlanEntry, _ state: SecretState) -> [TargetWarning] {
    var warnings: [TargetWarning] = []
    let asked = entry.target.secretID
    if let arn = state.arn, SecretARN.looksLikeARN(asked), asked != arn,
      entry.actingRegion == entry.target.region
    {
      warnings.append(
        TargetWarning(.otherARN, "the manifest asked for \(asked), a part of the ARN that answered")
      )
    }
    if let owner = state.arn.flatMap({ try? SecretARN(parsing: $0) })?.accountID,
      let caller = entry.callerAccount, owner != caller
    {
      warnings.append(
        TargetWarning(.crossAccount, "owned by account \(owner), changed by account \(caller)"))
    }
    if let pending = state.pendingVersionID, let arn = state.arn {
      let region = (try? SecretARN(parsing: arn))?.region ?? ""
      warnings.append(
        TargetWarning(
          .leftoverPending,
          "version \(pending) still carries AWSPENDING and blocks the next rotation",
          next: "aws secretsmanager list-secret-version-ids --secret-id \(arn) --region \(region)"))
    }
    if let service = state.owningService {
      warnings.append(
        TargetWarning(.reEnabler, "managed by \(service), which may switch rotation on again"))
    }
    for tag in state.ownerTags.prefix(3) {
      warnings.append(
        TargetWarning(.reEnabler, "tag \(tag.name) says that another tool owns this secret"))
    }
    return warnings
  }
}
