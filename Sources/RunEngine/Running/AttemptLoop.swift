internal import Cryptography
package import RotationCore

/// The only retry loop: paces, sends, records, classifies, waits, and sends again.
package struct AttemptLoop: Sendable {
  package let policy: RetryPolicy
  package let clock: RunClock
  package let limit: ConcurrencyLimit
  package let stop: StopSignal
  package let board: ProgressBoard
  /// A random number in 0..<1 for each backoff.
  package let unit: @Sendable () -> Double

  package init(
    policy: RetryPolicy, clock: RunClock, limit: ConcurrencyLimit, stop: StopSignal,
    board: ProgressBoard, unit: @escaping @Sendable () -> Double
  ) {
    self.policy = policy
    self.clock = clock
    self.limit = limit
    self.stop = stop
    self.board = board
    self.unit = unit
  }

  /// At most this many exchanges of one target are kept for its report.
  package static let recordedAttempts = 100

  /// Codes that say the session's credentials are over; fresh ones are worth one more attempt.
  package static let expiredCodes: Set<String> = ["ExpiredToken", "ExpiredTokenException"]

  /// One call: attempts until an answer that counts, a final failure, or no attempts left.
  ///
  /// - `operation`: decides the pace and stands in the record.
  /// - `pacer`: of the lane that the call is charged to.
  /// - `attempts`: receives every exchange.
  /// - `willSend`: runs before each exchange, and before its wait for the pace; when it answers
  ///   false nothing is sent and the call ends as abandoned.
  /// - `notSent`: runs when a stop ended that wait, so that nothing left after all.
  /// - `send`: one exchange.
  package func call<Output: Sendable>(
    _ operation: ServiceOperation, pacer: LanePacer, attempts: inout [AttemptRecord],
    willSend: (Int) async -> Bool = { _ in true }, notSent: () async -> Void = {},
    send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    let invocation = SecureRandom.uuid()
    var lastCost: Int?
    var secondChanceUsed = false
    var number = 1
    while true {
      guard await willSend(number) else { return .failure(abandoned) }
      let attempt = AttemptNumber(
        number: number, maximum: policy.maximumAttempts, invocationID: invocation)
      guard let (reply, record) = await paced(operation, pacer, attempt, send) else {
        await notSent()
        return .failure(abandoned)
      }
      let failure: ServiceFailure
      switch reply.result {
      case .success(let output):
        await pacer.succeeded(lastCost: lastCost)
        keep(record, in: &attempts)
        return .success(output)
      case .failure(let found): failure = found
      }
      if failure.kind == .connect {
        await pacer.failedToConnect()
      } else if failure.kind == .service {
        await pacer.answered()
      }
      var delay: Double?
      if isWorthSecondChance(failure), !secondChanceUsed {
        secondChanceUsed = true
        delay = 0
      } else {
        delay = await retryDelay(after: failure, number: number, pacer: pacer, cost: &lastCost)
      }
      var kept = record
      if let delay { kept.retryDelayMilliseconds = Int((delay * 1000).rounded()) }
      keep(kept, in: &attempts)
      guard let delay else { return .failure(failure) }
      if await !stop.wait(delay, on: clock) { return .failure(failure) }
      number += 1
    }
  }

  /// A call that is begun anew, up to four times, when its attempts end on a passing fault.
  ///
  /// Three attempts are AWS's rule for one caller; over a hundred thousand targets they leave some
  /// that met three faults in a row, and an operator should not have to run those again. A site
  /// that cannot be reached is not asked again.
  package func persistentCall<Output: Sendable>(
    _ operation: ServiceOperation, pacer: LanePacer, attempts: inout [AttemptRecord],
    willSend: (Int) async -> Bool = { _ in true }, notSent: () async -> Void = {},
    send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    var round = 1
    while true {
      if await pacer.isUnreachable { return .failure(unreachable(pacer.lane)) }
      let result = await call(
        operation, pacer: pacer, attempts: &attempts, willSend: willSend, notSent: notSent,
        send: send)
      guard case .failure(let failure) = result, round < AttemptLoop.rounds,
        isPassing(failure)
      else { return result }
      let pause = Double(1 << (round - 1)) * (0.5 + unit() / 2)
      if await !stop.wait(pause, on: clock) { return result }
      round += 1
    }
  }

  private static let rounds = 4

  private func isPassing(_ failure: ServiceFailure) -> Bool {
    if failure.kind == .connect { return false }
    return RetryPolicy.verdict(on: failure) != .final
      || AttemptLoop.expiredCodes.contains(failure.code)
  }

  private func unreachable(_ lane: LaneID) -> ServiceFailure {
    ServiceFailure(
      kind: .connect, code: "EndpointUnreachable",
      message: "not sent: no call to \(lane.region) reached an endpoint")
  }

  /// A paced call that leaves later than this after its time takes a new place in line, or calls
  /// that were held up together would leave together.
  private static let longestLateness = 0.02

  /// Sends when both the pace of the lane and the bound on calls in flight allow it.
  ///
  /// - Returns: nil when the run stopped first.
  private func paced<Output: Sendable>(
    _ operation: ServiceOperation, _ pacer: LanePacer, _ attempt: AttemptNumber,
    _ send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> (AttemptReply<Output>, AttemptRecord)? {
    while true {
      let now = clock.elapsed()
      let wait = await pacer.reserve(operation, now: now)
      if wait > 0, await !stop.wait(wait, on: clock) { return nil }
      let due = now + wait
      let sent = await limit.hold { () -> (AttemptReply<Output>, AttemptRecord)? in
        let isPaced = operation.isMutating || operation == .listSecretVersionIDs
        if isPaced, clock.elapsed() - due > AttemptLoop.longestLateness { return nil }
        return await exchange(operation, attempt, send)
      }
      if let sent { return sent }
      if stop.isStopped { return nil }
    }
  }

  private func exchange<Output: Sendable>(
    _ operation: ServiceOperation, _ attempt: AttemptNumber,
    _ send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> (AttemptReply<Output>, AttemptRecord) {
    let began = clock.elapsed()
    var record = AttemptRecord(
      operation: operation, number: attempt.number, startedAt: clock.now(),
      durationMilliseconds: 0)
    let reply = await send(attempt)
    record.durationMilliseconds = Int(((clock.elapsed() - began) * 1000).rounded())
    record.httpStatus = reply.httpStatus
    record.requestID = reply.requestID
    var throttled = false
    if case .failure(let failure) = reply.result {
      record.errorCode = failure.code
      record.errorMessage = String(failure.message.prefix(500))
      record.httpStatus = reply.httpStatus ?? failure.httpStatus
      record.requestID = reply.requestID ?? failure.requestID
      throttled = RetryPolicy.isThrottling(failure.code)
    }
    board.attempted(throttled: throttled)
    return (reply, record)
  }

  /// A corrected clock or fresh credentials make the next attempt a different one.
  private func isWorthSecondChance(_ failure: ServiceFailure) -> Bool {
    failure.kind == .service
      && (RetryPolicy.clockSkewCodes.contains(failure.code)
        || AttemptLoop.expiredCodes.contains(failure.code))
  }

  /// - Returns: nil when no further attempt is due.
  private func retryDelay(
    after failure: ServiceFailure, number: Int, pacer: LanePacer, cost: inout Int?
  ) async -> Double? {
    let verdict = RetryPolicy.verdict(on: failure)
    guard verdict != .final, number < policy.maximumAttempts, !stop.isStopped else { return nil }
    let price = RetryPolicy.cost(of: verdict)
    guard await pacer.takeRetry(price) else { return nil }
    cost = price
    return RetryPolicy.delaySeconds(
      afterAttempt: number, verdict: verdict, hintMilliseconds: failure.retryAfterMilliseconds,
      unit: unit())
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
