internal import Cryptography
internal import RotationCore

/// AssumeRoleWithWebIdentity, which is not signed; one attempt.
struct WebIdentityCall: Sendable {
  static let action = "AssumeRoleWithWebIdentity"

  let roleARN: String
  /// Nil where nobody chose one.
  let sessionName: String?

  /// The name of these credentials in the AWS CLI's cache: without the token, and without a
  /// session name that was made up.
  var cacheKey: String {
    var members = ["\"RoleArn\": \(WebIdentityCall.quoted(roleARN))"]
    if let sessionName {
      members.append("\"RoleSessionName\": \(WebIdentityCall.quoted(sessionName))")
    }
    return SHA1.hex(of: "{\(members.joined(separator: ", "))}")
  }

  /// Asks STS in that region for the role's credentials.
  func send(
    token: String, region: String, in context: CredentialContext
  ) async -> Result<Credentials, ServiceFailure> {
    let made = "rotactl-\(context.clock().milliseconds / 1000)"
    let body = STSAnswer.form(
      WebIdentityCall.action,
      [
        ("RoleArn", roleARN),
        ("RoleSessionName", sessionName ?? context.options.sessionName ?? made),
        ("WebIdentityToken", token),
      ])
    let headers = [
      HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
      HTTPHeader("Accept-Encoding", "identity"),
    ]
    let request: HTTPRequest
    switch context.preparation.plain(
      .sts, "POST", "/", headers, body,
      CallSite(profile: context.explicitProfile, region: region))
    {
    case .success(let prepared): request = prepared
    case .failure(let failure): return .failure(failure)
    }
    return await context.exchange(request).mapError { ServiceFailure($0) }
      .flatMap { STSAnswer.roleCredentials($0, action: WebIdentityCall.action) }
      .mapError { failure in
        CredentialCallFailure.told(
          failure, of: WebIdentityCall.action,
          "\(WebIdentityCall.action) of \(roleARN): "
            + (failure.message.isEmpty ? failure.code : failure.message))
      }
  }

  /// A string as Python's `json.dumps` writes it: all beyond ASCII as `\u` escapes.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case 0x08: result += "\\b"
      case 0x0C: result += "\\f"
      case 0x20...0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }
}
