import Foundation
import RotationCore
import TestSupport
import Testing

/// Whether a test may mount something where nobody else sees it.
private enum Mounts {
  static let arePermitted: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "unshare -m --propagation private mount -t tmpfs tmpfs \"${TMPDIR:-/tmp}\"",
    ]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}

/// Real disks: one that fills up while a run writes to it, and one that cannot be written.
///
/// They are mounted in a mount namespace of the test's own, which takes the superuser.
@Suite(
  .serialized,
  .enabled(
    if: Program.rotactl != nil && Mounts.arePermitted,
    "needs the built binary and the right to mount: be root"))
struct DiskTests {
  /// Runs a script in the run's folder, where what it mounts is seen by nobody else.
  ///
  /// `rotactl` is the binary, `calls` tells how many changes the simulator was asked for, and
  /// `status` ends a line of standard output.
  private func script(_ run: SteeredRun, _ text: String) async throws -> Program.Result {
    let unshare = try #require(Program.foreign("unshare"))
    let environment = run.simulation.environment.merging([
      "ROTACTL": run.program.path, "CALLS": run.simulation.endpoint + "/_simulator/calls",
    ]) { $1 }
    return try await unshare.run(
      [
        "-m", "--propagation", "private", "bash", "-c",
        """
        set -u
        rotactl() { "$ROTACTL" "$@" --progress none >>said 2>&1; echo "$1 $?"; }
        calls() { echo "calls $(curl -sS --noproxy '*' "$CALLS" | grep -c '"CancelRotateSecret"')"; }
        mkdir reports
        \(text)
        """,
      ], environment: environment, folder: run.folder)
  }

  @Test func `a disk without room stops every change, and resume goes on where there is room`()
    async throws
  {
    let run = try await SteeredRun(count: 60)
    let result = try await script(
      run,
      """
      mount -t tmpfs -o size=256k tmpfs reports
      head -c 150000 /dev/zero >reports/filler
      rotactl run m.csv --yes --run-id r --rate 49
      calls
      rotactl resume r
      calls
      rm reports/filler
      mount -o remount,size=8m reports
      rotactl resume r --rate 49
      calls
      "$ROTACTL" verify r >/dev/null 2>&1
      echo "verify $?"
      cp reports/r/results.csv .
      """)
    let said = try String(contentsOfFile: run.folder + "/said", encoding: .utf8)
    #expect(
      said.contains("the journal cannot be written, so no further change was sent"), "\(said)")
    #expect(said.contains("hint: free space on the disk of reports/r, then `rotactl resume"))
    let lines = result.output.split(separator: "\n").map(String.init)
    try #require(lines.count == 7, "\(result.output)\(result.error)\(said)")
    #expect(lines[0] == "run 75" && lines[2] == "resume 75", "\(lines)")
    // Not one more while the disk is full.
    let sent = try #require(Int(lines[1].dropFirst(6)))
    #expect(sent < 60 && lines[3] == lines[1], "\(lines)")
    #expect(lines[4] == "resume 0" && lines[6] == "verify 0", "\(lines)")
    let truth = try await run.simulation.rotation()
    #expect(truth.count == 60 && truth.values.allSatisfy { !$0 })
    let effective = try await run.cancels().filter { $0["tookEffect"]?.bool == true }
    #expect(Set(effective.compactMap { $0["secretId"]?.string }).count == 60)
    let results = try String(contentsOfFile: run.folder + "/results.csv", encoding: .utf8)
    #expect(results.split(whereSeparator: \.isNewline).count == 61)
    #expect(results.components(separatedBy: ",cancelled,").count == 61)
  }

  @Test
  func `a disk that is full before anything is changed is named, and nothing is left of the run`()
    async throws
  {
    let run = try await SteeredRun(count: 60)
    let result = try await script(
      run,
      """
      mount -t tmpfs -o size=64k tmpfs reports
      head -c 40000 /dev/zero >reports/filler
      rotactl run m.csv --yes --run-id r
      calls
      ls reports
      """)
    let said = try String(contentsOfFile: run.folder + "/said", encoding: .utf8)
    #expect(result.output == "run 75\ncalls 0\nfiller\n", "\(result.output)\(said)")
    #expect(said.contains("No space left on device") && said.contains("hint: free space"))
  }

  @Test func `evidence on a disk that cannot be written is read, and work on it is refused`()
    async throws
  {
    let run = try await SteeredRun(count: 4)
    let result = try await script(
      run,
      """
      mount -t tmpfs -o size=8m tmpfs reports
      rotactl run m.csv --yes --run-id r
      mount -o remount,ro reports
      calls
      for command in 'verify r' 'report r' 'bundle r'; do
        "$ROTACTL" $command >>said 2>&1
        echo "$command $?"
      done
      rotactl resume r
      rotactl run m.csv --yes --run-id other
      calls
      """)
    let said = try String(contentsOfFile: run.folder + "/said", encoding: .utf8)
    #expect(
      result.output == """
        run 0
        calls 4
        verify r 0
        report r 0
        bundle r 2
        resume 2
        run 2
        calls 4

        """, "\(result.output)\(said)")
    #expect(said.contains("Read-only file system") && said.contains("hint: make that disk writ"))
  }
}
