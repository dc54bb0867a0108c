/// What a plan comes to: counts, lanes, urgency and cost, added up entry by entry.
///
/// Bounded memory: two integers a lane, and at most ``heldLimit`` refused or unreadable entries.
package struct PlanOverview: Sendable, Hashable {
  package static let schema = "rotactl.overview/1"
  /// How many refused or unreadable entries are kept; further ones are only counted.
  package static let heldLimit = 100
  /// Rotations due within this time are called out.
  package static let urgentSeconds = 7200.0

  /// The moment that "soon" is measured from.
  package let now: Timestamp
  /// Whether targets whose rotation runs will be left alone, and so are no changes.
  package let skipsInFlight: Bool
  package private(set) var targets = 0
  package private(set) var dispositions: [Disposition: Int] = [:]
  /// Targets per account and region, all dispositions.
  package private(set) var places: [RunSummary.Place: [Disposition: Int]] = [:]
  /// Changes that may be made per quota: the targets to cancel, and in an offline plan those that
  /// were not examined.
  package private(set) var lanes: [LaneID: Int] = [:]
  /// The first rotation that would happen without action; nil when none is scheduled.
  package private(set) var soonestRotation: Timestamp?
  /// Targets that would rotate within ``urgentSeconds`` of ``now`` without action, overdue ones
  /// included.
  package private(set) var rotatingSoon = 0
  /// The first refused or unreadable entries, at most ``heldLimit``.
  package private(set) var held: [PlanEntry] = []

  package init(now: Timestamp, skipsInFlight: Bool = false) {
    self.now = now
    self.skipsInFlight = skipsInFlight
  }

  /// - `count`: as many entries, which differ in nothing that is counted; refused and
  ///   unreadable ones are added one by one.
  package mutating func add(_ entry: PlanEntry, count: Int = 1) {
    targets += count
    dispositions[entry.disposition, default: 0] += count
    let place = RunSummary.Place(
      account: entry.callerAccount ?? entry.target.accountID ?? "unknown",
      region: entry.target.region)
    places[place, default: [:]][entry.disposition, default: 0] += count
    let isLeft = skipsInFlight && entry.disposition == .inFlight
    if entry.isActionable && !isLeft || entry.disposition == .notExamined {
      lanes[entry.lane, default: 0] += count
    }
    let wouldRotate = entry.disposition == .cancel || entry.disposition == .inFlight
    if wouldRotate, let next = entry.before?.nextRotation {
      if soonestRotation.map({ next < $0 }) ?? true { soonestRotation = next }
      if next.seconds(since: now) <= PlanOverview.urgentSeconds { rotatingSoon += count }
    }
    let isHeld = entry.disposition == .refused || entry.disposition == .unreadable
    if isHeld, held.count < PlanOverview.heldLimit { held.append(entry) }
  }

  package func count(_ disposition: Disposition) -> Int { dispositions[disposition] ?? 0 }

  /// Targets that the run will try to change, as far as their state is known.
  package var actionable: Int {
    dispositions.reduce(skipsInFlight ? 0 : count(.inFlight)) {
      $0 + ($1.key.isChange ? $1.value : 0)
    }
  }
  /// Targets that the run may change: ``actionable`` and those that were not examined.
  package var possibleChanges: Int { actionable + count(.notExamined) }
  /// Refused and unreadable targets, those beyond ``held`` included.
  package var heldTotal: Int { count(.refused) + count(.unreadable) }

  /// Calls of a run without any retry: a describe for each target that is not refused; then, for
  /// each change, another one right before it, the cancel, and a verifying describe.
  ///
  /// An upper bound where targets were not examined; waiting for rotations in flight comes on top.
  package var predictedCalls: Int { targets - count(.refused) + 3 * possibleChanges }

  /// The least time that the quota allows for the changes, in seconds: the fullest lane decides.
  ///
  /// `rate` is in changing calls per second and lane, more than 0.
  package func predictedSeconds(rate: Double) -> Double {
    lanes.values.reduce(0) { max($0, Double($1 - 1) / rate) }
  }

  /// The machine form of a preview, without its `type`.
  package func record(rate: Double) -> JSONObject {
    func table(_ counts: [Disposition: Int]) -> JSONValue {
      .object(
        JSONObject(
          Disposition.allCases.map { .init(key: $0.rawValue, value: JSONValue(counts[$0] ?? 0)) }))
    }
    var object: JSONObject = [
      "schema": .string(PlanOverview.schema), "at": .string(now.iso8601),
      "targets": JSONValue(targets), "changes": JSONValue(actionable),
      "possibleChanges": JSONValue(possibleChanges), "dispositions": table(dispositions),
    ]
    object["places"] = .array(
      places.sorted { $0.key < $1.key }.map { place, counts in
        [
          "account": .string(place.account), "region": .string(place.region),
          "dispositions": table(counts),
        ]
      })
    object["lanes"] = .array(
      lanes.sorted { $0.key < $1.key }.map { lane, count in
        [
          "account": .string(lane.account), "region": .string(lane.region),
          "changes": JSONValue(count),
        ]
      })
    object["rotatingSoon"] = JSONValue(rotatingSoon)
    object["soonestRotation"] = soonestRotation.map { .string($0.iso8601) }
    object["predictedCalls"] = JSONValue(predictedCalls)
    object["predictedSeconds"] = JSONValue(predictedSeconds(rate: rate))
    object["rate"] = RateRecord.value(of: rate)
    object["heldTotal"] = JSONValue(heldTotal)
    object["held"] = .array(held.map(\.record))
    return object
  }
}
