/// How rotation was configured before it was turned off: what is needed to turn it on again.
package struct SavedRotation: Sendable, Hashable {
  /// Who rotates a secret.
  package enum Kind: String, Sendable, Hashable {
    /// A Lambda function of the account.
    case lambda
    /// A partner, through a role of the account.
    case external
    /// The AWS service that owns the secret.
    case managed
  }

  package var lambdaARN: String?
  /// As DescribeSecret showed them, with the days that AWS computes from a schedule.
  package var rules: JSONValue?
  package var externalMetadata: JSONValue?
  package var externalRoleARN: String?
  /// When the secret would have rotated.
  package var nextRotation: Timestamp?
  package var lastRotated: Timestamp?

  package init(of state: SecretState) {
    lambdaARN = state.rotationLambdaARN.flatMap { $0.isEmpty ? nil : $0 }
    rules = state.rotationRules
    externalMetadata = state.externalRotationMetadata
    externalRoleARN = state.externalRotationRoleARN
    nextRotation = state.nextRotation
    lastRotated = state.lastRotated
  }

  package var kind: Kind {
    if lambdaARN != nil { return .lambda }
    return externalRoleARN != nil || externalMetadata != nil ? .external : .managed
  }

  /// What RotateSecret is asked for, by the kind of secret.
  ///
  /// Source: AWS Secrets Manager API reference, RotateSecret.
  package func request(secretID: String, clientRequestToken: String) -> RotationRequest {
    var request = RotationRequest(secretID: secretID, clientRequestToken: clientRequestToken)
    request.lambdaARN = lambdaARN
    request.rules = SavedRotation.sendable(rules)
    request.externalMetadata = externalMetadata
    request.externalRoleARN = externalRoleARN
    return request
  }

  /// Rules as they may be sent: a schedule or a number of days, never both.
  ///
  /// DescribeSecret shows both where there is a schedule; AWS computes the days then and refuses
  /// to be sent them.
  package static func sendable(_ rules: JSONValue?) -> JSONValue? {
    guard let rules else { return nil }
    var object = JSONObject()
    if let schedule = rules["ScheduleExpression"]?.string, !schedule.isEmpty {
      object["ScheduleExpression"] = .string(schedule)
    } else if let days = rules["AutomaticallyAfterDays"], !days.isNull {
      object["AutomaticallyAfterDays"] = days.int.map { JSONValue($0) } ?? days
    }
    if let duration = rules["Duration"]?.string, !duration.isEmpty {
      object["Duration"] = .string(duration)
    }
    return object.members.isEmpty ? nil : .object(object)
  }

  /// Whether a secret is configured exactly so.
  package func equals(_ state: SecretState) -> Bool {
    let other = SavedRotation(of: state)
    return lambdaARN == other.lambdaARN && externalRoleARN == other.externalRoleARN
      && SavedRotation.sendable(rules) == SavedRotation.sendable(other.rules)
      && SavedRotation.pairs(externalMetadata) == SavedRotation.pairs(other.externalMetadata)
  }

  /// What somebody has set otherwise since, such as `its rules`; empty when nothing was.
  ///
  /// While rotation is off, what is not shown counts as kept.
  package func differences(from state: SecretState) -> [String] {
    let other = SavedRotation(of: state)
    var found: [String] = []
    if let lambda = other.lambdaARN, lambda != lambdaARN { found.append("its function") }
    if let rules = SavedRotation.sendable(other.rules), rules != SavedRotation.sendable(self.rules)
    {
      found.append("its rules")
    }
    let role = other.externalRoleARN.map { $0 != externalRoleARN } ?? false
    let metadata = other.externalMetadata.map {
      SavedRotation.pairs($0) != SavedRotation.pairs(externalMetadata)
    }
    if role || metadata ?? false { found.append("its external rotation") }
    return found
  }

  /// The order of the pairs means nothing.
  private static func pairs(_ metadata: JSONValue?) -> [[String]] {
    (metadata?.array ?? []).map { [$0["Key"]?.string ?? "", $0["Value"]?.string ?? ""] }
      .sorted { $0.lexicographicallyPrecedes($1) }
  }
}

extension SavedRotation {
  /// The form in plans, with AWS's names.
  package var record: JSONValue {
    var object: JSONObject = ["kind": .string(kind.rawValue)]
    object["RotationLambdaARN"] = lambdaARN.map(JSONValue.string)
    object["RotationRules"] = rules
    object["ExternalSecretRotationMetadata"] = externalMetadata
    object["ExternalSecretRotationRoleArn"] = externalRoleARN.map(JSONValue.string)
    object["NextRotationDate"] = nextRotation.map { .string($0.iso8601) }
    object["LastRotatedDate"] = lastRotated.map { .string($0.iso8601) }
    return .object(object)
  }

  /// Reads ``record`` back.
  package init(record: JSONValue) { self.init(of: SecretState(record: record)) }
}
