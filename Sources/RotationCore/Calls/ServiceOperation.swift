/// The operations that this tool can call.
///
/// None of them reads a secret's value, and none reads an object of S3 or replaces one.
package enum ServiceOperation: String, Sendable, Hashable, CaseIterable {
  case getCallerIdentity = "GetCallerIdentity"
  case describeSecret = "DescribeSecret"
  case listSecrets = "ListSecrets"
  case listSecretVersionIDs = "ListSecretVersionIds"
  case cancelRotateSecret = "CancelRotateSecret"
  case rotateSecret = "RotateSecret"
  case updateSecretVersionStage = "UpdateSecretVersionStage"
  case headObject = "HeadObject"
  case putObject = "PutObject"
  case createMultipartUpload = "CreateMultipartUpload"
  case uploadPart = "UploadPart"
  case completeMultipartUpload = "CompleteMultipartUpload"
  case abortMultipartUpload = "AbortMultipartUpload"
  case getObjectRetention = "GetObjectRetention"
  case getObjectLegalHold = "GetObjectLegalHold"

  /// Whether it belongs to S3, where bundles go, and touches no secret.
  package var isStorage: Bool {
    switch self {
    case .headObject, .putObject, .createMultipartUpload, .uploadPart, .completeMultipartUpload,
      .abortMultipartUpload, .getObjectRetention, .getObjectLegalHold:
      true
    default: false
    }
  }

  /// Whether it changes a secret.
  package var isMutating: Bool {
    switch self {
    case .cancelRotateSecret, .rotateSecret, .updateSecretVersionStage: true
    default: false
    }
  }

  /// The quota that the operation shares with others; nil where a run cannot come near it.
  package var rateGroup: RateGroup? {
    switch self {
    case .cancelRotateSecret, .rotateSecret: .rotation
    case .updateSecretVersionStage: .versionStages
    case .listSecrets: .listing
    case .listSecretVersionIDs: .versionListing
    default: nil
    }
  }
}

/// Operations that share one rate quota of an account and region: 50 requests a second, and 100
/// for ListSecrets.
///
/// Source: AWS Secrets Manager user guide, "AWS Secrets Manager quotas".
package enum RateGroup: Sendable, Hashable, CaseIterable {
  /// RotateSecret and CancelRotateSecret together.
  case rotation
  /// UpdateSecretVersionStage, with PutSecretValue and UpdateSecret, which this tool never calls.
  case versionStages
  case listing
  case versionListing
}
