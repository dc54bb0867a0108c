package import RotationCore

/// The Query protocol of STS, version 2011-06-15.
package enum STSAnswer {
  /// A form body: the action, the version, and the parameters that have a value.
  package static func form(_ action: String, _ parameters: [(String, String?)] = []) -> [UInt8] {
    var text = "Action=\(action)&Version=2011-06-15"
    for case (let name, let value?) in parameters {
      // A form writes a blank as a plus sign.
      text += "&\(name)=\(PercentEncoding.encode(value).replacing("%20", with: "+"))"
    }
    return Array(text.utf8)
  }

  /// The `<Action>Result` element of a 2xx answer, else the failure that the answer stands for.
  static func result(
    _ response: HTTPResponse, _ action: String
  ) -> Result<XMLElement, ServiceFailure> {
    guard (200..<300).contains(response.status) else {
      return .failure(ServiceAnswer.queryFailure(response))
    }
    guard let document = try? XMLElement(parsing: response.body),
      document.name == "\(action)Response", let result = document["\(action)Result"]
    else { return .failure(ServiceAnswer.malformed(response, "is not \(action)'s XML")) }
    return .success(result)
  }

  /// GetCallerIdentity; the account must have twelve digits.
  package static func callerIdentity(
    _ response: HTTPResponse
  ) -> Result<CallerIdentity, ServiceFailure> {
    result(response, "GetCallerIdentity").flatMap { result in
      guard let account = result["Account"]?.text, AccountID.isValid(account),
        let arn = result["Arn"]?.text, !arn.isEmpty
      else { return .failure(ServiceAnswer.malformed(response, "names no account")) }
      return .success(
        CallerIdentity(accountID: account, arn: arn, userID: result["UserId"]?.text ?? ""))
    }
  }

  /// AssumeRole, or an action that answers alike: keys, token and their end.
  package static func roleCredentials(
    _ response: HTTPResponse, action: String = "AssumeRole"
  ) -> Result<Credentials, ServiceFailure> {
    result(response, action).flatMap { result in
      guard let part = result["Credentials"], let key = part["AccessKeyId"]?.text, !key.isEmpty,
        let secret = part["SecretAccessKey"]?.text, !secret.isEmpty,
        let token = part["SessionToken"]?.text, !token.isEmpty,
        let end = part["Expiration"].flatMap({ Timestamp(iso8601: $0.text) })
      else { return .failure(ServiceAnswer.malformed(response, "holds no credentials")) }
      let arn = result["AssumedRoleUser"]?["Arn"]?.text.split(
        separator: ":", omittingEmptySubsequences: false)
      return .success(
        Credentials(
          accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: end,
          accountID: arn.flatMap { $0.count > 4 ? String($0[4]) : nil }))
    }
  }
}
