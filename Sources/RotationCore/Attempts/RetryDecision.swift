/// What follows a failed attempt.
package enum RetryDecision: Sendable, Hashable {
  /// Another attempt after that many seconds; the cost is already taken from the quota.
  case retry(delay: Double, cost: Int)
  case stop(Reason)

  package enum Reason: Sendable, Hashable {
    /// No attempt is left, whatever the failure was.
    case attemptsExhausted
    /// Another attempt would end in the same way.
    case final
    /// The retry quota does not allow another attempt.
    case quotaExhausted
  }
}

extension RetryPolicy {
  /// Decides by the rules of both modes; the send rate of the adaptive one is ``AdaptiveRate``.
  ///
  /// The count of attempts is looked at first, as the AWS CLI does: its text for exhausted attempts
  /// also follows a final failure of the last attempt.
  ///
  /// - `attempt`: the number of the attempt that failed, from 1.
  /// - `quota`: shared by the calls of one lane.
  /// - `unit`: a random number in 0..<1.
  package func decision(
    after failure: ServiceFailure, verdict: Verdict, attempt: Int, quota: inout RetryQuota,
    unit: Double
  ) -> RetryDecision {
    guard attempt < maximumAttempts else { return .stop(.attemptsExhausted) }
    guard verdict != .final else { return .stop(.final) }
    let cost = RetryPolicy.cost(of: verdict)
    guard quota.take(cost) else { return .stop(.quotaExhausted) }
    return .retry(
      delay: delaySeconds(
        afterAttempt: attempt, verdict: verdict, hintMilliseconds: failure.retryAfterMilliseconds,
        unit: unit),
      cost: cost)
  }
}
