import Locking
import Cryptography
import Glibc
import RotationCore
import SecretsManagerClient
import Testing

@Suite struct CredentialsOnTheWire {
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
    clock: @escaping @Sendable () -> Timestamp = { CredentialsOnTheWire.moment }
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
        == "Action=AssumeRole&Version=2011-06-15&RoleSessionName=fixed"
        + "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FHub")
    #expect(requests[0].header("Authorization")?.contains("Credential=AKIDKEYS/") == true)
    #expect(
      requests[1].body.hasPrefix(
        "Action=AssumeRole&Version=2011-06-15&ExternalId=ext+1&DurationSeconds=900&RoleArn="))
    #expect(requests[1].body.hasSuffix("&RoleSessionName=rotactl-1795457501"))
    #expect(requests[1].header("X-Amz-Security-Token") == "t1")
    #expect(requests[2].header("Authorization")?.contains("Credential=ASIA2/") == true)
    #expect(requests[3].header("X-Amz-Security-Token") == "t2")
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
}
