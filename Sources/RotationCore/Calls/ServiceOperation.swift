/// The operations that this tool can call.
///
/// None of them reads a secret's value.
package enum ServiceOperation: String, Sendable, Hashable, CaseIterable {
  case getCallerIdentity = "GetCallerIdentity"
  case describeSecret = "DescribeSecret"
  case listSecrets = "ListSecrets"
  case listSecretVersionIDs = "ListSecretVersionIds"
  case cancelRotateSecret = "CancelRotateSecret"
  case rotateSecret = "RotateSecret"
  case updateSecretVersionStage = "UpdateSecretVersionStage"

  package var isMutating: Bool {
    switch self {
    case .cancelRotateSecret, .rotateSecret, .updateSecretVersionStage: true
    case .getCallerIdentity, .describeSecret, .listSecrets, .listSecretVersionIDs: false
    }
  }

  /// The quota that the operation shares with others; nil where a run cannot come near it.
  package var rateGroup: RateGroup? {
    switch self {
    case .cancelRotateSecret, .rotateSecret: .rotation
    case .updateSecretVersionStage: .versionStages
    case .listSecrets: .listing
    case .listSecretVersionIDs: .versionListing
    case .getCallerIdentity, .describeSecret: nil
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
