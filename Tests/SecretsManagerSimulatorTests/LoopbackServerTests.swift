import RotationCore
import SecretsManagerSimulator
import Testing

@Suite(
  "The AWS CLI against the loopback server", .serialized,
  .enabled(if: CommandLineClient.path != nil, "no AWS CLI; set ROTACTL_AWS_CLI or install awscli"))
struct LoopbackServerTests {
  private func withServer(
    _ adjust: (inout Scenario) -> Void = { _ in },
    _ body: (LoopbackServer, CommandLineClient) async throws -> Void
  ) async throws {
    var scenario = SimulationFixture.scenario
    adjust(&scenario)
    let server = try await LoopbackServer.start(scenario: scenario)
    let client = try CommandLineClient(server)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(server, client))
    } catch {
      result = .failure(error)
    }
    client.remove()
    await server.stop()
    try result.get()
  }

  @Test func `describing, cancelling and rotating`() async throws {
    try await withServer { server, aws in
      let before = try await aws.run([
        "secretsmanager", "describe-secret", "--secret-id", "stalled",
      ])
      #expect(before.status == 0, "\(before.error)")
      #expect(before.json["RotationEnabled"]?.bool == true)
      let cancel = try await aws.run([
        "secretsmanager", "cancel-rotate-secret", "--secret-id", "stalled",
      ])
      #expect(cancel.json["Name"]?.string == "stalled")
      let pending = try #require(cancel.json["VersionId"]?.string)
      let secret = try #require(server.secrets.first { $0.name == "stalled" })
      #expect(secret.rotationEnabled == false)
      let update = try await aws.run([
        "secretsmanager", "update-secret-version-stage", "--secret-id", "stalled",
        "--version-stage", "AWSPENDING", "--remove-from-version-id", pending,
      ])
      #expect(update.status == 0, "\(update.error)")
      let rotate = try await aws.run([
        "secretsmanager", "rotate-secret", "--secret-id", "stalled", "--no-rotate-immediately",
      ])
      #expect(rotate.status == 0, "\(rotate.error)")
      #expect(server.secrets.first { $0.name == "stalled" }?.rotationEnabled == true)
      let versions = try await aws.run([
        "secretsmanager", "list-secret-version-ids", "--secret-id", "stalled",
      ])
      #expect(versions.json["Versions"]?.array?.count == 2)
      #expect(server.calls.map(\.operation).count == 5)
    }
  }

  @Test func `listing with pages and filters, creating`() async throws {
    try await withServer({ $0.emptyPages = true }) { server, aws in
      let list = try await aws.run(["secretsmanager", "list-secrets", "--page-size", "5"])
      #expect(list.json["SecretList"]?.array?.count == 24, "\(list.error)")
      let some = try await aws.run([
        "secretsmanager", "list-secrets", "--filters", "Key=name,Values=step/",
      ])
      #expect(some.json["SecretList"]?.array?.count == 12)
      let created = try await aws.run([
        "secretsmanager", "create-secret", "--name", "new", "--secret-string", "none",
      ])
      #expect(created.json["Name"]?.string == "new", "\(created.error)")
      #expect(server.secrets.contains { $0.name == "new" })
    }
  }

  @Test func `identities, roles and their sessions`() async throws {
    try await withServer { _, aws in
      let identity = try await aws.run(["sts", "get-caller-identity"])
      #expect(identity.json["Account"]?.string == SimulationFixture.account, "\(identity.error)")
      let role = try await aws.run([
        "sts", "assume-role", "--role-arn", "arn:aws:iam::444455556666:role/Ops",
        "--role-session-name", "drill",
      ])
      let credentials = try #require(role.json["Credentials"])
      var session = ["AWS_DEFAULT_REGION": "us-east-1"]
      session["AWS_ACCESS_KEY_ID"] = credentials["AccessKeyId"]?.string
      session["AWS_SECRET_ACCESS_KEY"] = credentials["SecretAccessKey"]?.string
      session["AWS_SESSION_TOKEN"] = credentials["SessionToken"]?.string
      let assumed = try await aws.run(
        ["sts", "get-caller-identity"], profile: nil, environment: session)
      #expect(
        assumed.json["Arn"]?.string == "arn:aws:sts::444455556666:assumed-role/Ops/drill",
        "\(assumed.error)")
      session["AWS_SESSION_TOKEN"] = "wrong"
      let wrong = try await aws.run(
        ["sts", "get-caller-identity"], profile: nil, environment: session)
      #expect(wrong.error.contains("InvalidClientTokenId"))
    }
  }

  @Test func `wrong keys, wrong signatures and missing secrets`() async throws {
    try await withServer { server, aws in
      let describe = ["secretsmanager", "describe-secret", "--secret-id", "nothing"]
      let missing = try await aws.run(describe)
      #expect(
        missing.error.contains(
          "(ResourceNotFoundException) when calling the DescribeSecret operation"))
      var keys = [
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIANOSUCHKEY",
        "AWS_SECRET_ACCESS_KEY": "wrong",
      ]
      let unknown = try await aws.run(describe, profile: nil, environment: keys)
      #expect(unknown.error.contains("(UnrecognizedClientException)"))
      keys["AWS_ACCESS_KEY_ID"] = server.scenario.accounts[0].accessKeyID
      let forged = try await aws.run(describe, profile: nil, environment: keys)
      #expect(forged.error.contains("(InvalidSignatureException)"))
      let sts = try await aws.run(["sts", "get-caller-identity"], profile: nil, environment: keys)
      #expect(sts.error.contains("(SignatureDoesNotMatch)"))
    }
  }

  @Test(arguments: [
    (FaultKind.throttle, "(ThrottlingException)"), (.unavailable, "(ServiceUnavailable)"),
    (.reset, "onnection"), (.cutBody, ""), (.html, "502"),
    (.clockSkew(seconds: 900), "Signature expired"),
  ])
  func `faults arrive on the wire`(kind: FaultKind, text: String) async throws {
    try await withServer({
      $0.faults = [FaultRule(kind: kind, trigger: .probability(1))]
    }) { server, aws in
      let output = try await aws.run(["secretsmanager", "describe-secret", "--secret-id", "off"])
      #expect(output.status != 0)
      #expect(output.error.contains(text) || text.isEmpty, "\(output.error)")
      #expect(server.calls.first?.fault == kind.word)
    }
  }

  @Test func `a skewed clock refuses the true time`() async throws {
    try await withServer({ $0.clockSkewSeconds = -900 }) { _, aws in
      let output = try await aws.run(["secretsmanager", "describe-secret", "--secret-id", "off"])
      #expect(output.error.contains("Signature not yet current"), "\(output.error)")
    }
  }
}
