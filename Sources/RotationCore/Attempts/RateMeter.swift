/// A smoothed count of events a second, in steps of half a second.
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior", adaptive mode. Time is given in
/// seconds from any fixed start.
package struct RateMeter: Sendable, Hashable {
  /// Events a second; 0 until the first half second is over.
  package private(set) var rate = 0.0
  private var count = 0.0
  private var bucket: Double

  private static let smoothing = 0.8

  package init(now: Double) { bucket = now.rounded(.down) }

  package mutating func record(at now: Double) {
    count += 1
    let current = (now * 2).rounded(.down) / 2
    guard current > bucket else { return }
    let latest = count / (current - bucket)
    rate = latest * RateMeter.smoothing + rate * (1 - RateMeter.smoothing)
    count = 0
    bucket = current
  }
}
