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

  /// What the AWS CLI refuses before it asks STS.
  func problem(token: String) -> ServiceFailure? {
    CallParameters.problem([
      .length("RoleSessionName", sessionName, atLeast: 2),
      .length("RoleArn", roleARN, atLeast: 20), .length("WebIdentityToken", token, atLeast: 4),
    ])
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
    return await context.call(
      request, refusal: { STSAnswer.failure($0, WebIdentityCall.action) }
    )
    .flatMap { STSAnswer.roleCredentials($0, action: WebIdentityCall.action) }
    .flatMap { $0.refusingEnded(context.clock()) }
    .mapError { failure in
      CredentialCallFailure.told(
        failure, of: WebIdentityCall.action,
        "\(WebIdentityCall.action) of \(roleARN): "
          + (failure.message.isEmpty ? failure.code : failure.message))
    }
  }
}
