/// Totals of a run, added up target by target.
package struct RunSummary: Sendable, Hashable {
  package static let schema = "rotactl.summary/1"

  package struct Place: Sendable, Hashable, Comparable {
    package let account: String
    package let region: String
    package init(account: String, region: String) {
      self.account = account
      self.region = region
    }
    package static func < (a: Place, b: Place) -> Bool {
      (a.account, a.region) < (b.account, b.region)
    }
  }

  package private(set) var targets = 0
  package private(set) var outcomes: [Outcome: Int] = [:]
  package private(set) var places: [Place: [Outcome: Int]] = [:]
  /// Failed and unknown targets by error code.
  package private(set) var errors: [String: Int] = [:]
  package private(set) var warnings: [String: Int] = [:]
  /// HTTP exchanges by operation.
  package private(set) var attempts: [String: Int] = [:]
  package private(set) var throttles = 0
  /// What each quota saw of the run, from the attempts that the journal holds.
  package private(set) var lanes: [LaneID: LaneTraffic] = [:]
  /// How many targets do not allow exit status 0.
  package private(set) var notGood = 0
  package private(set) var firstStart: Timestamp?
  package private(set) var lastSettled: Timestamp?

  package init() {}

  /// Adds one target.
  ///
  /// - `settlement`: nil stands for `notAttempted`.
  package mutating func add(_ entry: PlanEntry, _ settlement: Settlement?) {
    targets += 1
    let outcome = settlement?.outcome ?? .notAttempted
    outcomes[outcome, default: 0] += 1
    let place = Place(
      account: entry.callerAccount ?? entry.target.accountID ?? "unknown",
      region: entry.target.region)
    places[place, default: [:]][outcome, default: 0] += 1
    guard let settlement else {
      notGood += 1
      return
    }
    if !settlement.isGood { notGood += 1 }
    if outcome == .failed || outcome == .unknown {
      errors[settlement.failure?.code ?? settlement.reason?.rawValue ?? "unknown", default: 0] += 1
    }
    for warning in settlement.warnings { warnings[warning.code.rawValue, default: 0] += 1 }
    for attempt in settlement.attempts {
      lanes[entry.lane, default: LaneTraffic()].add(attempt)
      attempts[attempt.operation.rawValue, default: 0] += 1
      if let code = attempt.errorCode, RetryPolicy.isThrottling(code) { throttles += 1 }
    }
    if firstStart.map({ settlement.startedAt < $0 }) ?? true { firstStart = settlement.startedAt }
    if lastSettled.map({ settlement.settledAt > $0 }) ?? true { lastSettled = settlement.settledAt }
  }

  /// Whether the outcomes add up to the targets; nothing says success before this holds.
  package var reconciles: Bool {
    outcomes.values.reduce(0, +) == targets
      && places.values.reduce(0) { $0 + $1.values.reduce(0, +) } == targets
  }

  package func count(_ outcome: Outcome) -> Int { outcomes[outcome] ?? 0 }

  package func record(
    runID: String, action: RunAction = .cancel, incident: String?, reason: String?
  ) -> JSONValue {
    func table(_ counts: [Outcome: Int]) -> JSONValue {
      .object(
        JSONObject(
          Outcome.allCases.map { .init(key: $0.rawValue, value: JSONValue(counts[$0] ?? 0)) }))
    }
    func sorted(_ counts: [String: Int]) -> JSONValue {
      .object(
        JSONObject(
          counts.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: JSONValue($0.value)) }))
    }
    var object: JSONObject = ["schema": .string(RunSummary.schema), "runId": .string(runID)]
    object["action"] = .string(action.rawValue)
    object["incident"] = incident.map(JSONValue.string)
    object["reason"] = reason.map(JSONValue.string)
    object["targets"] = JSONValue(targets)
    object["outcomes"] = table(outcomes)
    object["reconciles"] = .bool(reconciles)
    object["proven"] = .bool(notGood == 0)
    if action == .cancel { object["provenOff"] = .bool(notGood == 0) }
    object["places"] = .array(
      places.sorted { $0.key < $1.key }.map { place, counts in
        [
          "account": .string(place.account), "region": .string(place.region),
          "outcomes": table(counts),
        ]
      })
    object["errors"] = sorted(errors)
    object["warnings"] = sorted(warnings)
    object["attempts"] = sorted(attempts)
    object["throttles"] = JSONValue(throttles)
    object["lanes"] = .array(lanes.sorted { $0.key < $1.key }.map { $1.record(of: $0) })
    object["firstStart"] = firstStart.map { .string($0.iso8601) }
    object["lastSettled"] = lastSettled.map { .string($0.iso8601) }
    return .object(object)
  }
}
