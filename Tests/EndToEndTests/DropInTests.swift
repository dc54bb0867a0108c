import Foundation
import RotationCore
import TestSupport
import Testing

/// The public sample of recorded runs of AWS CLI 2.36.7, driven through the built binary: exit
/// code, both streams and every request.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("python3") != nil,
    "needs the built binary and python3"))
struct DropInTests {
  /// Where we differ from the AWS CLI on purpose, by the case's id.
  private static let divergences: [String: String] = [:]

  @Test(
    .enabled(
      if: Conformance.has("awscli-golden-sample"), Comment(rawValue: Conformance.absence)))
  func `recorded runs of the AWS CLI come out the same`() async throws {
    let suite = try JSONValue(parsing: Conformance.bytes("awscli-golden-sample/cases.json"))
    let cases = try #require(suite["cases"]?.array)
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    var compared = 0
    for item in cases {
      let id = item["id"]?.string ?? ""
      guard DropInTests.divergences[id] == nil else { continue }
      try await check(item, suite, server, "\(id)")
      compared += 1
    }
    #expect(compared == 89 - DropInTests.divergences.count)
  }

  private func check(
    _ item: JSONValue, _ suite: JSONValue, _ server: ScriptedServer, _ comment: Comment
  ) async throws {
    let home = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: home.path + "/w", withIntermediateDirectories: true)
    func filled(_ text: String) -> String {
      text.replacingOccurrences(of: "@URL@", with: server.url)
        .replacingOccurrences(of: "@HOME@", with: home.path)
        .replacingOccurrences(of: "@HOSTPORT@", with: "127.0.0.1:\(server.port)")
    }
    for file in item["files"]?.object?.members ?? [] {
      let name = file.key.hasPrefix("~/") ? String(file.key.dropFirst(2)) : "w/" + file.key
      try home.write(name, filled(file.value.string ?? ""))
    }
    var environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
    var sources = [suite["always_env"], item["env"]]
    if item["bare_env"]?.bool != true { sources.insert(suite["base_env_unless_bare_env"], at: 0) }
    for member in sources.flatMap({ $0?.object?.members ?? [] }) {
      environment[member.key] = filled(member.value.string ?? "")
    }
    _ = try await server.exchange(item["server"] ?? .array([]))
    let result = try await #require(Program.rotactl).run(
      (item["args"]?.array ?? []).map { filled($0.string ?? "") }, environment: environment,
      input: item["stdin"]?.string ?? "", folder: home.path + "/w")
    let requests = try await server.exchange(.array([]))
    let expected = try #require(item["expected"]?["aws-cli-2.36.7"])
    #expect(Int(result.status) == expected["exit_code"]?.int, comment)
    #expect(result.output == filled(expected["stdout"]?.string ?? ""), comment)
    let error = filled(expected["stderr"]?.string ?? "")
      .replacingOccurrences(of: "usage: aws ", with: "usage: rotactl ")
      .replacingOccurrences(of: "\n  aws ", with: "\n  rotactl ")
    #expect(result.error == error, comment)
    #expect(requests == expected["requests"]?.array ?? [], comment)
  }

  /// Recorded with AWS CLI 2.36.7 against the same server, in the form of the public sample.
  @Test func `further runs of the AWS CLI come out the same`() async throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/aws-cli-runs.json")
    let suite = try JSONValue(parsing: Array(Data(contentsOf: file)))
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    let cases = suite["cases"]?.array ?? []
    for item in cases { try await check(item, suite, server, "\(item["id"]?.string ?? "")") }
    #expect(cases.count > 50)
  }

  @Test func `a body that is no JSON is an error and not silence`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    _ = try await server.exchange([["status": 200, "body": "<html>gateway</html>"]])
    let result = try await call(server, folder, [])
    #expect(result.status == 255)
    #expect(result.output.isEmpty)
    #expect(result.error.contains("a body that is not JSON"))
  }

  @Test func `debugging shows the exchange and no secret`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    _ = try await server.exchange([["status": 200, "body": #"{"Name":"db"}"#]])
    let result = try await call(server, folder, ["--debug"])
    #expect(result.status == 0)
    #expect(result.error.contains("CancelRotateSecret") && result.error.contains("-> 200"))
    for secret in ["SECRETSECRET", "TOKENTOKEN", "Signature="] {
      #expect(!result.error.contains(secret))
    }
  }

  @Test func `debugging shows no credentials of a role, in success and in failure`() async throws {
    let folder = try TemporaryDirectory()
    try folder.write(
      "config",
      """
      [default]
      region = us-west-2
      role_arn = arn:aws:iam::123456789012:role/r
      source_profile = source
      """)
    try folder.write(
      "credentials",
      "[source]\naws_access_key_id = AKIDSOURCE\naws_secret_access_key = SOURCESECRET\n")
    let server = try await ScriptedServer(folder)
    let role = """
      <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>\
      <Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>ROLESECRET</SecretAccessKey>\
      <SessionToken>ROLETOKEN</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
      </Credentials></AssumeRoleResult></AssumeRoleResponse>
      """
    for status in [200, 400] {
      _ = try await server.exchange([
        ["status": 200, "body": .string(role)],
        ["status": .init(status), "body": #"{"Name":"db"}"#],
      ])
      let environment = Program.environment(
        home: folder.path, ["AWS_ENDPOINT_URL": server.url])
      let result = try await #require(Program.rotactl).run(
        ["secretsmanager", "cancel-rotate-secret", "--secret-id", "db", "--debug"],
        environment: environment)
      #expect(result.status == (status == 200 ? 0 : 254))
      #expect(result.error.contains("AssumeRole") && result.error.contains("CancelRotateSecret"))
      for secret in ["SOURCESECRET", "ROLESECRET", "ROLETOKEN", "Signature", "Credential="] {
        #expect(!(result.error + result.output).contains(secret))
      }
      #expect(result.error.firstMatch(of: /[0-9a-f]{64}/) == nil)
      try FileManager.default.removeItem(atPath: folder.path + "/.aws")
    }
  }

  @Test func `an interrupt ends the command with 130`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    _ = try await server.exchange([["stall": true]])
    let child = try #require(Program.rotactl).start(
      words(server), environment: environment(folder))
    // The first request says that the command waits for its answer.
    var seen: [JSONValue] = []
    while seen.isEmpty { seen = try await server.exchange([["stall": true]]) }
    child.signal(SIGINT)
    let result = await child.result()
    #expect(result.status == 130)
    #expect(result.output == "\n")
  }

  @Test func `help is a page for each place`() async throws {
    let program = try #require(Program.rotactl)
    let folder = try TemporaryDirectory()
    for words in [
      ["secretsmanager", "help"], ["secretsmanager", "cancel-rotate-secret", "help"],
    ] {
      let result = try await program.run(words, environment: environment(folder))
      #expect(result.status == 0)
      #expect(result.output.contains("cancel-rotate-secret"))
    }
  }

  private func words(_ server: ScriptedServer) -> [String] {
    [
      "secretsmanager", "cancel-rotate-secret", "--secret-id", "db", "--endpoint-url", server.url,
    ]
  }

  private func environment(_ folder: TemporaryDirectory) -> [String: String] {
    Program.environment(
      home: folder.path,
      [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "SECRETSECRET",
        "AWS_SESSION_TOKEN": "TOKENTOKEN", "AWS_REGION": "us-west-2",
      ])
  }

  private func call(
    _ server: ScriptedServer, _ folder: TemporaryDirectory, _ more: [String]
  ) async throws -> Program.Result {
    try await #require(Program.rotactl).run(
      words(server) + more, environment: environment(folder))
  }
}
