import Cryptography
import Glibc
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct CredentialsOfAWebIdentity {
  private static let role = "arn:aws:iam::123456789012:role/R"

  private static func assumed(_ key: String, minutes: Double = 60) -> String {
    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><AssumedRoleUser>"
      + "<Arn>arn:aws:sts::123456789012:assumed-role/R/s</Arn></AssumedRoleUser><Credentials>"
      + "<AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>"
      + "<SessionToken>t</SessionToken><Expiration>"
      + ProviderBench.moment.adding(seconds: minutes * 60).iso8601
      + "</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
      + "</AssumeRoleWithWebIdentityResponse>"
  }

  private static func refused(_ code: String) -> String {
    "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>bad</Message></Error>"
      + "<RequestId>r</RequestId></ErrorResponse>"
  }

  private func bench(
    _ config: String = "", _ environment: [String: String] = [:], status: Int = 200,
    body: String = assumed("ASIA")
  ) throws -> ProviderBench {
    try ProviderBench(config, environment: environment) { _ in
      .success(HTTPResponse(status: status, body: Array(body.utf8)))
    }
  }

  private func body(_ request: HTTPRequest?) -> String {
    String(decoding: request?.body ?? [], as: UTF8.self)
  }

  @Test func `the token is sent as it is, unsigned, and the keys are stored`() async throws {
    let folder = try TemporaryDirectory()
    let token = try folder.write("token", " tok en\n")
    let environment = ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Self.role]
    let bench = try bench("", environment)
    let provider = WebIdentityProvider(context: try bench.context(), profile: "default")
    let found = try #require(await provider.credentials(region: "eu-west-1").found)
    #expect(found.accessKeyID == "ASIA")
    #expect(found.plainSecret == "hush")
    #expect(found.accountID == "123456789012")
    #expect(found.expiration == ProviderBench.moment.adding(seconds: 3600))
    let request = try #require(bench.requests.first)
    #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
    #expect(!request.hasHeader("authorization"))
    #expect(
      body(request) == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn="
        + "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FR&RoleSessionName=rotactl-1795457501"
        + "&WebIdentityToken=+tok+en%0A")

    // The name is that of Python's json.dumps({"RoleArn": ...}) under SHA-1.
    let name = ".aws/cli/cache/c03ce438bc208f6214854d85d3ca930ff73e3004.json"
    let stored = try JSONValue(parsing: try bench.home.read(name))
    #expect(stored["Credentials"]?["AccessKeyId"] == "ASIA")
    #expect(ProviderBench.mode("\(bench.home.path)/\(name)") == 0o600)
    #expect(!stored.compact.contains("tok en"))
    // Served from the store now, without the token.
    unlink(token)
    #expect(await provider.credentials(region: "eu-west-1").found?.accessKeyID == "ASIA")
    #expect(bench.requests.count == 1)
  }

  @Test func `the token is read again for each exchange`() async throws {
    let folder = try TemporaryDirectory()
    let token = try folder.write("token", "first")
    let bench = try bench(
      "[default]\nrole_arn = \(Self.role)\nweb_identity_token_file = \(token)\n",
      body: Self.assumed("ASIA", minutes: 14))
    let provider = WebIdentityProvider(context: try bench.context(), profile: "default")
    _ = await provider.credentials(region: "eu-west-1")
    try folder.write("token", "second")
    _ = await provider.credentials(region: "eu-west-1")
    #expect(
      bench.requests.map { body($0).split(separator: "=").last } == ["first", "second"])
  }

  @Test func `a chosen session name is sent and enters the store's name`() {
    let call = WebIdentityCall(
      roleARN: "arn:aws:iam::123456789012:role/Ü\"\\", sessionName: "s")
    #expect(call.cacheKey == "048d8de2a09c6038642bbc9ff6a7ba5543ed5593")
  }

  @Test func `the environment goes before the profile, unless that was named`() async throws {
    let folder = try TemporaryDirectory()
    let token = try folder.write("token", "abcd")
    let config = """
      [profile p]
      role_arn = arn:aws:iam::123456789012:role/OfProfile
      role_session_name = of-profile
      web_identity_token_file = \(token)
      """
    let environment = [
      "AWS_PROFILE": "p", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/OfEnvironment",
    ]
    let bench = try bench(config, environment)
    for explicit in [nil, "p"] {
      let provider = WebIdentityProvider(
        context: try bench.context(explicitProfile: explicit), profile: "p")
      #expect(await provider.credentials(region: "eu-west-1").found != nil)
    }
    let source = WebIdentityProvider(
      context: try bench.context(), profile: "absent", usesEnvironment: false)
    #expect(await source.credentials(region: "eu-west-1").absence != nil)
    let bodies = bench.requests.map { body($0) }
    #expect(bodies.count == 2)
    #expect(bodies.first?.contains("RoleSessionName=of-profile&RoleArn=") == true)
    #expect(bodies.first?.contains("OfEnvironment&") == true)
    #expect(bodies.last?.contains("OfProfile&") == true)
  }

  @Test func `a session name of the options is for those who chose none`() async throws {
    let folder = try TemporaryDirectory()
    let token = try folder.write("token", "abcd")
    let bench = try bench(
      "", ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Self.role])
    var options = ClientOptions()
    options.sessionName = "run-7"
    let provider = WebIdentityProvider(
      context: try bench.context(options: options), profile: "default")
    _ = await provider.credentials(region: "eu-west-1")
    #expect(body(bench.requests.first).contains("&RoleSessionName=run-7&"))
  }

  /// The sentences of AWS CLI 2.36.7.
  @Test func `a role or a token that is missing is told`() async throws {
    let folder = try TemporaryDirectory()
    let empty = try folder.write("empty", "")
    let cases = [
      (
        "\(folder.path)/none", Self.role,
        "[Errno 2] No such file or directory: '\(folder.path)/none'"
      ),
      (folder.path, Self.role, "[Errno 21] Is a directory: '\(folder.path)'"),
      (
        empty, Self.role,
        "Parameter validation failed:\nInvalid length for parameter WebIdentityToken, value: 0, "
          + "valid min length: 4"
      ),
      (
        empty, "short",
        "Parameter validation failed:\nInvalid length for parameter RoleArn, value: 5, "
          + "valid min length: 20\nInvalid length for parameter WebIdentityToken, value: 0, "
          + "valid min length: 4"
      ),
      (
        empty, "",
        "The provided profile or the current environment is configured to assume role with web "
          + "identity but has no role ARN configured. Ensure that the profile has the role_arn"
          + "configuration set or the AWS_ROLE_ARN env var is set."
      ),
    ]
    for (path, role, message) in cases {
      let bench = try bench("", ["AWS_WEB_IDENTITY_TOKEN_FILE": path, "AWS_ROLE_ARN": role])
      let provider = WebIdentityProvider(context: try bench.context(), profile: "default")
      let failure = await provider.credentials(region: "eu-west-1").failure
      #expect(failure?.message == message)
      #expect(failure?.kind == .credentials)
      #expect(bench.requests.isEmpty)
    }
  }

  @Test(arguments: [
    (400, "InvalidIdentityToken", ServiceFailure.Kind.credentials),
    (400, "IDPCommunicationError", .connect), (403, "AccessDenied", .credentials),
    (400, "Throttling", .service), (500, "InternalFailure", .connect),
  ])
  func `refusals are repeated where that helps`(
    _ status: Int, _ code: String, _ kind: ServiceFailure.Kind
  ) async throws {
    let folder = try TemporaryDirectory()
    let token = try folder.write("token", "abcd")
    let bench = try bench(
      "", ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Self.role], status: status,
      body: Self.refused(code))
    let provider = WebIdentityProvider(context: try bench.context(), profile: "default")
    let failure = await provider.credentials(region: "eu-west-1").failure
    #expect(failure?.kind == kind)
    #expect(failure?.code == code)
    #expect(failure?.message == "AssumeRoleWithWebIdentity of \(Self.role): bad")
    #expect(failure?.leavesDoubt == false)
  }

  @Test func `the call goes over the real transport`() async throws {
    let folder = try TemporaryDirectory()
    let token = try folder.write("token", "abcd")
    let server = try ScriptedServer { request in
      request.connection == 0 ? .reset : .json(Self.assumed("ASIALIVE"))
    }
    defer { server.stop() }
    let transport = try CurlTransport()
    let bench = try ProviderBench(
      "",
      environment: [
        "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Self.role,
        "AWS_ENDPOINT_URL_STS": server.url,
      ]
    ) { await transport.exchange($0) }
    let provider = WebIdentityProvider(context: try bench.context(), profile: "default")
    let failure = await provider.credentials(region: "eu-west-1").failure
    #expect(failure?.kind == .connect)
    #expect(
      await provider.credentials(region: "eu-west-1").found?.accessKeyID == "ASIALIVE")
    let request = try #require(server.requests.last)
    #expect(request.head.hasPrefix("POST / HTTP/1.1\r\n"))
    #expect(request.header("authorization") == nil)
    #expect(
      request.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8")
    #expect(request.body.hasPrefix("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&"))
  }
}

/// The suite aws-credential-chain where it is about web identity.
///
/// Not here: profile_overrides_web_identity, which ends in the source of role_arn. Of the cases
/// with a source profile, that profile's part is judged. STS is asked where AWS CLI v2 asks it, in
/// the region; the engine of the oracle, of v1, asks the global host.
@Suite(.enabled(if: CredentialReplay.isThere, "\(Conformance.absence)"))
struct WebIdentityConformance {
  @Test(arguments: [
    ("web_identity_token_env", "default", "eu-west-1"),
    ("web_identity_token_profile", "A", "us-east-1"),
    ("web_identity_token_source_profile", "B", "us-east-1"),
    ("web_identity_token_invalid_jwt", "B", "us-east-1"),
    ("web_identity_source_profile_no_env", "B", "us-east-1"),
  ])
  func `cases end as with the AWS CLI`(
    _ name: String, _ profile: String, _ region: String
  ) async throws {
    let replay = try CredentialReplay("default-credential-provider-chain/\(name)")
    let provider = WebIdentityProvider(
      context: try replay.context(), profile: profile, usesEnvironment: profile != "B")
    let answer = await provider.credentials(region: region)
    let calls = (replay.oracle["http_requests"]?.array ?? []).filter {
      $0["body"]?.string?.contains("WebIdentity") == true
    }
    #expect(replay.requests.count == calls.count)
    for (request, call) in zip(replay.requests, calls) {
      #expect(request.url == "https://sts.\(region).amazonaws.com/")
      let sent = Self.parameters(String(decoding: request.body, as: UTF8.self))
      #expect(sent == Self.parameters(call["body"]?.string ?? ""))
    }
    if let message = replay.oracle["message"]?.string {
      let failure = try #require(answer.failure)
      #expect(message.contains(failure.message.split(separator: ": ").last ?? ""))
      #expect(failure.kind == .credentials)
    } else {
      let found = try #require(answer.found)
      // The oracle's keys are those of the whole chain, of which A assumes one more role.
      guard profile != "B" else { return }
      let expected = replay.oracle["credentials"]
      #expect(found.accessKeyID == expected?["access_key_id"]?.string)
      #expect(found.plainSecret == expected?["secret_access_key"]?.string)
      #expect(found.sessionToken == expected?["session_token"]?.string)
      #expect(found.accountID == expected?["account_id"]?.string)
    }
  }

  /// The parameters of a form; a session name that was made up becomes `made-up`.
  private static func parameters(_ body: String) -> Set<String> {
    let made = ["RoleSessionName=rotactl-", "RoleSessionName=botocore-session-"]
    return Set(
      body.split(separator: "&").map { part in
        made.contains { part.hasPrefix($0) } ? "RoleSessionName=made-up" : String(part)
      })
  }
}
