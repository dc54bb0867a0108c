internal import RotationCore

/// A role of IAM Identity Center, for which `aws sso login` has left a token.
///
/// Reference: AWS CLI User Guide, "Configuring IAM Identity Center authentication with the AWS
/// CLI".
struct IdentityCenterProvider: CredentialProvider {
  let name = "sso"
  private let context: CredentialContext
  /// The profile whose keys are read; it may be the source of the one that was asked for.
  private let profile: String
  private let tokens: TokenRefresher

  /// - `tokens`: one for all providers of a process, so that a token is refreshed once.
  init(_ context: CredentialContext, profile: String, tokens: TokenRefresher) {
    self.context = context
    self.profile = profile
    self.tokens = tokens
  }

  private func settings() throws(ServiceFailure) -> IdentityCenterSettings? {
    do throws(ConfigurationError) {
      return try IdentityCenterSettings(of: profile, in: context.configuration)
    } catch {
      throw .local(error.code, error.message)
    }
  }

  var setup: ProviderSetup {
    .late { () throws(ServiceFailure) in try settings() != nil }
  }

  func credentials(region: String) async -> ProviderAnswer {
    do throws(ServiceFailure) {
      guard let settings = try settings() else {
        return .notConfigured("sso_account_id and sso_role_name are not set")
      }
      let key = settings.cacheKey
      let stored = context.cache.credentials(key, now: context.clock(), warn: context.warn)
      if let stored { return .found(stored) }
      let credentials = try await fetch(settings, region)
      store(credentials, as: key)
      return .found(credentials)
    } catch {
      return .failed(error)
    }
  }

  private func fetch(
    _ settings: IdentityCenterSettings, _ region: String
  ) async throws(ServiceFailure) -> Credentials {
    let session = settings.session
    // Made before the token is looked at: the CLI complains about a region first.
    var request = try session.request(
      .sso, "GET", settings.credentialsPath, [], [], context, region: region)
    let token = try await tokens.token(for: try tokenSession(session), context, region: region)
      .get()
    request.headers.append(HTTPHeader("x-amz-sso_bearer_token", token.accessToken))
    switch await context.call(request, refusal: ServiceAnswer.jsonFailure) {
    case .failure(let failure): throw RoleAnswer.failure(failure)
    case .success(let response):
      return try RoleAnswer.credentials(response, settings, now: context.clock())
    }
  }

  /// Where there is a section, the token goes by the section alone.
  private func tokenSession(
    _ session: IdentityCenterSession
  ) throws(ServiceFailure) -> IdentityCenterSession {
    do throws(ConfigurationError) {
      return try IdentityCenterSession(of: profile, in: context.configuration) ?? session
    } catch {
      throw .local(error.code, error.message)
    }
  }

  private func store(_ credentials: Credentials, as key: String) {
    guard let end = credentials.expiration else { return }
    let keys = CLICache.keys(of: credentials, until: "\(CLICache.seconds(of: end))Z")
    context.cache.store(["ProviderType": "sso", "Credentials": keys], as: key)
  }
}

/// What the portal says to GetRoleCredentials.
enum RoleAnswer {
  /// A refusal, or what stood in the way of an answer.
  static func failure(_ failure: ServiceFailure) -> ServiceFailure {
    guard failure.kind == .service else { return IdentityCenterFailure.transport(failure) }
    if failure.httpStatus == 401, failure.code == "UnauthorizedException" {
      return IdentityCenterFailure.unauthorized
    }
    return IdentityCenterFailure.refused(failure, "GetRoleCredentials")
  }

  /// The credentials of a good answer.
  static func credentials(
    _ response: HTTPResponse, _ settings: IdentityCenterSettings, now: Timestamp
  ) throws(ServiceFailure) -> Credentials {
    let role = (try ServiceAnswer.object(response).mapError(IdentityCenterFailure.malformed).get())[
      "roleCredentials"]
    guard let accessKey = role?["accessKeyId"]?.string, !accessKey.isEmpty,
      let secret = role?["secretAccessKey"]?.string, !secret.isEmpty,
      let token = role?["sessionToken"]?.string, let milliseconds = role?["expiration"]?.double,
      let end = Timestamp(epochSeconds: (milliseconds / 1000).rounded(.down))
    else {
      throw IdentityCenterFailure.malformed(
        ServiceAnswer.malformed(response, "of GetRoleCredentials has no whole roleCredentials"))
    }
    guard end > now else {
      throw .endedCredentials
    }
    return Credentials(
      accessKeyID: accessKey, secretAccessKey: secret, sessionToken: token, expiration: end,
      accountID: settings.accountID)
  }
}

/// The failures of this source in the CLI's words.
///
/// Nothing was sent to Secrets Manager, so what may be tried again becomes `connect` or stays a
/// throttle, and what may not becomes `credentials`.
enum IdentityCenterFailure {
  static let unauthorized = ServiceFailure.local(
    "UnauthorizedSSOTokenError",
    "The SSO session associated with this profile has expired or is otherwise invalid. To "
      + "refresh this SSO session run aws sso login with the corresponding profile.")

  static let unrefreshed = ServiceFailure.local(
    "TokenRetrievalError",
    "Error when retrieving token from sso: Token has expired and refresh failed")

  static func token(_ message: String) -> ServiceFailure {
    .local("SSOTokenLoadError", "Error loading SSO Token: \(message)")
  }

  static func transport(_ failure: TransportFailure) -> ServiceFailure {
    transport(ServiceFailure(failure))
  }

  static func transport(_ failure: ServiceFailure) -> ServiceFailure {
    var told = failure
    if told.kind == .lost { told.kind = .connect }
    return told
  }

  static func malformed(_ failure: ServiceFailure) -> ServiceFailure {
    var told = failure
    told.kind = .connect
    told.httpStatus = nil
    return told
  }

  static func refused(_ failure: ServiceFailure, _ operation: String) -> ServiceFailure {
    CredentialCallFailure.told(
      failure, of: operation,
      "An error occurred (\(failure.code)) when calling the \(operation) operation: "
        + (failure.message.isEmpty ? "no message" : failure.message))
  }

  /// Statuses that are worth another attempt.
  static func isTransient(_ status: Int) -> Bool { [429, 500, 502, 503, 504].contains(status) }
}
