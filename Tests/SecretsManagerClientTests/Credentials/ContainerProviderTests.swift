import Glibc
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct ContainerCredentials {
  private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
  private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
  private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
  private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
  private static let url = "http://localhost:8080/c"

  private func answer(
    of script: MetadataScript, _ environment: [String: String]
  ) async throws -> ProviderAnswer {
    await ContainerProvider(context: try script.context(environment)).credentials(region: "")
  }

  // MARK: - What is asked

  @Test func `the answer's keys are found`() async throws {
    let script = MetadataScript(200, MetadataScript.keys(["AccountId": "123456789012"]))
    let keys = try #require(try await answer(of: script, [Self.relative: "/v2/x"]).found)
    #expect(keys.accessKeyID == "ASIASCRIPT")
    #expect(keys.plainSecret == "hush-hush")
    #expect(keys.sessionToken == "session")
    #expect(keys.accountID == "123456789012")
    #expect(keys.expiration == MetadataScript.later)
    let request = try #require(script.requests.first)
    #expect(script.lines == ["GET http://169.254.170.2/v2/x"])
    #expect(request.header("Host") == "169.254.170.2")
    #expect(request.header("Accept") == "application/json")
    #expect(request.header("User-Agent")?.hasPrefix("rotactl/") == true)
    #expect(request.header("Authorization") == nil)
    #expect(request.connectTimeoutSeconds == 2)
    #expect(request.readTimeoutSeconds == 2)
  }

  @Test func `without a variable nothing is asked`() async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    let absence = try await answer(of: script, [Self.token: "t"]).absence
    #expect(absence == "\(Self.relative) and \(Self.full) are not set")
    #expect(script.requests.isEmpty)
  }

  @Test func `a proxy is never taken`() async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    let proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"]
    for url in [Self.url, "https://agent.example.com/c"] {
      var environment = [Self.full: url]
      for name in proxies { environment[name] = "http://proxy.example.com:3128" }
      #expect(try await answer(of: script, environment).found != nil)
    }
    #expect(script.requests.allSatisfy { $0.proxy == nil })
  }

  @Test(arguments: [
    "http://127.0.0.1:1/x", "http://127.255.0.9/x", "http://[::1]:1/x",
    "http://[0:0:0:0:0:0:0:1]/x", "http://LOCALHOST:1/x", "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1", "https://any.example.com/x", "https://10.0.0.1:8443/x",
  ])
  func `a permitted host is asked`(_ url: String) async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    #expect(try await answer(of: script, [Self.full: url]).found != nil)
    #expect(script.lines == ["GET \(url.replacing("LOCALHOST", with: "localhost"))"])
  }

  @Test func `user and password in a URL are not sent`() async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    _ = try await answer(of: script, [Self.full: "http://u:pass@127.0.0.1:99/x?a=1#part"])
    #expect(script.lines == ["GET http://127.0.0.1:99/x?a=1"])
    #expect(script.requests.first?.header("host") == "127.0.0.1:99")
  }

  /// The host in the sentence is what AWS CLI 2.36.7 printed for the same variable.
  @Test(arguments: [
    ("http://example.com/x", "example.com"), ("http://127.1/x", "127.1"),
    ("http://localhost.:1/x", "localhost."), ("http://127.0.0.1@example.com/x", "example.com"),
    ("http://localhost\\@example.com/x", "example.com"), ("localhost", "None"), ("/c", "None"),
    ("http://[::ffff:127.0.0.1]:1/x", "::ffff:127.0.0.1"), ("http://2130706433/", "2130706433"),
    ("http://169.254.169.254/", "169.254.169.254"),
  ])
  func `another host without TLS is refused`(_ url: String, _ host: String) async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    let failure = try #require(try await answer(of: script, [Self.full: url]).failure)
    #expect(
      failure.message.hasPrefix(
        "Unsupported host '\(host)'.  Can only retrieve metadata from a loopback address or one of "
          + "these hosts: 169.254.170.2, 169.254.170.23, fd00:ec2::23, localhost"))
    #expect(failure.message.contains(Self.full))
    #expect(failure.kind == .credentials)
    #expect(script.requests.isEmpty)
  }

  @Test(arguments: [("nosep", "169.254.170.2nosep"), ("@example.com/x", "example.com")])
  func `a relative path cannot name another host`(_ path: String, _ host: String) async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    let failure = try #require(try await answer(of: script, [Self.relative: path]).failure)
    #expect(failure.message.hasPrefix("Unsupported host '\(host)'."))
    #expect(failure.message.contains(Self.relative))
    #expect(script.requests.isEmpty)
  }

  @Test(arguments: [
    ("ftp://localhost/x", "Not supported URL scheme ftp"),
    ("http://127.0.0.1:99999/ok", "Failed to parse: http://127.0.0.1:99999/ok"),
    ("https://a b/x", "Failed to parse: https://a b/x"),
  ])
  func `a URL that cannot be asked is an error`(_ url: String, _ text: String) async throws {
    let script = MetadataScript(200, MetadataScript.keys())
    let failure = try #require(try await answer(of: script, [Self.full: url]).failure)
    #expect(
      failure.message.hasPrefix("An HTTP Client raised an unhandled exception: \(text)"))
    #expect(script.requests.isEmpty)
  }

  // MARK: - The authorization token

  @Test func `the token file wins and is read each time`() async throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("token", "Basic ü one ")
    let script = MetadataScript(200, MetadataScript.keys())
    let context = try script.context([
      Self.full: Self.url, Self.tokenFile: path, Self.token: "variable",
    ])
    let provider = ContainerProvider(context: context)
    #expect(await provider.credentials(region: "").found != nil)
    try folder.write("token", "two")
    #expect(await provider.credentials(region: "").found != nil)
    #expect(script.requests.map { $0.header("Authorization") } == ["Basic ü one ", "two"])
  }

  @Test func `the token variable is sent with both kinds of URI`() async throws {
    for variable in [Self.full, Self.relative] {
      let script = MetadataScript(200, MetadataScript.keys())
      let value = variable == Self.full ? Self.url : "/c"
      _ = try await answer(of: script, [variable: value, Self.token: "abc"])
      #expect(script.requests.first?.header("Authorization") == "abc")
    }
  }

  @Test func `an empty token file is an empty header, as in the AWS CLI`() async throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("token", "")
    let script = MetadataScript(200, MetadataScript.keys())
    let found = try await answer(of: script, [Self.full: Self.url, Self.tokenFile: path]).found
    #expect(found != nil)
    #expect(script.requests.first?.header("Authorization") == "")
  }

  @Test(arguments: ["tok\n", "a\r\nX-Evil: 1", "\rtok", "a\u{0}b"])
  func `a token with a line end is an error that does not show it`(_ text: String) async throws {
    let folder = try TemporaryDirectory()
    let path = try folder.write("token", text)
    let script = MetadataScript(200, MetadataScript.keys())
    for pair in [(Self.tokenFile, path), (Self.token, text)] {
      let failure = try #require(
        try await answer(of: script, [Self.full: Self.url, pair.0: pair.1]).failure)
      #expect(
        failure.message == "Auth token value is not a legal header value (\(pair.0))")
    }
    #expect(script.requests.isEmpty)
  }

  @Test func `a token file that cannot be read is an error`() async throws {
    let folder = try TemporaryDirectory()
    try folder.write("bytes", [0x66, 0xFF])
    try folder.write("large", String(repeating: "a", count: 70_000))
    let script = MetadataScript(200, MetadataScript.keys())
    for (name, text) in [
      ("missing", "[Errno 2] No such file or directory: "), ("", "[Errno 21] Is a directory: "),
      ("bytes", "The authorization token is not UTF-8 text: "),
      ("large", "[Errno 27] File too large: "),
    ] {
      let path = name.isEmpty ? folder.path : "\(folder.path)/\(name)"
      let failure = try #require(
        try await answer(of: script, [Self.full: Self.url, Self.tokenFile: path]).failure)
      #expect(failure.message == "\(text)'\(path)' (\(Self.tokenFile))")
    }
    #expect(script.requests.isEmpty)
  }

  // MARK: - Answers that are no keys

  /// The sentence is that of AWS CLI 2.36.7; the variable and the URL are added to it.
  @Test(arguments: [
    (
      200, "<html><b>hi</b></html>",
      "Unable to parse JSON returned from container metadata services"
    ),
    (200, "{not json", "Unable to parse JSON returned from container metadata services"),
    (200, "", "Unable to parse JSON returned from container metadata services"),
    (
      403, "forbidden by\nproxy",
      "Received non 200 response 403 from container metadata: forbidden by proxy"
    ),
    (
      404, #"{"code":"x","message":"no role"}"#,
      #"Received non 200 response 404 from container metadata: {"code":"x","message":"no role"}"#
    ),
    (500, "oops", "Received non 200 response 500 from container metadata: oops"),
    (302, "", "Received non 200 response 302 from container metadata: "),
  ])
  func `an answer without JSON is asked for three times`(
    _ status: Int, _ body: String, _ text: String
  ) async throws {
    let script = MetadataScript(status, body)
    let failure = try #require(
      try await answer(of: script, [Self.full: Self.url]).failure)
    #expect(
      failure.message
        == "Error when retrieving credentials from container-role: Error retrieving metadata: "
        + "\(text) (\(Self.full): \(Self.url))")
    #expect(failure.code == "CredentialRetrievalError")
    #expect(failure.kind == (status == 500 ? .connect : .credentials))
    #expect(script.requests.count == 3)
    #expect(script.sleeps == [1, 1])
  }

  @Test func `a service that is silent or not there is tried three times`() async throws {
    for failure in [TransportFailure.silent(Self.url), .unreachable(Self.url)] {
      let script = MetadataScript { _, _ in .failure(failure) }
      let told = try #require(try await answer(of: script, [Self.full: Self.url]).failure)
      #expect(
        told.message
          == "Error when retrieving credentials from container-role: Error retrieving metadata: "
          + "Received error when attempting to retrieve container metadata: \(failure.message) "
          + "(\(Self.full): \(Self.url))")
      #expect(told.kind == .connect)
      #expect(script.requests.count == 3)
      #expect(script.sleeps == [1, 1])
    }
  }

  @Test func `a third try can succeed`() async throws {
    let script = MetadataScript { request, number in
      switch number {
      case 1: .failure(.silent(request.url))
      case 2: MetadataScript.answer(503, "busy")
      default: MetadataScript.answer(200, MetadataScript.keys())
      }
    }
    #expect(try await answer(of: script, [Self.full: Self.url]).found != nil)
    #expect(script.sleeps == [1, 1])
  }

  @Test func `a refused certificate and an end of all are not tried again`() async throws {
    for kind in [ServiceFailure.Kind.tls, .abandoned] {
      let script = MetadataScript { _, _ in
        .failure(TransportFailure(kind: kind, code: "X", message: "said"))
      }
      let failure = try #require(
        try await answer(of: script, [Self.full: "https://x.example.com/c"]).failure)
      #expect(failure.kind == kind)
      #expect(failure.message.contains("said"))
      #expect(script.requests.count == 1)
    }
  }

  @Test(arguments: ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"])
  func `a missing field is named and not asked for again`(_ field: String) async throws {
    var bodies = [MetadataScript.keys([field: .some(nil)]), MetadataScript.keys([field: 5])]
    if field != "Token" { bodies += [MetadataScript.keys([field: ""])] }
    for body in bodies {
      let script = MetadataScript(200, body)
      let failure = try #require(try await answer(of: script, [Self.relative: "/c"]).failure)
      #expect(
        failure.message
          == "Error when retrieving credentials from container-role: the answer has no \(field) "
          + "(\(Self.relative): http://169.254.170.2/c)")
      #expect(script.requests.count == 1)
    }
  }

  @Test(arguments: ["[]", "\"x\"", "null", "7"])
  func `JSON that is no object has no keys`(_ body: String) async throws {
    let failure = try await answer(of: MetadataScript(200, body), [Self.full: Self.url]).failure
    #expect(failure?.message.contains("the answer has no AccessKeyId") == true)
  }

  @Test func `a token of null is none, and an end that is no time is an error`() async throws {
    let null = MetadataScript(200, MetadataScript.keys(["Token": .some(.null)]))
    let keys = try #require(try await answer(of: null, [Self.full: Self.url]).found)
    #expect(keys.sessionToken == nil)
    let soon = MetadataScript(200, MetadataScript.keys(["Expiration": "soon"]))
    let failure = try await answer(of: soon, [Self.full: Self.url]).failure
    #expect(failure?.message.contains("Unknown string format: soon") == true)
  }

  @Test func `keys that have ended are asked for twice`() async throws {
    let past = MetadataScript.keys(["Expiration": "2020-01-01T00:00:00Z"])
    let script = MetadataScript(200, past)
    let failure = try await answer(of: script, [Self.full: Self.url]).failure
    #expect(
      failure?.message.hasPrefix(
        "Credentials were refreshed, but the refreshed credentials are still expired.") == true)
    #expect(script.requests.count == 2)
    let late = MetadataScript { _, number in
      MetadataScript.answer(200, number == 1 ? past : MetadataScript.keys())
    }
    #expect(try await answer(of: late, [Self.full: Self.url]).found != nil)
  }

  @Test func `no error shows the token, the keys or a password`() async throws {
    let bodies = [
      (500, "echo: Authorization: tok-123 " + String(repeating: "tok-123", count: 40)),
      (201, MetadataScript.keys()), (200, MetadataScript.keys(["Token": .some(nil)])),
    ]
    for (status, body) in bodies {
      let script = MetadataScript(status, body)
      let failure = try #require(
        try await answer(
          of: script, [Self.full: "http://u:pass-9@localhost/c", Self.token: "tok-123"]
        ).failure)
      for hidden in ["tok-123", "hush-hush", "pass-9", "session"] {
        #expect(!failure.message.contains(hidden))
      }
    }
  }

  // MARK: - Over a real connection

  @Test func `keys come over a real connection`() async throws {
    let server = try ScriptedServer { request in
      request.header("Authorization") == "tok"
        ? .json(MetadataScript.keys()) : .json("{}", status: "401 Unauthorized")
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    defer { transport.shutdown() }
    var context = try MetadataScript(200, "").context([
      Self.full: "\(server.url)c?a=1", Self.token: "tok", "http_proxy": "http://127.0.0.1:1",
    ])
    context = context.exchanging { await transport.exchange($0) }
    let answer = await ContainerProvider(context: context).credentials(region: "")
    #expect(answer.found?.accessKeyID == "ASIASCRIPT")
    let request = try #require(server.requests.first)
    #expect(request.head.hasPrefix("GET /c?a=1 HTTP/1.1\r\n"))
    #expect(request.header("host") == "127.0.0.1:\(server.port)")
    #expect(request.header("user-agent")?.hasPrefix("rotactl/") == true)
  }
}

extension CredentialContext {
  /// The same context over another transport.
  func exchanging(
    _ exchange: @escaping @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>
  ) -> CredentialContext {
    CredentialContext(
      configuration: configuration, explicitProfile: explicitProfile, options: options,
      clock: clock, sleep: sleep, exchange: exchange, warn: warn)
  }
}
