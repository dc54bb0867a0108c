/// How fast the lanes of a run may go.
package struct LaneLimits: Sendable, Hashable {
  /// Changes a second.
  package var rate: Double
  /// Changes that may leave at once after a pause.
  package var burst: Double
  /// Whether no change may leave.
  package var isPaused = false
  /// How the rate grows from the lane's first change on; nil begins with all of it.
  package var ramp: RampUp?

  package init(rate: Double, burst: Double) {
    self.rate = rate
    self.burst = burst
  }
}

/// The limits that a run begins with: for all lanes, and rates for some.
package struct ConfiguredLimits: Sendable, Hashable {
  package struct LaneRate: Sendable, Hashable {
    package let lanes: LanePattern
    package let rate: Double

    package init(_ lanes: LanePattern, rate: Double) {
      self.lanes = lanes
      self.rate = rate
    }
  }

  package var rate: Double
  package var burst: Double
  package var laneRates: [LaneRate]
  package var ramp: RampUp?

  package init(
    rate: Double, burst: Double, laneRates: [LaneRate] = [], ramp: RampUp? = nil
  ) {
    self.rate = rate
    self.burst = burst
    self.laneRates = laneRates
    self.ramp = ramp
  }

  /// Of the rates that match, the one that names most counts; among equals the last.
  package func limits(of lane: LaneID) -> LaneLimits {
    var best: LaneRate?
    for candidate in laneRates where candidate.lanes.matches(lane) {
      if candidate.lanes.precision >= best?.lanes.precision ?? 0 { best = candidate }
    }
    var limits = LaneLimits(rate: best?.rate ?? rate, burst: burst)
    limits.ramp = ramp
    return limits
  }
}

/// What an operator has changed about a run's limits since it began: `limits.json`.
///
/// The last word counts: a later change replaces what it covers of the earlier ones.
package struct RunLimits: Sendable, Hashable {
  package static let schema = "rotactl.limits/1"

  /// A change for some lanes; nil leaves as it is.
  package struct Change: Sendable, Hashable {
    package var lanes: LanePattern
    package var rate: Double?
    package var burst: Double?
    package var isPaused: Bool?

    package init(
      _ lanes: LanePattern, rate: Double? = nil, burst: Double? = nil, isPaused: Bool? = nil
    ) {
      self.lanes = lanes
      self.rate = rate
      self.burst = burst
      self.isPaused = isPaused
    }

    package var isEmpty: Bool { rate == nil && burst == nil && isPaused == nil }
  }

  /// Calls in flight over all lanes; nil for what the run began with.
  package var concurrency: Int?
  /// In the order in which they were made.
  package private(set) var changes: [Change] = []

  package init() {}

  package mutating func add(_ change: Change) {
    guard !change.isEmpty else { return }
    for index in changes.indices where change.lanes.covers(changes[index].lanes) {
      if change.rate != nil { changes[index].rate = nil }
      if change.burst != nil { changes[index].burst = nil }
      if change.isPaused != nil { changes[index].isPaused = nil }
    }
    changes.removeAll(where: \.isEmpty)
    changes.append(change)
  }

  /// What holds for a lane that began with the given limits.
  package func limits(of lane: LaneID, configured: LaneLimits) -> LaneLimits {
    var limits = configured
    for change in changes where change.lanes.matches(lane) {
      limits.rate = change.rate ?? limits.rate
      limits.burst = change.burst ?? limits.burst
      limits.isPaused = change.isPaused ?? limits.isPaused
    }
    return limits
  }
}

extension RunLimits {
  package var record: JSONValue {
    var object: JSONObject = ["schema": .string(RunLimits.schema)]
    object["concurrency"] = concurrency.map { JSONValue($0) }
    object["changes"] = .array(
      changes.map { change in
        var item: JSONObject = [
          "account": .string(change.lanes.account ?? "*"),
          "region": .string(change.lanes.region ?? "*"),
        ]
        item["rate"] = change.rate.map(RateRecord.value)
        item["burst"] = change.burst.map { JSONValue($0) }
        item["paused"] = change.isPaused.map { .bool($0) }
        return .object(item)
      })
    return .object(object)
  }

  /// - Returns: nil for anything that ``record`` does not write.
  package init?(record: JSONValue) {
    guard record["schema"]?.string == RunLimits.schema, let items = record["changes"]?.array else {
      return nil
    }
    self.init()
    if let value = record["concurrency"] {
      guard let count = value.int, (1...4096).contains(count) else { return nil }
      concurrency = count
    }
    for item in items {
      guard let account = item["account"]?.string, let region = item["region"]?.string,
        let lanes = LanePattern(account: account, orAnyRegion: region)
      else { return nil }
      var change = Change(lanes)
      if let value = item["rate"] {
        guard let rate = RateRecord.rate(in: value), rate >= 0.001,
          rate <= 10_000 || rate.isInfinite
        else { return nil }
        change.rate = rate
      }
      if let value = item["burst"] {
        guard let burst = value.double, burst >= 1, burst <= 1000 else { return nil }
        change.burst = burst
      }
      if let value = item["paused"] {
        guard let isPaused = value.bool else { return nil }
        change.isPaused = isPaused
      }
      add(change)
    }
  }
}
