import Foundation
import RotationCore
import TestSupport
import Testing

/// The interactive prompt of the built binary, driven through a terminal.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("python3") != nil,
    "needs the built binary and python3"))
struct AutoPromptTests {
  private static let prompt = "> rotactl "
  private static let command = ["secretsmanager", "cancel-rotate-secret"]
  private static let secrets =
    #"{"SecretList":[{"ARN":"arn:a","Name":"prod/checkout"},{"ARN":"arn:b","Name":"test/index"}]}"#

  private struct Session {
    let status: Int
    let seen: String
  }

  /// Types the keys of each step once its text is on the terminal.
  private func session(
    _ words: [String], _ steps: [(String, String)], _ folder: TemporaryDirectory,
    _ more: [String: String] = [:]
  ) async throws -> Session {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Servers/terminal.py").path
    let list = JSONValue.array(
      steps.map { .array([.string($0.0), .string($0.1)]) })
    let environment = Program.environment(
      home: folder.path,
      [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "SECRETSECRET",
        "AWS_REGION": "us-west-2", "TERM": "xterm", "LC_ALL": "C.UTF-8",
      ].merging(more) { $1 })
    let rotactl = try #require(Program.rotactl)
    let result = try await #require(Program.foreign("python3")).run(
      [script, list.compact, rotactl.path] + words, environment: environment)
    let said = try #require(try? JSONValue(parsing: result.output), "\(result.error)")
    #expect(said["left"]?.array?.isEmpty == true)
    return Session(
      status: try #require(said["status"]?.int), seen: said["seen"]?.string ?? "")
  }

  @Test func `words, options and secret ids are completed, and the line is run`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    _ = try await server.exchange([
      ["status": 200, "body": .string(AutoPromptTests.secrets)],
      ["status": 200, "body": #"{"Name":"prod/checkout"}"#],
    ])
    let session = try await session(
      ["--cli-auto-prompt"],
      [
        (AutoPromptTests.prompt, "sec\t"), ("secretsmanager ", "can\t"),
        ("cancel-rotate-secret ", "--sec\t"), ("--secret-id ", "\t"), ("test/index", "pr\t"),
        ("prod/checkout ", "--output t\t"), ("t", "ext\r"),
      ], folder, ["AWS_ENDPOINT_URL": server.url])
    #expect(session.status == 0)
    #expect(session.seen.hasSuffix("prod/checkout\r\n"))
    let requests = try await server.exchange([])
    #expect(
      requests.map { $0["x-amz-target"]?.string } == [
        "secretsmanager.ListSecrets", "secretsmanager.CancelRotateSecret",
      ])
    #expect(requests.last?["body"]?.string == #"{"SecretId": "prod/checkout"}"#)
  }

  @Test func `secrets that cannot be listed are a hint and no error`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    _ = try await server.exchange([
      ["status": 400, "body": #"{"__type":"AccessDeniedException"}"#],
      ["status": 200, "body": #"{"Name":"db"}"#],
    ])
    let session = try await session(
      AutoPromptTests.command + ["--cli-auto-prompt"],
      [
        (AutoPromptTests.prompt, "--secret-id \t"), ("could not be listed", "db --no-cli-pager\r"),
      ], folder, ["AWS_ENDPOINT_URL": server.url])
    #expect(session.status == 0)
    #expect(session.seen.contains(#""Name": "db""#))
  }

  @Test func `profiles come from both files`() async throws {
    let folder = try TemporaryDirectory()
    try folder.write("config", "[profile payments]\nregion = eu-west-1\n")
    try folder.write("credentials", "[platform]\naws_access_key_id = A\n")
    let session = try await session(
      AutoPromptTests.command + ["--cli-auto-prompt"],
      [(AutoPromptTests.prompt, "--profile p\t\t"), ("payments  platform", "\u{3}")], folder)
    #expect(session.status == 130)
  }

  @Test func `the partial mode asks only where the words are wrong`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    let partial = ["AWS_CLI_AUTO_PROMPT": "on-partial", "AWS_ENDPOINT_URL": server.url]
    _ = try await server.exchange([["status": 200, "body": #"{"Name":"db"}"#]])
    let straight = try await session(
      AutoPromptTests.command + ["--secret-id", "db"], [], folder, partial)
    #expect(straight.status == 0)
    #expect(!straight.seen.contains(AutoPromptTests.prompt))
    for wrong in [[], ["--secret-id", ""]] {
      let asked = try await session(
        AutoPromptTests.command + wrong, [(AutoPromptTests.prompt, "--secret-id 'd b'\r")], folder,
        partial)
      #expect(asked.status == 0)
      #expect(!asked.seen.contains("[ERROR]"))
    }
    let bodies = try await server.exchange([]).map { $0["body"]?.string }
    #expect(
      bodies == [#"{"SecretId": "db"}"#] + Array(repeating: #"{"SecretId": "d b"}"#, count: 2))
  }

  @Test func `a line that is wrong is explained and can be mended`() async throws {
    let folder = try TemporaryDirectory()
    let server = try await ScriptedServer(folder)
    _ = try await server.exchange([["status": 200, "body": #"{"Name":"db"}"#]])
    let session = try await session(
      AutoPromptTests.command + ["--cli-auto-prompt"],
      [
        (AutoPromptTests.prompt, "--nonsense\r"), ("--secret-id", ""),
        // The line stands there again; the line before it is one step up.
        (AutoPromptTests.prompt, "\u{15}version\r"), ("invalid choice", ""),
        (AutoPromptTests.prompt, "\u{15}\u{1b}[A\u{1b}[A\u{17}--secret-id db\r"),
      ], folder, ["AWS_ENDPOINT_URL": server.url])
    #expect(session.status == 0)
    #expect(try await server.exchange([]).first?["body"]?.string == #"{"SecretId": "db"}"#)
  }

  @Test(arguments: ["\u{3}", "\u{15}\u{4}"])
  func `Ctrl-C and Ctrl-D on an empty line leave with 130 and run nothing`(
    keys: String
  ) async throws {
    let folder = try TemporaryDirectory()
    let session = try await session(
      AutoPromptTests.command + ["--secret-id", "db", "--cli-auto-prompt"],
      [("--secret-id db", keys)], folder, ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"])
    #expect(session.status == 130)
    #expect(!session.seen.contains("[ERROR]"))
  }

  @Test func `without a terminal there is the AWS CLI's error`() async throws {
    let folder = try TemporaryDirectory()
    for variables in [[:], ["AWS_CLI_AUTO_PROMPT": "on-partial"]] {
      let words = variables.isEmpty ? ["--cli-auto-prompt"] : []
      let result = try await #require(Program.rotactl).run(
        AutoPromptTests.command + words,
        environment: Program.environment(home: folder.path, variables))
      #expect(result.status == 255)
      #expect(result.output.isEmpty)
      #expect(
        result.error == "Warning: Input is not a terminal (fd=0).\n\naws: [ERROR]:\n")
    }
  }
}
