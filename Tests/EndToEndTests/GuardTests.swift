import Foundation
import RotationCore
import TestSupport
import Testing

/// Each guard refuses with status 5 before the first call that changes anything.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct GuardTests {
  private func refused(
    _ shop: PlanShop, _ arguments: [String], _ words: String, _ more: [String: String] = [:]
  ) async throws {
    let result = try await shop.rotactl(["run"] + arguments + ["--yes"], more)
    #expect(result.status == 5, "\(arguments): \(result.error)")
    #expect(result.error.contains(words), "\(arguments): \(result.error)")
    #expect(try await shop.cancels().isEmpty)
  }

  private func config(_ shop: PlanShop, _ guards: String) throws {
    try shop.simulation.folder.write(
      "rotactl.json", #"{"schema":"rotactl.config/1","guards":{\#(guards)}}"#)
  }

  @Test func `options that guard`() async throws {
    let shop = try await PlanShop(count: 3, regions: "us-east-1,eu-west-1")
    try await refused(
      shop, ["m.csv", "--expect-account", "444455556666"],
      "--expect-account: the default profile is of account 111122223333")
    try await refused(
      shop, ["m.csv", "--profile", "pay", "--expect-account", "pay=444455556666"],
      "profile 'pay' is of account 111122223333")
    try await refused(
      shop, ["m.csv", "--max-targets", "5"], "6 secrets would be changed, and 5 are allowed")
    try await refused(
      shop, ["m.csv"], "ROTACTL_MAX_TARGETS: 6 secrets", ["ROTACTL_MAX_TARGETS": "0"])
    try shop.simulation.folder.write(
      "two.csv", "secret_id,region,profile\ndb-1,us-east-1,pay;ops\n")
    try await refused(
      shop, ["two.csv", "--max-accounts", "1"], "secrets of 2 accounts would be changed")
    try shop.simulation.folder.write(
      "row.csv",
      "secret_id,region,account_id\ndb-1,us-east-1,111122223333\ndb-2,us-east-1,999988887777\n")
    try await refused(shop, ["row.csv"], "row.csv:3:")
    try shop.simulation.folder.write(
      "several.csv", "secret_id,region,profile,account_id\ndb-2,us-east-1,pay;ops,999988887777\n")
    try await refused(shop, ["several.csv"], "several.csv:2:")
    #expect(try FileManager.default.contentsOfDirectory(atPath: shop.folder + "/reports").isEmpty)
    let allowed = try await shop.rotactl(
      [
        "run", "m.csv", "--yes", "--expect-account", "111122223333", "--max-targets", "6",
        "--max-accounts", "1",
      ])
    #expect(allowed.status == 0, "\(allowed.error)")
  }

  @Test func `files that guard, and options that cannot loosen them`() async throws {
    let shop = try await PlanShop(count: 3)
    try config(shop, #""forbiddenAccounts":["111122223333"]"#)
    try await refused(shop, ["m.csv"], "which is forbidden")
    try config(shop, #""neverTouch":["db-2"]"#)
    try await refused(shop, ["m.csv"], "'db-2' matches 'db-2', which is never to be touched")
    try config(shop, #""neverTouch":["arn:aws:secretsmanager:*:111122223333:secret:db-3-*"]"#)
    try await refused(shop, ["m.csv"], "m.csv:4:1: 'db-3' matches")
    try config(shop, #""maxTargets":2"#)
    try await refused(shop, ["m.csv", "--max-targets", "100"], "rotactl.json:1:")
    try config(shop, #""expectedAccounts":{"pay":"444455556666"}"#)
    try await refused(shop, ["m.csv", "--profile", "pay"], "444455556666 is expected")
    try config(shop, #""requireReason":true,"requireIncident":true"#)
    try await refused(shop, ["m.csv"], "an incident is required")
    try await refused(shop, ["m.csv", "--incident", "INC-1"], "a reason is required")
    // What the user's own file guards holds beside what a nearer file says.
    try shop.simulation.folder.write(
      ".config/rotactl/rotactl.json",
      #"{"schema":"rotactl.config/1","guards":{"maxTargets":1}}"#)
    try config(shop, #""maxTargets":1000"#)
    try await refused(shop, ["m.csv"], ".config/rotactl/rotactl.json:1:")
    let named = try await shop.rotactl(
      ["run", "m.csv", "--yes", "--config", "rotactl.json", "--incident", "I", "--reason", "r"])
    #expect(named.status == 0, "\(named.error)")
  }

  @Test func `a freeze file refuses, and stops a run that is under way`() async throws {
    let shop = try await PlanShop(count: 9)
    try config(shop, #""freezeFile":"FREEZE""#)
    try shop.simulation.folder.write("FREEZE", "no changes until Monday\nsecond line\n")
    try await refused(shop, ["m.csv"], "changes are frozen: no changes until Monday")
    try FileManager.default.removeItem(atPath: shop.folder + "/FREEZE")
    let child = try shop.program.start(
      ["run", "m.csv", "--yes", "--run-id", "r", "--rate", "1"],
      environment: shop.simulation.environment, folder: shop.folder)
    while try await shop.cancels().count < 2 {}
    try shop.simulation.folder.write("FREEZE", "stop now")
    let stopped = await child.result()
    #expect(stopped.status == 5, "\(stopped.error)")
    #expect(stopped.output.contains("STOPPED by a freeze"))
    #expect(stopped.output.contains("stop now"))
    let left = try await shop.cancels().count
    #expect(left < 9)
    let resumed = try await shop.rotactl(["resume", "r"])
    #expect(resumed.status == 5)
    try FileManager.default.removeItem(atPath: shop.folder + "/FREEZE")
    #expect(try await shop.rotactl(["resume", "r", "--rate", "40"]).status == 0)
    #expect(try await shop.cancels().count == 9)
  }

  @Test func `a second run in the same account and region is refused by name`() async throws {
    let shop = try await PlanShop(count: 8)
    let child = try shop.program.start(
      ["run", "m.csv", "--yes", "--run-id", "first", "--rate", "0.05"],
      environment: shop.simulation.environment, folder: shop.folder)
    while try await shop.cancels().isEmpty {}
    let second = try await shop.rotactl(["run", "m.csv", "--yes", "--run-id", "second"])
    #expect(second.status == 5, "\(second.error)")
    #expect(second.error.contains("run first of "))
    #expect(second.error.contains("process \(child.pid)"))
    #expect(!shop.exists("reports/second"))
    child.signal(SIGKILL)
    _ = await child.result()
    // The kernel has released the lock of the dead process.
    let third = try await shop.rotactl(["run", "m.csv", "--yes", "--run-id", "third"])
    #expect(third.status == 0, "\(third.error)")
  }

  @Test func `a file that others can write is not trusted, and a named one is`() async throws {
    let shop = try await PlanShop(count: 1)
    try config(shop, "")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o666], ofItemAtPath: shop.folder + "/rotactl.json")
    let result = try await shop.rotactl(["run", "m.csv", "--yes"])
    #expect(result.status == 2)
    #expect(result.error.contains("everybody may write to it"))
    #expect(try await shop.cancels().isEmpty)
    #expect(
      try await shop.rotactl(["run", "m.csv", "--dry-run", "--config", "rotactl.json"]).status == 0)
    #expect(try await shop.rotactl(["run", "m.csv", "--dry-run", "--config", "none"]).status == 0)
  }
}

@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct ConfigCommandTests {
  private func rotactl(
    _ arguments: [String], in folder: TemporaryDirectory, _ more: [String: String] = [:]
  ) async throws -> Program.Result {
    let program = try #require(Program.rotactl)
    return try await program.run(
      arguments, environment: Program.environment(home: folder.path, more), folder: folder.path)
  }

  @Test func `each setting tells its value and where it was set`() async throws {
    let folder = try TemporaryDirectory()
    try folder.write(
      ".config/rotactl/rotactl.json",
      #"{"schema":"rotactl.config/1","options":{"rate":5,"burst":3,"inFlight":"skip"}}"#)
    try folder.write(
      "rotactl.json",
      #"{"schema":"rotactl.config/1","options":{"rate":6,"laneRate":{"111122223333/*":2}}}"#)
    let result = try await rotactl(
      ["config", "show", "--json"], in: folder, ["ROTACTL_BURST": "4"])
    #expect(result.status == 0, "\(result.error)")
    func setting(_ name: String) -> (String?, String?) {
      let item = result.records.first?["settings"]?.array?.first { $0["name"]?.string == name }
      return (item?["values"]?.array?.first?.string, item?["from"]?.string)
    }
    #expect(setting("rate") == ("6", "./rotactl.json:1:48"))
    #expect(setting("burst") == ("4", "ROTACTL_BURST"))
    #expect(
      setting("in-flight") == ("skip", folder.path + "/.config/rotactl/rotactl.json:1:71"))
    #expect(setting("lane-rate").0 == "111122223333/*=2")
    #expect(setting("concurrency") == ("64", "default"))
    let named = try await rotactl(["config", "show", "--config", "none"], in: folder)
    #expect(named.output.contains("rate               40"))
    #expect(named.output.contains("no guards are set"))
  }

  @Test func `check lists every problem with its place`() async throws {
    let folder = try TemporaryDirectory()
    try folder.write(
      "c.json",
      """
      {"schema": "rotactl.config/1",
       "options": {"rat": 5, "inFlight": "never", "deadline": "20"},
       "guards": {"maxTargets": -1}}
      """)
    let result = try await rotactl(["config", "check", "c.json"], in: folder)
    #expect(result.status == 2)
    for line in [
      "c.json:2:14: an unknown member 'rat'; did you mean 'rate'?",
      "c.json:2:36: 'never' is not known here; use wait, skip or cancel",
      "c.json:2:57: '20' has no unit; write 20s for seconds, 20m for minutes",
      "c.json:3:27: 'maxTargets' is not a whole number; write one such as 500",
      "error: 4 problems in the configuration",
    ] { #expect(result.error.contains(line + "\n"), "\(result.error)") }
    try folder.write("c.json", #"{"schema":"rotactl.config/1"}"#)
    let sound = try await rotactl(["config", "check", "c.json"], in: folder)
    #expect(sound.status == 0)
    #expect(sound.output == "c.json is sound\n")
    #expect(try await rotactl(["config", "check", "nosuch"], in: folder).status == 2)
    #expect(try await rotactl(["config", "show", "--config", "nosuch"], in: folder).status == 2)
  }
}
