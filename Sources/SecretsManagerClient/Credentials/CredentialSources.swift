internal import Locking
internal import RotationCore

/// All that gives a client its credentials: settings, chains, and the cache in front of them.
final class CredentialSources: Sendable {
  private struct State: Sendable {
    var configuration: AWSConfiguration
    /// Belongs to these settings alone: keys found by others are not to be mixed in.
    var cache: CredentialCache
  }

  /// What outlives a change of the settings.
  private struct World: Sendable {
    let options: ClientOptions
    let clock: @Sendable () -> Timestamp
    let sleep: @Sendable (Double) async -> Void
    let exchange: @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>
    let calls: RoleCalls
    let tokens = TokenRefresher()
    let refused = RefusedKeys()
    /// What the sources of each profile said when none had credentials.
    let reasons = Locked<[String?: [ProviderReason]]>([:])

    var warn: @Sendable (String) -> Void { options.warn ?? { _ in } }
  }

  private let world: World
  private let state: Locked<State>

  init(
    configuration: AWSConfiguration, options: ClientOptions,
    clock: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Double) async -> Void,
    exchange:
      @escaping @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>,
    caller: SignedCaller
  ) {
    let calls = RoleCalls(caller: caller, prompts: MFAPrompts(options.mfaPrompt))
    let world = World(
      options: options, clock: clock, sleep: sleep, exchange: exchange, calls: calls)
    self.world = world
    state = Locked(
      State(
        configuration: configuration,
        cache: CredentialSources.cache(world, configuration)))
  }

  var configuration: AWSConfiguration { state.with { $0.configuration } }

  /// The credentials for a call site.
  func credentials(
    profile: String?, region: String
  ) async -> Result<Credentials, ServiceFailure> {
    let cache = state.with { $0.cache }
    if let fresh = cache.fresh(.profile(profile)) { return .success(fresh) }
    let settings = configuration
    if let missing = settings.missingProfile(profile) {
      return .failure(.local(missing.code, missing.message))
    }
    return await cache.credentials(
      CredentialRequest(key: .profile(profile), profile: profile, region: region))
  }

  /// Looks as far as the AWS CLI does before it asks for a region: sources that are asked early are
  /// asked, of the others the settings are read.
  ///
  /// - Returns: whether there is a source, or what is wrong with it.
  func lookEarly(profile: String?) async -> Result<Bool, ServiceFailure> {
    guard configuration.missingProfile(profile) == nil else { return .success(true) }
    let context = CredentialSources.context(world, configuration, profile)
    let shared = SharedSources(
      calls: world.calls, tokens: world.tokens, cache: state.with { $0.cache })
    switch CredentialChain(site: context, shared).setup {
    case .postponed: return .success(true)
    case .failed(let failure): return .failure(failure)
    case .absent, .early: break
    }
    switch await credentials(profile: profile, region: "") {
    case .success: return .success(true)
    case .failure(let failure):
      return failure.code == CredentialChain.noCredentials ? .success(false) : .failure(failure)
    }
  }

  /// What each source said when none had credentials for a profile; empty before that.
  func reasons(profile: String?) -> [ProviderReason] {
    world.reasons.with { $0[profile] ?? [] }
  }

  /// The region of the EC2 instance that this runs on; nil elsewhere.
  func instanceRegion(profile: String?) async -> String? {
    await InstanceMetadata.region(
      context: CredentialSources.context(world, configuration, profile))
  }

  /// Takes keys that AWS has called expired out of use, in memory and in what is stored.
  ///
  /// Settings that have changed take the place of the old ones, with all that was found by those.
  func expire(profile: String?, accessKeyID: String, fresh: AWSConfiguration?) async {
    world.refused.insert(accessKeyID)
    let cache = state.with { state -> CredentialCache in
      if let fresh, !CredentialSources.areEqual(fresh, state.configuration) {
        state = State(configuration: fresh, cache: CredentialSources.cache(world, fresh))
      }
      return state.cache
    }
    await cache.invalidate(.profile(profile), accessKeyID: accessKeyID)
  }

  private static func areEqual(_ a: AWSConfiguration, _ b: AWSConfiguration) -> Bool {
    a.profiles == b.profiles && a.credentialsFile == b.credentialsFile
      && a.services == b.services && a.ssoSessions == b.ssoSessions
  }

  private static func context(
    _ world: World, _ configuration: AWSConfiguration, _ profile: String?
  ) -> CredentialContext {
    CredentialContext(
      configuration: configuration, explicitProfile: profile, options: world.options,
      clock: world.clock, sleep: world.sleep, exchange: world.exchange, warn: world.warn,
      refused: world.refused)
  }

  private static func cache(
    _ world: World, _ configuration: AWSConfiguration
  ) -> CredentialCache {
    CredentialCache(clock: world.clock, warn: world.warn) { request, cache in
      let context = CredentialSources.context(world, configuration, request.profile)
      let shared = SharedSources(calls: world.calls, tokens: world.tokens, cache: cache)
      switch request.key {
      case .profile(let name):
        let search = await CredentialChain(site: context, shared).search(region: request.region)
        world.reasons.with { $0[name] = search.reasons }
        return search.result
      case .source(let name, _):
        return await CredentialChain(source: name, context, shared)
          .search(region: request.region).result
      case .named(let source):
        return await CredentialChain(named: source, context).search(region: request.region).result
      }
    }
  }
}
