internal import JMESPath
internal import RotationCore
internal import SecretsManagerClient

/// Reads an answer as the AWS CLI does, which is not quite how a run reads it.
///
/// The CLI takes the error code from the body alone, shows members that are there whatever their
/// type, and names Python's types where an answer is no object. A 200 that is not JSON is an error
/// here and silence there.
enum CommandAnswer {
  /// CancelRotateSecret's members in the order of the API model.
  private static let members = ["ARN", "Name", "VersionId"]

  static func read(_ response: HTTPResponse) -> Result<JSONValue, ServiceFailure> {
    guard response.status < 300 else { return .failure(failure(response)) }
    guard !response.body.isEmpty else { return .success(.object(JSONObject())) }
    if let problem = PythonDecoding.problem(in: response.body) {
      return .failure(unexpected(response, problem))
    }
    guard let body = parse(response.body) else {
      return .failure(
        unexpected(
          response,
          "The service answered with status \(response.status) and a body that is not "
            + "JSON; whether rotation was cancelled is not known"))
    }
    switch body {
    case .object(let object):
      var result = JSONObject()
      for name in members {
        if let value = object[name], value != .null { result[name] = value }
      }
      return .success(.object(result))
    case .null:
      return .failure(
        unexpected(response, "'NoneType' object has no attribute 'setdefault'"))
    default:
      return .failure(
        unexpected(response, "'\(pythonType(body))' object has no attribute 'get'"))
    }
  }

  private static func failure(_ response: HTTPResponse) -> ServiceFailure {
    func service(_ code: String, _ message: String) -> ServiceFailure {
      ServiceFailure(
        kind: .service, code: code, message: message, httpStatus: response.status,
        requestID: ServiceAnswer.requestID(response),
        retryAfterMilliseconds: ServiceAnswer.retryAfter(response))
    }
    // The AWS CLI takes 300 itself for neither a success nor an error that it could read.
    if response.status == 300 { return service("Unknown", "Unknown") }
    let status = String(response.status)
    let text = String(decoding: response.body, as: UTF8.self)
    let start = text.drop { $0.isWhitespace }
    if response.status >= 500, start.isEmpty || start.hasPrefix("<html>") {
      return service(status, HTTPStatusText.of(response.status))
    }
    guard !response.body.isEmpty else { return service(status, "") }
    if let problem = PythonDecoding.problem(in: response.body) {
      return unexpected(response, problem)
    }
    guard let body = parse(response.body) else { return service(status, text) }
    guard case .object(let object) = body else {
      return unexpected(response, "'\(pythonType(body))' object has no attribute 'get'")
    }
    let message = object["message"] ?? object["Message"] ?? ""
    var told = service("", message.string ?? DisplayText.nested(message))
    if message.string == nil { told.untypedMessage = message }
    switch code(object, response) {
    case .string(let code): told.code = code
    case .null: break
    case .array, .object:
      return unexpected(response, "unhashable type: '\(pythonType(body["__type"]))'")
    case .bool, .number:
      return unexpected(
        response, "argument of type '\(pythonType(body["__type"]))' is not iterable")
    }
    return told
  }

  /// What stands for the code, of whatever type; a text is cut to the name of the error's shape.
  private static func code(_ body: JSONObject, _ response: HTTPResponse) -> JSONValue {
    let queryError = response.header("x-amzn-query-error").flatMap { text -> String? in
      let parts = text.split(separator: ";", omittingEmptySubsequences: false)
      return parts.count == 2 && !parts[0].isEmpty ? String(parts[0]) : nil
    }
    let given = queryError.map(JSONValue.string) ?? body["__type"]
    guard let given else { return .string(String(response.status)) }
    guard var code = given.string else { return given }
    if let colon = code.firstIndex(of: ":") { code = String(code[..<colon]) }
    if let hash = code.lastIndex(of: "#") { code = String(code[code.index(after: hash)...]) }
    return .string(code)
  }

  /// As Python's `json` reads a text: no byte order mark, but `NaN` and `Infinity`.
  private static func parse(_ body: [UInt8]) -> JSONValue? {
    guard !body.starts(with: [0xEF, 0xBB, 0xBF]) else { return nil }
    return try? JSONValue(parsing: body, acceptsNonFinite: true)
  }

  /// An answer that tells nothing; it is not asked for again.
  private static func unexpected(_ response: HTTPResponse, _ message: String) -> ServiceFailure {
    ServiceFailure(
      kind: .credentials, code: "UnexpectedAnswer", message: message,
      httpStatus: response.status, requestID: ServiceAnswer.requestID(response))
  }

  private static func pythonType(_ value: JSONValue?) -> String {
    switch value ?? .null {
    case .null: "NoneType"
    case .bool: "bool"
    case .number(let number): number.isIntegerLiteral ? "int" : "float"
    case .string: "str"
    case .array: "list"
    case .object: "dict"
    }
  }
}
