import Foundation
import RotationCore
import TestSupport
import Testing

/// A foreign server and a foreign client: moto plays AWS, the AWS CLI is the judge.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("moto_server") != nil
      && Program.foreign("aws") != nil,
    "needs the built binary, moto_server and the AWS CLI: see .ci/test"))
struct MotoTests {
  private final class Server {
    let child: Child
    let folder: TemporaryDirectory
    let endpoint: String

    init() async throws {
      folder = try TemporaryDirectory()
      let program = try #require(Program.foreign("moto_server"))
      let port = 20_000 + Int(ProcessInfo.processInfo.processIdentifier) % 20_000
      endpoint = "http://127.0.0.1:\(port)"
      child = try program.start(
        ["-H", "127.0.0.1", "-p", String(port)],
        environment: Program.environment(home: folder.path), folder: folder.path)
      let curl = try #require(Program.foreign("curl"))
      // curl waits for the port by itself.
      let answer = try await curl.run(
        [
          "-sS", "--noproxy", "*", "--retry", "60", "--retry-connrefused", "--retry-delay", "1",
          "-X", "POST", endpoint + "/moto-api/config", "-d", #"{"lambda":{"use_docker":false}}"#,
        ], environment: Program.environment(home: folder.path))
      #expect(answer.status == 0, "\(answer.error)")
    }

    // On TERM it waits for connections that clients keep open.
    deinit { child.signal(SIGKILL) }

    var environment: [String: String] {
      Program.environment(
        home: folder.path,
        [
          "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
          "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
          "AWS_ENDPOINT_URL": endpoint,
        ])
    }

    @discardableResult
    func aws(_ arguments: [String]) async throws -> JSONValue {
      let result = try await #require(Program.foreign("aws")).run(
        arguments + ["--output", "json"], environment: environment, folder: folder.path)
      #expect(result.status == 0, "\(arguments): \(result.error)")
      return (try? JSONValue(parsing: result.output)) ?? .null
    }

    /// Secrets with rotation on, as many as asked for, and one that never rotated.
    func seed(_ count: Int) async throws {
      let role = try await aws([
        "iam", "create-role", "--role-name", "r", "--assume-role-policy-document",
        #"{"Version":"2012-10-17","Statement":[]}"#,
      ])
      let code = try folder.write("handler.py", "def handler(event, context):\n  return {}\n")
      _ = try await #require(Program.foreign("python3")).run(
        ["-m", "zipfile", "-c", "code.zip", code], environment: environment, folder: folder.path)
      let function = try await aws([
        "lambda", "create-function", "--function-name", "f", "--runtime", "python3.12", "--role",
        try #require(role["Role"]?["Arn"]?.string), "--handler", "handler.handler", "--zip-file",
        "fileb://" + folder.path + "/code.zip",
      ])
      let arn = try #require(function["FunctionArn"]?.string)
      for number in 1...count {
        try await aws([
          "secretsmanager", "create-secret", "--name", "moto/db-\(number)", "--secret-string", "x",
        ])
        try await aws([
          "secretsmanager", "rotate-secret", "--secret-id", "moto/db-\(number)",
          "--rotation-lambda-arn", arn, "--rotation-rules", "AutomaticallyAfterDays=30",
        ])
      }
      try await aws([
        "secretsmanager", "create-secret", "--name", "moto/static", "--secret-string", "x",
      ])
    }

    func isRotating(_ name: String) async throws -> Bool? {
      try await aws(["secretsmanager", "describe-secret", "--secret-id", name])["RotationEnabled"]?
        .bool
    }
  }

  @Test func `a CSV and the CLI's own list turn rotation off on moto`() async throws {
    let server = try await Server()
    try await server.seed(4)
    #expect(try await server.isRotating("moto/db-1") == true)
    let program = try #require(Program.rotactl)

    try server.folder.write("m.csv", "secret_id\nmoto/db-1\nmoto/db-2\nmoto/static\n")
    let first = try await program.run(
      ["run", "m.csv", "--yes", "--in-flight", "cancel"], environment: server.environment,
      folder: server.folder.path)
    #expect(first.status == 0, "\(first.error)\(first.output)")
    #expect(try await server.isRotating("moto/db-1") == false)
    #expect(try await server.isRotating("moto/db-2") == false)
    #expect(try await server.isRotating("moto/db-3") == true)

    let found = try await program.run(
      ["discover", "--name", "moto/", "--exclude", "*static", "--confirm", "--format", "jsonl"],
      environment: server.environment, folder: server.folder.path)
    #expect(found.status == 0, "\(found.error)")
    #expect(
      found.records.compactMap { $0["labels"]?["name"]?.string }
        == (1...4).map { "moto/db-\($0)" })
    #expect(
      found.records.compactMap { $0["labels"]?["rotation"]?.string } == ["off", "off", "on", "on"])
    try server.folder.write("select.json", #"[{"select":{"name":"moto/","rotating":true}}]"#)
    let plan = try await program.run(
      ["plan", "select.json", "--json", "--progress", "none"], environment: server.environment,
      folder: server.folder.path)
    #expect(plan.status == 0, "\(plan.error)")
    #expect(plan.records.first?["targets"] == 2)

    let list = try await server.aws(["secretsmanager", "list-secrets"])
    try server.folder.write("list.json", list.pretty(indent: 4))
    let second = try await program.run(
      ["run", "list.json", "--yes", "--in-flight", "cancel", "--json"],
      environment: server.environment, folder: server.folder.path)
    #expect(second.status == 0, "\(second.error)\(second.output)")
    #expect(second.records.last?["outcomes"]?["cancelled"] == 2)
    #expect(second.records.last?["outcomes"]?["alreadyOff"] == 2)
    for number in 1...4 { #expect(try await server.isRotating("moto/db-\(number)") == false) }

    let run = try #require(second.records.last?["folder"]?.string)
    // The function does nothing, so that each rotation is left unfinished; labels are mended first.
    let blocked = try await program.run(
      ["restore", run, "--yes", "--json"], environment: server.environment,
      folder: server.folder.path)
    #expect(blocked.status == 3)
    #expect(blocked.records.last?["outcomes"]?["skipped"] == 2)
    let mended = try await program.run(
      ["pending", run, "--drop", "--include-in-flight", "--yes", "--json"],
      environment: server.environment, folder: server.folder.path)
    #expect(mended.status == 0, "\(mended.error)\(mended.output)")
    let restored = try await program.run(
      ["restore", run, "--yes", "--json"], environment: server.environment,
      folder: server.folder.path)
    #expect(restored.status == 0, "\(restored.error)\(restored.output)")
    #expect(restored.records.last?["outcomes"]?["restored"] == 2)
    #expect(try await server.isRotating("moto/db-1") == false)
    #expect(try await server.isRotating("moto/db-3") == true)
  }
}
