/// Whose credentials sign a call, and the region that it goes to.
package struct CallSite: Sendable, Hashable {
  /// Nil for the default credential chain.
  package var profile: String?
  package var region: String
  package init(profile: String?, region: String) {
    self.profile = profile
    self.region = region
  }
}

/// What one HTTP exchange came to.
package struct AttemptReply<Output: Sendable>: Sendable {
  package var result: Result<Output, ServiceFailure>
  /// Nil when no answer arrived.
  package var httpStatus: Int?
  /// `x-amzn-RequestId`, the key into CloudTrail.
  package var requestID: String?

  package init(
    _ result: Result<Output, ServiceFailure>, httpStatus: Int? = nil, requestID: String? = nil
  ) {
    self.result = result
    self.httpStatus = httpStatus
    self.requestID = requestID
  }
}

/// Reads of the Secrets Manager and STS services, one attempt of one operation a call.
///
/// What only previews is given this protocol and nothing more, so that no mutating call can leave.
/// No conformer retries; the attempt loop of the engine does, for everyone.
package protocol SecretsManagerReader: Sendable {
  /// STS GetCallerIdentity with the site's profile, in its region.
  func callerIdentity(
    at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<CallerIdentity>

  func describeSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState>

  /// One page of the secrets of the site's account and region.
  func listSecrets(
    _ request: ListSecretsRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretListPage>

  /// All versions of the secret that carry a staging label, first page (at most 100).
  func listSecretVersionIDs(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<[SecretVersion]>
}

/// Reads, and the changes that this tool makes during a run.
package protocol SecretsManagerService: SecretsManagerReader {
  func cancelRotateSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret>

  func rotateSecret(
    _ request: RotationRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret>

  func updateSecretVersionStage(
    _ change: StageChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret>
}

/// Which attempt of how many, as the header `amz-sdk-request` wants it.
package struct AttemptNumber: Sendable, Hashable {
  /// From 1.
  package let number: Int
  package let maximum: Int
  /// The same for all attempts of one call: `amz-sdk-invocation-id`, a UUID.
  package let invocationID: String
  package init(number: Int, maximum: Int, invocationID: String) {
    self.number = number
    self.maximum = maximum
    self.invocationID = invocationID
  }
}

/// GetCallerIdentity's answer.
package struct CallerIdentity: Sendable, Hashable {
  package let accountID: String
  package let arn: String
  package let userID: String
  package init(accountID: String, arn: String, userID: String) {
    self.accountID = accountID
    self.arn = arn
    self.userID = userID
  }
}

/// The answer of an operation that changes a secret.
///
/// AWS's own sample of CancelRotateSecret has no VersionId, and no decision may rest on it.
package struct ChangedSecret: Sendable, Hashable {
  package let arn: String?
  package let name: String?
  package let versionID: String?
  package init(arn: String?, name: String?, versionID: String?) {
    self.arn = arn
    self.name = name
    self.versionID = versionID
  }
}

/// One entry of ListSecretVersionIds.
package struct SecretVersion: Sendable, Hashable {
  package let versionID: String
  package let stages: [String]
  package let createdAt: Timestamp?
  package init(versionID: String, stages: [String], createdAt: Timestamp?) {
    self.versionID = versionID
    self.stages = stages
    self.createdAt = createdAt
  }
}
