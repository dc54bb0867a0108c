package import RotationCore

/// Reading what AWS answers: request ids, errors in all their forms, JSON bodies.
package enum ServiceAnswer {
  /// `x-amzn-RequestId`, at most 128 characters.
  package static func requestID(_ response: HTTPResponse) -> String? {
    let text = response.header("x-amzn-requestid") ?? response.header("x-amz-request-id")
    return text.map { TextTrimming.excerpt($0, 128) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `x-amz-retry-after` in milliseconds; anything but a whole number from 0 is ignored.
  package static func retryAfter(_ response: HTTPResponse) -> Int? {
    response.header("x-amz-retry-after").flatMap(RetryPolicy.hintMilliseconds(header:))
  }

  /// Cuts a code down to its shape name: `com.amazonaws.x#Foo:http://y` is `Foo`.
  package static func shapeName(_ code: String) -> String {
    let head = code.prefix { $0 != ":" }
    let name = head.lastIndex(of: "#").map { head[head.index(after: $0)...] } ?? head
    return TextTrimming.excerpt(name, 128)
  }

  /// The error of an AWS JSON 1.1 service; never nil, since any status but 2xx is one.
  ///
  /// The code is looked for in the header `x-amzn-ErrorType`, then in the body's `code` and
  /// `__type`, and is else the status. A body that is not JSON, such as a proxy's page, becomes
  /// the message, cut to 500 characters on one line.
  package static func jsonFailure(_ response: HTTPResponse) -> ServiceFailure {
    let body = try? JSONValue(parsing: response.body)
    let fields = body?.object
    let queryError = response.header("x-amzn-query-error")?.prefix { $0 != ";" }
    let candidates = [
      queryError.map { String($0) }, response.header("x-amzn-errortype"), body?["code"]?.string,
      body?["Code"]?.string, body?["__type"]?.string,
    ]
    let code = candidates.lazy.compactMap { $0.map(shapeName) }.first { !$0.isEmpty }
    let message =
      body?["message"]?.string ?? body?["Message"]?.string ?? body?["errorMessage"]?.string
    let raw = fields == nil ? String(decoding: response.body.prefix(4096), as: UTF8.self) : ""
    let told = message ?? TextTrimming.excerpt(raw)
    return failure(
      response, code, told.isEmpty && code == nil ? HTTPStatusText.of(response.status) : told,
      requestID(response))
  }

  /// The error of an AWS Query service: `ErrorResponse/Error/{Code,Message}`, `RequestId`.
  package static func queryFailure(_ response: HTTPResponse) -> ServiceFailure {
    if isGenericFailure(response) {
      return failure(response, nil, HTTPStatusText.of(response.status), requestID(response))
    }
    guard let document = try? XMLElement(parsing: response.body) else {
      let raw = String(decoding: response.body.prefix(4096), as: UTF8.self)
      return failure(response, nil, TextTrimming.excerpt(raw), requestID(response))
    }
    let error = document.first("Error")
    let code = error?["Code"].map { shapeName($0.text) }
    let id = document.first("RequestId") ?? document.first("RequestID")
    return failure(
      response, code, error?["Message"]?.text ?? "", id?.text ?? requestID(response))
  }

  /// Whether a body says no more than its status of 500 or more: nothing, or a gateway's page.
  static func isGenericFailure(_ response: HTTPResponse) -> Bool {
    let text = response.body.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return response.status >= 500 && (text.isEmpty || text.starts(with: "<html>".utf8))
  }

  private static func failure(
    _ response: HTTPResponse, _ code: String?, _ message: String, _ requestID: String?
  ) -> ServiceFailure {
    ServiceFailure(
      kind: .service, code: code.flatMap { $0.isEmpty ? nil : $0 } ?? String(response.status),
      message: message, httpStatus: response.status, requestID: requestID,
      retryAfterMilliseconds: retryAfter(response))
  }

  /// A 2xx answer that is not what the operation returns; the service may have acted.
  package static func malformed(_ response: HTTPResponse, _ what: String) -> ServiceFailure {
    ServiceFailure(
      kind: .malformed, code: "MalformedAnswer", message: "The answer \(what)",
      httpStatus: response.status, requestID: requestID(response))
  }

  /// The object in a 2xx answer, else the failure that the answer stands for.
  package static func object(
    _ response: HTTPResponse
  ) -> Result<JSONValue, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(jsonFailure(response)) }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: response.body)
    } catch {
      return .failure(malformed(response, "is not JSON: \(error.reason)"))
    }
    guard case .object = value else {
      return .failure(malformed(response, "is \(value.kindName), not an object"))
    }
    return .success(value)
  }
}
