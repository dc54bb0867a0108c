internal import RotationCore

/// `role_arn` with `source_profile` or `credential_source`.
struct AssumeRoleProvider: CredentialProvider {
  let name = "assume-role"
  let context: CredentialContext
  let profile: String
  let calls: RoleCalls
  /// Where the keys of sources are held for all roles.
  let cache: CredentialCache

  /// The roles that the profile asks for; nil where it asks for none.
  private func chain() throws(ServiceFailure) -> RoleChain? {
    let profiles = context.configuration.profiles
    guard RoleChain.isRole(profiles[profile] ?? [:]) else { return nil }
    do throws(ConfigurationError) {
      return try RoleChain(of: profile, in: profiles)
    } catch {
      throw .local(error.code, error.message)
    }
  }

  var setup: ProviderSetup {
    .late { () throws(ServiceFailure) in try chain() != nil }
  }

  func credentials(region: String) async -> ProviderAnswer {
    do throws(ServiceFailure) {
      guard let chain = try chain(), let hop = chain.hops.last else {
        return .notConfigured("role_arn is not set")
      }
      let store = RoleStore(context: context)
      if let stored = store.credentials(hop) { return .found(stored) }
      let role = try await assume(hop, request(chain, region))
      store.store(role, of: hop)
      return .found(role.credentials)
    } catch {
      return .failed(error)
    }
  }

  /// The keys that the last hop of a chain is called with; each hop before it is a source itself.
  private func request(_ chain: RoleChain, _ region: String) -> CredentialRequest {
    let configuration = context.configuration
    let route = SourceRoute(
      stsURL: try? configuration.endpointURL(.sts, profile: context.explicitProfile),
      caBundle: configuration.caBundle(profile: context.explicitProfile))
    let before = chain.hops.dropLast().last?.profile
    let key: CredentialKey
    switch chain.source {
    case .profile(let name): key = .source(before ?? name, route: route)
    case .named(let named):
      key = before.map { .source($0, route: route) } ?? .named(named)
    }
    return CredentialRequest(key: key, profile: context.explicitProfile, region: region)
  }

  private func assume(
    _ hop: RoleHop, _ request: CredentialRequest
  ) async throws(ServiceFailure) -> AssumedRole {
    let source = try await sourceCredentials(request)
    if let problem = hop.problem { throw problem }
    switch await calls.assume(hop, with: source, context: context, region: request.region) {
    case .success(let role): return role
    case .failure(let failure):
      // Who makes one call, like the AWS CLI, is told at once.
      guard failure.isExpiredToken, context.options.repeatsCredentialCalls == nil else {
        throw RoleCalls.explain(failure, hop)
      }
    }
    context.refused.insert(source.accessKeyID)
    await cache.invalidate(request.key, accessKeyID: source.accessKeyID)
    let renewed = try await sourceCredentials(request)
    return try await calls.assume(hop, with: renewed, context: context, region: request.region)
      .mapError { RoleCalls.explain($0, hop) }.get()
  }

  private func sourceCredentials(
    _ request: CredentialRequest
  ) async throws(ServiceFailure) -> Credentials {
    let result = await cache.credentials(request)
    guard case .failure(let failure) = result, failure.code == CredentialChain.noCredentials else {
      return try result.get()
    }
    switch request.key {
    case .source(let name, _):
      throw .local("InvalidConfigError", "The source profile \"\(name)\" must have credentials.")
    case .named(let source):
      throw .local(
        "CredentialRetrievalError",
        "Error when retrieving credentials from \(source.rawValue): No credentials found in "
          + "credential_source referenced in profile \(profile)")
    case .profile: throw failure
    }
  }
}
