internal import RotationCore

/// Versions that are stuck in AWSPENDING, and what can be done about them.
struct PendingView: Sendable {
  /// How many are shown to people one by one; machines get all.
  static let shownLimit = 200

  /// What was typed, for the commands that are told.
  let arguments: String

  /// What is known of one secret, or nil where no version is stuck.
  static func isStuck(_ entry: PlanEntry) -> Bool {
    entry.disposition == .dropPending || entry.disposition == .promotePending
      || entry.disposition == .inFlight
  }

  /// The first lines: what was found among how many.
  func headline(_ overview: PlanOverview) -> String {
    let stuck = overview.count(.dropPending)
    let young = overview.count(.inFlight)
    var text =
      "\(HumanText.count(stuck, "version")) stuck in AWSPENDING among "
      + HumanText.count(overview.targets, "target")
    if young > 0 {
      text += ", and \(HumanText.count(young)) younger than an hour, whose rotation may still run"
    }
    if overview.heldTotal > 0 {
      text += "; \(HumanText.count(overview.heldTotal)) could not be looked at"
    }
    return text
  }

  func lines(of entry: PlanEntry, now: Timestamp) -> [String] {
    guard let state = entry.before, let pending = state.pendingVersionID else {
      return [
        "  ! \(entry.target.words): \(entry.disposition.words), "
          + HumanText.printable(entry.reason)
      ]
    }
    let age =
      entry.pendingCreatedAt.map {
        "for \(HumanText.duration(seconds: now.seconds(since: $0))), since \($0.iso8601)"
      } ?? "for a time that is not known"
    let rotation =
      switch state.rotationEnabled {
      case true?: "on"
      case false?: "off"
      case nil: "never configured"
      }
    let mark = entry.disposition == .inFlight ? "~" : "-"
    return [
      "  \(mark) \(entry.target.words)",
      "      pending \(HumanText.printable(pending)) \(age)",
      "      current \(HumanText.printable(state.currentVersionID ?? "none")), rotation \(rotation)",
    ]
  }

  /// Both ways out, and how to choose.
  var advice: [String] {
    [
      "What to do cannot be known from labels. AWS refuses to rotate such a secret until it is done.",
      "  drop      when the database still takes the current password: the pending version is",
      "            forgotten, and nothing changes for readers",
      "            rotactl pending \(arguments) --drop",
      "  promote   when the database takes the pending password already: readers get it from then on,",
      "            and the current version becomes the previous one",
      "            rotactl pending \(arguments) --promote",
      "How to find out: the log of the rotation function names its last step. After createSecret the",
      "database has not changed: drop. After setSecret or testSecret it has: promote. A version may",
      "hold no value at all: drop. Where the log is gone, let somebody who may read the secret try both",
      "versions on the database; rotactl never reads values.",
    ]
  }

  /// The machine form of the totals; the stuck ones follow, a line each.
  func json(_ overview: PlanOverview) -> JSONValue {
    [
      "type": "pending", "version": 1, "targets": JSONValue(overview.targets),
      "stuck": JSONValue(overview.count(.dropPending)),
      "inFlight": JSONValue(overview.count(.inFlight)),
      "unreadable": JSONValue(overview.heldTotal),
      "drop": .string("rotactl pending \(arguments) --drop"),
      "promote": .string("rotactl pending \(arguments) --promote"),
    ]
  }

  /// The machine form of one version.
  func json(of entry: PlanEntry, now: Timestamp) -> JSONValue {
    var object: JSONObject = [
      "type": "pendingVersion", "version": 1, "secretId": .string(entry.target.secretID),
      "region": .string(entry.actingRegion),
    ]
    object["profile"] = entry.target.profile.map(JSONValue.string)
    object["arn"] = entry.before?.arn.map(JSONValue.string)
    object["disposition"] = .string(
      entry.disposition == .dropPending ? "stuck" : entry.disposition.rawValue)
    object["pendingVersionId"] = entry.before?.pendingVersionID.map(JSONValue.string)
    object["currentVersionId"] = entry.before?.currentVersionID.map(JSONValue.string)
    object["pendingSince"] = entry.pendingCreatedAt.map { .string($0.iso8601) }
    object["ageSeconds"] = entry.pendingCreatedAt.map {
      JSONValue(Int(now.seconds(since: $0)))
    }
    object["rotationEnabled"] = entry.before?.rotationEnabled.map(JSONValue.bool)
    object["reason"] = .string(entry.reason)
    object["failure"] = entry.failure?.record
    object["sources"] = .array(entry.target.sources.map { .string($0.description) })
    return .object(object)
  }
}
