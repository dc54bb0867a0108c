import RotationCore

/// Numbers as the service writes them.
enum WireTime {
  /// Seconds since the epoch with an exponent, such as `1.763921688123E9`.
  static func value(_ time: Timestamp) -> JSONValue {
    let digits = String(time.milliseconds)
    guard digits.utf8.count == 13, time.milliseconds > 0 else {
      return JSONValue(time.epochSeconds)
    }
    var fraction = digits.dropFirst()
    while fraction.count > 1, fraction.last == "0" { fraction.removeLast() }
    return .number(JSONNumber(literal: "\(digits.prefix(1)).\(fraction)E9"))
  }
}

extension SimulatedService {
  mutating func describeSecret(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    var (_, secret) = try find(request, now: now)
    if let stale = staleViews[secret.arn.text] {
      if now < stale.until { secret = stale.secret } else { staleViews[secret.arn.text] = nil }
    }
    var object = SimulatedService.summary(of: secret, stagesKey: "VersionIdsToStages")
    if !secret.replicaRegions.isEmpty {
      object["ReplicationStatus"] = .array(
        secret.replicaRegions.map {
          ["Region": .string($0), "KmsKeyId": "alias/aws/secretsmanager", "Status": "InSync"]
        })
    }
    return .object(object)
  }

  /// The members that DescribeSecret and ListSecrets have in common; absent ones are left out.
  static func summary(of secret: SimulatedSecret, stagesKey: String) -> JSONObject {
    var object: JSONObject = ["ARN": .string(secret.arn.text), "Name": .string(secret.name)]
    object["Type"] = secret.type.map(JSONValue.string)
    object["Description"] = secret.description.map(JSONValue.string)
    object["RotationEnabled"] = secret.rotationEnabled.map(JSONValue.bool)
    object["RotationLambdaARN"] = secret.rotationLambdaARN.map(JSONValue.string)
    object["RotationRules"] = secret.rotationRules
    object["ExternalSecretRotationMetadata"] = secret.externalRotationMetadata
    object["ExternalSecretRotationRoleArn"] =
      secret.externalRotationRoleARN.map(JSONValue.string)
    object["LastRotatedDate"] = secret.lastRotated.map(WireTime.value)
    object["LastChangedDate"] = WireTime.value(secret.lastChanged)
    object["DeletedDate"] = secret.deleted.map(WireTime.value)
    object["NextRotationDate"] = secret.nextRotation.map(WireTime.value)
    if !secret.tags.isEmpty {
      object["Tags"] = .array(
        secret.tags.map { ["Key": .string($0.name), "Value": .string($0.value)] })
    }
    let labelled = secret.versions.filter { !$0.stages.isEmpty }
    if !labelled.isEmpty {
      object[stagesKey] = .object(
        JSONObject(
          labelled.map {
            .init(key: $0.versionID, value: .array($0.stages.map(JSONValue.string)))
          }))
    }
    object["OwningService"] = secret.owningService.map(JSONValue.string)
    object["CreatedDate"] = WireTime.value(secret.created)
    object["PrimaryRegion"] = secret.primaryRegion.map(JSONValue.string)
    return object
  }

  mutating func listSecretVersionIDs(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    let (_, secret) = try find(request, now: now)
    let limit = try SimulatedService.pageSize(request)
    let deprecated = request.input["IncludeDeprecated"]?.bool ?? false
    let versions = secret.versions.filter { deprecated || !$0.stages.isEmpty }
    let start = try PageToken.offset(request, kind: "versions")
    let page = versions.dropFirst(start).prefix(limit)
    var answer: JSONObject = [
      "ARN": .string(secret.arn.text), "Name": .string(secret.name),
      "Versions": .array(
        page.map { version in
          var entry: JSONObject = [
            "VersionId": .string(version.versionID), "CreatedDate": WireTime.value(version.created),
            "KmsKeyIds": ["DefaultEncryptionKey"],
          ]
          if !version.stages.isEmpty {
            entry["VersionStages"] = .array(version.stages.map(JSONValue.string))
          }
          return .object(entry)
        }),
    ]
    if start + limit < versions.count {
      answer["NextToken"] = .string(PageToken.text(offset: start + limit, kind: "versions"))
    }
    return .object(answer)
  }

  /// MaxResults, 1 to 100; 100 when absent.
  static func pageSize(_ request: ServiceRequest) throws(Refusal) -> Int {
    guard let value = request.input["MaxResults"] else { return 100 }
    guard let size = value.int, (1...100).contains(size) else {
      throw .invalidParameter("You provided an invalid value for MaxResults; use 1 to 100.")
    }
    return size
  }
}

/// NextToken: where the next page starts, in a form that nobody makes up by chance.
enum PageToken {
  static func text(offset: Int, kind: String) -> String {
    let body = "\(kind)-\(offset)"
    return "\(body)-\(String(Mixer.hash(["page", body]), radix: 16))"
  }

  /// - Returns: 0 for a request without a token.
  static func offset(_ request: ServiceRequest, kind: String) throws(Refusal) -> Int {
    guard let token = request.input["NextToken"]?.string else { return 0 }
    let parts = token.split(separator: "-")
    guard parts.count == 3, let offset = Int(parts[1]), offset >= 0,
      token == text(offset: offset, kind: kind)
    else {
      throw .invalidNextToken
    }
    return offset
  }
}
