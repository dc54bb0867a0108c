internal import RotationCore

extension AttemptLoop {
  /// One HTTP exchange: what came of it, for the call, the report and the lane.
  struct Exchange<Output: Sendable>: Sendable {
    let reply: AttemptReply<Output>
    var record: AttemptRecord
    let lesson: LanePacer.Lesson
  }

  /// What a call that waited for its pace rests on: a look that ages.
  package struct Freshness {
    /// Whether the look is young enough for the call to leave.
    let isFresh: () -> Bool
    /// Looks again; false when the call must not leave any more.
    let look: () async -> Bool
  }

  /// Sends when the adaptive rate, the pace of the lane and the bound on calls in flight allow it.
  ///
  /// - Returns: nil when the run stopped first, or the call must not leave any more.
  func paced<Output: Sendable>(
    _ operation: ServiceOperation, _ pacer: LanePacer, _ mode: RetryMode,
    _ attempt: AttemptNumber, freshness: Freshness?,
    _ send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Exchange<Output>? {
    if mode == .adaptive, operation.isMutating, await !adaptiveToken(pacer) { return nil }
    guard let line = pacer.line(for: operation) else {
      return await placed(pacer) { await exchange(operation, attempt, send) }
    }
    while true {
      guard let due = await slot(operation, pacer, line, freshness) else { return nil }
      let wait = due - clock.elapsed()
      if wait > 0, await !stop.wait(wait, on: clock) { return nil }
      let sent = await placed(pacer) { () -> Exchange<Output>? in
        guard pacer.leave(operation, due: due, now: clock.elapsed()),
          !(operation.isMutating && stop.isStopped)
        else { return nil }
        return await exchange(operation, attempt, send)
      }
      if let sent { return sent }
      if stop.isStopped { return nil }
    }
  }

  /// Sends when the bound on calls in flight allows it, few at a time in a lane that does not
  /// answer.
  private func placed<R: Sendable>(_ pacer: LanePacer, _ body: () async -> R) async -> R {
    guard pacer.isSick else { return await limit.hold(body) }
    return await pacer.sickLine.hold { await limit.hold(body) }
  }

  /// Waits for a token of AWS's adaptive mode.
  ///
  /// - Returns: false when the run stopped first.
  private func adaptiveToken(_ pacer: LanePacer) async -> Bool {
    while true {
      let wait = pacer.takeAdaptiveToken(now: clock.elapsed())
      if wait <= 0 { return true }
      if await !stop.wait(wait, on: clock) { return false }
    }
  }

  /// Stands in line until the lane tells a time to leave.
  ///
  /// Who has looked too long ago when its turn comes steps out, looks again and takes the next slot.
  /// A few may do so at once, or looking would set the pace.
  ///
  /// - Returns: nil when the run stopped first, or the call must not leave any more.
  private func slot(
    _ operation: ServiceOperation, _ pacer: LanePacer, _ line: ConcurrencyLimit,
    _ freshness: Freshness?
  ) async -> Double? {
    enum Turn {
      case leave(Double)
      case look, stopped
    }
    let turn = await line.hold { () -> Turn in
      while !stop.isStopped {
        if let freshness, !freshness.isFresh(),
          pacer.isNear(operation, now: clock.elapsed())
        {
          if pacer.beginLook(operation) { return .look }
          if await !stop.wait(AttemptLoop.lookStep, on: clock) { return .stopped }
          continue
        }
        switch pacer.reserve(operation, now: clock.elapsed()) {
        case .leave(let due): return .leave(due)
        case .ask(let seconds):
          if await !stop.wait(seconds, on: clock) { return .stopped }
        }
      }
      return .stopped
    }
    switch turn {
    case .leave(let due): return due
    case .stopped: return nil
    case .look:
      let due = await slot(operation, pacer, afterLooking: freshness)
      pacer.endLook(operation)
      return due
    }
  }

  /// The head of the line asks again after so many seconds while others look.
  private static var lookStep: Double { 0.02 }

  private func slot(
    _ operation: ServiceOperation, _ pacer: LanePacer, afterLooking freshness: Freshness?
  ) async -> Double? {
    guard await freshness?.look() ?? true else { return nil }
    while !stop.isStopped {
      switch pacer.reserve(operation, now: clock.elapsed()) {
      case .leave(let due): return due
      case .ask(let seconds):
        if await !stop.wait(seconds, on: clock) { return nil }
      }
    }
    return nil
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
      record.errorMessage = failure.excerpt(500)
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
