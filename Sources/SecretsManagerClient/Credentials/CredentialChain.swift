internal import RotationCore

/// Asks STS for a role's credentials; one attempt.
typealias AssumeRole =
  @Sendable (RoleHop, Credentials, _ region: String) async -> Result<Credentials, ServiceFailure>

/// `role_arn` with `source_profile` or `credential_source`.
struct AssumeRoleProvider: CredentialProvider {
  let name = "assume-role"
  let configuration: AWSConfiguration
  let profile: String
  let now: Timestamp
  let assume: AssumeRole

  func credentials(region: String) async -> ProviderAnswer {
    let values = configuration.profiles[profile] ?? [:]
    guard values["role_arn"] != nil, values["web_identity_token_file"] == nil else {
      return .notConfigured("role_arn is not set")
    }
    let chain: RoleChain
    do {
      chain = try RoleChain(of: profile, in: configuration.profiles)
    } catch {
      return .failed(.local(error.code, error.message))
    }
    var credentials: Credentials
    switch await sourceCredentials(chain.source, region) {
    case .success(let found): credentials = found
    case .failure(let failure): return .failed(failure)
    }
    for hop in chain.hops {
      switch await assume(hop, credentials, region) {
      case .success(let found): credentials = found
      case .failure(let failure): return .failed(failure)
      }
    }
    return .found(credentials)
  }

  private func sourceCredentials(
    _ source: RoleChain.Source, _ region: String
  ) async -> Result<Credentials, ServiceFailure> {
    switch source {
    case .environment:
      let provider = EnvironmentProvider(
        environment: configuration.environment, now: now, isSkipped: false)
      switch await provider.credentials(region: region) {
      case .found(let credentials): return .success(credentials)
      case .failed(let failure): return .failure(failure)
      case .notConfigured:
        return .failure(
          .local(
            "CredentialRetrievalError",
            "No credentials found in credential_source referenced in profile \(profile)"))
      }
    case .profile(let name):
      let chain = CredentialChain(profileProviders: configuration, profile: name)
      return await chain.resolve(region: region).mapError { failure in
        guard failure.code == "NoCredentials" else { return failure }
        return .local(
          "InvalidConfigError", "The source profile \"\(name)\" must have credentials.")
      }
    }
  }
}

/// The sources of credentials in the AWS CLI's order; the first that has some wins, and one that
/// is set up and fails ends the search.
struct CredentialChain: Sendable {
  let providers: [any CredentialProvider]

  /// The chain of one call site.
  ///
  /// An explicit profile is one asked for by option or manifest; the environment's
  /// keys are then not looked at. A profile from AWS_PROFILE does not have that effect.
  init(
    configuration: AWSConfiguration, explicitProfile explicit: String?, now: Timestamp,
    assume: @escaping AssumeRole
  ) {
    let profile = configuration.profileName(explicit)
    let tokenFile =
      explicit == nil && configuration.environment["AWS_WEB_IDENTITY_TOKEN_FILE"] != nil
    let head: [any CredentialProvider] = [
      EnvironmentProvider(
        environment: configuration.environment, now: now, isSkipped: explicit != nil),
      AssumeRoleProvider(
        configuration: configuration, profile: profile, now: now, assume: assume),
      UnsupportedProvider(
        name: "web identity", setting: tokenFile ? "AWS_WEB_IDENTITY_TOKEN_FILE" : nil),
    ]
    let container = [
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]
    let tail = UnsupportedProvider(
      name: "container", setting: container.first { configuration.environment[$0] != nil })
    providers =
      head + CredentialChain(profileProviders: configuration, profile: profile).providers + [tail]
  }

  /// The sources that one profile can name, without roles.
  init(profileProviders configuration: AWSConfiguration, profile: String) {
    let values = configuration.profiles[profile] ?? [:]
    func unsupported(_ name: String, _ keys: [String]) -> UnsupportedProvider {
      let key = keys.first { values[$0] != nil }
      return UnsupportedProvider(
        name: name, setting: key.map { "\($0) in the profile \"\(profile)\"" })
    }
    providers = [
      unsupported("web identity", ["web_identity_token_file"]),
      unsupported("IAM Identity Center", ["sso_account_id", "sso_role_name"]),
      StaticKeysProvider(
        name: "shared-credentials-file", values: configuration.credentialsFile[profile]),
      unsupported("login session", ["login_session"]),
      unsupported("credential process", ["credential_process"]),
      StaticKeysProvider(name: "config-file", values: configuration.profiles[profile]),
    ]
  }

  func resolve(region: String) async -> Result<Credentials, ServiceFailure> {
    var said: [String] = []
    for provider in providers {
      switch await provider.credentials(region: region) {
      case .found(let credentials): return .success(credentials)
      case .failed(let failure): return .failure(failure)
      case .notConfigured(let reason): said.append("\(provider.name): \(reason)")
      }
    }
    return .failure(
      .local(
        "NoCredentials",
        "Unable to locate credentials. You can configure credentials by running \"aws configure\"."
          + " Looked at \(said.joined(separator: "; ")); instance metadata: not supported in this "
          + "version"))
  }
}
