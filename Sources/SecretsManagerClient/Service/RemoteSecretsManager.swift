internal import Locking
internal import Cryptography
package import RotationCore

/// AWS Secrets Manager and STS over HTTPS: one attempt a call, signed anew each time.
///
/// Settings come from the environment that is passed in and from the two files it names; nothing
/// else of the process is read.
package final class RemoteSecretsManager: SecretsManagerService {
  private let environment: [String: String]
  let options: ClientOptions
  private let transport: CurlTransport
  let caller: SignedCaller
  let sources: CredentialSources
  let instanceRegion = Locked<String?>(nil)
  private let prepared = Locked(PreparedCalls())

  /// - Throws: ``ClientSetupError`` when a file of settings has a syntax error, the endpoint URL
  ///   is not valid, or the transport cannot start.
  package init(
    environment: [String: String], options: ClientOptions = ClientOptions(),
    clock: @escaping @Sendable () -> Timestamp
  ) throws(ClientSetupError) {
    let configuration = try RemoteSecretsManager.load(environment, options)
    try RemoteSecretsManager.check(options)
    let transport = try RemoteSecretsManager.transport(options)
    let caller = SignedCaller(
      exchange: { await transport.exchange($0) }, clock: clock, debug: options.debug,
      usesFreshConnections: options.usesFreshConnections)
    self.environment = environment
    self.options = options
    self.transport = transport
    self.caller = caller
    sources = CredentialSources(
      configuration: configuration, options: options, clock: clock,
      sleep: { try? await Task.sleep(for: .seconds($0)) },
      exchange: { await transport.exchange($0) }, caller: caller)
  }

  static func transport(_ options: ClientOptions) throws(ClientSetupError) -> CurlTransport {
    var settings = TransportSettings()
    settings.connectTimeoutSeconds = options.connectTimeoutSeconds
    settings.readTimeoutSeconds = options.readTimeoutSeconds
    settings.maxHostConnections = options.maxHostConnections
    do {
      return try CurlTransport(settings: settings)
    } catch {
      throw ClientSetupError(code: "TransportSetup", message: error.message)
    }
  }

  static func load(
    _ environment: [String: String], _ options: ClientOptions
  ) throws(ClientSetupError) -> AWSConfiguration {
    do {
      return try AWSConfiguration.load(
        environment: environment, countsEmpty: options.countsEmptySettings)
    } catch {
      throw ClientSetupError(code: error.code, message: error.message)
    }
  }

  static func check(_ options: ClientOptions) throws(ClientSetupError) {
    guard let url = options.endpointURL else { return }
    do {
      _ = try Endpoint(url: url, signingRegion: "")
    } catch {
      throw ClientSetupError(code: "InvalidEndpoint", message: error.message)
    }
  }

  /// Runs tasks on the thread that makes the calls; see ``CurlTransport/executor``.
  package var executor: TransportExecutor { transport.executor }

  /// Ends what is in flight as `abandoned` and stops the transport's thread; waits for it.
  package func close() { transport.shutdown() }

  // MARK: - Settings

  /// The region that the environment or the profile names, else the instance's, once it is known.
  package func region(ofProfile profile: String?) -> String? {
    sources.configuration.region(ofProfile: profile) ?? instanceRegion.with { $0 }
  }

  /// Whether one of the files has the profile; `default` always exists.
  package func profileExists(_ name: String) -> Bool {
    sources.configuration.profileExists(name)
  }

  /// Retry mode and number of attempts as configured.
  package func retrySettings(
    ofProfile profile: String?
  ) throws(ConfigurationError) -> RetrySettings {
    try sources.configuration.retrySettings(profile: profile)
  }

  /// What each source without credentials said when a profile's were last looked for.
  package func credentialReasons(profile: String?) -> [ProviderReason] {
    sources.reasons(profile: profile)
  }

  // MARK: - Operations

  package func callerIdentity(
    at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<CallerIdentity> {
    await call(
      .sts, .getCallerIdentity, STSAnswer.form("GetCallerIdentity"), site, attempt,
      STSAnswer.callerIdentity)
  }

  package func describeSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState> {
    let body: JSONValue = ["SecretId": .string(secretID)]
    return await call(
      .secretsManager, .describeSecret, body.compactBytes, site, attempt,
      SecretsManagerAnswer.state)
  }

  package func listSecrets(
    _ request: ListSecretsRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretListPage> {
    await call(
      .secretsManager, .listSecrets, request.wire.compactBytes, site, attempt,
      SecretsManagerAnswer.page)
  }

  package func listSecretVersionIDs(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<[SecretVersion]> {
    let body: JSONValue = ["SecretId": .string(secretID), "MaxResults": 100]
    return await call(
      .secretsManager, .listSecretVersionIDs, body.compactBytes, site, attempt,
      SecretsManagerAnswer.versions)
  }

  package func cancelRotateSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    let body: JSONValue = ["SecretId": .string(secretID)]
    return await call(
      .secretsManager, .cancelRotateSecret, body.compactBytes, site, attempt,
      SecretsManagerAnswer.changed)
  }

  package func rotateSecret(
    _ request: RotationRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await call(
      .secretsManager, .rotateSecret, request.body.compactBytes, site, attempt,
      SecretsManagerAnswer.changed)
  }

  package func updateSecretVersionStage(
    _ change: StageChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await call(
      .secretsManager, .updateSecretVersionStage, change.body.compactBytes, site, attempt,
      SecretsManagerAnswer.changed)
  }

  /// CancelRotateSecret with a body that is sent as it is.
  ///
  /// - `read`: makes of the answer what the caller needs.
  package func cancelRotateSecret<Output: Sendable>(
    body: [UInt8], at site: CallSite, attempt: AttemptNumber,
    read: @Sendable (HTTPResponse) -> Result<Output, ServiceFailure>
  ) async -> AttemptReply<Output> {
    await call(.secretsManager, .cancelRotateSecret, body, site, attempt, read)
  }

  /// Looks for a profile's credentials before its region is known, as the AWS CLI does: whether
  /// there is a source, or what is wrong with it.
  package func lookForCredentials(profile: String?) async -> Result<Bool, ServiceFailure> {
    options.noSignRequest ? .success(true) : await sources.lookEarly(profile: profile)
  }

  /// Finds the credentials of a call site before its first call; nil where there are some, or none
  /// are needed.
  package func credentialsFailure(at site: CallSite) async -> ServiceFailure? {
    guard !options.noSignRequest else { return nil }
    switch await sources.credentials(profile: site.profile, region: site.region) {
    case .success: return nil
    case .failure(let failure): return failure
    }
  }

  // MARK: - One attempt

  private func call<Output: Sendable>(
    _ service: EndpointService, _ operation: ServiceOperation, _ body: [UInt8], _ site: CallSite,
    _ attempt: AttemptNumber,
    _ read: @Sendable (HTTPResponse) -> Result<Output, ServiceFailure>
  ) async -> AttemptReply<Output> {
    var outgoing: OutgoingCall
    switch preparation(of: service, operation, site, attempt) {
    case .success(let prepared): outgoing = prepared
    case .failure(let failure): return AttemptReply(.failure(failure))
    }
    outgoing.body = body
    outgoing.attempt = attempt
    if !options.noSignRequest {
      switch await sources.credentials(profile: site.profile, region: site.region) {
      case .success(let credentials): outgoing.credentials = credentials
      case .failure(let failure): return AttemptReply(.failure(failure))
      }
    }
    switch await caller.send(outgoing) {
    case .failure(let failure): return AttemptReply(.failure(ServiceFailure(failure)))
    case .success(let response):
      let result = read(response)
      if case .failure(let failure) = result, failure.isExpiredToken,
        let key = outgoing.credentials?.accessKeyID
      {
        await renewSources(profile: site.profile, accessKeyID: key)
      }
      return AttemptReply(
        result, httpStatus: response.status, requestID: ServiceAnswer.requestID(response))
    }
  }

  /// The parts of a call that are the same for every secret, resolved once for a place.
  private func preparation(
    of service: EndpointService, _ operation: ServiceOperation, _ site: CallSite,
    _ attempt: AttemptNumber
  ) -> Result<OutgoingCall, ServiceFailure> {
    let key = PreparedCalls.Key(service: service, operation: operation, site: site)
    let (known, generation) = prepared.with { ($0[key], $0.generation) }
    if let known { return .success(known) }
    let result = CallPreparation(sources.configuration, options).prepare(
      service, operation.rawValue, [], site, attempt)
    if case .success(let call) = result {
      prepared.with { $0.keep(call, for: key, from: generation) }
    }
    return result
  }

  /// Forgets keys that were called expired, and reads the files again.
  ///
  /// Someone may have put fresh keys there. Files that cannot be read leave the old settings in force.
  private func renewSources(profile: String?, accessKeyID: String) async {
    await sources.expire(
      profile: profile, accessKeyID: accessKeyID,
      fresh: try? AWSConfiguration.load(
        environment: environment, countsEmpty: options.countsEmptySettings))
    prepared.with { $0.forgetAll() }
  }
}
