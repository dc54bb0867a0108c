package import RotationCore

/// What one lane shares: the pace of its changes, of its version listings, its retry budget.
package actor LanePacer {
  package let lane: LaneID
  private var changes: TokenBucket
  private var listings: TokenBucket
  private var quota = RetryQuota()
  private var connectFailures = 0
  private var reached = false

  /// Version listings have 50 requests a second; the pace stays below it.
  private static let listingRate = 40.0
  /// A site that never answered this many calls in a row is taken for unreachable.
  private static let unreachableAfter = 5

  package init(lane: LaneID, rate: Double, burst: Double, now: Double) {
    self.lane = lane
    changes = TokenBucket(rate: rate, burst: burst, now: now)
    listings = TokenBucket(rate: LanePacer.listingRate, burst: burst, now: now)
  }

  /// The wait in seconds before the operation may leave; reads other than listings are free.
  func reserve(_ operation: ServiceOperation, now: Double) -> Double {
    switch operation {
    case .cancelRotateSecret: changes.take(at: now)
    case .listSecretVersionIDs: listings.take(at: now)
    case .describeSecret, .getCallerIdentity: 0
    }
  }

  func takeRetry(_ cost: Int) -> Bool { quota.take(cost) }

  func succeeded(lastCost: Int?) {
    quota.succeeded(lastCost: lastCost)
    connectFailures = 0
    reached = true
  }

  func answered() { reached = true }

  func failedToConnect() { connectFailures += 1 }

  /// True once several calls in a row found no endpoint and none ever did.
  var isUnreachable: Bool { !reached && connectFailures >= LanePacer.unreachableAfter }
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
}
