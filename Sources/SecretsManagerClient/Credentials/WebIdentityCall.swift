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
    var members = ["\"RoleArn\": \(PythonJSON.quoted(roleARN))"]
    if let sessionName {
      members.append("\"RoleSessionName\": \(PythonJSON.quoted(sessionName))")
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
        // In the AWS CLI's order.
        ("RoleSessionName", sessionName), ("RoleArn", roleARN),
        ("RoleSessionName", sessionName == nil ? context.options.sessionName ?? made : nil),
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
}
