package import RotationCore

extension AttemptLoop {
  /// A call that is begun anew when its attempts end on a passing fault.
  ///
  /// Three attempts are AWS's rule for one caller; over a hundred thousand targets they leave some
  /// that met three faults in a row, and an operator should not have to run those again. So a call
  /// of a run has four rounds of attempts. Where the lane's retry quota is used up, a round has one
  /// attempt; the target then waits for its next round instead of failing, and has twelve of them,
  /// so that it keeps its number of attempts.
  ///
  /// A network that is lost in the middle of a run, as on a laptop that slept, fails nothing for
  /// about two minutes; see ``LaneOutage`` for what becomes of a lane that stays dead. The same
  /// holds for a site that has answered and then shows another certificate: a proxy, a hotel's
  /// page or one bad machine behind a name is in the way, and mostly not for long.
  ///
  /// A throttle says that the lane was too fast, not that something is wrong with the target. The
  /// lane has lowered its rate by then, so the call has twelve rounds too, with pauses of up to
  /// 16 s: about two minutes in which every answer was a throttle. A site that could never be
  /// reached is not asked again.
  package func persistentCall<Output: Sendable>(
    _ operation: ServiceOperation, profile: String? = nil, pacer: LanePacer,
    attempts: inout [AttemptRecord], willSend: (Int) async -> Bool = { _ in true },
    notSent: () async -> Void = {}, freshness: Freshness? = nil,
    send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    var round = 1
    while true {
      guard pacer.admits(now: clock.elapsed()) else {
        return .failure(notAnswering(pacer))
      }
      let result = await call(
        operation, profile: profile, pacer: pacer, attempts: &attempts, willSend: willSend,
        notSent: notSent, freshness: freshness, send: send)
      guard case .failure(var failure) = result else { return result }
      failure.message = failure.excerpt(AttemptLoop.recordedMessage)
      let failed = Result<Output, ServiceFailure>.failure(failure)
      let verdict = RetryPolicy.verdict(on: failure, of: operation)
      guard round < rounds(after: failure, verdict, pacer) else { return failed }
      let isPatient = verdict == .throttling || failure.neverConnected
      let doublings = min(round - 1, isPatient ? 4 : 2)
      let pause = Double(1 << doublings) * (0.5 + unit() / 2)
      if await !stop.wait(pause, on: clock) { return failed }
      round += 1
    }
  }

  /// A report keeps at most this many characters of a failure's message.
  package static let recordedMessage = 2000

  /// The rounds that a call has whose last one ended so; none beyond the first for what will not
  /// pass.
  private func rounds(
    after failure: ServiceFailure, _ verdict: RetryPolicy.Verdict, _ pacer: LanePacer
  ) -> Int {
    if failure.neverConnected { return pacer.hasAnswered ? 12 : 1 }
    if failure.isExpiredToken { return 4 }
    switch verdict {
    case .throttling: return 12
    // Attempts were left, so it was the quota that ended the round.
    case .transient: return failure.exhaustedRetries == nil ? 12 : 4
    case .final: return 1
    }
  }

  private func notAnswering(_ pacer: LanePacer) -> ServiceFailure {
    let region = pacer.lane.region
    guard !pacer.isUnreachable else {
      return ServiceFailure(
        kind: .connect, code: "EndpointUnreachable",
        message: "not sent: no call to \(region) reached an endpoint")
    }
    return ServiceFailure(
      kind: .connect, code: "RegionNotAnswering",
      message: "not sent: for some time no call to \(region) was answered by the service")
  }
}

extension ServiceFailure {
  /// Whether nothing was sent because there was no connection, or none that can be trusted.
  fileprivate var neverConnected: Bool { kind == .connect || kind == .tls }
}
