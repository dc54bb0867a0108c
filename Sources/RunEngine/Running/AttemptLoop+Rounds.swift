package import RotationCore

extension AttemptLoop {
  /// A call that is begun anew when its attempts end on a passing fault.
  ///
  /// Three attempts are AWS's rule for one caller; over a hundred thousand targets they leave some
  /// that met three faults in a row, and an operator should not have to run those again. So a call
  /// of a run has four rounds of attempts. The retry quota only makes a round shorter: where it is
  /// used up, a round has one attempt, and the target waits for its next round instead of failing.
  ///
  /// A throttle says that the lane was too fast, not that something is wrong with the target. The
  /// lane has lowered its rate by then, so the call has twelve rounds, with pauses of up to 16 s
  /// between them: about two minutes at least in which every answer was a throttle. A site that
  /// cannot be reached is not asked again.
  package func persistentCall<Output: Sendable>(
    _ operation: ServiceOperation, profile: String? = nil, pacer: LanePacer,
    attempts: inout [AttemptRecord], willSend: (Int) async -> Bool = { _ in true },
    notSent: () async -> Void = {}, send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    var round = 1
    while true {
      if await pacer.isUnreachable { return .failure(unreachable(pacer.lane)) }
      let result = await call(
        operation, profile: profile, pacer: pacer, attempts: &attempts, willSend: willSend,
        notSent: notSent, send: send)
      guard case .failure(let failure) = result, round < rounds(after: failure, of: operation)
      else { return result }
      let pause = Double(1 << min(round - 1, 4)) * (0.5 + unit() / 2)
      if await !stop.wait(pause, on: clock) { return result }
      round += 1
    }
  }

  /// The rounds that a call has whose last one ended so; none beyond the first for what will not
  /// pass.
  private func rounds(after failure: ServiceFailure, of operation: ServiceOperation) -> Int {
    if failure.kind == .connect { return 1 }
    if failure.isExpiredToken { return 4 }
    switch RetryPolicy.verdict(on: failure, of: operation) {
    case .throttling: return 12
    case .transient: return 4
    case .final: return 1
    }
  }

  private func unreachable(_ lane: LaneID) -> ServiceFailure {
    ServiceFailure(
      kind: .connect, code: "EndpointUnreachable",
      message: "not sent: no call to \(lane.region) reached an endpoint")
  }
}
