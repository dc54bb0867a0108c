import RotationCore
import SecretsManagerClient
import Testing

@Suite struct Answers {
  private func response(
    _ status: Int, _ body: String, headers: [HTTPHeader] = []
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `the protocol's error cases give their codes`() throws {
    var run = 0
    for shape in try ConformanceFiles.json("aws-json-protocol/output/json.json").array ?? [] {
      for test in shape["cases"]?.array ?? [] {
        guard let code = test["errorCode"]?.string, let given = test["response"] else { continue }
        let headers = (given["headers"]?.object?.members ?? []).map {
          HTTPHeader($0.key, $0.value.string ?? "")
        }
        let failure = ServiceAnswer.jsonFailure(
          response(
            given["status_code"]?.int ?? 0, given["body"]?.string ?? "", headers: headers))
        #expect(failure.code == code, "\(test["id"]?.string ?? "")")
        #expect(failure.message == test["errorMessage"]?.string ?? "")
        run += 1
      }
    }
    #expect(run >= 10)
  }

  @Test(arguments: [
    ("", "no element found: line 1, column 0"), ("junk", "syntax error: line 1, column 0"),
    ("{}", "not well-formed (invalid token): line 1, column 0"),
    ("<a>\n <b>x</b>", "no element found: line 2, column 9"),
  ])
  func `an answer of STS that is no XML is told in the AWS CLI's words too`(
    _ body: String, _ reason: String
  ) throws {
    guard case .failure(let failure) = STSAnswer.roleCredentials(response(200, body)) else {
      Issue.record("credentials from \(body)")
      return
    }
    #expect(failure.message == "The answer is not AssumeRole's XML")
    let call = try #require(failure.refusedCall)
    #expect(call.operation == "AssumeRole")
    #expect(!call.isAnswered)
    #expect(
      call.message.hasPrefix(
        "Unable to parse response (\(reason)), invalid XML received. Further retries may succeed:"))
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `recorded JSON errors read as botocore reads them`() throws {
    let folder = "aws-recorded-responses/json"
    for name in try ConformanceFiles.names(in: "\(folder)/errors") {
      let recorded = try ConformanceFiles.text("\(folder)/errors/\(name)")
      let expected = try ConformanceFiles.json("\(folder)/expected/\(name)")
      let failure = ServiceAnswer.jsonFailure(response(400, recorded))
      #expect(failure.code == expected["Error"]?["Code"]?.string, "\(name)")
      #expect(failure.message == expected["Error"]?["Message"]?.string ?? "", "\(name)")
    }
  }

  /// Error documents of services whose protocol is not STS's.
  private static let divergences: [String: String] = [
    "s3-list-objects.xml": "not an error document of the Query protocol",
    "s3-create-bucket.xml": "S3's REST-XML keeps the request id among the error's members",
    "route53-get-hosted-zone.xml": "REST-XML",
  ]

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `recorded XML errors read as botocore reads them`() throws {
    let folder = "aws-recorded-responses/xml/errors"
    var run = 0
    for name in try ConformanceFiles.names(in: folder)
    where name.hasSuffix(".xml") && Self.divergences[name] == nil {
      let expected = try ConformanceFiles.json("\(folder)/\(name.dropLast(4)).json")
      let failure = ServiceAnswer.queryFailure(
        response(400, try ConformanceFiles.text("\(folder)/\(name)")))
      #expect(failure.code == expected["Error"]?["Code"]?.string, "\(name)")
      #expect(failure.message == expected["Error"]?["Message"]?.string ?? "", "\(name)")
      #expect(
        failure.requestID == expected["ResponseMetadata"]?["RequestId"]?.string, "\(name)")
      run += 1
    }
    #expect(run >= 8)
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `recorded XML answers are all readable`() throws {
    let folder = "aws-recorded-responses/xml/responses"
    for name in try ConformanceFiles.names(in: folder) where name.hasSuffix(".xml") {
      #expect(throws: Never.self, "\(name)") {
        try XMLElement(parsing: try ConformanceFiles.bytes("\(folder)/\(name)"))
      }
    }
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `errors recorded from the service keep code and message`() throws {
    for error in try ConformanceFiles.json("secretsmanager-recorded/distinct-errors.json").array
      ?? []
    {
      guard let code = error["code"]?.string, let message = error["message"]?.string else {
        continue
      }
      let body: JSONValue = ["__type": .string(code), "Message": .string(message)]
      let failure = ServiceAnswer.jsonFailure(
        response(error["status"]?.int ?? 400, body.compact))
      #expect(failure.code == code)
      #expect(failure.message == message)
    }
  }

  @Test func `a proxy's page becomes a short message without control characters`() {
    let page = "<html>\u{1B}[31m\r\n" + String(repeating: "x", count: 5000)
    let failure = ServiceAnswer.jsonFailure(response(502, page))
    #expect(failure.code == "502")
    #expect(failure.message.hasPrefix("<html> [31m"))
    #expect(failure.message.count <= 500)
    let empty = ServiceAnswer.jsonFailure(response(301, ""))
    #expect(empty.code == "301")
    #expect(empty.message == "")
  }

  @Test(arguments: ["-5", "abc", "1.5", ""])
  func `a bad retry hint is ignored`(_ text: String) {
    let answer = response(503, "{}", headers: [HTTPHeader("X-Amz-Retry-After", text)])
    #expect(ServiceAnswer.jsonFailure(answer).retryAfterMilliseconds == nil)
  }

  @Test(arguments: [
    "", "<a>", "<a></b>", "<a>&nope;</a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a/><b/>",
    "<a b=c/>", "<a", "text", "<a>&#0;</a>", String(repeating: "<a>", count: 100_000),
  ])
  func `XML that is broken or out of bounds is refused`(_ text: String) {
    #expect(throws: XMLSyntaxError.self) { try XMLElement(parsing: Array(text.utf8)) }
  }

  @Test func `XML's text, entities and CDATA come out`() throws {
    let text =
      "<?xml version='1.0'?><!-- c --><n:a x=\"1>2\"><b>1 &lt; &#50;</b><![CDATA[<&>]]></n:a>"
    let element = try XMLElement(parsing: Array(text.utf8))
    #expect(element.name == "a")
    #expect(element.text == "<&>")
    #expect(element["b"]?.text == "1 < 2")
  }

  @Test func `a date header is read to the second`() {
    #expect(HTTPDate.parse("Sun, 06 Nov 1994 08:49:37 GMT")?.basic == "19941106T084937Z")
    #expect(HTTPDate.parse("Sunday, 06-Nov-94 08:49:37 GMT") == nil)
  }
}
