/// What a look at one account and region came to.
package struct LanePopulation: Sendable, Hashable {
  package enum Status: String, Sendable, Hashable, CaseIterable {
    /// Listed to the end.
    case listed
    /// The region is not enabled for the account, as far as the answer tells.
    case notEnabled
    /// Not listed, or not to the end: what is there is not known.
    case unknown
  }

  /// Nil while nobody could tell.
  package var account: String?
  package var region: String
  /// Whose credentials listed it; nil for the default ones.
  package var profile: String?
  /// Further profiles of the same account, which were not needed.
  package var otherProfiles: [String?] = []
  package var status = Status.unknown
  /// Entries of the listing, after the service's filters.
  package var seen = 0
  package var selected = 0
  package var excluded: [Exclusion: Int] = [:]
  /// Of those selected, the ones that DescribeSecret was asked about in vain.
  package var unconfirmed = 0
  /// Of those selected, replicas that stand for a primary whose region was not listed.
  package var replicasForPrimary = 0
  package var pages = 0
  /// How often the listing was begun anew because its token was refused.
  package var restarts = 0
  package var failure: ServiceFailure?

  package init(account: String?, region: String, profile: String?) {
    self.account = account
    self.region = region
    self.profile = profile
  }

  /// Whether each secret that was seen is accounted for.
  package var reconciles: Bool { seen == selected + excluded.values.reduce(0, +) }
}

/// Every secret that was looked at, by account and region: the answer to "is one missing?".
package struct Population: Sendable, Hashable {
  package static let schema = "rotactl.population/1"

  /// The selector's place in a manifest; nil for one command line.
  package var source: SourceLocation?
  package var selection: SecretSelection
  /// In the order of account, region.
  package var lanes: [LanePopulation]

  package init(
    source: SourceLocation? = nil, selection: SecretSelection, lanes: [LanePopulation]
  ) {
    self.source = source
    self.selection = selection
    self.lanes = lanes
  }

  package var seen: Int { lanes.reduce(0) { $0 + $1.seen } }
  package var selected: Int { lanes.reduce(0) { $0 + $1.selected } }
  package var unconfirmed: Int { lanes.reduce(0) { $0 + $1.unconfirmed } }
  package func count(_ status: LanePopulation.Status) -> Int {
    lanes.count { $0.status == status }
  }

  package var excluded: [Exclusion: Int] {
    lanes.reduce(into: [:]) { sum, lane in sum.merge(lane.excluded, uniquingKeysWith: +) }
  }

  /// Whether something that was asked for is not known.
  package var hasUnknown: Bool { count(.unknown) > 0 || unconfirmed > 0 }
}

extension Population {
  /// One document for several populations of one command.
  package static func document(
    _ populations: [Population], takenAt: Timestamp, toolVersion: String
  ) -> JSONValue {
    [
      "schema": .string(schema), "takenAt": .string(takenAt.iso8601),
      "toolVersion": .string(toolVersion),
      "complete": .bool(!populations.contains(where: \.hasUnknown)),
      "selections": .array(populations.map(\.record)),
    ]
  }

  package var record: JSONValue {
    var object = JSONObject()
    object["source"] = source.map { .string($0.description) }
    object["selection"] = selection.record
    object["totals"] = [
      "seen": JSONValue(seen), "selected": JSONValue(selected),
      "excluded": Population.record(excluded),
      "lanes": JSONValue(lanes.count), "listed": JSONValue(count(.listed)),
      "notEnabled": JSONValue(count(.notEnabled)), "unknown": JSONValue(count(.unknown)),
      "unconfirmed": JSONValue(unconfirmed),
    ]
    object["lanes"] = .array(lanes.map(\.record))
    return .object(object)
  }

  fileprivate static func record(_ excluded: [Exclusion: Int]) -> JSONValue {
    .object(
      JSONObject(
        Exclusion.allCases.compactMap { reason in
          excluded[reason].map { .init(key: reason.rawValue, value: JSONValue($0)) }
        }))
  }

  /// Whether a document of this schema says that something is not known.
  package static func hasUnknown(document: JSONValue) -> Bool {
    document["schema"]?.string == schema && document["complete"]?.bool == false
  }
}

extension LanePopulation {
  package var record: JSONValue {
    var object = JSONObject()
    object["account"] = account.map(JSONValue.string)
    object["region"] = .string(region)
    object["profile"] = profile.map(JSONValue.string)
    if !otherProfiles.isEmpty {
      object["otherProfiles"] = .array(otherProfiles.map { .string($0 ?? "default") })
    }
    object["status"] = .string(status.rawValue)
    object["seen"] = JSONValue(seen)
    object["selected"] = JSONValue(selected)
    object["excluded"] = Population.record(excluded)
    if unconfirmed > 0 { object["unconfirmed"] = JSONValue(unconfirmed) }
    if replicasForPrimary > 0 { object["replicasForPrimary"] = JSONValue(replicasForPrimary) }
    object["pages"] = JSONValue(pages)
    if restarts > 0 { object["restarts"] = JSONValue(restarts) }
    object["failure"] = failure?.record
    return .object(object)
  }
}
