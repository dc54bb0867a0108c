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
      return .failure(failure(response, action))
    }
    let document: XMLElement
    do {
      document = try XMLElement(parsing: response.body)
    } catch {
      var failure = ServiceAnswer.malformed(response, "is not \(action)'s XML")
      failure.refusedCall = unreadable(response.body, error, action)
      return .failure(failure)
    }
    guard document.name == "\(action)Response", let result = document["\(action)Result"] else {
      return .failure(ServiceAnswer.malformed(response, "is not \(action)'s XML"))
    }
    return .success(result)
  }

  /// The error of an answer whose status is 300 or more, beside the AWS CLI's account of it.
  static func failure(_ response: HTTPResponse, _ action: String) -> ServiceFailure {
    var failure = ServiceAnswer.queryFailure(response)
    guard !ServiceAnswer.isGenericFailure(response) else { return failure }
    do throws(XMLSyntaxError) {
      let document = try XMLElement(parsing: response.body)
      let error = (document["Errors"] ?? document)["Error"]
      failure.refusedCall = ServiceFailure.RefusedCall(
        operation: action, message: said(error?["Message"]), isAnswered: true,
        code: said(error?["Code"]), namesCodeFirst: true)
    } catch {
      failure.refusedCall = unreadable(response.body, error, action)
    }
    return failure
  }

  /// Whether a byte could begin a name; anything else is no token at all.
  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == 0x5F || (0x41...0x5A).contains(byte & 0xDF)
  }

  private static func said(_ element: XMLElement?) -> String {
    guard let element else { return "Unknown" }
    return element.text.isEmpty ? "None" : element.text
  }

  private static func unreadable(
    _ body: [UInt8], _ error: XMLSyntaxError, _ action: String
  ) -> ServiceFailure.RefusedCall {
    let start = body.prefix { [0x20, 0x09, 0x0A, 0x0D].contains($0) }.count
    let isMissing = start == body.count
    let before = body.prefix(isMissing ? start : max(start, error.offset))
    let line = before.count { $0 == 0x0A } + 1
    let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
    let reason =
      isMissing || error.offset >= body.count
      ? "no element found"
      : isWord(body[start]) ? "syntax error" : "not well-formed (invalid token)"
    return ServiceFailure.RefusedCall(
      operation: action,
      message: "Unable to parse response (\(reason): line \(line), column \(column)), invalid XML "
        + "received. Further retries may succeed:\n\(PythonJSON.quoted(bytes: body))",
      isAnswered: false)
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
