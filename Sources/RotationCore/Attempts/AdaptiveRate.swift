/// The send rate of AWS's adaptive retry mode; no limit until the first throttle.
///
/// Source: AWS SDKs and Tools Reference Guide, "Retry behavior". Time is given in seconds from any
/// fixed start.
package struct AdaptiveRate: Sendable, Hashable {
  /// Whether a throttle was seen, so that sends wait for tokens.
  package private(set) var isEnabled = false
  private var meter: RateMeter
  private var cubic: CubicRate
  private var tokens: SendTokens

  package init(now: Double) {
    meter = RateMeter(now: now)
    cubic = CubicRate(lastThrottle: now)
    tokens = SendTokens(rate: 0, now: now)
  }

  /// Answers a second, smoothed.
  package var measured: Double { meter.rate }
  /// Tokens a second; counts once ``isEnabled``.
  package var rate: Double { tokens.rate }

  /// Learns from the end of an attempt, whatever it brought.
  package mutating func answered(throttled: Bool, at now: Double) {
    meter.record(at: now)
    let calculated: Double
    if throttled {
      calculated = cubic.throttled(
        rate: isEnabled ? min(measured, tokens.rate) : measured, at: now)
      isEnabled = true
    } else {
      calculated = cubic.rate(at: now)
    }
    tokens.setRate(AdaptiveRate.bounded(calculated, measured: measured), at: now)
  }

  /// No rate is more than twice what was measured, or it would run ahead of its proof.
  package static func bounded(_ calculated: Double, measured: Double) -> Double {
    min(calculated, 2 * measured)
  }

  /// Takes the token of one send, first attempt or retry.
  ///
  /// - Returns: 0 when the call may leave, else the seconds to wait before asking again.
  package mutating func take(at now: Double) -> Double {
    isEnabled ? tokens.take(at: now) : 0
  }
}
