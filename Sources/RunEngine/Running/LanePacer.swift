internal import Locking
package import RotationCore

/// What one lane shares: a pace for each quota that it may come near, and its retry budget.
package final class LanePacer: Sendable {
  package let lane: LaneID
  private let isPaced: Bool
  private let state: Locked<State>
  /// Who waits for the pace stands in line; only the first asks for a slot.
  private let lines = Dictionary(
    uniqueKeysWithValues: RateGroup.allCases.map { ($0, ConcurrencyLimit(1)) })

  /// Where calls stand in line while the lane is sick, so that they leave places to other lanes.
  let sickLine = ConcurrencyLimit(2)

  private struct State: Sendable {
    var paces: [RateGroup: LanePace]
    /// Calls that look again before they take a slot.
    var lookers: [RateGroup: Int] = [:]
    var adaptive: AdaptiveRate
    var quota = RetryQuota()
    var throttles = 0
    var connectFailures = 0
    var reached = false
    var outage = LaneOutage()
    var isPaused: Bool

    var isUnreachable: Bool { !reached && connectFailures >= LanePacer.unreachableAfter }
  }

  /// Secrets may be listed 100 times a second and versions 50 times; the paces stay below it.
  private static let readRates: [RateGroup: Double] = [.listing: 80, .versionListing: 40]
  /// A site that never answered this many calls in a row is taken for unreachable.
  private static let unreachableAfter = 5
  /// A paused lane is asked again after so many seconds.
  private static let pauseStep = 0.25

  package convenience init(lane: LaneID, rate: Double, burst: Double, now: Double) {
    self.init(lane: lane, limits: LaneLimits(rate: rate, burst: burst), now: now)
  }

  package convenience init(lane: LaneID, limits: LaneLimits, now: Double) {
    self.init(lane: lane, limits: limits, now: now, isPaced: true)
  }

  private init(lane: LaneID, limits: LaneLimits, now: Double, isPaced: Bool) {
    self.lane = lane
    self.isPaced = isPaced
    let change = LanePace(rate: limits.rate, burst: limits.burst, ramp: limits.ramp, now: now)
    var paces = LanePacer.readRates.mapValues { LanePace(rate: $0, burst: limits.burst, now: now) }
    paces.merge([.rotation: change, .versionStages: change]) { $1 }
    state = Locked(
      State(paces: paces, adaptive: AdaptiveRate(now: now), isPaused: limits.isPaused))
  }

  /// For single calls: a retry quota and the adaptive rate, and no pace of ours.
  package static func unpaced(_ lane: LaneID, now: Double) -> LanePacer {
    LanePacer(
      lane: lane, limits: LaneLimits(rate: .infinity, burst: 1), now: now, isPaced: false)
  }

  /// Where calls of the operation wait for a slot; nil for those that need none.
  func line(for operation: ServiceOperation) -> ConcurrencyLimit? {
    isPaced ? operation.rateGroup.flatMap { lines[$0] } : nil
  }

  /// Whether calls of the lane wait for their pace.
  var isCrowded: Bool { lines.values.contains { $0.isHeld } }

  /// Whether the call at the head of the line would be given a slot now.
  func isNear(_ operation: ServiceOperation, now: Double) -> Bool {
    state.with { state in
      guard !(operation.isMutating && state.isPaused) else { return false }
      return operation.rateGroup.flatMap { state.paces[$0]?.isNear(at: now) } ?? true
    }
  }

  /// Lets a call that has its turn look again, unless enough of them do: as many as are sent in
  /// half a second, and at least one.
  func beginLook(_ operation: ServiceOperation) -> Bool {
    state.with { state in
      guard let group = operation.rateGroup, let rate = state.paces[group]?.rate else {
        return true
      }
      let count = state.lookers[group] ?? 0
      guard count < 1 + Int(min(rate, 1e4) / 2) else { return false }
      state.lookers[group] = count + 1
      return true
    }
  }

  func endLook(_ operation: ServiceOperation) {
    guard let group = operation.rateGroup else { return }
    state.with { $0.lookers[group, default: 1] -= 1 }
  }

  /// Asks for a slot, from the head of the line.
  func reserve(_ operation: ServiceOperation, now: Double) -> LanePace.Answer {
    state.with { state in
      guard !(operation.isMutating && state.isPaused) else {
        return .ask(after: LanePacer.pauseStep)
      }
      return operation.rateGroup.flatMap { state.paces[$0]?.reserve(at: now) } ?? .leave(at: now)
    }
  }

  /// - Returns: false when the slot's time is past or the lane is paused, and the call needs
  ///   another slot.
  func leave(_ operation: ServiceOperation, due: Double, now: Double) -> Bool {
    state.with { state in
      guard !(operation.isMutating && state.isPaused) else { return false }
      return operation.rateGroup.flatMap { state.paces[$0]?.leave(due: due, at: now) } ?? true
    }
  }

  /// Changes the limits of what leaves from now on.
  package func apply(_ limits: LaneLimits, now: Double) {
    state.with { state in
      for group in [RateGroup.rotation, .versionStages] {
        state.paces[group]?.configure(rate: limits.rate, burst: limits.burst, at: now)
      }
      state.isPaused = limits.isPaused
    }
  }

  /// The wait before a change may ask again for its token of the adaptive rate; 0 when it has it.
  func takeAdaptiveToken(now: Double) -> Double { state.with { $0.adaptive.take(at: now) } }

  /// What one attempt teaches the lane.
  struct Lesson: Sendable {
    let operation: ServiceOperation
    let sentAt: Double
    /// Nil for a success.
    let failure: ServiceFailure?
    let isThrottled: Bool
  }

  func learn(_ lesson: Lesson, now: Double) {
    state.with { state in
      if lesson.isThrottled { state.throttles += 1 }
      state.outage.learn(lesson.failure, at: now)
      switch lesson.failure?.kind {
      case nil:
        state.reached = true
        state.connectFailures = 0
      case .service: state.reached = true
      case .connect: state.connectFailures += 1
      default: break
      }
      if lesson.operation.isMutating {
        state.adaptive.answered(throttled: lesson.isThrottled, at: now)
      }
      if let group = lesson.operation.rateGroup {
        state.paces[group]?.answered(
          throttled: lesson.isThrottled, sentAt: lesson.sentAt, at: now)
      }
    }
  }

  /// Decides what follows a failed attempt, and takes a retry's cost from the lane's quota.
  func decide(
    _ policy: RetryPolicy, after failure: ServiceFailure, verdict: RetryPolicy.Verdict,
    attempt: Int, unit: Double
  ) -> RetryDecision {
    state.with { state in
      policy.decision(
        after: failure, verdict: verdict, attempt: attempt, quota: &state.quota, unit: unit)
    }
  }

  /// - Parameter lastCost: what the call's last retry took; nil when its first attempt succeeded.
  func giveBack(lastCost: Int?) { state.with { $0.quota.succeeded(lastCost: lastCost) } }

  /// True once several calls in a row found no endpoint and none ever did.
  var isUnreachable: Bool { state.with { $0.isUnreachable } }

  /// Whether the lane has not answered for so long that its calls only stand in each other's way.
  var isSick: Bool { state.with { $0.outage.isSick } }

  /// Whether the service has ever answered in this lane.
  var hasAnswered: Bool { state.with { $0.outage.hasAnswered } }

  /// Whether a call may be sent; false while the lane is given up, but for a probe now and then.
  func admits(now: Double) -> Bool {
    state.with { state in !state.isUnreachable && state.outage.admits(at: now) }
  }

  /// How the lane stands.
  package var snapshot: LaneSnapshot {
    let now = state.with { $0 }
    let changes = [now.paces[.rotation], now.paces[.versionStages]].compactMap(\.self)
    return LaneSnapshot(
      lane: lane, configuredRate: changes.map(\.configuredRate).min() ?? .infinity,
      rate: changes.map(\.rate).min() ?? .infinity,
      adaptiveRate: now.adaptive.isEnabled ? now.adaptive.rate : nil, throttles: now.throttles,
      isPaused: now.isPaused)
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
package final class PacerRegistry: Sendable {
  private struct State: Sendable {
    var pacers: [LaneID: LanePacer] = [:]
    var tuned = RunLimits()
    /// Rates that a lane keeps below whatever else is said.
    var ceilings: [LaneID: Double] = [:]
  }

  private let state = Locked(State())
  private let configured: ConfiguredLimits
  private let clock: RunClock

  package init(_ configured: ConfiguredLimits, clock: RunClock) {
    self.configured = configured
    self.clock = clock
  }

  package convenience init(rate: Double, burst: Double, clock: RunClock) {
    self.init(ConfiguredLimits(rate: rate, burst: burst), clock: clock)
  }

  package func pacer(for lane: LaneID) -> LanePacer {
    let now = clock.elapsed()
    return state.with { state in
      if let pacer = state.pacers[lane] { return pacer }
      let pacer = LanePacer(lane: lane, limits: limits(of: lane, state), now: now)
      state.pacers[lane] = pacer
      return pacer
    }
  }

  /// Makes the operator's changes hold for the lanes that there are, and for those to come.
  package func apply(_ limits: RunLimits) {
    let now = clock.elapsed()
    state.with { state in
      state.tuned = limits
      for (lane, pacer) in state.pacers { pacer.apply(self.limits(of: lane, state), now: now) }
    }
  }

  /// Spreads a lane's changes evenly: one at a time, and no more a second than that.
  package func hold(_ lane: LaneID, below rate: Double) {
    let now = clock.elapsed()
    state.with { state in
      state.ceilings[lane] = rate
      state.pacers[lane]?.apply(limits(of: lane, state), now: now)
    }
  }

  /// What holds for a lane now.
  package func limits(of lane: LaneID) -> LaneLimits { state.with { limits(of: lane, $0) } }

  private func limits(of lane: LaneID, _ state: State) -> LaneLimits {
    var limits = state.tuned.limits(of: lane, configured: configured.limits(of: lane))
    if let ceiling = state.ceilings[lane], ceiling < limits.rate {
      limits.rate = ceiling
      limits.burst = 1
    }
    return limits
  }

  /// Every lane that has made a call, in the order of their names.
  package func snapshots() -> [LaneSnapshot] {
    state.with { $0.pacers }.sorted { $0.key < $1.key }.map(\.value.snapshot)
  }
}
