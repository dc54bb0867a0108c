internal import RotationCore

/// `role_arn` with `source_profile` or `credential_source`.
struct AssumeRoleProvider: CredentialProvider {
  let name = "assume-role"
  let context: CredentialContext
  let profile: String
  let calls: RoleCalls
  /// Where the keys of sources are held for all roles.
  let cache: CredentialCache

  func credentials(region: String) async -> ProviderAnswer {
    let profiles = context.configuration.profiles
    guard RoleChain.isRole(profiles[profile] ?? [:]) else {
      return .notConfigured("role_arn is not set")
    }
    let chain: RoleChain
    do {
      chain = try RoleChain(of: profile, in: profiles)
    } catch {
      return .failed(.local(error.code, error.message))
    }
    guard let hop = chain.hops.last else { return .notConfigured("role_arn is not set") }
    let store = RoleStore(context: context)
    if let stored = store.credentials(hop) { return .found(stored) }
    do throws(ServiceFailure) {
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
      guard failure.isExpiredToken else { throw RoleCalls.explain(failure, hop) }
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
