import Foundation
import TestSupport
import Testing

/// A run goes on, and keeps its files clean, whatever becomes of its standard streams.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct ClosedStreamTests {
  @Test(arguments: [">&-", "2>&-", "<&- >&- 2>&-", "| true"])
  func `a drill without its streams leaves a sound bundle`(redirection: String) async throws {
    let folder = try TemporaryDirectory()
    try folder.write("m.csv", "secret_id,region\nprod/a,us-east-1\nprod/b,eu-west-1\n")
    let rotactl = try #require(Program.rotactl)
    let shell = try #require(Program.foreign("bash"))
    let environment = Program.environment(home: folder.path, ["ROTACTL": rotactl.path])
    let drill = try await shell.run(
      [
        "-c",
        "\"$ROTACTL\" drill m.csv --run-id r-1 \(redirection); exit \"${PIPESTATUS[0]}\"",
      ], environment: environment, folder: folder.path)
    #expect(drill.status == 0, "\(drill.error)")
    let verified = try await rotactl.run(
      ["verify", "reports/r-1.tar.gz"], environment: environment, folder: folder.path)
    #expect(verified.status == 0, "\(verified.output)\(verified.error)")
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(left) == ["m.csv", "reports"])
  }
}
