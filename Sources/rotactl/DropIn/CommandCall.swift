internal import AWSCommandLine
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// The one call of the command, with the AWS CLI's checks before it and its retries.
struct CommandCall: Sendable {
  let request: CancelRequest
  let settings: AWSConfiguration
  let environment: [String: String]
  let streams: CommandStreams

  private var options: GlobalOptions { request.options }

  /// The members of the answer that the command shows.
  func answer() async throws(CommandFailure) -> JSONValue {
    if let region = options.region, !region.isEmpty, !Endpoint.isRegion(region) {
      throw CommandFailure(.badRegion(region))
    }
    if let missing = settings.missingProfile(options.profile) {
      throw CommandFailure(.other(missing.message))
    }
    do {
      try settings.checkMetadata(profile: options.profile)
    } catch {
      throw CommandFailure(.other(error.message))
    }
    let client = try makeClient()
    defer { client.close() }
    // Looked for before the credentials, and complained about after them.
    let region = await region(client)
    let hasCredentials: Bool
    switch await client.lookForCredentials(profile: options.profile) {
    case .success(let isThere): hasCredentials = isThere
    case .failure(let failure): throw CommandCall.failure(failure)
    }
    let site = CallSite(profile: options.profile, region: try checked(region))
    let policy = try retryPolicy()
    try ClientSettingChecks(settings: settings, profile: options.profile).check()
    if case .failure(let failure) = client.endpointURL(.secretsManager, at: site) {
      throw CommandCall.failure(failure)
    }
    if let failure = client.trustFailure(profile: options.profile) {
      throw CommandCall.failure(failure)
    }
    try checkTimeouts()
    let body = PythonJSON.text(.object(try request.validatedInput()))
    guard hasCredentials else { throw CommandFailure(.noCredentials) }
    // A failure to get credentials ends the command; only the call itself is repeated.
    if let failure = await client.credentialsFailure(at: site) {
      throw CommandCall.failure(failure)
    }
    switch await send(Array(body.utf8), at: site, client, policy) {
    case .success(let answer): return answer
    case .failure(let failure): throw CommandCall.failure(failure)
    }
  }

  private func checkTimeouts() throws(CommandFailure) {
    for (name, seconds) in [
      ("connect", options.connectTimeout), ("read", options.readTimeout),
    ] {
      guard let seconds, seconds <= 0 else { continue }
      throw CommandFailure(
        .other(
          "Attempted to set \(name) timeout to \(seconds), but the timeout cannot be set to a value "
            + "less than or equal to 0."))
    }
  }

  private func retryPolicy() throws(CommandFailure) -> RetryPolicy {
    do {
      let retries = try settings.retrySettings(profile: options.profile)
      var policy = RetryPolicy(
        mode: RetryMode(rawValue: retries.mode) ?? .standard,
        maximumAttempts: retries.maximumAttempts, repairsOnce: false)
      policy.repeatsInternalServiceError = false
      return policy
    } catch {
      throw CommandFailure(.other(error.message))
    }
  }

  /// The option's region, the environment's, the profile's, the instance's.
  private func region(_ client: RemoteSecretsManager) async -> String? {
    if let region = options.region ?? settings.region(ofProfile: options.profile) {
      return region
    }
    await client.learnInstanceRegion(profile: options.profile)
    return client.region(ofProfile: options.profile)
  }

  private func checked(_ region: String?) throws(CommandFailure) -> String {
    guard let region else { throw CommandFailure(.noRegion) }
    guard region.isEmpty || Endpoint.isRegion(region) else {
      throw CommandFailure(.badRegion(region))
    }
    return region
  }

  private func makeClient() throws(CommandFailure) -> RemoteSecretsManager {
    var client = ClientOptions()
    client.endpointURL = options.endpointURL
    client.caBundle = options.caBundle
    client.verifySSL = options.verifySSL
    client.connectTimeoutSeconds = Double(options.connectTimeout ?? 0)
    client.readTimeoutSeconds = Double(options.readTimeout ?? 0)
    client.maxHostConnections = 1
    client.countsEmptySettings = true
    client.usesFreshConnections = true
    client.noSignRequest = options.noSignRequest
    client.productVersion = ToolVersion.text
    client.userAgentSuffix = "md/command#secretsmanager.cancel-rotate-secret"
    client.mfaPrompt = TerminalPrompt.mfaCode
    client.repeatsCredentialCalls = { send in
      let policy = (try? retryPolicy()) ?? RetryPolicy()
      return await repeated(
        .getCallerIdentity, at: CallSite(profile: nil, region: ""), policy, send)
    }
    let streams = self.streams
    if options.debug {
      client.debug = { streams.error(Array("DEBUG: \($0)\n".utf8)) }
      // The AWS CLI has no such warnings, and scripts read standard error.
      client.warn = { streams.error(Array("WARNING: \($0)\n".utf8)) }
    }
    do {
      return try RemoteSecretsManager(
        environment: environment, options: client, clock: Session.now)
    } catch {
      throw CommandFailure(.other(error.message))
    }
  }

  private func send(
    _ body: [UInt8], at site: CallSite, _ client: RemoteSecretsManager, _ policy: RetryPolicy
  ) async -> Result<JSONValue, ServiceFailure> {
    await repeated(.cancelRotateSecret, at: site, policy) { attempt in
      await client.cancelRotateSecret(
        body: body, at: site, attempt: attempt, read: CommandAnswer.read)
    }
  }

  /// One call with the AWS CLI's retries; `operation` decides which errors are passing.
  private func repeated<Output: Sendable>(
    _ operation: ServiceOperation, at site: CallSite, _ policy: RetryPolicy,
    _ send: @Sendable (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    let clock = RunClock(ContinuousClock(), now: Session.now)
    let loop = AttemptLoop(
      policy: policy, clock: clock, limit: ConcurrencyLimit(1), stop: StopSignal(),
      board: ProgressBoard(), unit: { Double.random(in: 0..<1) })
    let pacer = LanePacer.unpaced(
      LaneID(account: site.profile ?? "default", region: site.region), now: clock.elapsed())
    var attempts: [AttemptRecord] = []
    return await loop.call(operation, pacer: pacer, attempts: &attempts, send: send)
  }

  /// The AWS CLI's error for what a call met.
  static func failure(_ failure: ServiceFailure) -> CommandFailure {
    if let call = failure.refusedCall {
      guard call.isAnswered else { return CommandFailure(.other(call.message)) }
      var refusal = ServiceRefusal(
        code: call.code ?? failure.code, message: call.message, operation: call.operation,
        retries: failure.exhaustedRetries)
      refusal.namesCodeFirst = call.namesCodeFirst
      return CommandFailure(.service(refusal))
    }
    switch (failure.kind, failure.code) {
    case (.service, _):
      var refusal = ServiceRefusal(
        code: failure.code, message: failure.message, operation: "CancelRotateSecret",
        retries: failure.exhaustedRetries)
      refusal.untypedMessage = failure.untypedMessage
      return CommandFailure(.service(refusal))
    case (_, "ParamValidation"): return CommandFailure(.parameters(failure.message))
    case (_, "NoCredentials"): return CommandFailure(.noCredentials)
    case (_, "NoRegion"): return CommandFailure(.noRegion)
    case (.tls, _): return CommandFailure(.other(PythonTLS.sentence(failure.message)))
    default: return CommandFailure(.other(failure.message))
    }
  }
}
