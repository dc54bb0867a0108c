internal import Locking
internal import Cryptography
internal import RotationCore

/// AssumeRole over the same transport as all other calls, one attempt each.
struct RoleCalls: Sendable {
  let caller: SignedCaller
  let options: ClientOptions
  let configuration: Locked<AWSConfiguration>

  /// Asks STS for the role of one hop.
  ///
  /// `profile` is the one that the credentials are for; its STS endpoint, trust and
  ///   proxy are used for every hop.
  func assume(
    _ hop: RoleHop, with credentials: Credentials, profile: String?, region: String
  ) async -> Result<Credentials, ServiceFailure> {
    let session =
      hop.sessionName ?? options.sessionName
      ?? "rotactl-\(caller.now.milliseconds / 1000)"
    let body = STSAnswer.form(
      "AssumeRole",
      [
        ("RoleArn", hop.roleARN), ("RoleSessionName", session),
        ("DurationSeconds", hop.durationSeconds.map(String.init)),
        ("ExternalId", hop.externalID),
      ])
    let settings = configuration.with { $0 }
    let attempt = AttemptNumber(number: 1, maximum: 1, invocationID: SecureRandom.uuid())
    let site = CallSite(profile: profile, region: region)
    let prepared = CallPreparation(settings, options).prepare(
      .sts, "AssumeRole", body, site, attempt)
    guard case .success(var call) = prepared else { return prepared.map { _ in credentials } }
    call.credentials = credentials
    switch await caller.send(call) {
    case .failure(let failure): return .failure(RoleCalls.explain(ServiceFailure(failure), hop))
    case .success(let response):
      return STSAnswer.roleCredentials(response).mapError { RoleCalls.explain($0, hop) }
    }
  }

  private static let repeatable: Set<String> = [
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown",
    "IDPCommunicationError", "RequestTimeout", "RequestTimeoutException",
  ]

  /// Tells the failure of a role from one of the call that wanted its credentials.
  ///
  /// Nothing was sent to Secrets Manager, so what may be tried again becomes `connect` or stays a
  /// throttle, and what may not becomes `credentials`; neither leaves a doubt about the secret.
  static func explain(_ failure: ServiceFailure, _ hop: RoleHop) -> ServiceFailure {
    var told = failure
    told.message =
      "AssumeRole of \(hop.roleARN) for the profile \"\(hop.profile)\": "
      + (failure.message.isEmpty ? failure.code : failure.message)
    switch failure.kind {
    case .service:
      let status = failure.httpStatus ?? 0
      if repeatable.contains(failure.code) || failure.isClockSkew { return told }
      told.kind = [500, 502, 503, 504].contains(status) ? .connect : .credentials
    case .lost, .malformed: told.kind = .connect
    case .connect, .tls, .credentials, .abandoned: return told
    }
    told.httpStatus = nil
    return told
  }
}
