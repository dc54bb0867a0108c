/// The pace of one lane: a rate with a small burst, exact over hours.
///
/// Every call takes a token at once and is told how long to wait for it, so waiting calls hold
/// their place in line and no slot is lost. Time is given in seconds from any fixed start.
package struct TokenBucket: Sendable, Hashable {
  /// Tokens a second; greater than 0, infinite for no pace.
  package private(set) var rate: Double
  /// How many calls may leave at once after a pause; at least 1.
  package private(set) var burst: Double
  private var tokens: Double
  private var updated: Double

  package init(rate: Double, burst: Double = 2, now: Double) {
    self.rate = rate
    self.burst = max(1, burst)
    tokens = max(1, burst)
    updated = now
  }

  private mutating func refill(_ now: Double) {
    guard now > updated else { return }
    tokens = min(burst, tokens + (now - updated) * rate)
    updated = now
  }

  /// Takes one token; the result is the wait in seconds before it may be used, 0 for none.
  package mutating func take(at now: Double) -> Double {
    refill(now)
    tokens -= 1
    return tokens >= 0 ? 0 : -tokens / rate
  }

  /// The wait that ``take(at:)`` would tell, with nothing taken.
  package func wait(at now: Double) -> Double {
    var copy = self
    return copy.take(at: now)
  }

  /// Changes the pace from now on; tokens already promised keep their time.
  package mutating func setRate(_ newRate: Double, at now: Double) {
    refill(now)
    if tokens < 0 { tokens = newRate.isFinite ? tokens * (newRate / rate) : 0 }
    rate = newRate
  }

  /// Changes how many calls may leave at once from now on.
  package mutating func setBurst(_ newBurst: Double, at now: Double) {
    refill(now)
    burst = max(1, newBurst)
    tokens = min(tokens, burst)
  }
}
