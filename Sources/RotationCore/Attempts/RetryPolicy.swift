/// AWS's standard retry mode with the numbers of 2026: which failures, how long, how often.
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior".
package struct RetryPolicy: Sendable, Hashable {
  /// Attempts in total, the first included; at least 1.
  package var maximumAttempts: Int

  package init(maximumAttempts: Int = 3) { self.maximumAttempts = max(1, maximumAttempts) }

  private static let throttlingCodes: Set<String> = [
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException",
    "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
    "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
    "EC2ThrottledException",
  ]
  private static let transientCodes: Set<String> = [
    "RequestTimeout", "RequestTimeoutException", "InternalServiceError",
  ]
  private static let transientStatuses: Set<Int> = [500, 502, 503, 504]
  /// The signature was refused because of the clock; worth one more attempt once it is corrected.
  package static let clockSkewCodes: Set<String> = [
    "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
    "SignatureDoesNotMatch", "AuthFailure",
  ]

  package enum Verdict: Sendable, Hashable {
    case throttling, transient, final
  }

  package static func isThrottling(_ code: String) -> Bool { throttlingCodes.contains(code) }

  package static func verdict(on failure: ServiceFailure) -> Verdict {
    switch failure.kind {
    case .connect, .lost: return .transient
    case .tls, .credentials, .abandoned: return .final
    case .malformed: return .transient
    case .service:
      if throttlingCodes.contains(failure.code) { return .throttling }
      if transientCodes.contains(failure.code) { return .transient }
      if let status = failure.httpStatus, transientStatuses.contains(status) { return .transient }
      return .final
    }
  }

  /// The wait before the next attempt, in seconds.
  ///
  /// Full jitter over `min(base * 2^(n-1), 20)` with base 1 s for throttling and 0.05 s else; a
  /// hint of the service is taken within that wait and 5 s more.
  ///
  /// - `attempt`: the number of the attempt that failed, from 1.
  /// - `unit`: a random number in 0..<1.
  package static func delaySeconds(
    afterAttempt attempt: Int, verdict: Verdict, hintMilliseconds: Int?, unit: Double
  ) -> Double {
    let base = verdict == .throttling ? 1.0 : 0.05
    var doubled = base
    for _ in 1..<max(attempt, 1) where doubled < 20 { doubled *= 2 }
    let computed = unit * min(doubled, 20)
    guard let hint = hintMilliseconds, hint >= 0 else { return computed }
    return min(max(Double(hint) / 1000, computed), computed + 5)
  }

  /// What a retry takes from the quota.
  package static func cost(of verdict: Verdict) -> Int { verdict == .throttling ? 5 : 14 }
}

/// The shared budget for retries: capacity 500, given back by successes.
package struct RetryQuota: Sendable, Hashable {
  package let capacity: Int
  package private(set) var available: Int

  package init(capacity: Int = 500) {
    self.capacity = capacity
    available = capacity
  }

  /// - Returns: false when the budget does not allow the retry; nothing is taken then.
  package mutating func take(_ cost: Int) -> Bool {
    guard available >= cost else { return false }
    available -= cost
    return true
  }

  /// - Parameter lastCost: what the call's last retry took; nil when its first attempt succeeded.
  package mutating func succeeded(lastCost: Int?) {
    available = min(capacity, available + (lastCost ?? 1))
  }
}
