internal import RotationCore

extension AttemptLoop {
  /// One HTTP exchange: what came of it, for the call, the report and the lane.
  struct Exchange<Output: Sendable>: Sendable {
    let reply: AttemptReply<Output>
    var record: AttemptRecord
    let lesson: LanePacer.Lesson
  }

  /// Sends when the adaptive rate, the pace of the lane and the bound on calls in flight allow it.
  ///
  /// - Returns: nil when the run stopped first, or the call must not leave any more.
  func paced<Output: Sendable>(
    _ operation: ServiceOperation, _ pacer: LanePacer, _ mode: RetryMode,
    _ attempt: AttemptNumber, mayLeave: (() async -> Bool)?,
    _ send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Exchange<Output>? {
    if mode == .adaptive, operation.isMutating, await !adaptiveToken(pacer) { return nil }
    guard let line = pacer.line(for: operation) else {
      return await limit.hold { await exchange(operation, attempt, send) }
    }
    while true {
      guard let due = await slot(operation, pacer, line, mayLeave) else { return nil }
      let wait = due - clock.elapsed()
      if wait > 0, await !stop.wait(wait, on: clock) { return nil }
      let sent = await limit.hold { () -> Exchange<Output>? in
        guard await pacer.leave(operation, due: due, now: clock.elapsed()),
          !(operation.isMutating && stop.isStopped)
        else { return nil }
        return await exchange(operation, attempt, send)
      }
      if let sent { return sent }
      if stop.isStopped { return nil }
    }
  }

  /// Waits for a token of AWS's adaptive mode.
  ///
  /// - Returns: false when the run stopped first.
  private func adaptiveToken(_ pacer: LanePacer) async -> Bool {
    while true {
      let wait = await pacer.takeAdaptiveToken(now: clock.elapsed())
      if wait <= 0 { return true }
      if await !stop.wait(wait, on: clock) { return false }
    }
  }

  /// Stands in line until the lane tells a time to leave.
  ///
  /// - Returns: nil when the run stopped first, or the call must not leave any more.
  private func slot(
    _ operation: ServiceOperation, _ pacer: LanePacer, _ line: ConcurrencyLimit,
    _ mayLeave: (() async -> Bool)?
  ) async -> Double? {
    await line.hold {
      while !stop.isStopped {
        if let mayLeave, await pacer.isNear(operation, now: clock.elapsed()), await !mayLeave() {
          return nil
        }
        switch await pacer.reserve(operation, now: clock.elapsed()) {
        case .leave(let due): return due
        case .ask(let seconds):
          if await !stop.wait(seconds, on: clock) { return nil }
        }
      }
      return nil
    }
  }

  private func exchange<Output: Sendable>(
    _ operation: ServiceOperation, _ attempt: AttemptNumber,
    _ send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Exchange<Output> {
    let began = clock.elapsed()
    var record = AttemptRecord(
      operation: operation, number: attempt.number, startedAt: clock.now(),
      durationMilliseconds: 0)
    let reply = await send(attempt)
    record.durationMilliseconds = Int(((clock.elapsed() - began) * 1000).rounded())
    record.httpStatus = reply.httpStatus
    record.requestID = reply.requestID
    var failed: ServiceFailure?
    if case .failure(let failure) = reply.result {
      failed = failure
      record.errorCode = failure.code
      record.errorMessage = String(failure.message.prefix(500))
      record.httpStatus = reply.httpStatus ?? failure.httpStatus
      record.requestID = reply.requestID ?? failure.requestID
    }
    let throttled = failed.map { RetryPolicy.verdict(on: $0, of: operation) } == .throttling
    board.attempted(throttled: throttled)
    return Exchange(
      reply: reply, record: record,
      lesson: LanePacer.Lesson(
        operation: operation, sentAt: began, failure: failed, isThrottled: throttled))
  }
}
