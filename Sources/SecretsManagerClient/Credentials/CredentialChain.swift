package import RotationCore

/// What one source said when it had no credentials.
package struct ProviderReason: Sendable, Hashable {
  /// botocore's name of the source.
  package let name: String
  package let reason: String
}

/// What a search along a chain came to.
package struct CredentialSearch: Sendable {
  package let result: Result<Credentials, ServiceFailure>
  /// The sources without credentials, in the order of the search.
  package let reasons: [ProviderReason]
}

/// What the sources of a client share.
struct SharedSources: Sendable {
  let calls: RoleCalls
  let tokens: TokenRefresher
  let cache: CredentialCache
}

/// The sources of credentials in the AWS CLI's order; the first that has some wins, and one that
/// is set up and fails ends the search.
struct CredentialChain: Sendable {
  /// Makes a source when its turn comes.
  typealias Make = @Sendable () -> any CredentialProvider

  /// The code of the failure when no source has credentials.
  static let noCredentials = "NoCredentials"

  private let sources: [Make]

  /// The chain of a call site.
  ///
  /// An explicit profile is one asked for by option or manifest; the environment's keys are then
  /// not looked at. A profile from AWS_PROFILE does not have that effect.
  init(site context: CredentialContext, _ shared: SharedSources) {
    let profile = context.profile
    let isExplicit = context.explicitProfile != nil
    sources =
      [
        { CredentialChain.environment(context, isSkipped: isExplicit) },
        { CredentialChain.role(profile, context, shared) },
      ]
      + CredentialChain.profileSources(
        profile, context, shared, usesEnvironment: !isExplicit)
      + [
        { ContainerProvider(context: context) }, { InstanceMetadataProvider(context: context) },
      ]
  }

  /// The chain of a profile that is the source of a role; its own keys stand before its role.
  init(source profile: String, _ context: CredentialContext, _ shared: SharedSources) {
    let values = context.configuration.profiles[profile] ?? [:]
    if RoleChain.isRole(values), !RoleChain.hasKeys(values) {
      sources = [{ CredentialChain.role(profile, context, shared) }]
    } else {
      sources = CredentialChain.profileSources(
        profile, context, shared, usesEnvironment: false)
    }
  }

  /// The one source that `credential_source` names.
  init(named source: NamedSource, _ context: CredentialContext) {
    switch source {
    case .environment:
      sources = [{ CredentialChain.environment(context, isSkipped: false) }]
    case .instanceMetadata: sources = [{ InstanceMetadataProvider(context: context) }]
    case .container: sources = [{ ContainerProvider(context: context) }]
    }
  }

  private static func environment(
    _ context: CredentialContext, isSkipped: Bool
  ) -> EnvironmentProvider {
    EnvironmentProvider(
      environment: context.configuration.environment, now: context.clock(), isSkipped: isSkipped)
  }

  private static func role(
    _ profile: String, _ context: CredentialContext, _ shared: SharedSources
  ) -> AssumeRoleProvider {
    AssumeRoleProvider(
      context: context, profile: profile, calls: shared.calls, cache: shared.cache)
  }

  /// The sources that one profile can name, without roles.
  private static func profileSources(
    _ profile: String, _ context: CredentialContext, _ shared: SharedSources,
    usesEnvironment: Bool
  ) -> [Make] {
    let configuration = context.configuration
    return [
      {
        WebIdentityProvider(
          context: context, profile: profile, usesEnvironment: usesEnvironment)
      },
      { IdentityCenterProvider(context, profile: profile, tokens: shared.tokens) },
      {
        StaticKeysProvider(
          name: "shared-credentials-file", values: configuration.credentialsFile[profile])
      },
      { LoginProvider(context: context, profile: profile) },
      { ProcessProvider(context: context, profile: profile) },
      { StaticKeysProvider(name: "config-file", values: configuration.profiles[profile]) },
    ]
  }

  /// What can be said of the source that has its turn before it is asked; absent where none has.
  var setup: ProviderSetup {
    for make in sources {
      let setup = make().setup
      if case .absent = setup { continue }
      return setup
    }
    return .absent
  }

  func search(region: String) async -> CredentialSearch {
    var reasons: [ProviderReason] = []
    for make in sources {
      let provider = make()
      switch await provider.credentials(region: region) {
      case .found(var credentials):
        credentials.source = provider.name
        return CredentialSearch(result: .success(credentials), reasons: reasons)
      case .failed(let failure):
        return CredentialSearch(result: .failure(failure), reasons: reasons)
      case .notConfigured(let reason):
        reasons.append(ProviderReason(name: provider.name, reason: reason))
      }
    }
    let lines = reasons.map { "\n  \($0.name): \($0.reason)" }
    let failure = ServiceFailure.local(
      CredentialChain.noCredentials,
      "Unable to locate credentials. You can configure credentials by running \"aws login\"."
        + lines.joined())
    return CredentialSearch(result: .failure(failure), reasons: reasons)
  }
}
