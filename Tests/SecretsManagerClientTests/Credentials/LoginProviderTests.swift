import Cryptography
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct CredentialsOfALogin {
  private static let session = "arn:aws:sts::012345678910:assumed-role/Admin/admin"
  private static let file = "4b0ba8f99f075c0633e122fd73346ce203a3faf18ea0310eb2d29df1bab2e255.json"
  private static let config = "[profile signin]\nlogin_session = \(session)\n"
  private static let renewal = """
    {"accessToken":{"accessKeyId":"NEWKEY","secretAccessKey":"NS","sessionToken":"NT"},\
    "expiresIn":900,"refreshToken":"newr","tokenType":"aws_sigv4"}
    """

  private static func document(secondsLeft: Double) -> String {
    let end = ProviderBench.moment.adding(seconds: secondsLeft).iso8601
    let value: JSONValue = [
      "accessToken": [
        "accessKeyId": "OLDKEY", "secretAccessKey": "OS", "sessionToken": "OT",
        "accountId": "012345678901", "expiresAt": .string(end),
      ],
      "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "oldr",
      "idToken": "kept", "dpopKey": .string(SigningWithES256.pem),
    ]
    return value.compact
  }

  private func bench(
    _ status: Int = 200, _ body: String = renewal, error: String? = nil,
    secondsLeft: Double = 300, environment: [String: String] = [:]
  ) throws -> ProviderBench {
    let headers = error.map { [HTTPHeader("x-amzn-ErrorType", $0)] } ?? []
    let response = HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
    let bench = try ProviderBench(Self.config, environment: environment) { _ in
      .success(response)
    }
    try bench.home.write(
      ".aws/login/cache/\(Self.file)", Self.document(secondsLeft: secondsLeft))
    return bench
  }

  private func ask(_ bench: ProviderBench) async throws -> ProviderAnswer {
    let provider = LoginProvider(context: try bench.context(), profile: "signin")
    return await provider.credentials(region: "eu-west-1")
  }

  @Test func `a profile without the key is passed over`() async throws {
    let bench = try ProviderBench("[profile signin]\nregion = x\n")
    #expect(try await ask(bench).absence != nil)
  }

  @Test func `keys with more than five minutes left are used`() async throws {
    let bench = try bench(secondsLeft: 301)
    let found = try #require(try await ask(bench).found)
    #expect(found.accessKeyID == "OLDKEY")
    #expect(found.accountID == "012345678901")
    #expect(bench.requests.isEmpty)
  }

  @Test func `five minutes before the end the session is renewed and kept`() async throws {
    let bench = try bench()
    let found = try #require(try await ask(bench).found)
    #expect(found.accessKeyID == "NEWKEY")
    #expect(found.plainSecret == "NS")
    #expect(found.sessionToken == "NT")
    #expect(found.accountID == "012345678901")
    #expect(found.expiration?.iso8601 == "2026-11-23T18:26:41.000Z")

    let request = try #require(bench.requests.first)
    #expect(request.url == "https://eu-west-1.signin.aws.amazon.com/v1/token")
    #expect(request.method == "POST")
    #expect(!request.hasHeader("authorization"))
    #expect(
      try JSONValue(parsing: request.body) == [
        "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "oldr",
        "grantType": "refresh_token",
      ])

    let path = ".aws/login/cache/\(Self.file)"
    let stored = try JSONValue(parsing: try bench.home.read(path))
    #expect(
      stored == [
        "accessToken": [
          "accessKeyId": "NEWKEY", "secretAccessKey": "NS", "sessionToken": "NT",
          "accountId": "012345678901", "expiresAt": "2026-11-23T18:26:41Z",
        ],
        "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "newr",
        "idToken": "kept", "dpopKey": .string(SigningWithES256.pem),
      ])
    #expect(ProviderBench.mode("\(bench.home.path)/\(path)") == 0o600)
  }

  @Test func `the proof names the request, its time and the key`() throws {
    let proof = try DPoPProof(pem: SigningWithES256.pem).text(
      for: "http://127.0.0.1:46383/v1/token", at: Timestamp(milliseconds: 1_795_493_632_500),
      id: "1e3a7afc-68f7-4ce5-a0e6-a3b4e45696a9")
    // Header and payload as AWS CLI 2.36.7 sent them; the signature holds a random number.
    let expected = """
      eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6ImRqYmNPZ1Z5ZGJf\
      STJfVjQ4eW1TZm9DLVhfOXlhaUtvaDlqMUJpbHNhQmMiLCJ5IjoiQTJWdzBIemNXSzhSY1RPVk51NEpBcms1N001\
      aHZlQnU4ZTdNcVFIU2NOYyIsImNydiI6IlAtMjU2In19.eyJodG0iOiJQT1NUIiwiaHR1IjoiaHR0cDovLzEyNy4\
      wLjAuMTo0NjM4My92MS90b2tlbiIsImlhdCI6MTc5NTQ5MzYzMiwianRpIjoiMWUzYTdhZmMtNjhmNy00Y2U1LWE\
      wZTYtYTNiNGU0NTY5NmE5In0.
      """
    #expect(proof.hasPrefix(expected))
    #expect(proof.split(separator: ".").last?.count == 86)
  }

  /// The sentences of AWS CLI 2.36.7.
  @Test(arguments: [
    ("TOKEN_EXPIRED", "Your session has expired. Please reauthenticate using 'aws login'."),
    (
      "USER_CREDENTIALS_CHANGED",
      "Unable to refresh login credentials because of a change in your password. Please "
        + "reauthenticate with your new password using 'aws login'."
    ),
    (
      "INSUFFICIENT_PERMISSIONS",
      "Unable to create or refresh login credentials due to insufficient permissions. You may be "
        + "missing permission for the 'signin:CreateOAuth2Token' action."
    ),
    (
      "OTHER",
      "An unspecified error happened when resolving AWS credentials or refreshing a login session "
        + "profile."
    ),
  ])
  func `a session that cannot go on is told`(_ reason: String, _ message: String) async throws {
    let bench = try bench(
      400, "{\"error\":\"\(reason)\",\"message\":\"m\"}", error: "AccessDeniedException")
    let failure = try await ask(bench).failure
    #expect(failure?.message == message)
    #expect(failure?.kind == .credentials)
  }

  @Test(arguments: [
    (500, "InternalServerException", ServiceFailure.Kind.connect),
    (429, "TooManyRequestsError", .connect), (400, "ValidationException", .credentials),
    (400, "ThrottlingException", .service),
  ])
  func `other failures are repeated where that helps`(
    _ status: Int, _ code: String, _ kind: ServiceFailure.Kind
  ) async throws {
    let failure = try await ask(bench(status, "{\"message\":\"m\"}", error: code)).failure
    #expect(failure?.kind == kind)
    #expect(failure?.code == code)
    #expect(failure?.message == "CreateOAuth2Token: m")
    #expect(failure?.leavesDoubt == false)
  }

  @Test func `a half answer changes nothing in the file`() async throws {
    let bench = try bench(200, "{\"accessToken\":{\"accessKeyId\":\"A\"},\"expiresIn\":900}")
    #expect(
      try await ask(bench).failure?.message
        == "Error loading login session token: Failed to refresh an access token.")
    let stored = try bench.home.read(".aws/login/cache/\(Self.file)")
    #expect(String(decoding: stored, as: UTF8.self) == Self.document(secondsLeft: 300))
  }

  @Test func `the folder can be chosen, and an unusable file is told`() async throws {
    let folder = try TemporaryDirectory()
    let bench = try bench(environment: ["AWS_LOGIN_CACHE_DIRECTORY": folder.path])
    #expect(
      try await ask(bench).failure?.message
        == "Error loading login session token: Unable to load a existing login session for "
        + "session \(Self.session), Please reauthenticate with 'aws login'.")
    try folder.write(Self.file, "{")
    #expect(try await ask(bench).failure?.message.contains("is not a JSON object") == true)
    try folder.write(Self.file, "{\"accessToken\":{}}")
    #expect(
      try await ask(bench).failure?.message
        == "Error loading login session token: Failed to load access token from token cache, "
        + "missing one or more required fields.")
    try folder.write(Self.file, Self.document(secondsLeft: 301))
    #expect(try await ask(bench).found?.accessKeyID == "OLDKEY")
  }
}

/// The suite aws-login-credentials.
@Suite(.enabled(if: Conformance.has("aws-login-credentials"), "\(Conformance.absence)"))
struct LoginConformance {
  /// The moment that the suite's expectations are made for.
  private static let moment = Timestamp(iso8601: "2025-11-19T00:00:00Z")

  @Test func `all cases end as the suite says`() async throws {
    let cases = try JSONValue(
      parsing: try Conformance.bytes("aws-login-credentials/login-provider-test-cases.json"))
    var run = 0
    for test in cases.array ?? [] {
      try await judge(test)
      run += 1
    }
    #expect(run == 8)
  }

  private func judge(_ test: JSONValue) async throws {
    let name = test["documentation"]?.string ?? ""
    let calls = test["mockApiCalls"]?.array ?? []
    let bench = try ProviderBench(test["configContents"]?.string ?? "") { _ in
      guard let call = calls.first else { return .failure(.unreachable("")) }
      let body = call["response"]?["tokenOutput"]?.compactBytes ?? []
      return .success(HTTPResponse(status: call["responseCode"]?.int ?? 200, body: body))
    }
    for member in test["cacheContents"]?.object?.members ?? [] {
      try bench.home.write(".aws/login/cache/\(member.key)", member.value.compact)
    }
    let now = try #require(Self.moment)
    let provider = LoginProvider(context: try bench.context(now: now), profile: "signin")
    let answer = await provider.credentials(region: "us-east-1")
    for outcome in test["outcomes"]?.array ?? [] {
      switch outcome["result"]?.string {
      case "error": #expect(answer.failure != nil, "\(name)")
      case "credentials":
        let found = try #require(answer.found, "\(name)")
        #expect(found.accessKeyID == outcome["accessKeyId"]?.string, "\(name)")
        #expect(found.plainSecret == outcome["secretAccessKey"]?.string, "\(name)")
        #expect(found.sessionToken == outcome["sessionToken"]?.string, "\(name)")
        #expect(found.accountID == outcome["accountId"]?.string, "\(name)")
        #expect(
          found.expiration == outcome["expiresAt"]?.string.flatMap { Timestamp(iso8601: $0) },
          "\(name)")
      case "cacheContents":
        for member in outcome.object?.members ?? [] where member.key != "result" {
          let stored = try bench.home.read(".aws/login/cache/\(member.key)")
          #expect(try JSONValue(parsing: stored) == member.value, "\(name)")
        }
      default: Issue.record("an outcome of another kind: \(name)")
      }
    }
    let sent = try bench.requests.map { try JSONValue(parsing: $0.body) }
    #expect(sent == calls.compactMap { $0["request"]?["tokenInput"] }, "\(name)")
  }
}
