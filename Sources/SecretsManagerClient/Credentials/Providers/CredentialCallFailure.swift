internal import RotationCore

/// Telling the failure of a call for credentials from one of the call that wanted them.
enum CredentialCallFailure {
  private static let repeatable: Set<String> = [
    "IDPCommunicationError", "RequestTimeout", "RequestTimeoutException", "TooManyRequestsError",
  ]

  /// The failure with a new message, of a kind that leaves no doubt about the secret.
  ///
  /// Nothing was sent to Secrets Manager, so what may be tried again becomes `connect` or stays a
  /// throttle, and what may not becomes `credentials`.
  static func told(_ failure: ServiceFailure, _ message: String) -> ServiceFailure {
    var told = failure
    told.message = message
    switch failure.kind {
    case .service:
      if RetryPolicy.isThrottling(failure.code) { return told }
      let status = failure.httpStatus ?? 0
      let isPassing = [429, 500, 502, 503, 504].contains(status)
      told.kind = isPassing || repeatable.contains(failure.code) ? .connect : .credentials
    case .lost, .malformed: told.kind = .connect
    case .connect, .tls, .credentials, .abandoned: return told
    }
    told.httpStatus = nil
    return told
  }
}
