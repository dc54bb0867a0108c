/// One line of a plan: a target, what was seen of it, and what would be done.
package struct PlanEntry: Sendable, Hashable {
  package var target: Target
  package var disposition: Disposition
  /// One sentence without a final stop, such as `rotation is already off`.
  package var reason: String
  /// The state that DescribeSecret gave; nil when it was not asked or did not answer.
  package var before: SecretState?
  /// The account whose credentials make the calls, and so whose quota they use.
  package var callerAccount: String?
  /// Where the change is made: the primary's region for a replica, else the target's own.
  package var actingRegion: String
  /// The full ARN that is acted on, once known.
  package var actingID: String
  /// For `replica` and `duplicate`: the target that acts for this one.
  package var primaryOrdinal: Int?
  package var failure: ServiceFailure?
  /// When the version with AWSPENDING was made, where there is one.
  package var pendingCreatedAt: Timestamp?
  /// For a restore: how rotation was configured before it was turned off.
  package var saved: SavedRotation?
  /// For a restore: names the one change that this target may have, whatever is tried again.
  package var clientRequestToken: String?

  package init(target: Target, disposition: Disposition, reason: String) {
    self.target = target
    self.disposition = disposition
    self.reason = reason
    actingRegion = target.region
    actingID = target.secretID
  }

  /// Whether the run will try to change something for this target.
  package var isActionable: Bool { disposition.isChange || disposition == .inFlight }

  /// The quota that the change is charged to.
  package var lane: LaneID { LaneID(account: callerAccount ?? "unknown", region: actingRegion) }
}

/// Targets that share one quota: caller account and region.
package struct LaneID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let account: String
  package let region: String
  package init(account: String, region: String) {
    self.account = account
    self.region = region
  }
  package var description: String { "\(account)/\(region)" }
  package static func < (a: LaneID, b: LaneID) -> Bool {
    (a.account, a.region) < (b.account, b.region)
  }
}

/// The first line of a plan file.
package struct PlanHeader: Sendable, Hashable {
  /// What is written; the version before has neither checks nor a seal and stays readable.
  package static let schema = "rotactl.plan/2"
  private static let schemas = ["rotactl.plan/1", schema]

  package struct Manifest: Sendable, Hashable {
    /// As the operator typed it.
    package let path: String
    /// The name of the copy in the run's `manifest/` folder; nil where the hash alone is kept, as
    /// in a saved plan.
    package let copy: String?
    package let sha256: String
    package let bytes: Int
    package let entries: Int
    package init(path: String, copy: String?, sha256: String, bytes: Int, entries: Int) {
      self.path = path
      self.copy = copy
      self.sha256 = sha256
      self.bytes = bytes
      self.entries = entries
    }
  }

  /// The run that a plan puts right, such as the one whose cancels are undone.
  package struct Source: Sendable, Hashable {
    package let runID: String
    /// Of that run's plan.
    package let planSHA256: String
    /// As the operator typed it.
    package let path: String
    package init(runID: String, planSHA256: String, path: String) {
      self.runID = runID
      self.planSHA256 = planSHA256
      self.path = path
    }
  }

  package var action = RunAction.cancel
  package var source: Source?
  /// Seconds over which the changes of each lane are spread evenly; nil: as fast as the pace.
  package var staggerSeconds: Double?
  package var createdAt: Timestamp
  package var toolVersion: String
  package var offline: Bool
  package var incident: String?
  package var reason: String?
  package var manifests: [Manifest]
  /// What the manifests' selectors were chosen from, as ``Population/document(_:takenAt:toolVersion:)``
  /// writes it; nil where there are none.
  package var population: JSONValue?
  /// Who made the plan and how, where it was saved to be run later.
  package var saved: SavedPlan?
  /// 1 or 2.
  package private(set) var version = 2

  package init(
    createdAt: Timestamp, toolVersion: String, offline: Bool, incident: String?, reason: String?,
    manifests: [Manifest]
  ) {
    self.createdAt = createdAt
    self.toolVersion = toolVersion
    self.offline = offline
    self.incident = incident
    self.reason = reason
    self.manifests = manifests
  }

  package var record: JSONValue {
    var object: JSONObject = [
      "schema": .string(PlanHeader.schemas[version - 1]), "createdAt": .string(createdAt.iso8601),
      "toolVersion": .string(toolVersion), "offline": .bool(offline),
    ]
    if action != .cancel { object["action"] = .string(action.rawValue) }
    object["source"] = source.map { source in
      [
        "runId": .string(source.runID), "planSha256": .string(source.planSHA256),
        "path": .string(source.path),
      ]
    }
    object["staggerSeconds"] = staggerSeconds.map { JSONValue($0) }
    object["incident"] = incident.map(JSONValue.string)
    object["reason"] = reason.map(JSONValue.string)
    object["manifests"] = .array(
      manifests.map { manifest in
        var item: JSONObject = ["path": .string(manifest.path)]
        item["copy"] = manifest.copy.map(JSONValue.string)
        item["sha256"] = .string(manifest.sha256)
        item["bytes"] = JSONValue(manifest.bytes)
        item["entries"] = JSONValue(manifest.entries)
        return .object(item)
      })
    object["population"] = population
    object["saved"] = saved?.record
    return .object(object)
  }

  /// - Returns: nil when the line is not a plan header of a version that is known.
  package init?(record: JSONValue) {
    guard
      let place = record["schema"]?.string.flatMap(PlanHeader.schemas.firstIndex(of:)),
      let created = record["createdAt"]?.string.flatMap(Timestamp.init(iso8601:)),
      let version = record["toolVersion"]?.string, let offline = record["offline"]?.bool
    else { return nil }
    self.init(
      createdAt: created, toolVersion: version, offline: offline,
      incident: record["incident"]?.string, reason: record["reason"]?.string,
      manifests: (record["manifests"]?.array ?? []).compactMap { item in
        guard let path = item["path"]?.string, let sha256 = item["sha256"]?.string,
          let bytes = item["bytes"]?.int, let entries = item["entries"]?.int
        else { return nil }
        return Manifest(
          path: path, copy: item["copy"]?.string, sha256: sha256, bytes: bytes, entries: entries)
      })
    if let word = record["action"]?.string {
      // A plan of an action that is not known must never be taken for a cancel.
      guard let action = RunAction(rawValue: word) else { return nil }
      self.action = action
    }
    if let item = record["source"], let runID = item["runId"]?.string,
      let hash = item["planSha256"]?.string
    {
      source = Source(runID: runID, planSHA256: hash, path: item["path"]?.string ?? runID)
    }
    staggerSeconds = record["staggerSeconds"]?.double
    population = record["population"]
    self.version = place + 1
    if let value = record["saved"] {
      guard let saved = SavedPlan(record: value) else { return nil }
      self.saved = saved
    }
  }

  /// Whether a selector asked for something that could not be listed.
  package var hasUnknownPopulation: Bool {
    population.map(Population.hasUnknown(document:)) ?? false
  }

  /// The manifests whose bytes lie in the run's folder, with the names of their copies.
  package var copiedManifests: [(copy: String, manifest: Manifest)] {
    manifests.compactMap { manifest in manifest.copy.map { ($0, manifest) } }
  }
}

extension PlanEntry {
  /// The line in `plan.ndjson`.
  package var record: JSONValue {
    var object = target.recordMembers
    object["disposition"] = .string(disposition.rawValue)
    object["planReason"] = .string(reason)
    object["callerAccount"] = callerAccount.map(JSONValue.string)
    if actingRegion != target.region { object["actingRegion"] = .string(actingRegion) }
    if actingID != target.secretID { object["actingId"] = .string(actingID) }
    object["primaryOrdinal"] = primaryOrdinal.map { JSONValue($0) }
    object["failure"] = failure?.record
    object["pendingCreatedAt"] = pendingCreatedAt.map { .string($0.iso8601) }
    object["saved"] = saved?.record
    object["clientRequestToken"] = clientRequestToken.map(JSONValue.string)
    object["before"] = before?.record
    return .object(object)
  }

  /// - Returns: nil when a member that must be there is missing.
  package init?(record: JSONValue) {
    guard let target = Target(record: record),
      let disposition = record["disposition"]?.string.flatMap(Disposition.init(rawValue:)),
      let reason = record["planReason"]?.string
    else { return nil }
    self.init(target: target, disposition: disposition, reason: reason)
    callerAccount = record["callerAccount"]?.string
    if let acting = record["actingRegion"]?.string {
      guard Region.isValid(acting) else { return nil }
      actingRegion = acting
    }
    actingID = record["actingId"]?.string ?? target.secretID
    primaryOrdinal = record["primaryOrdinal"]?.int
    failure = record["failure"].map(ServiceFailure.init(record:))
    pendingCreatedAt = record["pendingCreatedAt"]?.string.flatMap(Timestamp.init(iso8601:))
    before = record["before"].map(SecretState.init(record:))
    saved = record["saved"].map(SavedRotation.init(record:))
    clientRequestToken = record["clientRequestToken"]?.string
  }
}

extension Target {
  /// The members of a target in plans and reports.
  package var recordMembers: JSONObject {
    var object: JSONObject = [
      "ordinal": JSONValue(ordinal), "secretId": .string(secretID), "region": .string(region),
    ]
    object["profile"] = profile.map(JSONValue.string)
    object["accountId"] = accountID.map(JSONValue.string)
    object["sources"] = .array(sources.map { .string($0.description) })
    if isSought { object["isSought"] = true }
    if !labels.isEmpty {
      object["labels"] = .object(
        JSONObject(labels.map { .init(key: $0.name, value: .string($0.value)) }))
    }
    return object
  }

  package init?(record: JSONValue) {
    guard let ordinal = record["ordinal"]?.int, let secretID = record["secretId"]?.string,
      let region = record["region"]?.string, Region.isValid(region)
    else { return nil }
    self.init(
      ordinal: ordinal, secretID: secretID, region: region, profile: record["profile"]?.string,
      accountID: record["accountId"]?.string,
      sources: (record["sources"]?.array ?? []).compactMap {
        $0.string.flatMap(SourceLocation.init(parsing:))
      },
      labels: (record["labels"]?.object?.members ?? []).compactMap { member in
        member.value.string.map { Label(name: member.key, value: $0) }
      })
    isSought = record["isSought"]?.bool ?? false
  }
}

extension SourceLocation {
  /// Reads `file:line:column` back; the file's name may hold colons.
  package init?(parsing text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 3, let line = Int(parts[parts.count - 2]),
      let column = Int(parts[parts.count - 1])
    else { return nil }
    self.init(file: parts.dropLast(2).joined(separator: ":"), line: line, column: column)
  }
}

extension ServiceFailure {
  package var record: JSONValue {
    var object: JSONObject = [
      "kind": .string(kind.rawValue), "code": .string(code), "message": .string(message),
    ]
    object["httpStatus"] = httpStatus.map { JSONValue($0) }
    object["requestId"] = requestID.map(JSONValue.string)
    return .object(object)
  }

  package init(record: JSONValue) {
    self.init(
      kind: record["kind"]?.string.flatMap(Kind.init(rawValue:)) ?? .service,
      code: record["code"]?.string ?? "", message: record["message"]?.string ?? "",
      httpStatus: record["httpStatus"]?.int, requestID: record["requestId"]?.string)
  }
}
