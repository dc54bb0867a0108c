/// A secret that was selected, as a manifest names it: always where changes are made.
package struct DiscoveredSecret: Sendable, Hashable {
  package var arn: SecretARN
  package var name: String
  /// Whose credentials found it; nil for the default ones.
  package var profile: String?
  /// Nil when rotation was never configured.
  package var rotationEnabled: Bool?
  package var nextRotation: Timestamp?
  package var lastRotated: Timestamp?
  package var deleted: Timestamp?
  package var owningService: String?
  package var type: String?
  /// Set on a secret that has replicas.
  package var primaryRegion: String?
  /// The region whose replica was seen, where the primary's own region was not listed.
  package var seenIn: String?
  /// Whether DescribeSecret said the same; nil when it was not asked.
  package var isConfirmed: Bool?

  package init(arn: SecretARN, name: String, profile: String?, state: SecretState) {
    self.arn = arn
    self.name = name
    self.profile = profile
    rotationEnabled = state.rotationEnabled
    nextRotation = state.nextRotation
    lastRotated = state.lastRotated
    deleted = state.deleted
    owningService = state.owningService
    type = state.type
    primaryRegion = state.primaryRegion
  }

  /// `on`, `off` or `never`.
  package var rotation: String { rotationEnabled.map { $0 ? "on" : "off" } ?? "never" }

  /// What a manifest carries along without interpreting it; empty ones are left out.
  package var labels: [Label] {
    let all: [(String, String?)] = [
      ("name", name), ("rotation", rotation), ("next_rotation", nextRotation?.iso8601),
      ("last_rotated", lastRotated?.iso8601), ("owning_service", owningService), ("type", type),
      ("primary_region", primaryRegion), ("seen_in", seenIn), ("deletion_date", deleted?.iso8601),
      ("confirmed", isConfirmed.map { $0 ? "yes" : "no" }),
    ]
    return all.compactMap { name, value in value.map { Label(name: name, value: $0) } }
  }

  /// The names of ``labels`` in their order.
  package static let labelNames = [
    "name", "rotation", "next_rotation", "last_rotated", "owning_service", "type",
    "primary_region", "seen_in", "deletion_date", "confirmed",
  ]
}

extension DiscoveredSecret {
  /// A compact form for files of this process.
  package var record: JSONValue {
    var object: JSONObject = ["arn": .string(arn.text), "name": .string(name)]
    object["profile"] = profile.map(JSONValue.string)
    object["on"] = rotationEnabled.map(JSONValue.bool)
    object["next"] = nextRotation.map { .string($0.iso8601) }
    object["last"] = lastRotated.map { .string($0.iso8601) }
    object["deleted"] = deleted.map { .string($0.iso8601) }
    object["owner"] = owningService.map(JSONValue.string)
    object["type"] = type.map(JSONValue.string)
    object["primary"] = primaryRegion.map(JSONValue.string)
    object["seenIn"] = seenIn.map(JSONValue.string)
    object["confirmed"] = isConfirmed.map(JSONValue.bool)
    return .object(object)
  }

  /// - Returns: nil for what ``record`` never writes.
  package init?(record: JSONValue) {
    guard let arn = record["arn"]?.string.flatMap({ try? SecretARN(parsing: $0) }),
      let name = record["name"]?.string
    else { return nil }
    func time(_ key: String) -> Timestamp? {
      record[key]?.string.flatMap(Timestamp.init(iso8601:))
    }
    self.init(arn: arn, name: name, profile: record["profile"]?.string, state: SecretState())
    rotationEnabled = record["on"]?.bool
    nextRotation = time("next")
    lastRotated = time("last")
    deleted = time("deleted")
    owningService = record["owner"]?.string
    type = record["type"]?.string
    primaryRegion = record["primary"]?.string
    seenIn = record["seenIn"]?.string
    isConfirmed = record["confirmed"]?.bool
  }
}
