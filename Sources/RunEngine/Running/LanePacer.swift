package import RotationCore

/// What one lane shares: a pace for each quota that it may come near, and its retry budget.
package actor LanePacer {
  package let lane: LaneID
  private var paces: [RateGroup: LanePace]
  /// Calls that look again before they take a slot.
  private var lookers: [RateGroup: Int] = [:]
  private var adaptive: AdaptiveRate
  private var quota = RetryQuota()
  private var throttles = 0
  private var connectFailures = 0
  private var reached = false
  private var outage = LaneOutage()
  private var isPaused = false
  private nonisolated let isPaced: Bool
  /// Who waits for the pace stands in line; only the first asks for a slot.
  private nonisolated let lines = Dictionary(
    uniqueKeysWithValues: RateGroup.allCases.map { ($0, ConcurrencyLimit(1)) })

  /// Where calls stand in line while the lane is sick, so that they leave places to other lanes.
  nonisolated let sickLine = ConcurrencyLimit(2)

  /// Secrets may be listed 100 times a second and versions 50 times; the paces stay below it.
  private static let readRates: [RateGroup: Double] = [.listing: 80, .versionListing: 40]
  /// A site that never answered this many calls in a row is taken for unreachable.
  private static let unreachableAfter = 5
  /// A paused lane is asked again after so many seconds.
  private static let pauseStep = 0.25

  package init(lane: LaneID, rate: Double, burst: Double, now: Double) {
    self.init(lane: lane, limits: LaneLimits(rate: rate, burst: burst), now: now)
  }

  package init(lane: LaneID, limits: LaneLimits, now: Double) {
    self.init(lane: lane, limits: limits, now: now, isPaced: true)
  }

  private init(lane: LaneID, limits: LaneLimits, now: Double, isPaced: Bool) {
    self.lane = lane
    self.isPaced = isPaced
    isPaused = limits.isPaused
    let change = LanePace(rate: limits.rate, burst: limits.burst, ramp: limits.ramp, now: now)
    paces = LanePacer.readRates.mapValues { LanePace(rate: $0, burst: limits.burst, now: now) }
    paces.merge([.rotation: change, .versionStages: change]) { $1 }
    adaptive = AdaptiveRate(now: now)
  }

  /// For single calls: a retry quota and the adaptive rate, and no pace of ours.
  package static func unpaced(_ lane: LaneID, now: Double) -> LanePacer {
    LanePacer(
      lane: lane, limits: LaneLimits(rate: .infinity, burst: 1), now: now, isPaced: false)
  }

  /// Where calls of the operation wait for a slot; nil for those that need none.
  nonisolated func line(for operation: ServiceOperation) -> ConcurrencyLimit? {
    isPaced ? operation.rateGroup.flatMap { lines[$0] } : nil
  }

  /// Whether the call at the head of the line would be given a slot now.
  func isNear(_ operation: ServiceOperation, now: Double) -> Bool {
    guard !(operation.isMutating && isPaused) else { return false }
    return operation.rateGroup.flatMap { paces[$0]?.isNear(at: now) } ?? true
  }

  /// Lets a call that has its turn look again, unless enough of them do: as many as are sent in
  /// half a second, and at least one.
  func beginLook(_ operation: ServiceOperation) -> Bool {
    guard let group = operation.rateGroup, let rate = paces[group]?.rate else { return true }
    let count = lookers[group] ?? 0
    guard count < 1 + Int(min(rate, 1e4) / 2) else { return false }
    lookers[group] = count + 1
    return true
  }

  func endLook(_ operation: ServiceOperation) {
    if let group = operation.rateGroup { lookers[group, default: 1] -= 1 }
  }

  /// Asks for a slot, from the head of the line.
  func reserve(_ operation: ServiceOperation, now: Double) -> LanePace.Answer {
    guard !(operation.isMutating && isPaused) else { return .ask(after: LanePacer.pauseStep) }
    return operation.rateGroup.flatMap { paces[$0]?.reserve(at: now) } ?? .leave(at: now)
  }

  /// - Returns: false when the slot's time is past or the lane is paused, and the call needs
  ///   another slot.
  func leave(_ operation: ServiceOperation, due: Double, now: Double) -> Bool {
    guard !(operation.isMutating && isPaused) else { return false }
    return operation.rateGroup.flatMap { paces[$0]?.leave(due: due, at: now) } ?? true
  }

  /// Changes the limits of what leaves from now on.
  package func apply(_ limits: LaneLimits, now: Double) {
    for group in [RateGroup.rotation, .versionStages] {
      paces[group]?.configure(rate: limits.rate, burst: limits.burst, at: now)
    }
    isPaused = limits.isPaused
  }

  /// The wait before a change may ask again for its token of the adaptive rate; 0 when it has it.
  func takeAdaptiveToken(now: Double) -> Double { adaptive.take(at: now) }

  /// What one attempt teaches the lane.
  struct Lesson: Sendable {
    let operation: ServiceOperation
    let sentAt: Double
    /// Nil for a success.
    let failure: ServiceFailure?
    let isThrottled: Bool
  }

  func learn(_ lesson: Lesson, now: Double) {
    if lesson.isThrottled { throttles += 1 }
    outage.learn(lesson.failure, at: now)
    switch lesson.failure?.kind {
    case nil:
      reached = true
      connectFailures = 0
    case .service: reached = true
    case .connect: connectFailures += 1
    default: break
    }
    if lesson.operation.isMutating {
      adaptive.answered(throttled: lesson.isThrottled, at: now)
    }
    if let group = lesson.operation.rateGroup {
      paces[group]?.answered(throttled: lesson.isThrottled, sentAt: lesson.sentAt, at: now)
    }
  }

  /// Decides what follows a failed attempt, and takes a retry's cost from the lane's quota.
  func decide(
    _ policy: RetryPolicy, after failure: ServiceFailure, verdict: RetryPolicy.Verdict,
    attempt: Int, unit: Double
  ) -> RetryDecision {
    policy.decision(
      after: failure, verdict: verdict, attempt: attempt, quota: &quota, unit: unit)
  }

  /// - Parameter lastCost: what the call's last retry took; nil when its first attempt succeeded.
  func giveBack(lastCost: Int?) { quota.succeeded(lastCost: lastCost) }

  /// True once several calls in a row found no endpoint and none ever did.
  var isUnreachable: Bool { !reached && connectFailures >= LanePacer.unreachableAfter }

  /// Whether the lane has not answered for so long that its calls only stand in each other's way.
  var isSick: Bool { outage.isSick }

  /// Whether the service has ever answered in this lane.
  var hasAnswered: Bool { outage.hasAnswered }

  /// Whether a call may be sent; false while the lane is given up, but for a probe now and then.
  func admits(now: Double) -> Bool { !isUnreachable && outage.admits(at: now) }

  /// How the lane stands.
  package var snapshot: LaneSnapshot {
    let changes = [paces[.rotation], paces[.versionStages]].compactMap(\.self)
    return LaneSnapshot(
      lane: lane, configuredRate: changes.map(\.configuredRate).min() ?? .infinity,
      rate: changes.map(\.rate).min() ?? .infinity,
      adaptiveRate: adaptive.isEnabled ? adaptive.rate : nil, throttles: throttles,
      isPaused: isPaused)
  }
}

/// How one lane stands, for the console and the summary.
package struct LaneSnapshot: Sendable, Hashable {
  package let lane: LaneID
  /// Changes a second that the lane may make; infinite without a pace.
  package let configuredRate: Double
  /// Changes a second that it makes at most at present; lower while the service throttles.
  package let rate: Double
  /// The rate of AWS's adaptive mode, which only its calls obey; nil before the first throttle.
  package let adaptiveRate: Double?
  /// Answers that refused for rate, of any operation.
  package let throttles: Int
  /// Whether no change may leave until the operator says so.
  package let isPaused: Bool
}

/// Makes each lane's pacer once, and keeps all of them to the limits.
package actor PacerRegistry {
  private var pacers: [LaneID: LanePacer] = [:]
  private let configured: ConfiguredLimits
  private var tuned = RunLimits()
  /// Rates that a lane keeps below whatever else is said.
  private var ceilings: [LaneID: Double] = [:]
  private let clock: RunClock

  package init(_ configured: ConfiguredLimits, clock: RunClock) {
    self.configured = configured
    self.clock = clock
  }

  package init(rate: Double, burst: Double, clock: RunClock) {
    self.init(ConfiguredLimits(rate: rate, burst: burst), clock: clock)
  }

  package func pacer(for lane: LaneID) -> LanePacer {
    if let pacer = pacers[lane] { return pacer }
    let pacer = LanePacer(lane: lane, limits: limits(of: lane), now: clock.elapsed())
    pacers[lane] = pacer
    return pacer
  }

  /// Makes the operator's changes hold for the lanes that there are, and for those to come.
  package func apply(_ limits: RunLimits) async {
    tuned = limits
    for (lane, pacer) in pacers {
      await pacer.apply(self.limits(of: lane), now: clock.elapsed())
    }
  }

  /// Spreads a lane's changes evenly: one at a time, and no more a second than that.
  package func hold(_ lane: LaneID, below rate: Double) async {
    ceilings[lane] = rate
    await pacers[lane]?.apply(limits(of: lane), now: clock.elapsed())
  }

  /// What holds for a lane now.
  package func limits(of lane: LaneID) -> LaneLimits {
    var limits = tuned.limits(of: lane, configured: configured.limits(of: lane))
    if let ceiling = ceilings[lane], ceiling < limits.rate {
      limits.rate = ceiling
      limits.burst = 1
    }
    return limits
  }

  /// Every lane that has made a call, in the order of their names.
  package func snapshots() async -> [LaneSnapshot] {
    var found: [LaneSnapshot] = []
    for (_, pacer) in pacers.sorted(by: { $0.key < $1.key }) { found.append(await pacer.snapshot) }
    return found
  }
}
