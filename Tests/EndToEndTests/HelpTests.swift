import TestSupport
import Testing

/// Help and version are what was asked for: results, with status 0.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct HelpTests {
  private func run(_ arguments: [String]) async throws -> Program.Result {
    let folder = try TemporaryDirectory()
    let program = try #require(Program.rotactl)
    return try await program.run(
      arguments, environment: Program.environment(home: folder.path), folder: folder.path)
  }

  @Test(arguments: [
    "discover", "plan", "run", "resume", "tune", "restore", "pending", "report", "verify",
    "bundle", "schema", "drill", "simulate", "config show", "config check",
  ])
  func `each command shows its own help and the exit statuses`(command: String) async throws {
    let words = command.split(separator: " ").map(String.init)
    for arguments in [words + ["--help"], ["help"] + words] {
      let result = try await run(arguments)
      #expect(result.status == 0)
      #expect(result.error.isEmpty)
      #expect(result.output.contains("USAGE: rotactl \(command)"), "\(result.output)")
      #expect(result.output.contains("EXIT STATUS"))
    }
  }

  @Test func `the version is a result and a bare name is a usage error`() async throws {
    let version = try await run(["--version"])
    #expect(version.status == 0)
    #expect(version.output.hasPrefix("rotactl "))
    let bare = try await run([])
    #expect(bare.status == 2)
    #expect(bare.output.contains("SUBCOMMANDS"))
  }
}
