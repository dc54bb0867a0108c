import Glibc
import RotationCore
import Testing

@testable import SecretsManagerClient

@Suite struct IdentityCenterRoles {
  private static let expired =
    "The SSO session associated with this profile has expired or is otherwise invalid. To refresh "
    + "this SSO session run aws sso login with the corresponding profile."

  @Test(arguments: ["ops", "legacy"])
  func `a valid token buys the role's credentials`(profile: String) async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 7200)
    try world.write(
      IdentityCenterWorld.legacyFile,
      #"{"accessToken":"old-token","expiresAt":"2026-11-24T05:00:00UTC"}"#)
    guard case .found(let credentials) = await world.ask(profile) else {
      Issue.record("nothing found")
      return
    }
    #expect(credentials.accessKeyID == "ASIASSO")
    #expect(credentials.sessionToken == "sso-token")
    #expect(credentials.accountID == "123456789012")
    // The CLI drops the fraction of a second.
    #expect(credentials.expiration == IdentityCenterWorld.moment.adding(seconds: 36_000))
    let request = try #require(world.requests.first)
    let region = profile == "ops" ? "us-east-1" : "eu-west-1"
    #expect(
      request.url == "https://portal.sso.\(region).amazonaws.com/federation/credentials"
        + "?role_name=Ops&account_id=123456789012")
    #expect(request.method == "GET")
    #expect(request.token == "old-token")
    #expect(!request.hasHeader("authorization"))
    #expect(world.requests.count == 1)
    #expect(world.warnings.isEmpty)
  }

  @Test func `the query is percent-encoded`() async throws {
    let world = try IdentityCenterWorld(
      config: "[profile p]\nsso_role_name = A b/é&x=1\nsso_account_id = 1 2\n"
        + "sso_start_url = \(IdentityCenterWorld.startURL)\nsso_region = us-east-1")
    try world.write(
      IdentityCenterWorld.legacyFile,
      #"{"accessToken":"t","expiresAt":"2026-11-24T05:00:00Z"}"#)
    #expect(await world.problem("p").code == "found")
    #expect(
      world.requests.first?.url.hasSuffix("?role_name=A%20b%2F%C3%A9%26x%3D1&account_id=1%202")
        == true)
  }

  @Test func `endpoints and trust are those of the profile that was asked for`() async throws {
    let world = try IdentityCenterWorld(
      config: IdentityCenterWorld.config
        + "\n[profile top]\nservices = local\nca_bundle = /roots.pem\n[services local]\n"
        + "sso =\n  endpoint_url = http://portal.test/base\n"
        + "sso_oidc =\n  endpoint_url = http://oidc.test/")
    try world.token(endsAfter: 60)
    let provider = IdentityCenterProvider(
      world.context(asked: "top"), profile: "ops", tokens: world.tokens)
    guard case .found = await provider.credentials(region: "us-west-2") else {
      Issue.record("nothing found")
      return
    }
    #expect(
      world.requests.map(\.url) == [
        "http://oidc.test/token",
        "http://portal.test/base/federation/credentials?role_name=Ops&account_id=123456789012",
      ])
    #expect(world.requests.allSatisfy { $0.trust == .bundle(path: "/roots.pem") })
  }

  @Test func `an empty region stands for that of the call`() async throws {
    let world = try IdentityCenterWorld(
      config: "[profile p]\nsso_role_name = R\nsso_account_id = 1\n"
        + "sso_start_url = \(IdentityCenterWorld.startURL)\nsso_region =")
    try world.write(
      IdentityCenterWorld.legacyFile,
      #"{"accessToken":"t","expiresAt":"2026-11-24T05:00:00Z"}"#)
    #expect(await world.problem("p").code == "found")
    #expect(world.requests.first?.url.contains("portal.sso.us-west-2.") == true)
  }

  // MARK: - Store

  @Test func `credentials are stored as the CLI stores them and found again`() async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 7200)
    #expect(await world.problem("ops").code == "found")
    let file = ".aws/cli/cache/\(IdentityCenterWorld.sessionKey).json"
    #expect(world.mode(file) == 0o600)
    #expect(
      try world.json(file) == [
        "ProviderType": "sso",
        "Credentials": [
          "AccessKeyId": "ASIASSO", "SecretAccessKey": "sso-secret", "SessionToken": "sso-token",
          "Expiration": .string(IdentityCenterWorld.time(36_000)), "AccountId": "123456789012",
        ],
      ])
    try world.write(IdentityCenterWorld.sessionFile, "broken")
    #expect(await world.problem("ops").code == "found")
    #expect(world.requests.count == 1)
  }

  @Test(arguments: [
    "not json", "[]", "{}", #"{"Credentials":{"AccessKeyId":"A"}}"#,
    #"{"Credentials":{"AccessKeyId":1,"SecretAccessKey":"s","SessionToken":"t","Expiration":"x"}}"#,
    #"{"Credentials":{"AccessKeyId":"A","SecretAccessKey":"s","SessionToken":"t","#
      + #""Expiration":"2026-11-24T04:14:59Z"}}"#,
  ]) func `a stored document that is no use counts as absent`(text: String) async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 7200)
    try world.write(".aws/cli/cache/\(IdentityCenterWorld.sessionKey).json", text)
    #expect(await world.problem("ops").code == "found")
    #expect(world.requests.count == 1)
  }

  /// The document is what the AWS CLI 2.36.7 wrote.
  @Test func `credentials that the CLI stored are used without a call`() async throws {
    let world = try IdentityCenterWorld()
    try world.write(
      ".aws/cli/cache/\(IdentityCenterWorld.sessionKey).json",
      #"{"ProviderType": "sso", "Credentials": {"AccessKeyId": "ASIACLI", "SecretAccessKey": "#
        + #""ssso", "SessionToken": "tsso", "Expiration": "2027-11-24T05:00:00Z", "#
        + #""AccountId": "123456789012"}}"#, mode: 0o644)
    guard case .found(let credentials) = await world.ask("ops") else {
      Issue.record("nothing found")
      return
    }
    #expect(credentials.accessKeyID == "ASIACLI")
    #expect(credentials.accountID == "123456789012")
    #expect(world.requests.isEmpty)
    let path = "\(world.home)/.aws/cli/cache/\(IdentityCenterWorld.sessionKey).json"
    #expect(
      world.warnings == [
        "\(path) holds credentials and can be read by other users (mode 0644); run chmod 600 "
          + path
      ])
  }

  // MARK: - Refusals

  @Test(
    arguments: [
      (401, "UnauthorizedException", #"{"message":"Session token not found or invalid"}"#, expired),
      (
        401, nil, #"{"message":"x"}"#,
        "An error occurred (401) when calling the GetRoleCredentials operation: x"
      ),
      (
        403, "ForbiddenException", #"{"message":"No access"}"#,
        "An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: "
          + "No access"
      ),
      (
        404, "ResourceNotFoundException:http://internal/", #"{"message":"nf"}"#,
        "An error occurred (ResourceNotFoundException) when calling the GetRoleCredentials "
          + "operation: nf"
      ),
    ] as [(Int, String?, String, String)])
  func `a refusal is final and said in the CLI's words`(
    status: Int, code: String?, body: String, message: String
  ) async throws {
    let world = try IdentityCenterWorld { _ in
      .success(IdentityCenterWorld.json(body, status: status, code: code))
    }
    try world.token(endsAfter: 7200)
    let problem = await world.problem("ops")
    #expect(problem.message == message)
    #expect(problem.kind == .credentials)
    #expect(world.requests.count == 1)
    #expect(!problem.leavesDoubt)
    #expect(world.mode(".aws/cli/cache/\(IdentityCenterWorld.sessionKey).json") == 0)
  }

  @Test(
    arguments: [
      (
        429, "TooManyRequestsException", "{}", ServiceFailure.Kind.service,
        "TooManyRequestsException"
      ),
      (429, nil, "", .connect, "429"), (500, nil, "", .connect, "500"),
      (502, nil, "<html>bad gateway</html>", .connect, "502"),
      (200, nil, "{}", .connect, "MalformedAnswer"),
      (200, nil, "nope", .connect, "MalformedAnswer"),
      (200, nil, "[]", .connect, "MalformedAnswer"),
      (
        200, nil,
        #"{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t"}}"#,
        .connect, "MalformedAnswer"
      ),
      (
        200, nil,
        #"{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","#
          + #""expiration":1e300}}"#, .connect, "MalformedAnswer"
      ),
      (
        200, nil,
        #"{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","#
          + #""expiration":1000}}"#, .credentials, "ExpiredCredentials"
      ),
    ] as [(Int, String?, String, ServiceFailure.Kind, String)])
  func `an answer that may change is worth another attempt`(
    status: Int, code: String?, body: String, kind: ServiceFailure.Kind, failureCode: String
  ) async throws {
    let world = try IdentityCenterWorld { _ in
      .success(IdentityCenterWorld.json(body, status: status, code: code))
    }
    try world.token(endsAfter: 7200)
    let problem = await world.problem("ops")
    #expect(problem.kind == kind)
    #expect(problem.code == failureCode)
    #expect(!problem.leavesDoubt)
    #expect(world.requests.count == 1)
  }

  @Test func `a portal that does not answer leaves no doubt about a secret`() async throws {
    let world = try IdentityCenterWorld { .failure(.silent($0.url)) }
    try world.token(endsAfter: 7200)
    let problem = await world.problem("ops")
    #expect(problem.kind == .connect)
    #expect(problem.code == "ReadTimeoutError")
    world.answer { .failure(.unreachable($0.url)) }
    #expect(await world.problem("ops").code == "EndpointConnectionError")
  }
}
