import RotationCore
import Testing

@testable import SecretsManagerClient

@Suite struct InstanceCredentials {
  private static let base = "http://169.254.169.254/latest"
  private static let list = "\(base)/meta-data/iam/security-credentials/"
  private static let tokenFirst = ["PUT \(base)/api/token", "GET \(list)", "GET \(list)Role"]

  /// The service as it should be, with answers for the three steps that may be replaced.
  private func service(
    token: MetadataScript.Answer = MetadataScript.answer(200, "TOK"),
    role: MetadataScript.Answer = MetadataScript.answer(200, "Role"),
    keys: MetadataScript.Answer = MetadataScript.answer(200, MetadataScript.keys())
  ) -> MetadataScript {
    MetadataScript { request, _ in
      if request.method == "PUT" { return token }
      return request.url.hasSuffix("/") ? role : keys
    }
  }

  private func answer(
    of script: MetadataScript, _ environment: [String: String] = [:], config: String = ""
  ) async throws -> ProviderAnswer {
    let context = try script.context(environment, config: config)
    return await InstanceMetadataProvider(context: context, jitter: { 120 })
      .credentials(region: "")
  }

  // MARK: - The usual way

  @Test func `a token, the role's name and its keys are asked for`() async throws {
    let script = service()
    let keys = try #require(try await answer(of: script).found)
    #expect(keys.accessKeyID == "ASIASCRIPT")
    #expect(keys.plainSecret == "hush-hush")
    #expect(keys.sessionToken == "session")
    #expect(keys.expiration == MetadataScript.later)
    #expect(script.lines == Self.tokenFirst)
    let requests = script.requests
    #expect(requests[0].header("x-aws-ec2-metadata-token-ttl-seconds") == "21600")
    #expect(requests[0].header("x-aws-ec2-metadata-token") == nil)
    for request in requests {
      #expect(request.header("Host") == "169.254.169.254")
      #expect(request.header("User-Agent")?.hasPrefix("rotactl/") == true)
      #expect(request.connectTimeoutSeconds == 1)
      #expect(request.readTimeoutSeconds == 1)
      #expect(request.body.isEmpty)
    }
    #expect(requests.dropFirst().allSatisfy { $0.header("x-aws-ec2-metadata-token") == "TOK" })
    #expect(script.warnings.isEmpty)
    #expect(script.sleeps.isEmpty)
  }

  @Test func `a proxy is never taken`() async throws {
    let script = service()
    let proxy = "http://proxy.example.com:3128"
    let proxies = ["HTTP_PROXY": proxy, "http_proxy": proxy, "ALL_PROXY": proxy]
    #expect(try await answer(of: script, proxies).found != nil)
    #expect(script.requests.allSatisfy { $0.proxy == nil })
  }

  @Test(arguments: ["true", "True", "TRUE"])
  func `a service that is switched off is not asked`(_ value: String) async throws {
    let script = service()
    let absence = try await answer(of: script, ["AWS_EC2_METADATA_DISABLED": value]).absence
    #expect(absence == "AWS_EC2_METADATA_DISABLED is true")
    #expect(script.requests.isEmpty)
  }

  @Test func `only the word true switches it off`() async throws {
    for value in ["false", "1", "yes", "true "] {
      #expect(try await answer(of: service(), ["AWS_EC2_METADATA_DISABLED": value]).found != nil)
    }
  }

  // MARK: - Without a token

  /// AWS CLI 2.36.7 goes on with version 1 after all of these.
  @Test(arguments: [403, 404, 405, 401, 500, 503])
  func `without a token version 1 is used`(_ status: Int) async throws {
    let script = service(token: MetadataScript.answer(status, "no"))
    #expect(try await answer(of: script).found != nil)
    #expect(script.lines == Self.tokenFirst)
    #expect(script.requests.allSatisfy { $0.header("x-aws-ec2-metadata-token") == nil })
  }

  @Test func `silence about a token means version 1, as no usable token does`() async throws {
    for token in [
      MetadataScript.Answer.failure(.silent("u")), .failure(.unreachable("u")),
      MetadataScript.answer(200, ""), MetadataScript.answer(200, "a\r\nb"),
    ] {
      let script = service(token: token)
      #expect(try await answer(of: script, ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "1"]).found != nil)
      #expect(script.requests.allSatisfy { $0.header("x-aws-ec2-metadata-token") == nil })
    }
  }

  @Test func `a request for a token that is called bad ends the search`() async throws {
    let script = service(token: MetadataScript.answer(400, "bad"))
    let absence = try await answer(of: script).absence
    #expect(absence == "the request for a token was answered with status 400")
    #expect(script.requests.count == 1)
  }

  /// The sentence is that of AWS CLI 2.36.7.
  @Test func `version 1 can be forbidden`() async throws {
    let answers = [403, 404, 500].map { MetadataScript.answer($0, "") }
    for token in answers + [.failure(.silent("u")), .failure(.unreachable("u"))] {
      let byVariable = try await answer(
        of: service(token: token), ["AWS_EC2_METADATA_V1_DISABLED": "TRUE"])
      let script = service(token: token)
      let byProfile = try await answer(
        of: script, config: "[default]\nec2_metadata_v1_disabled = true\n")
      for told in [byVariable, byProfile] {
        #expect(
          told.failure?.message
            == "Error retrieving metadata: Unable to retrieve token for use in IMDSv2 call and "
            + "IMDSv1 has been disabled")
      }
      #expect(script.requests.count == 1)
    }
    let allowed = try await answer(of: service(), ["AWS_EC2_METADATA_V1_DISABLED": "true"])
    #expect(allowed.found != nil)
  }

  // MARK: - Nothing to be had

  /// AWS CLI 2.36.7 goes on with its chain after all of these.
  @Test func `what is no role or no keys is no error, and the reason is told`() async throws {
    let html = "<html><b>hi</b></html>"
    func nothing(_ keys: String) -> MetadataScript {
      service(keys: MetadataScript.answer(200, keys))
    }
    let refusal =
      #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"}"#
    let cases: [(MetadataScript, String)] = [
      (service(role: MetadataScript.answer(404, html)), "status 404 from \(Self.list)"),
      (service(role: MetadataScript.answer(200, "")), "an empty answer from \(Self.list)"),
      (
        service(role: MetadataScript.answer(200, " \n")),
        "the instance metadata service names no role"
      ),
      (
        service(role: MetadataScript.answer(200, html)),
        "the instance metadata service names no role"
      ),
      (
        service(role: MetadataScript.answer(200, "../../x")),
        "the instance metadata service names no role"
      ),
      (service(keys: MetadataScript.answer(404, "")), "status 404 from \(Self.list)Role"),
      (service(keys: MetadataScript.answer(500, "")), "status 500 from \(Self.list)Role"),
      (nothing(""), "an empty answer from \(Self.list)Role"),
      (nothing(html), "no usable answer from \(Self.list)Role"),
      (nothing("{not json"), "no usable answer from \(Self.list)Role"),
      (nothing("[]"), "the instance metadata service's answer has no AccessKeyId"),
      (
        nothing(refusal),
        "the instance metadata service says AssumeRoleUnauthorizedAccess: "
          + "EC2 cannot assume the role"
      ),
    ]
    for (script, reason) in cases {
      #expect(try await answer(of: script).absence == reason)
    }
  }

  @Test(arguments: ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"])
  func `keys without a field are none`(_ field: String) async throws {
    let keys = MetadataScript.keys([field: .some(nil)])
    let absence = try await answer(of: service(keys: MetadataScript.answer(200, keys))).absence
    #expect(absence == "the instance metadata service's answer has no \(field)")
  }

  @Test func `a slow or dead service is no error`() async throws {
    let dead = MetadataScript { request, _ in .failure(.unreachable(request.url)) }
    #expect(
      try await answer(of: dead).absence
        == "Could not connect to the endpoint URL: \"\(Self.list)\"")
    #expect(dead.lines == Array(Self.tokenFirst.prefix(2)))
    let slow = MetadataScript { request, _ in .failure(.silent(request.url)) }
    #expect(
      try await answer(of: slow).absence == "Read timeout on endpoint URL: \"\(Self.list)\"")
  }

  @Test func `an end that is no time is an error, as in the AWS CLI`() async throws {
    let keys = MetadataScript.keys(["Expiration": "soon"])
    let failure = try await answer(of: service(keys: MetadataScript.answer(200, keys))).failure
    #expect(failure?.message == "Unknown string format: soon")
  }

  @Test func `a refused certificate and an end of all are errors`() async throws {
    for kind in [ServiceFailure.Kind.tls, .abandoned] {
      let failure = TransportFailure(kind: kind, code: "X", message: "said")
      #expect(try await answer(of: service(token: .failure(failure))).failure?.kind == kind)
      #expect(try await answer(of: service(role: .failure(failure))).failure?.kind == kind)
      #expect(try await answer(of: service(keys: .failure(failure))).failure?.kind == kind)
    }
  }

  @Test func `a line end after the role's name is cut off`() async throws {
    let script = service(role: MetadataScript.answer(200, "Role\r\nOther\r\n"))
    #expect(try await answer(of: script).found != nil)
    #expect(script.lines == Self.tokenFirst)
  }

  // MARK: - Limits

  @Test func `attempts and the limit come from the settings`() async throws {
    let script = service(
      token: MetadataScript.answer(500, ""), keys: MetadataScript.answer(404, ""))
    let config = """
      [profile p]
      metadata_service_num_attempts = 9
      metadata_service_timeout = 4
      """
    let environment = ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"]
    let context = try script.context(environment, config: config, profile: "p")
    let answer = await InstanceMetadataProvider(context: context).credentials(region: "")
    #expect(answer.absence == "status 404 from \(Self.list)Role")
    #expect(script.lines.filter { $0.hasPrefix("PUT") }.count == 3)
    #expect(script.lines.filter { $0.hasSuffix("/") }.count == 1)
    #expect(script.lines.filter { $0.hasSuffix("Role") }.count == 3)
    #expect(script.requests.allSatisfy { $0.readTimeoutSeconds == 4 })
    #expect(script.sleeps.isEmpty)
  }

  /// The sentences are those of AWS CLI 2.36.7.
  @Test func `a limit that is no number is an error`() async throws {
    for (text, name) in [("x", "NUM_ATTEMPTS"), ("1.5", "TIMEOUT")] {
      let script = service()
      let told = try await answer(of: script, ["AWS_METADATA_SERVICE_\(name)": text])
      #expect(told.failure?.message == "invalid literal for int() with base 10: '\(text)'")
      #expect(script.requests.isEmpty)
    }
    let zero = try await answer(of: service(), ["AWS_METADATA_SERVICE_TIMEOUT": "0"])
    #expect(
      zero.failure?.message
        == "An HTTP Client raised an unhandled exception: Attempted to set connect timeout to 0, "
        + "but the timeout cannot be set to a value less than or equal to 0.")
    let none = try await answer(of: service(), ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "0"])
    #expect(none.absence == "metadata_service_num_attempts is 0")
  }

  // MARK: - Keys that end soon

  /// The window is 15 minutes and the jitter, here two minutes.
  @Test(arguments: [(-86_400.0, true), (0, true), (1020, true), (1021, false)])
  func `keys that end soon are used on`(_ secondsLeft: Double, _ isExtended: Bool) async throws {
    let end = MetadataScript.moment.adding(seconds: secondsLeft)
    let script = service(
      keys: MetadataScript.answer(
        200, MetadataScript.keys(["Expiration": .string(end.iso8601)])))
    let keys = try #require(try await answer(of: script).found)
    if isExtended {
      #expect(keys.expiration == MetadataScript.moment.adding(seconds: 1020))
      #expect(
        script.warnings == [
          "The instance metadata service handed out credentials that end at \(end.iso8601). They "
            + "are used on, and a refresh will be attempted within 17 minutes."
        ])
    } else {
      #expect(keys.expiration == end)
      #expect(script.warnings.isEmpty)
    }
  }

  @Test func `the jitter is from two to ten minutes`() throws {
    let provider = InstanceMetadataProvider(context: try service().context([:]))
    for _ in 0..<200 { #expect((120...600).contains(provider.jitter())) }
  }

  // MARK: - The region

  private func region(
    _ zone: MetadataScript.Answer, _ environment: [String: String] = [:]
  ) async throws -> (String?, MetadataScript) {
    let script = service(role: zone)
    return (await InstanceMetadata.region(context: try script.context(environment)), script)
  }

  @Test func `the region is the zone without its last letter`() async throws {
    let (region, script) = try await region(MetadataScript.answer(200, "eu-west-1b"))
    #expect(region == "eu-west-1")
    #expect(
      script.lines == [
        "PUT \(Self.base)/api/token", "GET \(Self.base)/meta-data/placement/availability-zone/",
      ])
    #expect(script.requests.last?.header("x-aws-ec2-metadata-token") == "TOK")
    #expect(try await self.region(MetadataScript.answer(200, "eu-west-1b\n")).0 == "eu-west-1")
    #expect(
      try await self.region(MetadataScript.answer(200, "us-west-2-lax-1a")).0 == "us-west-2-lax-1")
  }

  @Test func `a zone that cannot be found out gives no region`() async throws {
    for zone in [
      MetadataScript.answer(404, ""), MetadataScript.answer(200, ""),
      MetadataScript.answer(200, "a"), MetadataScript.answer(200, "<html>x</html>"),
      .failure(.unreachable("u")), .failure(.silent("u")),
    ] {
      #expect(try await region(zone).0 == nil)
    }
    for environment in [
      ["AWS_EC2_METADATA_DISABLED": "true"], ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "not a uri"],
    ] {
      let (region, script) = try await region(
        MetadataScript.answer(200, "eu-west-1b"), environment)
      #expect(region == nil)
      #expect(script.requests.isEmpty)
    }
  }

  // MARK: - Over a real connection

  @Test func `keys come over a real connection`() async throws {
    let server = try ScriptedServer { request in
      if request.head.hasPrefix("PUT /base/latest/api/token HTTP/1.1\r\n") {
        return request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
          ? .json("TOK") : .json("", status: "400 Bad Request")
      }
      guard request.header("x-aws-ec2-metadata-token") == "TOK" else {
        return .json("", status: "401 Unauthorized")
      }
      return request.head.hasPrefix("GET /base/latest/meta-data/iam/security-credentials/ ")
        ? .json("Role") : .json(MetadataScript.keys())
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let environment = [
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": "\(server.url)base",
      "AWS_METADATA_SERVICE_TIMEOUT": "60", "http_proxy": "http://127.0.0.1:1",
    ]
    let context = try service().context(environment).exchanging { await transport.exchange($0) }
    let answer = await InstanceMetadataProvider(context: context).credentials(region: "")
    #expect(answer.found?.accessKeyID == "ASIASCRIPT")
    let requests = server.requests
    #expect(requests.count == 3)
    #expect(requests[0].header("content-length") == "0")
    #expect(requests[0].header("content-type") == nil)
    #expect(requests[0].header("host") == "127.0.0.1:\(server.port)")
  }

  @Test func `a dead service is told from a real connection`() async throws {
    let url = "http://127.0.0.1:\(try ScriptedServer.closedPort())/"
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let environment = [
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": url, "AWS_METADATA_SERVICE_TIMEOUT": "60",
    ]
    let context = try service().context(environment).exchanging { await transport.exchange($0) }
    let answer = await InstanceMetadataProvider(context: context).credentials(region: "")
    #expect(
      answer.absence
        == "Could not connect to the endpoint URL: "
        + "\"\(url)latest/meta-data/iam/security-credentials/\"")
  }

  @Test func `a silent service is told from a real connection`() async throws {
    let server = try ScriptedServer { request in
      request.head.hasPrefix("PUT ") ? .stall : .json("Role")
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    let environment = [
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url, "AWS_EC2_METADATA_V1_DISABLED": "true",
    ]
    let context = try service().context(environment).exchanging { await transport.exchange($0) }
    let answer = await InstanceMetadataProvider(context: context).credentials(region: "")
    #expect(answer.failure?.code == "MetadataRetrievalError")
  }
}
