extension RetryPolicy {
  package enum Verdict: Sendable, Hashable {
    case throttling, transient, final
  }

  /// The services that we call, as far as their errors differ in meaning.
  package enum Service: Sendable, Hashable {
    case secretsManager, sts, s3
  }

  private static let throttlingCodes: Set<String> = [
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException",
    "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
    "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
    "EC2ThrottledException",
  ]
  private static let transientCodes: Set<String> = [
    "RequestTimeout", "RequestTimeoutException", "InternalServiceError",
  ]
  /// STS could not reach the identity provider.
  private static let transientCodesOfSTS: Set<String> = ["IDPCommunicationError"]
  /// Another request for the same key was under way, or an answer of 200 turned into an error.
  private static let transientCodesOfS3: Set<String> = [
    "ConditionalRequestConflict", "OperationAborted", "InternalError", "ServiceUnavailable",
  ]
  private static let transientStatuses: Set<Int> = [500, 502, 503, 504]

  package static func isThrottling(_ code: String) -> Bool { throttlingCodes.contains(code) }

  /// Whether another attempt may succeed under this policy.
  package func verdict(on failure: ServiceFailure, of operation: ServiceOperation) -> Verdict {
    if !repeatsInternalServiceError, failure.kind == .service,
      failure.code == "InternalServiceError",
      !RetryPolicy.transientStatuses.contains(failure.httpStatus ?? 0)
    {
      return .final
    }
    return RetryPolicy.verdict(on: failure, of: operation)
  }

  package static func verdict(
    on failure: ServiceFailure, of operation: ServiceOperation
  ) -> Verdict {
    verdict(on: failure, service: service(of: operation), operation: operation.rawValue)
  }

  private static func service(of operation: ServiceOperation) -> Service {
    if operation.isStorage { return .s3 }
    return operation == .getCallerIdentity ? .sts : .secretsManager
  }

  /// Whether another attempt may succeed.
  ///
  /// A status of 429 alone says nothing here: AWS's standard mode goes by the code.
  ///
  /// - `operation`: AWS's name. LimitExceededException of UpdateSecretVersionStage means a full
  ///   secret, not a rate, and waiting does not mend it.
  package static func verdict(
    on failure: ServiceFailure, service: Service = .secretsManager, operation: String? = nil
  ) -> Verdict {
    switch failure.kind {
    case .connect, .lost, .malformed: return .transient
    case .tls, .credentials, .abandoned: return .final
    case .service:
      let code = failure.code
      if code == "LimitExceededException", operation == "UpdateSecretVersionStage" {
        return .final
      }
      if throttlingCodes.contains(code) { return .throttling }
      if transientCodes.contains(code) { return .transient }
      if service == .sts, transientCodesOfSTS.contains(code) { return .transient }
      if service == .s3, transientCodesOfS3.contains(code) { return .transient }
      if let status = failure.httpStatus, transientStatuses.contains(status) { return .transient }
      return .final
    }
  }
}

/// Refusals that a repair of ours may mend: a corrected clock, fresh credentials.
extension ServiceFailure {
  private static let clockSkewCodes: Set<String> = [
    "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
    "SignatureDoesNotMatch", "AuthFailure",
  ]
  private static let expiredTokenCodes: Set<String> = [
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
  ]

  /// Whether the service refused the request's time or signature; decided by the code alone.
  package var isClockSkew: Bool {
    kind == .service && ServiceFailure.clockSkewCodes.contains(code)
  }

  /// Whether fresh credentials may mend this failure; decided by the code alone.
  package var isExpiredToken: Bool {
    kind == .service && ServiceFailure.expiredTokenCodes.contains(code)
  }
}
