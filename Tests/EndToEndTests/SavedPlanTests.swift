import Foundation
import RotationCore
import TestSupport
import Testing

/// A simulated account with what a test needs to plan, wait and run from outside.
struct PlanShop {
  let simulation: Simulation
  let program: Program

  init(_ scenario: String) async throws {
    simulation = try await Simulation(scenario)
    program = try #require(Program.rotactl)
  }

  /// So many secrets in one account; `db-1` rotates first.
  init(count: Int = 8, regions: String = "us-east-1", more: String = "") async throws {
    try await self.init(
      """
      {"schema":"rotactl.scenario/1","accounts":[
        {"id":"111122223333","profiles":["default","pay"]},
        {"id":"444455556666","profiles":["ops"]}],
       "secrets":[\(more){"name":"db-{n}","count":\(count),"nextRotation":"+9d",
         "nextRotationStep":"1h","regions":[\(regions.split(separator: ",").map { "\"\($0)\"" }
           .joined(separator: ","))]}]}
      """)
    let width = String(count).count
    let rows = (1...count).map { number in
      "db-" + String(repeating: "0", count: width - String(number).count)
        + "\(number),\(regions.split(separator: ",").joined(separator: ";"))\n"
    }
    try simulation.folder.write("m.csv", "secret_id,region\n" + rows.joined())
  }

  var folder: String { simulation.folder.path }

  func rotactl(_ arguments: [String], _ more: [String: String] = [:]) async throws
    -> Program.Result
  {
    try await program.run(
      arguments, environment: simulation.environment.merging(more) { $1 }, folder: folder)
  }

  func change(_ secret: String, _ edit: String, region: String = "us-east-1") async throws {
    let curl = try #require(Program.foreign("curl"))
    let body = """
      {"secret":"\(secret)","account":"111122223333","region":"\(region)",\(edit)}
      """
    let answer = try await curl.run(
      [
        "-sS", "-f", "--noproxy", "*", "-d", body,
        simulation.endpoint + "/_simulator/secrets/change",
      ], environment: simulation.environment)
    try #require(answer.status == 0, "\(answer.error)")
  }

  func cancels() async throws -> [JSONValue] {
    try await simulation.calls(of: "CancelRotateSecret")
  }

  func text(_ name: String) throws -> String {
    String(decoding: try simulation.folder.read(name), as: UTF8.self)
  }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder + "/" + name)
  }
}

@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct SavedPlanTests {
  @Test func `what was reviewed is done, what changed since is skipped and named`() async throws {
    let shop = try await PlanShop()
    let planned = try await shop.rotactl(
      ["plan", "m.csv", "--out", "p.plan", "--incident", "INC-9", "--rate", "20"])
    #expect(planned.status == 0, "\(planned.error)")
    try await shop.change("db-3", #""rotationEnabled":false"#)
    try await shop.change("db-5", #""finishesAfterSeconds":9000,"beginRotation":true"#)
    // A row that was added later is not of the plan.
    try shop.simulation.folder.write("m.csv", "secret_id,region\n")
    let preview = try await shop.rotactl(["run", "--plan", "p.plan", "--dry-run"])
    #expect(preview.status == 0)
    #expect(preview.output.contains("2 targets not as in the plan"))
    #expect(try await shop.cancels().isEmpty)
    let run = try await shop.rotactl(["run", "--plan", "p.plan", "--yes", "--run-id", "r"])
    #expect(run.status == 3, "\(run.error)")
    #expect(run.output.contains("db-3 in us-east-1"))
    #expect(run.output.contains("not as in the plan: rotation was on, is off"))
    #expect(run.output.contains("the version in AWSPENDING was none"))
    #expect(try await shop.cancels().count == 6)
    let record = try JSONValue(parsing: try shop.text("reports/r/run.json"))
    #expect(record["plan"]?["path"]?.string?.hasSuffix("/p.plan") == true)
    #expect(record["incident"] == "INC-9")
    #expect(record["settings"]?["ratePerSecond"] == 20)
    #expect(try shop.text("reports/r/plan.ndjson") == shop.text("p.plan"))
    for place in ["reports/r", "reports/r.tar.gz"] {
      let verified = try await shop.rotactl(["verify", place])
      #expect(verified.status == 0, "\(verified.output)")
    }
    let report = try await shop.rotactl(["report", "reports/r.tar.gz", "--only", "skipped"])
    #expect(report.output.contains("not as in the plan"))
  }

  @Test func `a plan is run once, also as a copy, and an unconfirmed run does not use it`()
    async throws
  {
    let shop = try await PlanShop(count: 2)
    #expect(try await shop.rotactl(["plan", "m.csv", "--out", "p.plan"]).status == 0)
    try shop.simulation.folder.write("copy.plan", try shop.text("p.plan"))
    let unconfirmed = try await shop.rotactl(["run", "--plan", "p.plan"])
    #expect(unconfirmed.status == 5)
    #expect(!shop.exists("p.plan.used"))
    let first = try await shop.rotactl(["run", "--plan", "p.plan", "--yes", "--run-id", "one"])
    #expect(first.status == 0, "\(first.error)")
    for (plan, reports) in [("p.plan", "reports"), ("copy.plan", "reports"), ("p.plan", "other")] {
      let again = try await shop.rotactl(
        ["run", "--plan", plan, "--yes", "--reports", reports])
      #expect(again.status == 5, "\(plan) \(reports)")
      #expect(again.error.contains("run one used it"))
    }
    #expect(try await shop.cancels().count == 2)
    let shown = try await shop.rotactl(["plan", "--show", "p.plan"])
    #expect(shown.output.contains("used     by run one"))
  }

  @Test func `an edited plan is refused with the line, and a cut one too`() async throws {
    let shop = try await PlanShop(count: 3)
    #expect(try await shop.rotactl(["plan", "m.csv", "--out", "p.plan"]).status == 0)
    let sound = try shop.text("p.plan")
    try shop.simulation.folder.write(
      "edited.plan",
      sound.replacingOccurrences(of: "\"secretId\":\"db-2\"", with: "\"secretId\":\"db-9\""))
    let edited = try await shop.rotactl(["run", "--plan", "edited.plan", "--yes"])
    #expect(edited.status == 5)
    #expect(edited.error.contains("edited.plan:3: the plan is not as it was saved"))
    let lines = sound.split(separator: "\n").map(String.init)
    try shop.simulation.folder.write(
      "cut.plan", lines.dropLast().joined(separator: "\n") + "\n")
    let cut = try await shop.rotactl(["run", "--plan", "cut.plan", "--yes"])
    #expect(cut.status == 5)
    #expect(cut.error.contains("has no seal"))
    #expect(try await shop.rotactl(["plan", "--show", "edited.plan"]).status == 5)
    // The plan of a run is evidence, not an order.
    #expect(try await shop.rotactl(["run", "m.csv", "--yes", "--run-id", "r"]).status == 0)
    let other = try await shop.rotactl(["run", "--plan", "reports/r/plan.ndjson", "--yes"])
    #expect(other.status == 5)
    #expect(other.error.contains("not saved to be run"))
    #expect(try await shop.rotactl(["plan", "--show", "reports/r/plan.ndjson"]).status == 0)
    #expect(try await shop.cancels().count == 3)
  }

  @Test func `age, account and command line of a plan are judged`() async throws {
    let shop = try await PlanShop(count: 2)
    #expect(try await shop.rotactl(["plan", "m.csv", "--out", "p.plan"]).status == 0)
    let old = try await shop.rotactl(
      ["run", "--plan", "p.plan", "--yes", "--plan-max-age", "1ms"])
    #expect(old.status == 5)
    #expect(old.error.contains("--plan-max-age"))
    let both = try await shop.rotactl(["run", "m.csv", "--plan", "p.plan", "--yes"])
    #expect(both.status == 2)
    #expect(both.error.contains("--plan: it stands beside manifests"))
    // The default profile is of another account now.
    let config = try shop.text("credentials")
    let swapped = config.replacingOccurrences(of: "[default]", with: "[was]")
      .replacingOccurrences(of: "[ops]", with: "[default]")
    try shop.simulation.folder.write("credentials", swapped)
    let other = try await shop.rotactl(["run", "--plan", "p.plan", "--yes"])
    #expect(other.status == 5, "\(other.error)")
    #expect(other.error.contains("the plan was made with 111122223333"))
    #expect(try await shop.cancels().isEmpty)
  }

  @Test func `plan writes no file over another and knows its exit codes`() async throws {
    let shop = try await PlanShop(count: 2)
    let first = try await shop.rotactl(
      ["plan", "m.csv", "--out", "d/p.plan", "--detailed-exitcode"])
    #expect(first.status == 7, "\(first.error)")
    let taken = try await shop.rotactl(["plan", "m.csv", "--out", "d/p.plan"])
    #expect(taken.status == 2)
    let again = try await shop.rotactl(["plan", "m.csv", "--out", "d/p.plan", "--overwrite"])
    #expect(again.status == 0)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: shop.folder + "/d") == ["p.plan"])
    let offline = try await shop.rotactl(["plan", "m.csv", "--out", "q.plan", "--offline"])
    #expect(offline.status == 2)
    let shown = try await shop.rotactl(["plan", "--show", "d/p.plan", "--json"])
    #expect(shown.records.first?["type"] == "planHeader")
    #expect(shown.records.count { $0["type"] == "target" } == 2)
    let folder = shop.simulation.folder
    #expect(try await Program.violations(of: "output-1", in: shown.output, folder) == "")
    #expect(shown.records.last?["sha256"]?.string?.count == 64)
    #expect(
      try await shop.rotactl(["run", "--plan", "d/p.plan", "--dry-run", "--detailed-exitcode"])
        .status == 7)
    #expect(try await shop.rotactl(["run", "--plan", "d/p.plan", "--yes"]).status == 0)
    #expect(
      try await shop.rotactl(["plan", "m.csv", "--detailed-exitcode"]).status == 0)
  }

  @Test func `a run that ended before its journal and another run of its plan exclude each other`()
    async throws
  {
    let shop = try await PlanShop(count: 2)
    #expect(try await shop.rotactl(["plan", "m.csv", "--out", "p.plan"]).status == 0)
    // What a process leaves that ends between its mark and its journal.
    func endedEarly(_ id: String) async throws {
      let run = ["run", "--plan", "p.plan", "--yes", "--run-id", id]
      let ran = try await shop.rotactl(run)
      #expect(ran.status == 0 || ran.status == 3, "\(ran.error)")
      for name in ["journal.ndjson", "results.csv"] {
        try FileManager.default.removeItem(atPath: shop.folder + "/reports/\(id)/" + name)
      }
    }
    try await endedEarly("a")
    // Taken up first, from another folder than the plan's: the plan is its own again.
    #expect(try await shop.rotactl(["resume", shop.folder + "/reports/a"]).status == 3)
    let late = try await shop.rotactl(["run", "--plan", "p.plan", "--yes", "--run-id", "b"])
    #expect(late.status == 5 && late.error.contains("run a used it"), "\(late.error)")

    for name in ["journal.ndjson", "results.csv"] {
      try FileManager.default.removeItem(atPath: shop.folder + "/reports/a/" + name)
    }
    // Another run takes the plan, here by a reports folder of its own.
    let other = try await shop.rotactl(
      ["run", "--plan", "p.plan", "--yes", "--run-id", "b", "--reports", "elsewhere"])
    #expect(other.status == 3, "\(other.error)")
    let calls = try await shop.cancels().count
    let refused = try await shop.rotactl(["resume", "a"])
    #expect(refused.status == 5 && refused.error.contains("run b used it"), "\(refused.error)")
    #expect(try await shop.cancels().count == calls)
    #expect(!shop.exists("reports/a/journal.ndjson"))
  }

  @Test func `a killed run of a plan is resumed and skips what drifted meanwhile`() async throws {
    let shop = try await PlanShop(count: 12)
    #expect(try await shop.rotactl(["plan", "m.csv", "--out", "p.plan"]).status == 0)
    let child = try shop.program.start(
      ["run", "--plan", "p.plan", "--yes", "--run-id", "r", "--rate", "0.1"],
      environment: shop.simulation.environment, folder: shop.folder)
    while try await shop.cancels().count < 2 {}
    child.signal(SIGKILL)
    _ = await child.result()
    try await shop.change("db-12", #""rotationEnabled":false"#)
    let resumed = try await shop.rotactl(["resume", "r", "--rate", "40"])
    #expect(resumed.status == 3, "\(resumed.error)")
    #expect(resumed.output.contains("db-12 in us-east-1"))
    #expect(resumed.output.contains("not as in the plan"))
    let states = try await shop.simulation.rotation()
    #expect(states.filter { $0.key.contains("111122223333") }.values.allSatisfy { !$0 })
    #expect(Set(try await shop.cancels().compactMap { $0["secretId"]?.string }).count == 11)
    #expect(try await shop.rotactl(["verify", "reports/r.tar.gz"]).status == 0)
  }
}
