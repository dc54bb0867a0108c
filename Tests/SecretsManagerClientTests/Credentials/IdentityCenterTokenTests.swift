import Glibc
import RotationCore
import Testing

@testable import SecretsManagerClient

@Suite struct IdentityCenterTokens {
  private static let unrefreshed =
    "Error when retrieving token from sso: Token has expired and refresh failed"
  private static let invalidGrant = IdentityCenterWorld.json(
    #"{"error":"invalid_grant","error_description":"Invalid refresh token provided"}"#,
    status: 400, code: "InvalidGrantException")

  // MARK: - Files

  @Test(arguments: [
    ("ops", "my-sso"), ("legacy", IdentityCenterWorld.startURL),
  ]) func `a token that is not there is named`(profile: String, label: String) async throws {
    let world = try IdentityCenterWorld()
    let message = "Error loading SSO Token: Token for \(label) does not exist"
    #expect(await world.problem(profile).message == message)
    // The CLI takes a folder for nothing, too.
    try world.write("\(IdentityCenterWorld.sessionFile)/x", "")
    try world.write("\(IdentityCenterWorld.legacyFile)/x", "")
    #expect(await world.problem(profile).message == message)
    #expect(world.requests.isEmpty)
  }

  /// `FILE` stands for the token's path.
  @Test(arguments: [
    (#"{"accessToken":"t"}"#, ""), (#"{"expiresAt":"2027-01-01T00:00:00Z"}"#, ""), ("[]", ""),
    ("7", ""), ("nope", ": FILE is not JSON (profile \"ops\")"),
    ("", ": FILE is not JSON (profile \"ops\")"),
    (
      #"{"accessToken":"t","expiresAt":"2027-01-01T00:00:00Z""#,
      ": FILE is not JSON (profile \"ops\")"
    ),
    (
      #"{"accessToken":7,"expiresAt":"2027-01-01T00:00:00Z"}"#,
      ": accessToken in FILE (profile \"ops\")"
    ),
    (
      #"{"accessToken":"t\r\nX: y","expiresAt":"2027-01-01T00:00:00Z"}"#,
      ": accessToken in FILE (profile \"ops\")"
    ),
    (
      #"{"accessToken":"t","expiresAt":"soon"}"#, ": expiresAt in FILE is no time (profile \"ops\")"
    ),
    (#"{"accessToken":"t","expiresAt":7}"#, ": expiresAt in FILE is no time (profile \"ops\")"),
  ]) func `a token file that is damaged is named`(text: String, detail: String) async throws {
    let world = try IdentityCenterWorld()
    try world.write(IdentityCenterWorld.sessionFile, text)
    let path = "\(world.home)/\(IdentityCenterWorld.sessionFile)"
    #expect(
      await world.problem("ops").message
        == "Error loading SSO Token: Token for \(IdentityCenterWorld.startURL) is invalid"
        + detail.replacing("FILE", with: path))
    #expect(world.requests.isEmpty)
  }

  @Test func `a token file that is too large is refused`() async throws {
    let world = try IdentityCenterWorld()
    try world.write(
      IdentityCenterWorld.sessionFile, String(repeating: " ", count: CLIFile.maximumBytes + 1))
    let path = "\(world.home)/\(IdentityCenterWorld.sessionFile)"
    #expect(
      await world.problem("ops").message.hasSuffix(
        "is invalid: cannot read \(path): File too large (profile \"ops\")"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read every file"))
  func `a token file that cannot be read is named`() async throws {
    let world = try IdentityCenterWorld()
    try world.write(IdentityCenterWorld.sessionFile, "{}", mode: 0)
    #expect(await world.problem("ops").message.hasSuffix("Permission denied (profile \"ops\")"))
  }

  @Test(arguments: [mode_t(0o640), 0o604, 0o644])
  func `a token file that others may read is warned of once`(mode: mode_t) async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 7200)
    let path = "\(world.home)/\(IdentityCenterWorld.sessionFile)"
    chmod(path, mode)
    #expect(await world.problem("ops").code == "found")
    #expect(await world.problem("audit").code == "found")
    #expect(
      world.warnings == [
        "\(path) holds credentials and can be read by other users (mode 0"
          + "\(String(mode, radix: 8))); run chmod 600 \(path)"
      ])
  }

  @Test func `a legacy token that has ended is not sent`() async throws {
    let world = try IdentityCenterWorld()
    try world.write(
      IdentityCenterWorld.legacyFile,
      #"{"accessToken":"t","expiresAt":"2026-11-24T04:00:00Z"}"#)
    #expect(await world.problem("legacy").code == "UnauthorizedSSOTokenError")
    #expect(world.requests.isEmpty)
  }

  // MARK: - Refreshing

  @Test(arguments: [-100.0, 0, 899])
  func `a token near its end is refreshed and written back`(seconds: Double) async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: seconds)
    #expect(await world.problem("ops").code == "found")
    #expect(
      world.requests.map(\.url) == [
        "https://oidc.us-east-1.amazonaws.com/token",
        "https://portal.sso.us-east-1.amazonaws.com/federation/credentials"
          + "?role_name=Ops&account_id=123456789012",
      ])
    #expect(
      try JSONValue(parsing: world.requests[0].body) == [
        "grantType": "refresh_token", "clientId": "client", "clientSecret": "hush",
        "refreshToken": "old-refresh",
      ])
    #expect(!world.requests[0].hasHeader("authorization"))
    #expect(world.requests[1].token == "new-token")
    #expect(world.mode(IdentityCenterWorld.sessionFile) == 0o600)
    #expect(
      try world.json(IdentityCenterWorld.sessionFile) == [
        "startUrl": .string(IdentityCenterWorld.startURL), "region": "us-east-1",
        "accessToken": "new-token", "expiresAt": .string(IdentityCenterWorld.time(28_800)),
        "clientId": "client", "clientSecret": "hush",
        "registrationExpiresAt": "2027-01-01T00:00:00Z", "refreshToken": "new-refresh",
        "extra": "kept",
      ])
    #expect(world.warnings.isEmpty)
  }

  @Test func `an answer without a refresh token keeps the old one`() async throws {
    let world = try IdentityCenterWorld { request in
      request.method == "GET"
        ? .success(IdentityCenterWorld.role(request))
        : .success(IdentityCenterWorld.json(#"{"accessToken":"new-token","expiresIn":3600}"#))
    }
    try world.token(endsAfter: 10)
    #expect(await world.problem("ops").code == "found")
    #expect(
      try world.json(IdentityCenterWorld.sessionFile)["refreshToken"]?.string == "old-refresh")
  }

  @Test func `a token with a quarter of an hour left is used as it is`() async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 900)
    #expect(await world.problem("ops").code == "found")
    #expect(world.requests.map(\.token) == ["old-token"])
  }

  @Test func `a token without the means to refresh it is used until it ends`() async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 10, refreshable: false)
    #expect(await world.problem("ops").code == "found")
    #expect(world.warnings.isEmpty)
    world.pass(seconds: 10)
    let problem = await world.problem("audit")
    #expect(problem.message == Self.unrefreshed)
    #expect(problem.kind == .credentials)
    #expect(world.requests.count == 1)
  }

  @Test(arguments: ["2026-11-24", "never"])
  func `an expired client registration means to log in again`(end: String) async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: -1, registration: end)
    #expect(await world.problem("ops").message == Self.unrefreshed)
    #expect(world.requests.isEmpty)
    #expect(
      world.warnings == [
        "The IAM Identity Center token of \"my-sso\" could not be refreshed (the client "
          + "registration has expired) and has expired. To log in again run aws sso login "
          + "--profile ops"
      ])
  }

  @Test func `a refused refresh of a valid token is a warning once a minute`() async throws {
    let world = try IdentityCenterWorld { request in
      .success(request.method == "GET" ? IdentityCenterWorld.role(request) : Self.invalidGrant)
    }
    try world.token(endsAfter: 300)
    #expect(await world.problem("ops").code == "found")
    #expect(
      world.warnings == [
        "The IAM Identity Center token of \"my-sso\" could not be refreshed "
          + "(InvalidGrantException: Invalid refresh token provided) and is valid until "
          + "2026-11-24T04:05:00Z. To log in again run aws sso login --profile ops"
      ])
    world.pass(seconds: 59)
    #expect(await world.problem("audit").code == "found")
    #expect(world.requests.filter { $0.method == "POST" }.count == 1)
    world.pass(seconds: 1)
    _ = await world.tokens.token(
      for: try #require(try IdentityCenterSession(of: "ops", in: world.configuration)),
      world.context, region: "us-west-2")
    #expect(world.requests.filter { $0.method == "POST" }.count == 2)
    #expect(world.warnings.count == 2)
  }

  @Test func `a refused refresh of an expired token ends the search`() async throws {
    let world = try IdentityCenterWorld { _ in .success(Self.invalidGrant) }
    try world.token(endsAfter: -1)
    let problem = await world.problem("ops")
    #expect(problem.message == Self.unrefreshed)
    #expect(problem.code == "TokenRetrievalError")
    #expect(problem.kind == .credentials)
    #expect(world.warnings.first?.contains("run aws sso login --profile ops") == true)
    // Within the minute the token service is left alone.
    #expect(await world.problem("audit").message == Self.unrefreshed)
    #expect(world.requests.count == 1)
    // Logging in is noticed at once.
    world.answer { .success(IdentityCenterWorld.role($0)) }
    try world.token(endsAfter: 7200)
    #expect(await world.problem("ops").code == "found")
  }

  @Test func `a token that somebody else has refreshed meanwhile is used`() async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: -1)
    let path = IdentityCenterWorld.sessionFile
    world.answer { [unowned world] request in
      if request.method == "GET" { return .success(IdentityCenterWorld.role(request)) }
      let other = #"{"accessToken":"other-token","expiresAt":"2026-11-24T12:00:00Z"}"#
      do { try world.write(path, other) } catch { Issue.record(error) }
      return .success(Self.invalidGrant)
    }
    #expect(await world.problem("ops").code == "found")
    #expect(world.requests.last?.token == "other-token")
    #expect(world.warnings.isEmpty)
  }

  @Test func `a token service in trouble is asked as often as the settings say`() async throws {
    let world = try IdentityCenterWorld(environment: ["AWS_MAX_ATTEMPTS": "4"]) { request in
      .success(IdentityCenterWorld.json("", status: 503))
    }
    try world.token(endsAfter: -1)
    #expect(await world.problem("ops").message == Self.unrefreshed)
    #expect(world.requests.count == 4)
    #expect(world.sleeps.count == 3)
    #expect(world.warnings.first?.contains("Service Unavailable") == true)
  }

  @Test func `a token service out of reach is a failure that may pass`() async throws {
    let world = try IdentityCenterWorld { .failure(.unreachable($0.url)) }
    try world.token(endsAfter: -1)
    let problem = await world.problem("ops")
    #expect(problem.kind == .connect)
    #expect(
      problem.message
        == "Could not connect to the endpoint URL: \"https://oidc.us-east-1.amazonaws.com/token\"")
    #expect(world.requests.count == 3)
    #expect(await world.problem("ops") == problem)
    #expect(world.requests.count == 3)
  }

  @Test(arguments: [
    "{}", "nope", #"{"accessToken":"new"}"#, #"{"accessToken":"new","expiresIn":-1}"#,
    #"{"accessToken":"new","expiresIn":1e300}"#, #"{"accessToken":"n\r\nw","expiresIn":60}"#,
    #"{"accessToken":null,"expiresIn":60}"#,
  ]) func `an answer that is no token leaves the file alone`(body: String) async throws {
    let world = try IdentityCenterWorld { _ in .success(IdentityCenterWorld.json(body)) }
    try world.token(endsAfter: -1)
    let before = try world.json(IdentityCenterWorld.sessionFile)
    #expect(await world.problem("ops").message == Self.unrefreshed)
    #expect(try world.json(IdentityCenterWorld.sessionFile) == before)
  }

  @Test func `a token that cannot be stored is kept in memory`() async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: -1)
    // A folder in the place of the temporary name makes the write fail, for root, too.
    let path = "\(world.home)/\(IdentityCenterWorld.sessionFile)"
    try world.write("\(IdentityCenterWorld.sessionFile).\(getpid()).partial/x", "")
    #expect(await world.problem("ops").code == "found")
    #expect(await world.problem("audit").code == "found")
    #expect(world.requests.filter { $0.method == "POST" }.count == 1)
    #expect(world.warnings.count == 1)
    #expect(world.warnings.first?.contains("could not be stored: cannot write \(path)") == true)
  }

  // MARK: - Together

  @Test func `profiles that share a session refresh it once`() async throws {
    let names = (0..<32).map { "p\($0)" }
    let profiles = names.map {
      "[profile \($0)]\nsso_session = my-sso\nsso_account_id = 1\nsso_role_name = \($0)\n"
    }
    let world = try IdentityCenterWorld(config: profiles.joined() + IdentityCenterWorld.config)
    try world.token(endsAfter: 60)
    await withTaskGroup { group in
      for name in names { group.addTask { await world.problem(name).code } }
      for await code in group { #expect(code == "found") }
    }
    #expect(world.requests.filter { $0.method == "POST" }.count == 1)
    #expect(world.requests.count == 33)
    #expect(world.requests.dropFirst().allSatisfy { $0.token == "new-token" })
  }

  @Test func `nothing prints a token`() async throws {
    let world = try IdentityCenterWorld()
    try world.token(endsAfter: 7200)
    let token = try IdentityCenterToken(
      at: "\(world.home)/\(IdentityCenterWorld.sessionFile)",
      of: try #require(try IdentityCenterSession(of: "ops", in: world.configuration)))
    #expect("\(token)" == "<redacted>")
    #expect(String(reflecting: token) == "<redacted>")
  }
}
