import Locking
import Cryptography
import Glibc
import RotationCore
import SecretsManagerClient
import Testing

@Suite struct CredentialSources {
  private static let moment = Timestamp(milliseconds: 1_795_457_501_000)
  private let attempt = AttemptNumber(number: 1, maximum: 3, invocationID: "id")

  private static func assumed(_ number: Int, minutes: Double) -> String {
    let end = moment.adding(seconds: minutes * 60).iso8601
    return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA\(number)"
      + "</AccessKeyId><SecretAccessKey>s\(number)</SecretAccessKey><SessionToken>t\(number)"
      + "</SessionToken><Expiration>\(end)</Expiration></Credentials></AssumeRoleResult>"
      + "</AssumeRoleResponse>"
  }

  /// A server for both services that numbers the roles that it hands out.
  private func server(
    minutes: Double = 60, secrets: ScriptedAnswer = .json("{}")
  ) throws -> ScriptedServer {
    let count = Locked(0)
    return try ScriptedServer { request in
      guard request.body.hasPrefix("Action=") else { return secrets }
      let number = count.with { count -> Int in
        count += 1
        return count
      }
      return .json(Self.assumed(number, minutes: minutes))
    }
  }

  private func client(
    _ url: String, _ config: String, environment extra: [String: String] = [:],
    clock: @escaping @Sendable () -> Timestamp = { CredentialSources.moment }
  ) throws -> RemoteSecretsManager {
    var path = Array("/tmp/rotactl-config-XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    try #require(descriptor >= 0)
    let bytes = Array(config.utf8)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
    let name = path.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    defer { unlink(name) }
    var environment = [
      "AWS_CONFIG_FILE": name, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
      "AWS_ENDPOINT_URL": url,
    ]
    environment.merge(extra) { $1 }
    return try RemoteSecretsManager(environment: environment, clock: clock)
  }

  private let chain = """
    [profile ops]
    role_arn = arn:aws:iam::123456789012:role/Ops
    source_profile = hub
    external_id = ext 1
    duration_seconds = 900
    [profile hub]
    role_arn = arn:aws:iam::123456789012:role/Hub
    source_profile = keys
    role_session_name = fixed
    [profile keys]
    aws_access_key_id = AKIDKEYS
    aws_secret_access_key = hush
    """

  @Test func `a chain of roles is assumed from its keys outwards`() async throws {
    let server = try server()
    defer { server.stop() }
    let client = try client(server.url, chain)
    let site = CallSite(profile: "ops", region: "eu-west-1")
    _ = try await client.cancelRotateSecret("db", at: site, attempt: attempt).result.get()
    _ = try await client.cancelRotateSecret("db", at: site, attempt: attempt).result.get()
    let requests = server.requests
    #expect(requests.count == 4)
    #expect(
      requests[0].body
        == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
        + "%2FHub&RoleSessionName=fixed")
    #expect(requests[0].header("Authorization")?.contains("Credential=AKIDKEYS/") == true)
    #expect(
      requests[1].body.hasSuffix(
        "RoleSessionName=rotactl-1795457501&DurationSeconds=900&ExternalId=ext%201"))
    #expect(requests[1].header("X-Amz-Security-Token") == "t1")
    #expect(requests[2].header("Authorization")?.contains("Credential=ASIA2/") == true)
    #expect(requests[3].header("X-Amz-Security-Token") == "t2")
  }

  @Test func `many callers share one renewal, ten minutes before the end`() async throws {
    let server = try server(minutes: 15)
    defer { server.stop() }
    let now = Locked(Self.moment)
    let client = try client(server.url, chain, clock: { now.with { $0 } })
    let site = CallSite(profile: "hub", region: "eu-west-1")
    let attempt = attempt
    func burst() async {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask {
            _ = await client.cancelRotateSecret("db", at: site, attempt: attempt)
          }
        }
      }
    }
    func roles() -> Int { server.requests.filter { $0.body.hasPrefix("Action=") }.count }
    await burst()
    #expect(roles() == 1)
    now.with { $0 = Self.moment.adding(seconds: 299) }
    await burst()
    #expect(roles() == 1)
    now.with { $0 = Self.moment.adding(seconds: 301) }
    await burst()
    #expect(roles() == 2)
  }

  @Test func `a failed role is asked again and leaves no doubt about the secret`() async throws {
    let count = Locked(0)
    let server = try ScriptedServer { request in
      guard request.body.hasPrefix("Action=") else { return .json("{}") }
      let number = count.with { count -> Int in
        count += 1
        return count
      }
      switch number {
      case 1: return .bytesThenClose("")
      case 2:
        return .json(
          "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message>"
            + "</Error><RequestId>r</RequestId></ErrorResponse>", status: "403 Forbidden")
      default: return .json(Self.assumed(number, minutes: 60))
      }
    }
    defer { server.stop() }
    let client = try client(server.url, chain)
    let site = CallSite(profile: "hub", region: "eu-west-1")
    let kinds: [ServiceFailure.Kind] = [.connect, .credentials]
    for kind in kinds {
      let reply = await client.cancelRotateSecret("db", at: site, attempt: attempt)
      guard case .failure(let failure) = reply.result else {
        Issue.record("succeeded")
        return
      }
      #expect(failure.kind == kind)
      #expect(!failure.leavesDoubt)
      #expect(failure.message.contains("role/Hub"))
    }
    _ = try await client.cancelRotateSecret("db", at: site, attempt: attempt).result.get()
  }

  @Test func `the environment's keys yield to a named profile only`() async throws {
    let server = try server()
    defer { server.stop() }
    let keys = [
      "AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "e", "AWS_PROFILE": "keys",
    ]
    let client = try client(server.url, chain, environment: keys)
    for profile in [nil, "keys"] {
      let site = CallSite(profile: profile, region: "eu-west-1")
      _ = await client.cancelRotateSecret("db", at: site, attempt: attempt)
    }
    let signers = server.requests.compactMap { $0.header("Authorization") }
    #expect(signers.first?.contains("Credential=AKIDENV/") == true)
    #expect(signers.last?.contains("Credential=AKIDKEYS/") == true)
  }

  @Test(arguments: [
    ("credential_process = x", "credential_process"), ("sso_account_id = 1", "sso_account_id"),
    ("web_identity_token_file = /x", "web_identity_token_file"),
    ("login_session = arn:x", "login_session"),
    ("role_arn = a\ncredential_source = EcsContainer", "EcsContainer"),
    ("role_arn = a\nmfa_serial = m\nsource_profile = p", "mfa_serial"),
  ])
  func `a source that is not there yet is named`(_ keys: String, _ named: String) async throws {
    let client = try client("http://127.0.0.1:1/", "[profile p]\n\(keys)\n")
    let problem = await client.credentialProblem(at: CallSite(profile: "p", region: "eu-west-1"))
    #expect(problem?.code == "UnsupportedCredentials")
    #expect(problem?.message.contains(named) == true)
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `role chains end and fail as in the AWS CLI`() async throws {
    let oracle = try ConformanceFiles.json("aws-assume-role/awscli-oracle.json")
    var run = 0
    for test in oracle["cases"]?.array ?? [] {
      let text = test["config_file"]?.string ?? ""
      // Sources of credentials that this version does not have.
      let others = ["sso_", "web_identity", "Ec2Instance", "EcsContainer", "credential_process"]
      if others.contains(where: { text.contains($0) }) { continue }
      let calls = test["awscli"]?["calls"]?.array ?? []
      if calls.contains(where: { $0["call"]?.string == "imds" }) { continue }
      let server = try server()
      defer { server.stop() }
      let client = try client(server.url, text)
      let problem = await client.credentialProblem(
        at: CallSite(profile: test["profile"]?.string, region: "us-east-1"))
      let name = test["docs"]?.string ?? ""
      #expect(problem?.message == test["awscli"]?["message"]?.string, "\(name)")
      if problem == nil {
        let asked = server.requests.map { $0.body }
        #expect(asked.count == calls.count, "\(name)")
        for (body, call) in zip(asked, calls) {
          let role = call["params"]?["RoleArn"]?.string ?? ""
          #expect(body.contains("RoleArn=\(PercentEncoding.encode(role))&"), "\(name)")
        }
      }
      run += 1
    }
    #expect(run >= 10)
  }
}
