import Foundation
import RotationCore
import TestSupport
import Testing

/// A run of twelve secrets in one lane that another process steers.
struct SteeredRun {
  let simulation: Simulation
  let program: Program

  /// - `faults`: a scenario's, as JSON.
  /// - `extra`: further members of the scenario, each behind a comma.
  init(
    count: Int = 12, faults: String = "[]", extra: String = "", state: String = "rotating"
  ) async throws {
    simulation = try await Simulation(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["default"]}],
       "secrets":[{"name":"db-{n}","count":\(count),"regions":["us-east-1"],"state":"\(state)"}],
       "faults":\(faults)\(extra)}
      """)
    program = try #require(Program.rotactl)
    let width = String(count).count
    let rows = (1...count).map { number in
      "db-" + String(repeating: "0", count: width - String(number).count) + "\(number),us-east-1\n"
    }
    try simulation.folder.write("m.csv", "secret_id,region\n" + rows.joined())
  }

  var folder: String { simulation.folder.path }

  /// Starts a run with the id `r`.
  func start(_ arguments: [String] = []) throws -> Child {
    try program.start(
      ["run", "m.csv", "--yes", "--run-id", "r"] + arguments,
      environment: simulation.environment, folder: folder)
  }

  func rotactl(_ arguments: [String], _ more: [String: String] = [:]) async throws
    -> Program.Result
  {
    try await program.run(
      arguments, environment: simulation.environment.merging(more) { $1 }, folder: folder)
  }

  func cancels() async throws -> [JSONValue] {
    try await simulation.calls(of: "CancelRotateSecret")
  }

  /// Waits for so many changes, as long as the run goes on.
  func reach(_ count: Int) async throws {
    while try await cancels().count < count {}
  }
}

@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct TuneEndToEndTests {
  @Test func `a run is paused, killed, resumed in its pause, and continued`() async throws {
    let run = try await SteeredRun()
    let first = try run.start(["--rate", "2", "--progress", "plain"])
    try await run.reach(2)
    let paused = try await run.rotactl(["tune", "r", "--pause", "--json"])
    #expect(paused.status == 0, "\(paused.error)")
    #expect(paused.records.first?["running"] == true)
    _ = await first.errorOutput(containing: "; paused")
    let sent = try await run.cancels().count
    #expect(sent < 12)
    first.signal(SIGKILL)
    _ = await first.result()

    let second = try run.program.start(
      ["resume", "r", "--progress", "plain"], environment: run.simulation.environment,
      folder: run.folder)
    _ = await second.errorOutput(containing: "; paused")
    #expect(try await run.cancels().count == sent)
    let other = try await run.rotactl(["resume", "r"])
    #expect(other.status == 5)
    #expect(other.error.contains("another process works on this run"))
    let again = try await run.rotactl(["run", "m.csv", "--yes", "--run-id", "r"])
    #expect(again.status == 2)
    #expect(try await run.rotactl(["tune", "r", "--continue"]).status == 0)
    let ended = await second.result()
    #expect(ended.status == 0, "\(ended.error)")
    #expect(try await run.cancels().count == 12)
    #expect(try await run.rotactl(["verify", "r"]).status == 0)
    #expect(try await run.rotactl(["verify", "reports/r.tar.gz"]).status == 0)
  }

  @Test func `a run that is over, or never was, takes no limits`() async throws {
    let run = try await SteeredRun(count: 2)
    #expect(try await run.start().result().status == 0)
    let over = try await run.rotactl(["tune", "r", "--rate", "20"])
    #expect(over.status == 2)
    #expect(over.error.contains("the run is not running: every target is settled"))
    let shown = try await run.rotactl(["tune", "r"])
    #expect(shown.status == 0)
    #expect(shown.output.hasPrefix("limits as the run began"))
    #expect(try await run.rotactl(["tune", "nosuch", "--pause"]).status == 2)
    for arguments in [
      ["--pause", "--continue"], ["--rate", "0"], ["--account", "1"], ["--region", "us-east-1"],
      ["--concurrency", "0"],
    ] {
      let refused = try await run.rotactl(["tune", "r"] + arguments)
      #expect(refused.status == 2, "\(arguments)")
    }
  }

  @Test func `the variables of a run do not tune`() async throws {
    let run = try await SteeredRun()
    let child = try run.start(["--rate", "1"])
    try await run.reach(1)
    child.signal(SIGKILL)
    _ = await child.result()
    let tuned = try await run.rotactl(
      ["tune", "r", "--concurrency", "3", "--json"], ["ROTACTL_RATE": "7"])
    #expect(tuned.status == 0, "\(tuned.error)")
    #expect(tuned.records.first?["running"] == false)
    #expect(tuned.records.first?["concurrency"] == 3)
    #expect(tuned.records.first?["changes"]?.array?.isEmpty == true)
  }
}
