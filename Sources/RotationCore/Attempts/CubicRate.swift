internal import Glibc

/// How a rate falls when the service throttles and climbs afterwards (CUBIC, RFC 9438).
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior", adaptive mode. Time is given in
/// seconds from any fixed start.
package struct CubicRate: Sendable, Hashable {
  /// The rate at which the service last throttled.
  package private(set) var maximum: Double
  package private(set) var lastThrottle: Double
  /// The seconds after a throttle in which the rate comes back to ``maximum``.
  package private(set) var recovery: Double
  private let beta: Double

  private static let scale = 0.4

  /// - `maximum`: 0 before the first throttle.
  /// - `beta`: the part of the rate that is left after a throttle.
  package init(maximum: Double = 0, lastThrottle: Double, beta: Double = 0.7) {
    self.maximum = maximum
    self.lastThrottle = lastThrottle
    self.beta = beta
    recovery = CubicRate.recovery(to: maximum, beta: beta)
  }

  private static func recovery(to maximum: Double, beta: Double) -> Double {
    cbrt(maximum * (1 - beta) / scale)
  }

  /// - Returns: the rate from now on, after a throttle at the given rate.
  package mutating func throttled(rate: Double, at now: Double) -> Double {
    maximum = rate
    lastThrottle = now
    recovery = CubicRate.recovery(to: rate, beta: beta)
    return rate * beta
  }

  /// The rate at a time when nothing was throttled since ``lastThrottle``.
  package func rate(at now: Double) -> Double {
    let distance = now - lastThrottle - recovery
    return CubicRate.scale * distance * distance * distance + maximum
  }
}
