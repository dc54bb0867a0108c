/// AWS's words for the two ways to retry.
package enum RetryMode: String, Sendable, Hashable, CaseIterable {
  /// Backoff and a retry quota.
  case standard
  /// The same, and a send rate that follows the service's throttling.
  case adaptive
}

/// AWS's standard retry mode with the numbers of 2026: which failures, how long, how often.
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior".
package struct RetryPolicy: Sendable, Hashable {
  package var mode: RetryMode
  /// Attempts in total, the first included; at least 1.
  package var maximumAttempts: Int
  /// No backoff is longer than this, in seconds; a hint of the service may add 5 s.
  package var longestBackoff: Double
  /// Whether a refused clock or an expired token is worth one attempt outside the count.
  ///
  /// AWS's SDKs correct their clock and try again; the AWS CLI does not.
  package var repairsOnce: Bool

  /// Whether `InternalServiceError` is worth another attempt whatever its status.
  ///
  /// AWS's SDKs go by the model, which calls it the server's fault; the AWS CLI goes by the status.
  package var repeatsInternalServiceError = true

  package init(
    mode: RetryMode = .standard, maximumAttempts: Int = 3, longestBackoff: Double = 20,
    repairsOnce: Bool = true
  ) {
    self.mode = mode
    self.maximumAttempts = max(1, maximumAttempts)
    self.longestBackoff = longestBackoff
    self.repairsOnce = repairsOnce
  }

  /// The wait before the next attempt, in seconds.
  ///
  /// Full jitter over `min(base * 2^(n-1), 20)` with base 1 s for throttling and 0.05 s else; a
  /// hint of the service is taken within that wait and 5 s more.
  ///
  /// - `attempt`: the number of the attempt that failed, from 1.
  /// - `unit`: a random number in 0..<1.
  package func delaySeconds(
    afterAttempt attempt: Int, verdict: Verdict, hintMilliseconds: Int?, unit: Double
  ) -> Double {
    var doubled = verdict == .throttling ? 1.0 : 0.05
    for _ in 1..<max(attempt, 1) where doubled < longestBackoff { doubled *= 2 }
    let computed = unit * min(doubled, longestBackoff)
    guard let hint = hintMilliseconds, hint >= 0 else { return computed }
    return min(max(Double(hint) / 1000, computed), computed + 5)
  }

  /// What a retry takes from the quota.
  package static func cost(of verdict: Verdict) -> Int { verdict == .throttling ? 5 : 14 }

  /// The milliseconds that a header `x-amz-retry-after` asks for.
  ///
  /// - Returns: nil for anything but a whole number from 0, which is then ignored.
  package static func hintMilliseconds(header text: String) -> Int? {
    Int(text).flatMap { $0 >= 0 ? $0 : nil }
  }
}
