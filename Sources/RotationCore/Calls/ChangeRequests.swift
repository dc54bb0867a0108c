/// What RotateSecret is asked for: rotation on again with that configuration, and not now.
///
/// There is no way to ask for an immediate rotation, which is what AWS does when nothing is said.
package struct RotationRequest: Sendable, Hashable {
  package var secretID: String
  /// 32 to 64 characters; the same for every attempt, so that a repeated one changes nothing.
  package var clientRequestToken: String
  /// Nil for rotation that a service manages, and for managed external secrets.
  package var lambdaARN: String?
  package var rules: JSONValue?
  package var externalMetadata: JSONValue?
  package var externalRoleARN: String?

  package init(secretID: String, clientRequestToken: String) {
    self.secretID = secretID
    self.clientRequestToken = clientRequestToken
  }

  /// The request's body, with AWS's names.
  package var body: JSONValue {
    var object: JSONObject = [
      "SecretId": .string(secretID), "ClientRequestToken": .string(clientRequestToken),
    ]
    object["RotationLambdaARN"] = lambdaARN.map(JSONValue.string)
    object["RotationRules"] = rules
    object["ExternalSecretRotationMetadata"] = externalMetadata
    object["ExternalSecretRotationRoleArn"] = externalRoleARN.map(JSONValue.string)
    object["RotateImmediately"] = false
    return .object(object)
  }
}

/// What UpdateSecretVersionStage is asked for: a label off one version, and perhaps onto another.
package struct StageChange: Sendable, Hashable {
  package var secretID: String
  /// Such as `AWSPENDING`.
  package var stage: String
  /// The version that has the label now, where one has it; the service refuses any other.
  package var removeFrom: String?
  /// Nil only takes the label away.
  package var moveTo: String?

  package init(secretID: String, stage: String, removeFrom: String?, moveTo: String? = nil) {
    self.secretID = secretID
    self.stage = stage
    self.removeFrom = removeFrom
    self.moveTo = moveTo
  }

  /// The request's body, with AWS's names.
  package var body: JSONValue {
    var object: JSONObject = [
      "SecretId": .string(secretID), "VersionStage": .string(stage),
    ]
    object["RemoveFromVersionId"] = removeFrom.map(JSONValue.string)
    object["MoveToVersionId"] = moveTo.map(JSONValue.string)
    return .object(object)
  }
}
