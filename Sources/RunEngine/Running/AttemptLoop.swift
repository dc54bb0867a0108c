internal import Cryptography
package import RotationCore

/// The only retry loop: paces, sends, records, classifies, waits, and sends again.
///
/// ``call(_:profile:pacer:attempts:willSend:notSent:send:)`` is one call by AWS's rules, for single
/// commands with ``LanePacer/unpaced(_:now:)``; a run uses
/// ``persistentCall(_:profile:pacer:attempts:willSend:notSent:send:)``.
package struct AttemptLoop: Sendable {
  package let clock: RunClock
  package let limit: ConcurrencyLimit
  package let stop: StopSignal
  package let board: ProgressBoard
  /// A random number in 0..<1 for each backoff.
  package let unit: @Sendable () -> Double
  private let policies: @Sendable (String?) -> RetryPolicy

  /// Settings by profile: `policies` is asked at each call, with nil for the default chain.
  package init(
    policies: @escaping @Sendable (_ profile: String?) -> RetryPolicy, clock: RunClock,
    limit: ConcurrencyLimit, stop: StopSignal, board: ProgressBoard,
    unit: @escaping @Sendable () -> Double
  ) {
    self.policies = policies
    self.clock = clock
    self.limit = limit
    self.stop = stop
    self.board = board
    self.unit = unit
  }

  /// The same settings for every profile.
  package init(
    policy: RetryPolicy = RetryPolicy(), clock: RunClock, limit: ConcurrencyLimit,
    stop: StopSignal, board: ProgressBoard, unit: @escaping @Sendable () -> Double
  ) {
    self.init(
      policies: { _ in policy }, clock: clock, limit: limit, stop: stop, board: board, unit: unit)
  }

  package func policy(for profile: String?) -> RetryPolicy { policies(profile) }

  /// The same loop under another signal.
  func stopped(by stop: StopSignal) -> AttemptLoop {
    AttemptLoop(
      policies: policies, clock: clock, limit: limit, stop: stop, board: board, unit: unit)
  }

  /// At most this many exchanges of one target are kept for its report.
  package static let recordedAttempts = 100

  /// What a call remembers from one attempt to the next.
  private struct Progress {
    let policy: RetryPolicy
    let invocation = SecureRandom.uuid()
    /// Of the attempt at hand, from 1.
    var number = 1
    var lastCost: Int?
    var isRepaired = false

    var attempt: AttemptNumber {
      AttemptNumber(number: number, maximum: policy.maximumAttempts, invocationID: invocation)
    }
  }

  /// One call: attempts until an answer that counts, a final failure, or no attempts left.
  ///
  /// A failure tells in `exhaustedRetries` how many retries were made when the attempts were used
  /// up.
  ///
  /// - `operation`: decides the pace and stands in the record.
  /// - `profile`: whose retry settings count.
  /// - `pacer`: of the lane that the call is charged to.
  /// - `attempts`: receives every exchange.
  /// - `willSend`: runs before each exchange, and before its wait for the pace; when it answers
  ///   false nothing is sent and the call ends as abandoned.
  /// - `notSent`: runs when that wait ended without anything leaving after all.
  /// - `freshness`: of the look that the call rests on, where it is paced; when a new look is against
  ///   it nothing is sent and the call ends as abandoned.
  /// - `send`: one exchange.
  package func call<Output: Sendable>(
    _ operation: ServiceOperation, profile: String? = nil, pacer: LanePacer,
    attempts: inout [AttemptRecord], willSend: (Int) async -> Bool = { _ in true },
    notSent: () async -> Void = {}, freshness: Freshness? = nil,
    send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    var progress = Progress(policy: policy(for: profile))
    while true {
      guard await willSend(progress.number) else { return .failure(abandoned) }
      guard
        var exchange = await paced(
          operation, pacer, progress.policy.mode, progress.attempt, freshness: freshness, send)
      else {
        await notSent()
        return .failure(abandoned)
      }
      pacer.learn(exchange.lesson, now: clock.elapsed())
      switch exchange.reply.result {
      case .success(let output):
        pacer.giveBack(lastCost: progress.lastCost)
        keep(exchange.record, in: &attempts)
        return .success(output)
      case .failure(var failure):
        switch decision(after: failure, of: operation, pacer, &progress) {
        case .stop(let reason):
          keep(exchange.record, in: &attempts)
          if reason == .attemptsExhausted { failure.exhaustedRetries = progress.number - 1 }
          return .failure(failure)
        case .retry(let delay, _):
          exchange.record.retryDelayMilliseconds = Int((delay * 1000).rounded())
          keep(exchange.record, in: &attempts)
          if await !stop.wait(delay, on: clock) { return .failure(failure) }
          progress.number += 1
        }
      }
    }
  }

  private func decision(
    after failure: ServiceFailure, of operation: ServiceOperation, _ pacer: LanePacer,
    _ progress: inout Progress
  ) -> RetryDecision {
    // A corrected clock or fresh credentials make the next attempt a different one.
    if progress.policy.repairsOnce, !progress.isRepaired,
      failure.isClockSkew || failure.isExpiredToken
    {
      progress.isRepaired = true
      return .retry(delay: 0, cost: 0)
    }
    // What a stop leaves undone must not spend the quota.
    if stop.isStopped { return .stop(.final) }
    let decision = pacer.decide(
      progress.policy, after: failure,
      verdict: progress.policy.verdict(on: failure, of: operation), attempt: progress.number,
      unit: unit())
    if case .retry(_, let cost) = decision { progress.lastCost = cost }
    return decision
  }

  private func keep(_ record: AttemptRecord, in attempts: inout [AttemptRecord]) {
    if attempts.count < AttemptLoop.recordedAttempts { attempts.append(record) }
  }

  private var abandoned: ServiceFailure {
    ServiceFailure(
      kind: .abandoned, code: "Stopped",
      message: "not sent: the run is stopping (\(stop.cause?.name ?? "cancelled"))")
  }
}
