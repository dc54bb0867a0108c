/// What DescribeSecret says about a secret, as far as rotation is concerned.
///
/// Never its value.
///
/// Source: AWS Secrets Manager API reference, DescribeSecret.
package struct SecretState: Sendable, Hashable {
  package var arn: String?
  package var name: String?
  /// Partner type of a managed external secret.
  package var type: String?
  /// Nil when rotation was never configured, false when it was switched off.
  package var rotationEnabled: Bool?
  package var rotationLambdaARN: String?
  package var rotationRules: JSONValue?
  package var externalRotationMetadata: JSONValue?
  package var externalRotationRoleARN: String?
  package var nextRotation: Timestamp?
  package var lastRotated: Timestamp?
  package var lastChanged: Timestamp?
  package var created: Timestamp?
  package var deleted: Timestamp?
  /// Version id to its staging labels, in the order of the answer.
  package var stages: [(versionID: String, labels: [String])] = []
  package var owningService: String?
  package var primaryRegion: String?
  package var replicaRegions: [String] = []
  /// Tags whose keys tell that another tool owns the secret; no other tag is kept.
  package var ownerTags: [Label] = []

  package init() {}

  /// The version with AWSPENDING that is not also AWSCURRENT: a rotation's unfinished work.
  package var pendingVersionID: String? {
    stages.first { $0.labels.contains("AWSPENDING") && !$0.labels.contains("AWSCURRENT") }?
      .versionID
  }

  package var currentVersionID: String? {
    stages.first { $0.labels.contains("AWSCURRENT") }?.versionID
  }

  package static func == (a: SecretState, b: SecretState) -> Bool { a.record == b.record }
  package func hash(into hasher: inout Hasher) { hasher.combine(arn) }
}

extension SecretState {
  /// Tag keys that CloudFormation, Terraform and services write on what they manage.
  static func isOwnerTag(_ key: String) -> Bool {
    let lower = key.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    func holds(_ word: StaticString) -> Bool {
      let count = word.utf8CodeUnitCount
      guard lower.count >= count else { return false }
      return (0...(lower.count - count)).contains { start in
        (0..<count).allSatisfy { lower[start + $0] == word.utf8Start[$0] }
      }
    }
    return lower.starts(with: "aws:".utf8) || holds("terraform") || holds("pulumi")
      || holds("managed-by") || holds("managedby") || holds("managed_by")
  }

  /// Reads the service's answer; members of the wrong kind count as absent, unknown ones are
  /// ignored.
  package init(wire: JSONValue) {
    self.init()
    func time(_ key: String) -> Timestamp? {
      guard let value = wire[key] else { return nil }
      if let seconds = value.double ?? value.string.flatMap(Double.init) {
        return Timestamp(epochSeconds: seconds)
      }
      return value.string.flatMap(Timestamp.init(iso8601:))
    }
    arn = wire["ARN"]?.string
    name = wire["Name"]?.string
    type = wire["Type"]?.string
    rotationEnabled = wire["RotationEnabled"]?.bool
    rotationLambdaARN = wire["RotationLambdaARN"]?.string
    rotationRules = wire["RotationRules"]
    externalRotationMetadata = wire["ExternalSecretRotationMetadata"]
    externalRotationRoleARN = wire["ExternalSecretRotationRoleArn"]?.string
    nextRotation = time("NextRotationDate")
    lastRotated = time("LastRotatedDate")
    lastChanged = time("LastChangedDate")
    created = time("CreatedDate")
    deleted = time("DeletedDate")
    let stageMap = wire["VersionIdsToStages"] ?? wire["SecretVersionsToStages"]
    stages = (stageMap?.object?.members ?? []).map { member in
      (member.key, (member.value.array ?? []).compactMap(\.string))
    }
    owningService = wire["OwningService"]?.string
    primaryRegion = wire["PrimaryRegion"]?.string
    replicaRegions = (wire["ReplicationStatus"]?.array ?? []).compactMap { $0["Region"]?.string }
    ownerTags = (wire["Tags"]?.array ?? []).compactMap { tag in
      guard let key = tag["Key"]?.string, SecretState.isOwnerTag(key) else { return nil }
      return Label(name: key, value: tag["Value"]?.string ?? "")
    }
  }

  /// The form in plans, journals and reports: AWS's member names, times as ISO 8601, absent
  /// members left out.
  package var record: JSONValue {
    var object = JSONObject()
    func put(_ key: String, _ value: String?) { object[key] = value.map(JSONValue.string) }
    func put(_ key: String, _ value: Timestamp?) { put(key, value?.iso8601) }
    put("ARN", arn)
    put("Name", name)
    put("Type", type)
    object["RotationEnabled"] = rotationEnabled.map(JSONValue.bool)
    put("RotationLambdaARN", rotationLambdaARN)
    object["RotationRules"] = rotationRules
    object["ExternalSecretRotationMetadata"] = externalRotationMetadata
    put("ExternalSecretRotationRoleArn", externalRotationRoleARN)
    put("NextRotationDate", nextRotation)
    put("LastRotatedDate", lastRotated)
    put("LastChangedDate", lastChanged)
    put("CreatedDate", created)
    put("DeletedDate", deleted)
    if !stages.isEmpty {
      object["VersionIdsToStages"] = .object(
        JSONObject(
          stages.map { .init(key: $0.versionID, value: .array($0.labels.map(JSONValue.string))) }))
    }
    put("OwningService", owningService)
    put("PrimaryRegion", primaryRegion)
    if !replicaRegions.isEmpty {
      object["ReplicationStatus"] = .array(replicaRegions.map { ["Region": .string($0)] })
    }
    if !ownerTags.isEmpty {
      object["Tags"] = .array(
        ownerTags.map { ["Key": .string($0.name), "Value": .string($0.value)] })
    }
    return .object(object)
  }

  /// Reads ``record`` back; the wire form differs only in how times are written.
  package init(record: JSONValue) { self.init(wire: record) }
}
