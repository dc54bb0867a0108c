/// Whether a lane's service answers at all, and what may still be sent while it does not.
///
/// A network that fails for a while must fail no target: calls wait and are sent again. A region
/// that stays dead must not hold the run for hours, nor take the places of lanes that work.
package struct LaneOutage: Sendable, Hashable {
  /// After so many exchanges in a row without an answer of the service, few are sent at once.
  package static let sickAfter = 10
  /// How long nothing but failures is borne, in seconds, by a lane that has answered before.
  package static let patience = 300.0
  /// The same for a lane that has never answered.
  package static let firstPatience = 20.0
  /// While the lane is given up, one call is sent in so many seconds to see whether it is back.
  package static let probeSeconds = 5.0

  private var streak = 0
  private var began = 0.0
  private var nextProbe = 0.0
  /// Whether the service has ever answered.
  package private(set) var hasAnswered = false

  package init() {}

  /// Takes note of an exchange.
  ///
  /// - `failure`: nil for a success.
  /// - `now`: seconds on a clock that only goes forward.
  package mutating func learn(_ failure: ServiceFailure?, at now: Double) {
    switch failure?.kind {
    case nil: answered()
    case .service where (failure?.httpStatus ?? 0) < 500: answered()
    case .service, .malformed, .lost, .connect: failed(at: now)
    // Before any answer a refused certificate is told of each target at once, in its own words.
    case .tls where hasAnswered: failed(at: now)
    case .tls, .credentials, .abandoned: break
    }
  }

  private mutating func failed(at now: Double) {
    if streak == 0 { began = now }
    streak += 1
  }

  private mutating func answered() {
    hasAnswered = true
    streak = 0
  }

  /// Whether calls of the lane are to be sent a few at a time.
  package var isSick: Bool { streak >= LaneOutage.sickAfter }

  /// Whether the lane is given up: only a probe is sent now and then.
  package func isDown(at now: Double) -> Bool {
    isSick
      && now - began >= (hasAnswered ? LaneOutage.patience : LaneOutage.firstPatience)
  }

  /// Whether a call may be sent; while the lane is down that is the next probe.
  package mutating func admits(at now: Double) -> Bool {
    guard isDown(at: now) else { return true }
    guard now >= nextProbe else { return false }
    nextProbe = now + LaneOutage.probeSeconds
    return true
  }
}
