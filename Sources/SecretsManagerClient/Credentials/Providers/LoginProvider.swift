internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// The credentials of a session begun by `aws login`, in a cache shared with the AWS CLI.
///
/// They hold for 15 minutes and are exchanged for new ones when 5 or less remain; the session's
/// refresh token is replaced with each exchange and written back at once.
struct LoginProvider: CredentialProvider {
  let name = "login"
  let context: CredentialContext
  /// The profile whose keys are read, which may be a source profile.
  let profile: String

  static let refreshThresholdSeconds: Double = 300

  var setup: ProviderSetup {
    context.configuration.profiles[profile]?["login_session"] == nil ? .absent : .postponed
  }

  func credentials(region: String) async -> ProviderAnswer {
    guard let session = context.configuration.profiles[profile]?["login_session"] else {
      return .notConfigured("login_session is not set")
    }
    do {
      let file = try LoginSessionFile(session, context)
      if file.end.seconds(since: context.clock()) > LoginProvider.refreshThresholdSeconds {
        return .found(file.credentials)
      }
      return .found(try await refreshed(file, region))
    } catch {
      return .failed(error)
    }
  }

  private func refreshed(
    _ file: LoginSessionFile, _ region: String
  ) async throws(ServiceFailure) -> Credentials {
    let response = try await context.exchange(try request(file, region)).mapError { failure in
      let failure = ServiceFailure(failure)
      return CredentialCallFailure.told(
        failure, of: "CreateOAuth2Token", failure.message)
    }.get()
    let body: JSONValue
    switch ServiceAnswer.object(response) {
    case .success(let object): body = object
    case .failure(let failure): throw LoginProvider.explained(failure, response)
    }
    let renewed = try file.renewed(by: body, at: context.clock())
    do {
      try CLICache.write(.object(renewed.document), to: renewed.path)
    } catch {
      // The old refresh token may be used up, so the next renewal may ask for a new login.
      context.warn("The renewed login session could not be stored: \(error)")
    }
    return renewed.credentials
  }

  private func request(
    _ file: LoginSessionFile, _ region: String
  ) throws(ServiceFailure) -> HTTPRequest {
    let token: JSONValue = [
      "clientId": .string(file.clientID), "refreshToken": .string(file.refreshToken),
      "grantType": "refresh_token",
    ]
    let headers = [
      HTTPHeader("Content-Type", "application/json"), HTTPHeader("Accept-Encoding", "identity"),
    ]
    var request = try context.preparation.plain(
      .signin, "POST", "/v1/token", headers, token.compactBytes,
      CallSite(profile: context.explicitProfile, region: region)
    ).get()
    let proof = try DPoPProof(pem: file.key).text(for: request.url, at: context.clock())
    request.headers.append(HTTPHeader("DPoP", proof))
    return request
  }

  /// The AWS CLI's sentences for a session that cannot go on.
  private static func explained(
    _ failure: ServiceFailure, _ response: HTTPResponse
  ) -> ServiceFailure {
    guard failure.kind == .service, failure.code == "AccessDeniedException" else {
      let reason = failure.message.isEmpty ? failure.code : failure.message
      return CredentialCallFailure.told(
        failure, of: "CreateOAuth2Token", "CreateOAuth2Token: \(reason)")
    }
    let reason = (try? JSONValue(parsing: response.body))?["error"]?.string
    switch reason {
    case "TOKEN_EXPIRED":
      return .local(
        "LoginRefreshTokenExpired",
        "Your session has expired. Please reauthenticate using 'aws login'.")
    case "USER_CREDENTIALS_CHANGED":
      return .local(
        "LoginRefreshPasswordChanged",
        "Unable to refresh login credentials because of a change in your password. Please "
          + "reauthenticate with your new password using 'aws login'.")
    case "INSUFFICIENT_PERMISSIONS":
      return .local(
        "LoginInsufficientPermissions",
        "Unable to create or refresh login credentials due to insufficient permissions. You may "
          + "be missing permission for the 'signin:CreateOAuth2Token' action.")
    default:
      return .local(
        "LoginError",
        "An unspecified error happened when resolving AWS credentials or refreshing a login "
          + "session profile.")
    }
  }
}

/// The proof that a request comes from the holder of the session's key (RFC 9449).
struct DPoPProof {
  private let key: ES256Key

  init(pem: String) throws(ServiceFailure) {
    do {
      key = try ES256Key(pem: SecretBytes(Array(pem.utf8)))
    } catch {
      throw LoginSessionFile.unusable("Unable to load private key from cached token: \(error)")
    }
  }

  /// The signed token for a POST to that URL.
  func text(
    for url: String, at time: Timestamp, id: String = SecureRandom.uuid()
  ) throws(ServiceFailure) -> String {
    let header: JSONValue = [
      "typ": "dpop+jwt", "alg": "ES256",
      "jwk": [
        "kty": "EC", "x": .string(Base64URL.text(key.x)), "y": .string(Base64URL.text(key.y)),
        "crv": "P-256",
      ],
    ]
    let payload: JSONValue = [
      "htm": "POST", "htu": .string(url), "iat": JSONValue(Int(time.milliseconds / 1000)),
      "jti": .string(id),
    ]
    let signed = Base64URL.text(header.compactBytes) + "." + Base64URL.text(payload.compactBytes)
    do {
      return signed + "." + Base64URL.text(try key.sign(Array(signed.utf8)))
    } catch {
      throw LoginSessionFile.unusable("Unable to sign with the cached token's key: \(error)")
    }
  }
}
