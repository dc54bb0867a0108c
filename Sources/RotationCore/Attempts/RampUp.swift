/// A rate that grows linearly from ``start`` to its limit.
package struct RampUp: Sendable, Hashable {
  /// Seconds until the limit holds; more than 0.
  package let seconds: Double

  /// Changes a second at the beginning, or the limit where that is lower.
  package static let start = 1.0
  /// The rate is set anew at most so many times, so that no call pays for it.
  private static let steps = 100.0

  package init(seconds: Double) { self.seconds = seconds }

  /// The rate so many seconds after the lane's first change asked for its turn.
  package func rate(limit: Double, elapsed: Double) -> Double {
    let start = min(RampUp.start, limit)
    guard elapsed < seconds, limit.isFinite else { return limit }
    let part = (max(0, elapsed) / seconds * RampUp.steps).rounded(.down) / RampUp.steps
    return start + (limit - start) * part
  }
}
