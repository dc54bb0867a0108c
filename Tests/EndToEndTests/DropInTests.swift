import Foundation
import RotationCore
import TestSupport
import Testing

/// The public sample of recorded runs of AWS CLI 2.36.7, driven through the built binary: exit
/// code, both streams and every request.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("python3") != nil
      && Conformance.has("awscli-golden-sample"),
    "needs the built binary, python3 and the suite awscli-golden-sample"))
struct DropInTests {
  /// Where we differ from the AWS CLI on purpose, by the case's id.
  private static let divergences: [String: String] = [:]

  @Test func `recorded runs of the AWS CLI come out the same`() async throws {
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
