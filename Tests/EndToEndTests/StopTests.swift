import Foundation
import RotationCore
import TestSupport
import Testing

/// Runs that end early: what they leave, how they exit, and that they can be resumed.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct StopTests {
  /// A secret that refuses its cancel; it is the first of its region.
  private static let refusing =
    #"{"name":"aa","owningService":"managed.example","nextRotation":"+1d","accounts":["111122223333"],"regions":["us-east-1"]},"#

  private func shop(count: Int = 9, regions: String = "us-east-1") async throws -> PlanShop {
    let shop = try await PlanShop(count: count, regions: regions, more: StopTests.refusing)
    try shop.simulation.folder.write("m.csv", try shop.text("m.csv") + "aa,us-east-1\n")
    return shop
  }

  private func outcomes(_ shop: PlanShop, _ run: String = "r") throws -> [String: Int] {
    let summary = try JSONValue(parsing: try shop.text("reports/\(run)/summary.json"))
    return (summary["outcomes"]?.object?.members ?? []).reduce(into: [:]) {
      if let count = $1.value.int, count > 0 { $0[$1.key] = count }
    }
  }

  @Test func `no failure tolerated: the first one stops, and resume goes on`() async throws {
    let shop = try await shop()
    let run = try await shop.rotactl(
      [
        "run", "m.csv", "--yes", "--run-id", "r", "--max-failures", "0", "--rate", "2", "--burst",
        "1",
      ])
    #expect(run.status == 4, "\(run.output)\(run.error)")
    #expect(run.output.contains("STOPPED by the failure threshold (1 failed or unknown of"))
    #expect(run.output.contains("rotactl resume reports/r"))
    let before = try outcomes(shop)
    #expect(before["failed"] == 1)
    #expect(before.values.reduce(0, +) == 10)
    #expect((before["notAttempted"] ?? 0) > 0)
    #expect(try shop.text("reports/r/failed.csv").split(whereSeparator: \.isNewline).count > 5)
    #expect(try await shop.rotactl(["verify", "reports/r.tar.gz"]).status == 0)
    let record = try JSONValue(parsing: try shop.text("reports/r/run.json"))
    #expect(record["settings"]?["maxFailures"] == "0")
    let resumed = try await shop.rotactl(["resume", "r"])
    #expect(resumed.status == 3, "\(resumed.output)")
    #expect(try outcomes(shop) == ["cancelled": 9, "failed": 1])
    #expect(try await shop.rotactl(["verify", "reports/r.tar.gz"]).status == 0)
  }

  @Test func `a canary that fails leaves the rest alone`() async throws {
    let shop = try await shop()
    let run = try await shop.rotactl(["run", "m.csv", "--yes", "--run-id", "r", "--canary", "2"])
    #expect(run.status == 4, "\(run.output)\(run.error)")
    #expect(run.output.contains("STOPPED by a canary that is not proven off"))
    #expect(try outcomes(shop) == ["cancelled": 1, "failed": 1, "notAttempted": 8])
  }

  @Test func `a lane that fails stops and the other goes on`() async throws {
    let shop = try await shop(count: 9, regions: "us-east-1,eu-west-1")
    let run = try await shop.rotactl(
      [
        "run", "m.csv", "--yes", "--run-id", "r", "--max-lane-failures", "0", "--rate", "2",
        "--burst", "1",
      ])
    #expect(run.status == 4, "\(run.output)\(run.error)")
    let regions = try await shop.cancels().compactMap { $0["region"]?.string }
    #expect(regions.count { $0 == "eu-west-1" } == 9)
    #expect(try outcomes(shop)["failed"] == 1)
    #expect((try outcomes(shop)["notAttempted"] ?? 0) > 0)
  }

  @Test func `regions follow their order`() async throws {
    let shop = try await PlanShop(count: 3, regions: "us-east-1,eu-west-1,ap-south-1")
    let run = try await shop.rotactl(
      ["run", "m.csv", "--yes", "--region-order", "eu-west-1,ap-south-1"])
    #expect(run.status == 0, "\(run.error)")
    #expect(
      try await shop.cancels().compactMap { $0["region"]?.string }
        == ["eu-west-1", "ap-south-1", "us-east-1"].flatMap { Array(repeating: $0, count: 3) })
  }

  @Test func `a deadline ends with 10 and is resumable`() async throws {
    let shop = try await PlanShop(count: 9)
    let run = try await shop.rotactl(
      ["run", "m.csv", "--yes", "--run-id", "r", "--rate", "1", "--deadline", "2s"])
    #expect(run.status == 10, "\(run.output)\(run.error)")
    #expect((try outcomes(shop)["notAttempted"] ?? 0) > 0)
    // The rate is the run's unless another is typed; its deadline was for itself.
    #expect(try await shop.rotactl(["resume", "r", "--rate", "40"]).status == 0)
  }

  @Test func `a ramp begins slowly`() async throws {
    let shop = try await PlanShop(count: 40)
    let child = try shop.program.start(
      [
        "run", "m.csv", "--yes", "--run-id", "r", "--ramp-up", "1h", "--burst", "1",
        "--deadline", "3s",
      ], environment: shop.simulation.environment, folder: shop.folder)
    let run = await child.result()
    #expect(run.status == 10, "\(run.error)")
    // About one a second, where the full rate would have ended within a second.
    #expect((1...8).contains(try await shop.cancels().count))
  }

  @Test(arguments: [
    ["--max-failures", "x"], ["--max-failures", "101%"], ["--max-failures", "-1"],
    ["--canary", "-1"], ["--region-order", "Mars"], ["--region-order", "us-east-1,us-east-1"],
    ["--ramp-up", "5"], ["--expect-account", "12"], ["--max-targets", "many"],
  ])
  func `what cannot be meant is status 2`(arguments: [String]) async throws {
    let folder = try TemporaryDirectory()
    try folder.write("m.csv", "secret_id,region\ndb,us-east-1\n")
    let program = try #require(Program.rotactl)
    let result = try await program.run(
      ["run", "m.csv", "--yes"] + arguments,
      environment: Program.environment(home: folder.path), folder: folder.path)
    #expect(result.status == 2)
    #expect(result.error.contains(arguments[0]))
  }
}
