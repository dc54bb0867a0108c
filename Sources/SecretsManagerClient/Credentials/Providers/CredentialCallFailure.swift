internal import RotationCore

/// Tells the failure of a call for credentials from one of the call that wanted them.
enum CredentialCallFailure {
  /// Codes and a status that say the same as a passing fault does, in services that are asked for
  /// credentials.
  private static let passingCodes: Set<String> = ["TooManyRequestsError"]
  private static let passingStatus = 429

  /// Whether the same call may well succeed a little later.
  static func isPassing(_ failure: ServiceFailure) -> Bool {
    RetryPolicy.verdict(on: failure, service: .sts) != .final || failure.isClockSkew
      || passingCodes.contains(failure.code) || failure.httpStatus == passingStatus
  }

  /// The failure with a new message, of a kind that leaves no doubt about the secret.
  ///
  /// Nothing was sent to Secrets Manager, so what may be tried again becomes `connect` or stays a
  /// throttle or a refused clock, and what may not becomes `credentials`.
  static func told(
    _ failure: ServiceFailure, of operation: String, _ message: String
  ) -> ServiceFailure {
    var told = failure
    told.message = message
    told.refusedCall =
      failure.refusedCall
      ?? ServiceFailure.RefusedCall(
        operation: operation, message: failure.message, isAnswered: failure.kind == .service)
    switch failure.kind {
    case .service:
      if RetryPolicy.isThrottling(failure.code) || failure.isClockSkew { return told }
      told.kind = isPassing(failure) ? .connect : .credentials
    case .lost, .malformed: told.kind = .connect
    case .connect, .tls, .credentials, .abandoned: return told
    }
    told.httpStatus = nil
    return told
  }
}
