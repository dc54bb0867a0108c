/// The tokens of AWS's adaptive mode: taken when there is one, else waited for.
///
/// Unlike ``TokenBucket`` it promises nothing ahead: who finds no token asks again later, so a rate
/// that falls meanwhile holds for everyone who waits.
package struct SendTokens: Sendable, Hashable {
  /// Tokens a second.
  package private(set) var rate: Double
  /// The most tokens that gather; at least 1.
  package private(set) var capacity: Double
  private var tokens = 0.0
  private var updated: Double
  private let minimumRate: Double

  /// Less than this is missing only by rounding; its wait would be too short for a clock to show.
  private static let rounding = 1e-9

  package init(rate: Double, minimumRate: Double = 0.5, now: Double) {
    self.minimumRate = minimumRate
    self.rate = max(rate, minimumRate)
    capacity = max(rate, 1)
    updated = now
  }

  private mutating func refill(_ now: Double) {
    guard now > updated else { return }
    tokens = min(capacity, tokens + (now - updated) * rate)
    updated = now
  }

  /// Takes tokens when they are there.
  ///
  /// - Returns: 0 when they were taken, else the seconds to wait before asking again.
  package mutating func take(_ amount: Double = 1, at now: Double) -> Double {
    refill(now)
    guard tokens < amount - SendTokens.rounding else {
      tokens = max(0, tokens - amount)
      return 0
    }
    return (amount - tokens) / rate
  }

  /// Changes the rate; time that has passed counts at the old one.
  package mutating func setRate(_ newRate: Double, at now: Double) {
    refill(now)
    rate = max(newRate, minimumRate)
    capacity = max(newRate, 1)
    tokens = min(tokens, capacity)
  }
}
