internal import DurableFiles
package import RotationCore

/// Brings one target to its outcome: look again, judge, change, prove.
///
/// What a state calls for, the change and its proof are the action's; everything else is the same
/// for all actions.
package struct TargetRunner<Service: SecretsManagerService>: Sendable {
  /// What came of one turn.
  enum Turn: Sendable {
    case settled(Settlement)
    /// A rotation is running, or the state changed under the call; look again after that many
    /// seconds.
    case wait(Double, WaitState)
    /// The run is stopping and nothing was sent: the target stays as it was.
    case untouched
  }

  /// What a target takes along from one turn to the next.
  struct WaitState: Sendable {
    var startedAt: Timestamp
    var attempts: [AttemptRecord]
    /// Whether a change may have been carried out.
    var inDoubt = false
    /// Since a rotation was first seen to run.
    var flight: Flight?
  }

  /// A rotation that is waited for.
  struct Flight: Sendable {
    var giveUpAt: Double
    var delay: Double
  }

  private let service: Service
  private let examiner: Examiner<Service>
  private let loop: AttemptLoop
  private let journal: JournalWriter
  private let rule: any ActionRule
  private let policy: InFlightPolicy
  private let inFlightTimeout: Double
  private let words: TargetWords
  /// The plan was saved and reviewed: what differs from it is left alone.
  private let isReviewed: Bool

  init(
    service: Service, examiner: Examiner<Service>, loop: AttemptLoop, journal: JournalWriter,
    action: RunAction, settings: RunExecutor<Service>.Settings, isReviewed: Bool = false
  ) {
    self.service = service
    self.examiner = examiner
    self.loop = loop
    self.journal = journal
    rule = action.rule
    policy = settings.inFlight
    inFlightTimeout = settings.inFlightTimeout
    words = TargetWords(action: action, run: settings.runName)
    self.isReviewed = isReviewed
  }

  /// The first wait for a rotation in flight and the longest, in seconds.
  private static var firstWait: Double { 2 }
  private static var longestWait: Double { 15 }
  /// Pauses between the re-reads that prove a change; the service is eventually consistent.
  private static var proofPauses: [Double] { [0, 0.5, 1, 2, 4, 5] }
  /// A look that is older, in seconds, is repeated right before the change leaves.
  private static var freshSeconds: Double { 1 }

  /// A target at work in one turn.
  private struct Work {
    let entry: PlanEntry
    let pacer: LanePacer
    var inDoubt: Bool
    var attempts: [AttemptRecord]
    var settlement: Settlement

    var site: CallSite { CallSite(profile: entry.target.profile, region: entry.actingRegion) }
  }

  /// One turn of a target.
  ///
  /// - `entry`: the target with its plan.
  /// - `inDoubt`: an earlier process wrote an intent and no outcome.
  /// - `waited`: from earlier turns.
  /// - `pacer`: of the target's lane.
  func turn(
    _ entry: PlanEntry, inDoubt: Bool, waited: WaitState?, pacer: LanePacer
  ) async -> Turn {
    var settlement = Settlement(
      ordinal: entry.target.ordinal, outcome: .failed,
      startedAt: waited?.startedAt ?? loop.clock.now(), settledAt: loop.clock.now())
    settlement.before = entry.before
    var work = Work(
      entry: entry, pacer: pacer, inDoubt: inDoubt || waited?.inDoubt ?? false,
      attempts: waited?.attempts ?? [], settlement: settlement)
    switch await describe(work, &work.attempts) {
    case .failure(let failure): return unreadable(work, failure)
    case .success(let state):
      if isReviewed, !work.inDoubt {
        let drift = PlanDrift.differences(entry, now: state)
        if !drift.isEmpty { return drifted(work, drift, after: state) }
        if !entry.isActionable { return confirmed(work, after: state) }
      }
      if !work.inDoubt { work.settlement.before = state }
      let look = await look(work, at: state)
      let judgement = rule.judge(look, for: entry)
      return await act(on: judgement, look, &work, waited?.flight)
    }
  }

  private func unreadable(_ work: Work, _ failure: ServiceFailure) -> Turn {
    var work = work
    // A stop ends retries: what would have been tried again is left for another process.
    if failure.kind == .abandoned || loop.stop.isStopped && isPassing(failure) {
      return work.inDoubt ? doubt(work) : .untouched
    }
    if isReviewed, !work.inDoubt, work.entry.before != nil, failure.isMissingSecret {
      work.settlement.failure = failure
      return drifted(work, ["the secret is gone"], after: nil)
    }
    if let judgement = rule.judge(failure, for: work.entry) {
      return settle(&work, as: judgement, after: nil)
    }
    work.settlement.outcome = work.inDoubt ? .unknown : .failed
    work.settlement.reason = .service
    work.settlement.failure = failure
    work.settlement.message = "the state could not be read"
    return finish(work)
  }

  private func act(
    on judgement: Judgement, _ look: Look, _ work: inout Work, _ flight: Flight?
  ) async -> Turn {
    switch judgement.disposition {
    case .inFlight where policy == .skip:
      return leaveInFlight(&work, look, "a rotation is running; left alone as asked")
    case .inFlight where policy == .wait:
      let elapsed = loop.clock.elapsed()
      var flight =
        flight ?? Flight(giveUpAt: elapsed + inFlightTimeout, delay: TargetRunner.firstWait)
      if elapsed + flight.delay > flight.giveUpAt {
        return leaveInFlight(
          &work, look, "a rotation was still running when the time to wait was over")
      }
      let pause = flight.delay
      flight.delay = min(pause * 1.5, TargetRunner.longestWait)
      return .wait(pause, next(work, flight))
    case .inFlight, .cancel, .restore, .dropPending, .promotePending:
      guard let change = rule.change(of: look.state, for: work.entry) else {
        return settle(
          &work, as: Judgement(.unreadable, "the plan does not hold what the change needs"),
          after: look.state)
      }
      if let warning = words.pending(judgement.disposition, look) {
        work.settlement.warnings.append(warning)
      }
      return await carryOut(change, work, flight)
    default: return settle(&work, as: judgement, after: look.state)
    }
  }

  /// What a target takes along whose outcome could not be told.
  func again(after settlement: Settlement) -> WaitState {
    WaitState(
      startedAt: settlement.startedAt, attempts: settlement.attempts, inDoubt: true, flight: nil)
  }

  private func next(_ work: Work, _ flight: Flight?) -> WaitState {
    WaitState(
      startedAt: work.settlement.startedAt, attempts: work.attempts, inDoubt: work.inDoubt,
      flight: flight)
  }

  // MARK: - Looking

  private func describe(
    _ work: Work, _ attempts: inout [AttemptRecord]
  ) async -> Result<SecretState, ServiceFailure> {
    await loop.persistentCall(
      .describeSecret, profile: work.site.profile, pacer: work.pacer, attempts: &attempts
    ) {
      await service.checkedState(of: work.entry.actingID, at: work.site, attempt: $0)
    }
  }

  private func look(_ work: Work, at state: SecretState) async -> Look {
    var created: Timestamp?
    if rule.asksForAge(of: state), let pending = state.pendingVersionID {
      if pending == work.entry.before?.pendingVersionID, let known = work.entry.pendingCreatedAt {
        created = known
      } else {
        created = await examiner.createdAt(
          pending, of: work.entry.actingID, at: work.site, pacer: work.pacer)
      }
    }
    return Look(
      state, region: work.entry.actingRegion, pendingCreatedAt: created,
      now: loop.clock.serviceNow())
  }

  // MARK: - Changing

  /// The change itself: an intent for each attempt is on the disk before the attempt leaves, and
  /// the look that called for it is no older than the last second.
  private func carryOut(_ change: SecretChange, _ draft: Work, _ flight: Flight?) async -> Turn {
    var work = draft
    let entry = work.entry
    let operation = change.operation
    var intents = 0
    var lookedAt = loop.clock.elapsed()
    var looks: [AttemptRecord] = []
    var isStale = false
    // Any attempt may have been carried out although its answer was lost.
    var mayHaveHappened = work.inDoubt
    let result = await loop.persistentCall(
      operation, profile: work.site.profile, pacer: work.pacer, attempts: &work.attempts,
      willSend: { number in
        do {
          try await journal.commit(
            .intent(
              ordinal: entry.target.ordinal, operation: operation, region: entry.actingRegion,
              secretID: entry.actingID, attempt: number))
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
      freshness: AttemptLoop.Freshness(
        isFresh: { loop.clock.elapsed() - lookedAt <= TargetRunner.freshSeconds },
        look: {
          isStale = await !stillCallsFor(change, draft, &looks)
          lookedAt = loop.clock.elapsed()
          return !isStale
        }),
      send: {
        let reply = await service.checked(change, to: entry.actingID, at: draft.site, attempt: $0)
        if case .failure(let failure) = reply.result, failure.leavesDoubt { mayHaveHappened = true }
        return reply
      })
    work.attempts += looks
    switch result {
    case .success: return await prove(work, operation, answered: true, failure: nil)
    case .failure where isStale:
      work.inDoubt = mayHaveHappened
      return .wait(0, next(work, flight))
    case .failure(let failure):
      if intents == 0 { return work.inDoubt ? doubt(work) : .untouched }
      if mayHaveHappened {
        return await prove(work, operation, answered: false, failure: failure)
      }
      if loop.stop.isStopped, isPassing(failure) { return doubt(work) }
      work.settlement.outcome = .failed
      work.settlement.reason = .service
      work.settlement.failure = failure
      work.settlement.message = "\(operation.rawValue) was refused"
      return finish(work)
    }
  }

  /// Looks once more, when the wait for the pace was long.
  private func stillCallsFor(
    _ change: SecretChange, _ work: Work, _ looks: inout [AttemptRecord]
  ) async -> Bool {
    guard case .success(let state) = await describe(work, &looks) else { return false }
    if isReviewed, !work.inDoubt, !PlanDrift.differences(work.entry, now: state).isEmpty {
      return false
    }
    let judgement = rule.judge(await look(work, at: state), for: work.entry)
    let isDue =
      judgement.disposition.isChange || judgement.disposition == .inFlight && policy == .cancel
    return isDue && rule.change(of: state, for: work.entry) == change
  }

  // MARK: - Proving

  /// Re-reads until the change is seen; only that settles a target as changed.
  private func prove(
    _ draft: Work, _ operation: ServiceOperation, answered: Bool, failure: ServiceFailure?
  ) async -> Turn {
    var work = draft
    var last: SecretState?
    for pause in TargetRunner.proofPauses {
      // A stop does not end the proof: what was sent is followed to its end within the drain.
      if pause > 0 { await loop.clock.sleep(pause) }
      if Task.isCancelled { break }
      guard case .success(let state) = await describe(work, &work.attempts) else { break }
      last = state
      if rule.isProven(by: state, for: work.entry) {
        work.settlement.outcome = rule.outcome
        work.settlement.after = state
        if !answered {
          work.settlement.message = "the answer was lost; the re-read proves it"
        }
        work.settlement.warnings += words.after(work.entry, state)
        return finish(work)
      }
    }
    work.settlement.failure = failure
    work.settlement.after = last
    work.settlement.reason = .notProven
    if let failure, loop.stop.isStopped, isPassing(failure) { return doubt(work) }
    if last != nil, !answered {
      work.settlement.outcome = .failed
      work.settlement.reason = .service
      work.settlement.message = "\(operation.rawValue) failed, and \(words.unchanged)"
    } else {
      work.settlement.outcome = .unknown
      work.settlement.message =
        last == nil
        ? "\(operation.rawValue) was sent, and the state could not be read afterwards"
        : "\(operation.rawValue) was accepted, and re-reads do not show it: \(words.unchanged)"
    }
    return finish(work)
  }

  // MARK: - Settling

  private func settle(_ work: inout Work, as judgement: Judgement, after: SecretState?) -> Turn {
    work.settlement.after = after
    let isProven = after.map { rule.isProven(by: $0, for: work.entry) } ?? false
    if work.inDoubt, isProven, let after {
      work.settlement.outcome = rule.outcome
      work.settlement.message = "an interrupted change was in doubt; the re-read proves it"
      work.settlement.warnings = words.after(work.entry, after)
      return finish(work)
    }
    if judgement.disposition == .replica {
      work.settlement.reason = .drifted
      work.settlement.message =
        "the secret is now a replica of \(after?.primaryRegion ?? "elsewhere")"
    } else if let (outcome, reason) = judgement.disposition.settlement {
      work.settlement.outcome = outcome
      work.settlement.reason = reason
      if reason != nil { work.settlement.message = judgement.reason }
      if judgement.disposition == .blocked, let after {
        work.settlement.warnings.append(words.blocked(after))
      }
    }
    return finish(work)
  }

  private func leaveInFlight(_ work: inout Work, _ look: Look, _ message: String) -> Turn {
    work.settlement.outcome = .skipped
    work.settlement.reason = .inFlight
    work.settlement.message = message
    work.settlement.after = look.state
    work.settlement.warnings.append(words.running(look))
    return finish(work)
  }

  /// Another state than the one that was reviewed: nothing is changed.
  private func drifted(_ draft: Work, _ differences: [String], after: SecretState?) -> Turn {
    var work = draft
    work.settlement.outcome = .skipped
    work.settlement.reason = .drifted
    work.settlement.message = "not as in the plan: " + differences.joined(separator: "; ")
    work.settlement.after = after
    return finish(work)
  }

  /// A target for which the plan had nothing to change is still as it was.
  private func confirmed(_ draft: Work, after: SecretState) -> Turn {
    guard
      var settlement = PlannedSettlement.settlement(
        of: draft.entry, now: draft.settlement.startedAt)
    else { return .untouched }
    settlement.after = after
    var work = draft
    work.settlement = settlement
    return finish(work)
  }

  private func isPassing(_ failure: ServiceFailure) -> Bool {
    failure.kind == .abandoned || RetryPolicy.verdict(on: failure) != .final
  }

  private func doubt(_ draft: Work) -> Turn {
    var work = draft
    work.settlement.outcome = .unknown
    work.settlement.reason = .stopped
    work.settlement.message = "the run stopped before the outcome could be re-read"
    return finish(work)
  }

  private func finish(_ work: Work) -> Turn {
    var settlement = work.settlement
    settlement.settledAt = loop.clock.now()
    settlement.attempts = work.attempts
    return .settled(settlement)
  }
}
