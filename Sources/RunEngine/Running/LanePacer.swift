package import RotationCore

/// What one lane shares: the pace of its changes, of its version listings, its retry budget.
package actor LanePacer {
  package let lane: LaneID
  private var changes: LanePace
  private var listings: LanePace
  private var adaptive: AdaptiveRate
  private var quota = RetryQuota()
  private var throttles = 0
  private var connectFailures = 0
  private var reached = false
  private nonisolated let isPaced: Bool
  /// Who waits for the pace stands in line; only the first asks for a slot.
  private nonisolated let changeLine = ConcurrencyLimit(1)
  private nonisolated let listingLine = ConcurrencyLimit(1)

  /// Version listings have 50 requests a second; the pace stays below it.
  private static let listingRate = 40.0
  /// A site that never answered this many calls in a row is taken for unreachable.
  private static let unreachableAfter = 5

  package init(lane: LaneID, rate: Double, burst: Double, now: Double) {
    self.init(lane: lane, rate: rate, burst: burst, now: now, isPaced: true)
  }

  private init(lane: LaneID, rate: Double, burst: Double, now: Double, isPaced: Bool) {
    self.lane = lane
    self.isPaced = isPaced
    changes = LanePace(rate: rate, burst: burst, now: now)
    listings = LanePace(rate: LanePacer.listingRate, burst: burst, now: now)
    adaptive = AdaptiveRate(now: now)
  }

  /// For single calls: a retry quota and the adaptive rate, and no pace of ours.
  package static func unpaced(_ lane: LaneID, now: Double) -> LanePacer {
    LanePacer(lane: lane, rate: .infinity, burst: 1, now: now, isPaced: false)
  }

  /// Where calls of the operation wait for a slot; nil for those that need none.
  nonisolated func line(for operation: ServiceOperation) -> ConcurrencyLimit? {
    guard isPaced else { return nil }
    if operation.isMutating { return changeLine }
    return operation == .listSecretVersionIDs ? listingLine : nil
  }

  /// Asks for a slot, from the head of the line.
  func reserve(_ operation: ServiceOperation, now: Double) -> LanePace.Answer {
    operation.isMutating ? changes.reserve(at: now) : listings.reserve(at: now)
  }

  /// - Returns: false when the slot's time is past, and the call needs another.
  func leave(_ operation: ServiceOperation, due: Double, now: Double) -> Bool {
    operation.isMutating
      ? changes.leave(due: due, at: now) : listings.leave(due: due, at: now)
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
      changes.answered(throttled: lesson.isThrottled, sentAt: lesson.sentAt, at: now)
    } else if lesson.operation == .listSecretVersionIDs {
      listings.answered(throttled: lesson.isThrottled, sentAt: lesson.sentAt, at: now)
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

  /// How the lane stands.
  package var snapshot: LaneSnapshot {
    LaneSnapshot(
      lane: lane, configuredRate: changes.configuredRate, rate: changes.rate,
      adaptiveRate: adaptive.isEnabled ? adaptive.rate : nil, throttles: throttles)
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
}

/// Makes each lane's pacer once.
package actor PacerRegistry {
  private var pacers: [LaneID: LanePacer] = [:]
  private let rate: Double
  private let burst: Double
  private let clock: RunClock

  package init(rate: Double, burst: Double, clock: RunClock) {
    self.rate = rate
    self.burst = burst
    self.clock = clock
  }

  package func pacer(for lane: LaneID) -> LanePacer {
    if let pacer = pacers[lane] { return pacer }
    let pacer = LanePacer(lane: lane, rate: rate, burst: burst, now: clock.elapsed())
    pacers[lane] = pacer
    return pacer
  }

  /// Every lane that has made a call, in the order of their names.
  package func snapshots() async -> [LaneSnapshot] {
    var found: [LaneSnapshot] = []
    for (_, pacer) in pacers.sorted(by: { $0.key < $1.key }) { found.append(await pacer.snapshot) }
    return found
  }
}
