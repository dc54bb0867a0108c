import Foundation
import RotationCore
import TestSupport
import Testing

/// `scripted.py` as a process: answers as told and writes down what it was asked.
final class ScriptedServer {
  let child: Child
  let port: String

  init(_ folder: TemporaryDirectory) async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Servers/scripted.py").path
    child = try #require(Program.foreign("python3")).start(
      [script], environment: Program.environment(home: folder.path))
    let said = await child.output(containing: "\n")
    port = try #require(said?.split(separator: "\n").first.map(String.init))
  }

  deinit { child.signal(SIGKILL) }

  var url: String { "http://127.0.0.1:\(port)" }

  /// Takes new answers and gives back the requests since the last ones.
  func exchange(_ answers: JSONValue) async throws -> [JSONValue] {
    let curl = try #require(Program.foreign("curl"))
    let result = try await curl.run(
      ["-sS", "--noproxy", "*", "-X", "REPORT", "--data-binary", "@-", url],
      environment: ["PATH": "/usr/bin:/bin"], input: answers.compact)
    return try JSONValue(parsing: result.output).array ?? []
  }
}
