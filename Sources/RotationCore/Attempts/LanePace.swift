/// The pace of one kind of call in a lane: the configured rate, less while the service throttles.
///
/// A throttle lowers the rate to seven tenths of what was being sent, and answers let it climb back
/// by AWS's cubic formula, never above the configured rate. AWS's bound of twice the measured rate
/// is not needed here, for the configured rate is one. Time is given in seconds from any fixed
/// start.
package struct LanePace: Sendable, Hashable {
  /// What the call at the head of the line is told.
  package enum Answer: Sendable, Hashable {
    /// Leave at that time, which is near; the slot is taken.
    case leave(at: Double)
    /// Nothing is taken; ask again after so many seconds, for the rate may change meanwhile.
    case ask(after: Double)
  }

  /// What holds at present: less than what was asked for while the lane ramps up.
  package private(set) var configuredRate: Double
  private var askedRate: Double
  private var ramp: RampUp?
  /// When the first call asked for a slot.
  private var rampStart: Double?
  private var bucket: TokenBucket
  private var meter: RateMeter
  private var cubic: CubicRate
  private var isLowered = false
  private var loweredAt: Double

  /// Slots are promised no further ahead, so that a lowered rate soon holds for everyone.
  package static let horizon = 0.05
  /// The head of the line asks at least this often, to notice a rate that climbs.
  private static let longestSilence = 0.25
  /// A call that leaves later than this after its time takes a new place in line, or calls that
  /// were held up together would leave together.
  package static let longestLateness = 0.02
  /// AWS's least rate of the adaptive mode, so that a recovery is noticed.
  private static let leastRate = 0.5

  /// - `ramp`: how the rate grows from the first call on; nil begins at once with `rate`.
  package init(rate: Double, burst: Double, ramp: RampUp? = nil, now: Double) {
    askedRate = rate
    self.ramp = ramp
    configuredRate = ramp?.rate(limit: rate, elapsed: 0) ?? rate
    bucket = TokenBucket(rate: configuredRate, burst: burst, now: now)
    meter = RateMeter(now: now)
    cubic = CubicRate(lastThrottle: now)
    loweredAt = now
  }

  /// Calls a second at present.
  package var rate: Double { bucket.rate }

  /// Changes the configured pace; a rate that throttles have lowered stays so and climbs on.
  package mutating func configure(rate: Double, burst: Double, at now: Double) {
    bucket.setBurst(burst, at: now)
    askedRate = rate
    set(ramp?.rate(limit: rate, elapsed: now - (rampStart ?? now)) ?? rate, at: now)
  }

  private mutating func set(_ rate: Double, at now: Double) {
    guard rate != configuredRate else { return }
    configuredRate = rate
    let next = isLowered ? min(bucket.rate, rate) : rate
    bucket.setRate(next, at: now)
    isLowered = next < rate
  }

  /// Whether ``reserve(at:)`` would give a slot.
  package func isNear(at now: Double) -> Bool { bucket.wait(at: now) <= LanePace.horizon }

  /// Asks for a slot.
  package mutating func reserve(at now: Double) -> Answer {
    if let ramp { climbRamp(ramp, at: now) }
    let wait = bucket.wait(at: now)
    guard wait <= LanePace.horizon else {
      return .ask(after: min(wait - LanePace.horizon / 2, LanePace.longestSilence))
    }
    return .leave(at: now + bucket.take(at: now))
  }

  private mutating func climbRamp(_ ramp: RampUp, at now: Double) {
    let start = rampStart ?? now
    rampStart = start
    set(ramp.rate(limit: askedRate, elapsed: now - start), at: now)
    if now - start >= ramp.seconds { self.ramp = nil }
  }

  /// Uses a slot.
  ///
  /// A slot that is missed is lost. Given back, it would let more leave within a second than the rate
  /// and the burst allow, for others have been promised later slots by then.
  ///
  /// - Returns: false when it is too late for it, and the call needs another.
  package mutating func leave(due: Double, at now: Double) -> Bool {
    guard now - due <= LanePace.longestLateness || configuredRate.isInfinite else { return false }
    meter.record(at: now)
    return true
  }

  /// Learns from the end of an attempt, whatever it brought.
  ///
  /// Calls in flight when the service begins to throttle are all refused together. That is one
  /// piece of news: an answer to what left before the last lowering changes nothing.
  package mutating func answered(throttled: Bool, sentAt: Double, at now: Double) {
    guard configuredRate.isFinite, !isLowered || sentAt >= loweredAt else { return }
    if throttled {
      lower(at: now)
    } else if isLowered {
      climb(at: now)
    }
  }

  private mutating func lower(at now: Double) {
    let sending = meter.rate > 0 ? min(meter.rate, bucket.rate) : bucket.rate
    let lowered = cubic.throttled(rate: sending, at: now)
    bucket.setRate(max(lowered, min(LanePace.leastRate, configuredRate)), at: now)
    isLowered = true
    loweredAt = now
  }

  private mutating func climb(at now: Double) {
    let next = min(max(cubic.rate(at: now), bucket.rate), configuredRate)
    bucket.setRate(next, at: now)
    isLowered = next < configuredRate
  }
}
