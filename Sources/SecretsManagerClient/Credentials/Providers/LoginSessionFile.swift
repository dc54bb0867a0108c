internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// What `aws login` keeps of one session: `<SHA-256 of the session's name>.json`.
struct LoginSessionFile: Sendable {
  let path: String
  /// The whole document, with members that only the AWS CLI knows.
  let document: JSONObject
  let credentials: Credentials
  /// When the credentials end.
  let end: Timestamp
  let clientID: String
  let refreshToken: String
  /// A private EC key in PEM form.
  let key: String

  /// Reads the file of a session.
  init(_ session: String, _ context: CredentialContext) throws(ServiceFailure) {
    let environment = context.configuration.environment
    let folder = AWSConfiguration.expand(
      environment["AWS_LOGIN_CACHE_DIRECTORY"] ?? "~/.aws/login/cache", environment)
    let path = "\(folder)/\(SHA256.hash(session).hex).json"
    guard CLIFile.isRegular(path) else {
      throw LoginSessionFile.unusable(
        "Unable to load a existing login session for session \(session), Please reauthenticate "
          + "with 'aws login'.")
    }
    let bytes: [UInt8]
    do {
      bytes = try DurableFile.read(path, atMost: CLIFile.maximumBytes)
    } catch {
      throw LoginSessionFile.unusable("\(error)")
    }
    guard let object = (try? JSONValue(parsing: bytes))?.object else {
      throw LoginSessionFile.unusable("\(path) is not a JSON object")
    }
    if let warning = CLIFile.exposure(path) { context.warn(warning) }
    try self.init(path: path, document: object)
  }

  private init(path: String, document: JSONObject) throws(ServiceFailure) {
    guard let part = document["accessToken"]?.object,
      let refreshToken = document["refreshToken"]?.string,
      let key = document["dpopKey"]?.string, let clientID = document["clientId"]?.string,
      let accessKey = part["accessKeyId"]?.string, !accessKey.isEmpty,
      let secret = part["secretAccessKey"]?.string, !secret.isEmpty,
      let token = part["sessionToken"]?.string, let account = part["accountId"]?.string,
      let end = part["expiresAt"]?.string.flatMap({ Timestamp(iso8601: $0) })
    else {
      throw LoginSessionFile.unusable(
        "Failed to load access token from token cache, missing one or more required fields.")
    }
    self.path = path
    self.document = document
    self.end = end
    self.clientID = clientID
    self.refreshToken = refreshToken
    self.key = key
    credentials = Credentials(
      accessKeyID: accessKey, secretAccessKey: secret, sessionToken: token, expiration: end,
      accountID: account)
  }

  /// The file after an exchange: new keys, their end, a new refresh token, all else as it was.
  func renewed(
    by answer: JSONValue, at now: Timestamp
  ) throws(ServiceFailure) -> LoginSessionFile {
    guard let part = answer["accessToken"], let key = part["accessKeyId"]?.string,
      let secret = part["secretAccessKey"]?.string, let token = part["sessionToken"]?.string,
      let seconds = answer["expiresIn"]?.double, seconds > 0, seconds < 1e9,
      let refresh = answer["refreshToken"]?.string
    else { throw LoginSessionFile.unusable("Failed to refresh an access token.") }
    let end = CLICache.seconds(of: now.adding(seconds: seconds)) + "Z"
    var document = document
    document["accessToken"] = [
      "accessKeyId": .string(key), "secretAccessKey": .string(secret),
      "sessionToken": .string(token), "accountId": .string(credentials.accountID ?? ""),
      "expiresAt": .string(end),
    ]
    document["refreshToken"] = .string(refresh)
    return try LoginSessionFile(path: path, document: document)
  }

  static func unusable(_ what: String) -> ServiceFailure {
    .local("LoginTokenLoadError", "Error loading login session token: \(what)")
  }
}
