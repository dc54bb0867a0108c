internal import DurableFiles
internal import Glibc
internal import RotationCore

/// A role for the holder of an OpenID Connect token, which lies in a file.
///
/// The environment's AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME go
/// before the profile's keys, each on its own, unless a profile was asked for by name.
struct WebIdentityProvider: CredentialProvider {
  let name = "assume-role-with-web-identity"
  let context: CredentialContext
  /// The profile whose keys are read, which may be a source profile.
  let profile: String
  /// Whether the environment's variables are looked at.
  let usesEnvironment: Bool

  /// Reads the environment unless a profile was asked for by option or manifest.
  init(context: CredentialContext, profile: String) {
    self.init(
      context: context, profile: profile, usesEnvironment: context.explicitProfile == nil)
  }

  /// - `usesEnvironment`: a source profile is read without the environment, as in the CLI.
  init(context: CredentialContext, profile: String, usesEnvironment: Bool) {
    self.context = context
    self.profile = profile
    self.usesEnvironment = usesEnvironment
  }

  /// The token's file and the role; nil where no file is named.
  private func settings() throws(ServiceFailure) -> (path: String, role: String)? {
    guard let path = value("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE") else {
      return nil
    }
    guard let role = value("role_arn", "AWS_ROLE_ARN") else {
      throw .local(
        "InvalidConfigError",
        "The provided profile or the current environment is configured to assume role with web "
          + "identity but has no role ARN configured. Ensure that the profile has the role_arn"
          + "configuration set or the AWS_ROLE_ARN env var is set.")
    }
    return (path, role)
  }

  var setup: ProviderSetup {
    .late { () throws(ServiceFailure) in try settings() != nil }
  }

  func credentials(region: String) async -> ProviderAnswer {
    let path: String
    let role: String
    do throws(ServiceFailure) {
      guard let settings = try settings() else {
        return .notConfigured("web_identity_token_file is not set")
      }
      (path, role) = settings
    } catch {
      return .failed(error)
    }
    let call = WebIdentityCall(
      roleARN: role, sessionName: value("role_session_name", "AWS_ROLE_SESSION_NAME"))
    let key = call.cacheKey
    if let stored = context.cache.credentials(key, now: context.clock(), warn: context.warn) {
      return .found(stored)
    }
    let token: String
    do {
      token = try WebIdentityProvider.token(path)
    } catch {
      return .failed(error)
    }
    if let problem = call.problem(token: token) { return .failed(problem) }
    switch await call.send(token: token, region: region, in: context) {
    case .success(let credentials):
      context.cache.store(credentials, as: key)
      return .found(credentials)
    case .failure(let failure): return .failed(failure)
    }
  }

  private func value(_ key: String, _ variable: String) -> String? {
    if usesEnvironment, let value = context.configuration.environment[variable] { return value }
    let value = context.configuration.profiles[profile]?[key]
    return value.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The file's text as it is, blanks and line ends included, as the CLI sends it.
  private static func token(_ path: String) throws(ServiceFailure) -> String {
    let bytes: [UInt8]
    do {
      bytes = try DurableFile.read(path, atMost: 64 << 10)
    } catch {
      throw .local(
        "WebIdentityTokenError",
        "[Errno \(error.code)] \(String(cString: strerror(error.code))): '\(path)'")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .local("WebIdentityTokenError", "The web identity token file is not text: '\(path)'")
    }
    return text
  }
}
