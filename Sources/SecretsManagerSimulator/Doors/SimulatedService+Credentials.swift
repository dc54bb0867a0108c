internal import RotationCore

/// The services that hand out keys without a signature: IAM Identity Center, its OIDC service, the
/// one behind `aws login`, a container's agent and an instance's metadata.
///
/// They hand out keys of the role `simulated` that open nothing but the simulator. Sources: AWS IAM
/// Identity Center portal and OIDC API references; ECS task and EC2 instance metadata guides.
extension SimulatedService {
  /// The tokens that are taken; a refresh adds a number to them.
  private static let accessToken = "simulated-access-token"
  private static let refreshToken = "simulated-refresh-token"
  private static let metadataToken = "simulated-metadata-token"

  /// - Returns: nil when the path belongs to none of these services.
  mutating func credentialReply(to message: HTTPMessage, now: Timestamp) -> HTTPReply? {
    let operation: String
    let answer: CredentialAnswer
    switch (message.method, message.path) {
    case ("GET", "/federation/credentials"):
      (operation, answer) = ("GetRoleCredentials", roleCredentials(message, now: now))
    case ("POST", "/token"): (operation, answer) = ("CreateToken", createToken(message))
    case ("POST", "/v1/token"):
      (operation, answer) = ("CreateOAuth2Token", loginToken(message, now: now))
    case ("PUT", "/latest/api/token"):
      (operation, answer) = ("MetadataToken", metadataToken(message))
    case ("GET", let path) where path.hasPrefix("/latest/meta-data/"):
      (operation, answer) = ("Metadata", metadata(path, message, now: now))
    case ("GET", let path) where path.hasPrefix("/credentials/"):
      (operation, answer) = ("ContainerCredentials", containerCredentials(path, now: now))
    default: return nil
    }
    let id = nextRequestID()
    log.append(
      CallRecord(
        time: now, operation: operation, tookEffect: false, status: answer.status,
        errorCode: answer.error, requestID: id))
    var reply = HTTPReply(
      status: answer.status, contentType: answer.contentType, body: answer.body)
    reply.addHeader("x-amzn-RequestId", id)
    reply.addHeader("Date", HTTPDate.text(serviceTime(now)))
    return reply
  }

  // MARK: - IAM Identity Center

  private mutating func roleCredentials(_ message: HTTPMessage, now: Timestamp) -> CredentialAnswer
  {
    guard message.header("x-amz-sso_bearer_token")?.hasPrefix(SimulatedService.accessToken) == true
    else {
      return .refused(401, "UnauthorizedException", "Session token not found or invalid")
    }
    let fields = FormFields.parse(Array(message.query.utf8))
    guard let role = fields["role_name"]?.string, let account = fields["account_id"]?.string,
      scenario.account(account) != nil
    else { return .refused(403, "ForbiddenException", "No access") }
    let credential = handOut(role: role, account: account, session: "simulated", now: now)
    return .json([
      "roleCredentials": [
        "accessKeyId": .string(credential.accessKeyID),
        "secretAccessKey": .string(credential.secretAccessKey),
        "sessionToken": .string(credential.sessionToken ?? ""),
        "expiration": JSONValue(Int(credential.expires?.milliseconds ?? 0)),
      ]
    ])
  }

  private mutating func createToken(_ message: HTTPMessage) -> CredentialAnswer {
    let input = (try? JSONValue(parsing: message.body)) ?? .null
    guard input["grantType"]?.string == "refresh_token",
      input["refreshToken"]?.string?.hasPrefix(SimulatedService.refreshToken) == true
    else {
      return .oauthError(400, "invalid_grant", "Invalid refresh token provided")
    }
    let number = nextRequestID()
    return .json([
      "accessToken": .string("\(SimulatedService.accessToken)-\(number)"),
      "refreshToken": .string("\(SimulatedService.refreshToken)-\(number)"),
      "tokenType": "Bearer", "expiresIn": JSONValue(Int(scenario.sessionSeconds)),
    ])
  }

  // MARK: - aws login

  private mutating func loginToken(_ message: HTTPMessage, now: Timestamp) -> CredentialAnswer {
    let input = (try? JSONValue(parsing: message.body)) ?? .null
    let proof = message.header("DPoP")?.split(separator: ".").count
    guard proof == 3,
      input["refreshToken"]?.string?.hasPrefix(SimulatedService.refreshToken) == true,
      let account = scenario.accounts.first?.accountID
    else {
      return .oauthError(401, "TOKEN_EXPIRED", "The refresh token has expired")
    }
    let credential = handOut(role: "simulated", account: account, session: "login", now: now)
    return .json([
      "accessToken": [
        "accessKeyId": .string(credential.accessKeyID),
        "secretAccessKey": .string(credential.secretAccessKey),
        "sessionToken": .string(credential.sessionToken ?? ""),
      ],
      "tokenType": "aws_sigv4", "expiresIn": 900,
      "refreshToken": .string("\(SimulatedService.refreshToken)-\(nextRequestID())"),
    ])
  }

  // MARK: - Containers and instances

  /// `/credentials/ACCOUNT`, for AWS_CONTAINER_CREDENTIALS_FULL_URI.
  private mutating func containerCredentials(_ path: String, now: Timestamp) -> CredentialAnswer {
    let account = String(path.dropFirst("/credentials/".count))
    guard scenario.account(account) != nil else {
      return .refused(404, "NotFound", "no task of the account \(account)")
    }
    return .json(metadataKeys(account: account, session: "container", now: now))
  }

  private func metadataToken(_ message: HTTPMessage) -> CredentialAnswer {
    guard message.header("x-aws-ec2-metadata-token-ttl-seconds").flatMap({ Int($0) }) != nil else {
      return .refused(400, "BadRequest", "no ttl")
    }
    return .text(SimulatedService.metadataToken)
  }

  private mutating func metadata(
    _ path: String, _ message: HTTPMessage, now: Timestamp
  ) -> CredentialAnswer {
    guard message.header("x-aws-ec2-metadata-token") == SimulatedService.metadataToken else {
      return .refused(401, "Unauthorized", "no token")
    }
    switch path.dropFirst("/latest/meta-data/".count) {
    case "iam/security-credentials/", "iam/security-credentials": return .text("simulated")
    case "iam/security-credentials/simulated":
      guard let account = scenario.accounts.first?.accountID else { break }
      var keys = metadataKeys(account: account, session: "i-0123456789abcdef0", now: now)
      keys["Code"] = "Success"
      keys["Type"] = "AWS-HMAC"
      keys["LastUpdated"] = .string(now.iso8601.prefix(19) + "Z")
      return .json(keys)
    case "placement/availability-zone/", "placement/availability-zone":
      return .text((scenario.secrets.first?.regions.first ?? "us-east-1") + "a")
    default: break
    }
    return .refused(404, "NotFound", "Not Found")
  }

  private mutating func metadataKeys(
    account: String, session: String, now: Timestamp
  ) -> JSONObject {
    let credential = handOut(role: "simulated", account: account, session: session, now: now)
    return [
      "AccessKeyId": .string(credential.accessKeyID),
      "SecretAccessKey": .string(credential.secretAccessKey),
      "Token": .string(credential.sessionToken ?? ""),
      "Expiration": .string(credential.expirationText),
    ]
  }
}

/// What one of these services says.
private struct CredentialAnswer {
  var status = 200
  var contentType = "application/json"
  var body: [UInt8]
  /// For the log; nil for success.
  var error: String?

  static func json(_ object: JSONObject) -> CredentialAnswer {
    CredentialAnswer(body: JSONValue.object(object).compactBytes)
  }

  static func text(_ text: String) -> CredentialAnswer {
    CredentialAnswer(contentType: "text/plain", body: Array(text.utf8))
  }

  static func refused(_ status: Int, _ code: String, _ message: String) -> CredentialAnswer {
    let body: JSONValue = ["__type": .string(code), "message": .string(message)]
    return CredentialAnswer(status: status, body: body.compactBytes, error: code)
  }

  static func oauthError(_ status: Int, _ code: String, _ description: String) -> CredentialAnswer {
    let body: JSONValue = ["error": .string(code), "error_description": .string(description)]
    return CredentialAnswer(status: status, body: body.compactBytes, error: code)
  }
}
