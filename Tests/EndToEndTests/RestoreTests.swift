import Foundation
import RotationCore
import TestSupport
import Testing

/// Cancel, then put everything back, from outside and against a simulator that keeps the truth.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct RestoreTests {
  /// Secrets of every kind, `count` of each, in two accounts.
  private static func scenario(count: Int, faults: String = "[]") -> String {
    """
    {"schema":"rotactl.scenario/1","seed":11,
     "accounts":[{"id":"111122223333","profiles":["payments"]},
                 {"id":"444455556666","profiles":["platform"]}],
     "secrets":[
       {"name":"fn/db-{n}","count":\(count),"regions":["us-east-1","eu-west-1"]},
       {"name":"rate/db-{n}","count":\(count),"regions":["us-east-1"],
        "rules":{"ScheduleExpression":"rate(10 days)","AutomaticallyAfterDays":10,"Duration":"3h"}},
       {"name":"cron/db-{n}","count":\(count),"regions":["us-east-1"],
        "rules":{"ScheduleExpression":"cron(0 8 1 * ? *)","AutomaticallyAfterDays":31}},
       {"name":"rds!db-{n}","count":\(count),"regions":["eu-west-1"],"owningService":"rds"},
       {"name":"partner/{n}","count":\(count),"regions":["us-east-1"],"type":"MongoDBAtlasServiceAccount"},
       {"name":"off/db-{n}","count":\(count),"regions":["us-east-1"],"state":"off"}],
     "faults":\(faults)}
    """
  }

  private struct Workshop {
    let simulation: Simulation
    let program: Program

    init(_ scenario: String) async throws {
      simulation = try await Simulation(scenario)
      program = try #require(Program.rotactl)
    }

    var folder: String { simulation.folder.path }

    func run(_ arguments: [String]) async throws -> Program.Result {
      try await program.run(arguments, environment: simulation.environment, folder: folder)
    }

    /// Every secret of the simulator in a manifest of ARNs and profiles.
    func writeManifest() async throws {
      var rows = "secret_id,profile,owner\n"
      for secret in try JSONValue(parsing: try await simulation.page("secrets")).array ?? [] {
        let profile = secret["account"] == "111122223333" ? "payments" : "platform"
        rows += "\(secret["ARN"]?.string ?? ""),\(profile),team-a\n"
      }
      try simulation.folder.write("m.csv", rows)
    }

    /// What a restore must bring back, by ARN.
    func truth() async throws -> [String: JSONValue] {
      var states: [String: JSONValue] = [:]
      for secret in try JSONValue(parsing: try await simulation.page("secrets")).array ?? [] {
        var state = JSONObject()
        for name in [
          "RotationEnabled", "RotationRules", "RotationLambdaARN", "VersionIdsToStages",
          "ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn",
        ] {
          state[name] = secret[name]
        }
        states[secret["ARN"]?.string ?? ""] = .object(state)
      }
      return states
    }

    /// The folder of the newest run below a folder of runs.
    func newestRun(in reports: String = "reports") throws -> String {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/" + reports)
      let run = try #require(names.filter { !$0.contains(".") }.max())
      return "\(folder)/\(reports)/\(run)"
    }

    func change(_ body: String) async throws {
      let curl = try #require(Program.foreign("curl"))
      let result = try await curl.run(
        [
          "-sS", "--fail", "--noproxy", "*", "-d", body,
          simulation.endpoint + "/_simulator/secrets/change",
        ], environment: simulation.environment)
      #expect(result.status == 0, "\(result.error)")
    }

    func effects() async throws -> [String: Int] {
      var counts: [String: Int] = [:]
      for call in try await simulation.calls(of: "RotateSecret") where call["tookEffect"] == true {
        counts[call["secretId"]?.string ?? "", default: 0] += 1
      }
      return counts
    }
  }

  @Test(arguments: ["tar.gz", "tar.zst", "zip"])
  func `everything comes back from the bundle alone`(format: String) async throws {
    let shop = try await Workshop(
      RestoreTests.scenario(
        count: 5,
        faults: """
          [{"kind":"reset","probability":0.1,"moment":"after","operations":["RotateSecret"]},
           {"kind":"throttle","probability":0.05},{"kind":"garbage200","probability":0.03},
           {"kind":"500","probability":0.02}]
          """))
    try await shop.writeManifest()
    let before = try await shop.truth()
    let cancelled = try await shop.run([
      "run", "m.csv", "--yes", "--bundle-format", format, "--incident", "INC-7",
    ])
    #expect(cancelled.status == 0, "\(cancelled.error)")
    let run = try shop.newestRun()
    let lines = try String(contentsOfFile: run + "/restore.ndjson", encoding: .utf8)
      .split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    #expect(lines.first?["schema"] == "rotactl.restore/1")
    #expect(lines.count == 61)
    let verified = try await shop.run(["verify", "\(run).\(format)"])
    #expect(verified.status == 0, "\(verified.output)")

    try FileManager.default.createDirectory(
      atPath: shop.folder + "/elsewhere", withIntermediateDirectories: true)
    let bundle = "elsewhere/evidence.\(format)"
    try FileManager.default.moveItem(
      atPath: "\(run).\(format)", toPath: shop.folder + "/" + bundle)
    try FileManager.default.removeItem(atPath: shop.folder + "/reports")
    let arguments = ["restore", bundle, "--reports", "elsewhere/runs", "--rate", "40"]
    let preview = try await shop.run(arguments + ["--dry-run", "--json"])
    #expect(preview.status == 0, "\(preview.error)")
    #expect(preview.records.filter { $0["disposition"] == "restore" }.count == 60)
    #expect(try await shop.run(arguments).status == 5)
    #expect(try await shop.simulation.calls(of: "RotateSecret").isEmpty)

    let restored = try await shop.run(arguments + ["--yes"])
    #expect(restored.status == 0, "\(restored.error)\(restored.output)")
    #expect(restored.output.contains("ALL ON AGAIN"))
    #expect(try await shop.truth() == before)
    let effects = try await shop.effects()
    #expect(effects.count == 60 && effects.values.allSatisfy { $0 == 1 })
    let restore = try shop.newestRun(in: "elsewhere/runs")
    let sound = try await shop.run(["verify", restore + ".tar.gz"])
    #expect(sound.status == 0, "\(sound.output)")
    let summary = try JSONValue(
      parsing: try String(contentsOfFile: restore + "/summary.json", encoding: .utf8))
    #expect(summary["action"] == "restore" && summary["proven"] == true)
    #expect(summary["incident"] == "INC-7")
    #expect(!FileManager.default.fileExists(atPath: restore + "/restore.ndjson"))

    let again = try await shop.run(arguments + ["--yes"])
    #expect(again.status == 0, "\(again.error)")
    #expect(again.output.contains("already on"))
    #expect(try await shop.effects() == effects)
  }

  @Test func `a killed restore resumes and rotates nothing twice`() async throws {
    let shop = try await Workshop(
      RestoreTests.scenario(
        count: 4,
        faults: """
          [{"kind":"reset","probability":0.1,"moment":"after","operations":["RotateSecret"]}]
          """))
    try await shop.writeManifest()
    let before = try await shop.truth()
    #expect(try await shop.run(["run", "m.csv", "--yes", "--rate", "50"]).status == 0)
    let child = try shop.program.start(
      ["restore", try shop.newestRun(), "--yes", "--rate", "2", "--progress", "none"],
      environment: shop.simulation.environment, folder: shop.folder)
    while try await shop.simulation.calls(of: "RotateSecret").count < 9 {}
    child.signal(SIGKILL)
    _ = await child.result()
    let resumed = try await shop.run(["resume", try shop.newestRun(), "--rate", "40"])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(resumed.output.contains("ALL ON AGAIN"))
    #expect(try await shop.truth() == before)
    let effects = try await shop.effects()
    #expect(effects.count == 48 && effects.values.allSatisfy { $0 == 1 })
    #expect(try await shop.run(["verify", try shop.newestRun()]).status == 0)
  }

  @Test func `what somebody changed since is skipped and named`() async throws {
    let shop = try await Workshop(RestoreTests.scenario(count: 2))
    try await shop.writeManifest()
    #expect(try await shop.run(["run", "m.csv", "--yes"]).status == 0)
    let run = try shop.newestRun()
    let place = #""account":"111122223333","region":"us-east-1""#
    try await shop.change(
      #"{"secret":"fn/db-1",\#(place),"rules":{"AutomaticallyAfterDays":3}}"#)
    try await shop.change(#"{"secret":"fn/db-2",\#(place),"markedForDeletion":true}"#)
    try await shop.change(#"{"secret":"cron/db-1",\#(place),"rotationEnabled":true}"#)
    let result = try await shop.run(["restore", run, "--yes"])
    #expect(result.status == 3, "\(result.error)")
    #expect(result.output.contains("NOT ALL ON AGAIN"))
    let report = try await shop.run([
      "report", try shop.newestRun(), "--only", "skipped", "--format", "json",
    ])
    #expect(report.records.count == 2)
    #expect(report.records.allSatisfy { $0["outcomeReason"] == "drifted" })
    #expect(result.output.contains("fn/db-1") && result.output.contains("fn/db-2"))
    let named = try await shop.run(["report", try shop.newestRun(), "--only", "alreadyOn"])
    #expect(named.output.contains("cron/db-1"))
    #expect(try await shop.effects().count == 21)
  }

  @Test func `on another machine profiles are found by account`() async throws {
    let shop = try await Workshop(RestoreTests.scenario(count: 1))
    try await shop.writeManifest()
    let before = try await shop.truth()
    #expect(try await shop.run(["run", "m.csv", "--yes"]).status == 0)
    for name in ["config", "credentials"] {
      let path = shop.folder + "/" + name
      let text = try String(contentsOfFile: path, encoding: .utf8)
        .replacing("payments", with: "other-p").replacing("platform", with: "other-q")
      try shop.simulation.folder.write(name, text)
    }
    let run = try shop.newestRun()
    let result = try await shop.run([
      "restore", run + ".tar.gz", "--profile", "other-q", "--profile", "other-p", "--yes",
    ])
    #expect(result.status == 0, "\(result.error)\(result.output)")
    #expect(try await shop.truth() == before)
  }

  @Test func `an encrypted bundle is restored with its key and not without`() async throws {
    let shop = try await Workshop(RestoreTests.scenario(count: 1))
    try await shop.writeManifest()
    let before = try await shop.truth()
    let openssl = try #require(Program.foreign("openssl"))
    for line in [
      "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out auditor.key",
      "pkey -in auditor.key -pubout -out auditor.pub",
    ] {
      let made = try await openssl.run(
        line.split(separator: " ").map(String.init), environment: shop.simulation.environment,
        folder: shop.folder)
      #expect(made.status == 0, "\(made.error)")
    }
    try shop.simulation.folder.write("word", "correct horse\n")
    let run = ["run", "m.csv", "--yes", "--run-id", "r", "--encrypt-to", "auditor.pub"]
    #expect(try await shop.run(run).status == 0)
    let zip = ["bundle", "r", "--bundle-format", "zip", "--bundle-passphrase-file", "word"]
    #expect(try await shop.run(zip).status == 0)
    try FileManager.default.removeItem(atPath: shop.folder + "/reports/r")
    let byWord = ["--passphrase-file", "word"]
    let byKey = ["--decryption-key", "auditor.key"]
    for (name, right, wrong) in [
      ("reports/r.zip", byWord, []), ("reports/r.tar.gz.cms", byKey, []),
      ("reports/r.tar.gz.cms", byKey, byWord),
    ] {
      for command in [["restore"], ["pending"]] {
        let refused = try await shop.run(command + [name] + wrong)
        #expect(refused.status == 2, "\(name): \(refused.error)")
        let preview = try await shop.run(command + [name] + right + ["--dry-run"])
        #expect(preview.status == 0, "\(name): \(preview.error)")
      }
    }
    let restored = try await shop.run([
      "restore", "reports/r.tar.gz.cms", "--decryption-key", "auditor.key", "--yes",
    ])
    #expect(restored.status == 0, "\(restored.error)")
    #expect(try await shop.truth() == before)
  }

  @Test func `what a drill saved is never put into a real account`() async throws {
    let shop = try await Workshop(RestoreTests.scenario(count: 1))
    try await shop.writeManifest()
    // The drill's accounts have the numbers of those that the profiles reach.
    let drill = try await shop.run(["drill", "m.csv", "--run-id", "d", "--progress", "none"])
    #expect(drill.status == 0, "\(drill.error)")
    for place in ["d", "reports/d", "reports/d.tar.gz"] {
      for command in [["restore", place, "--yes"], ["pending", place, "--drop", "--yes"]] {
        let refused = try await shop.run(command)
        #expect(refused.status == 5, "\(command): \(refused.error)")
        #expect(refused.error.contains("the run was a drill"))
      }
    }
    #expect(try await shop.simulation.calls(of: "RotateSecret").isEmpty)
    #expect(try await shop.simulation.calls(of: "DescribeSecret").isEmpty)
  }

  @Test func `a configuration file makes a restore slower and never faster`() async throws {
    let shop = try await Workshop(RestoreTests.scenario(count: 1))
    try await shop.writeManifest()
    #expect(try await shop.run(["run", "m.csv", "--yes", "--run-id", "r"]).status == 0)
    func rate(_ options: String, _ more: [String] = []) async throws -> Double? {
      try shop.simulation.folder.write(
        "c.json", #"{"schema":"rotactl.config/1","options":{\#(options)}}"#)
      let preview = try await shop.run(
        ["restore", "r", "--dry-run", "--json", "--config", "c.json"] + more)
      #expect(preview.status == 0, "\(preview.error)")
      return preview.records.first { $0["type"] == "plan" }?["rate"]?.double
    }
    #expect(try await rate(#""rate":45"#) == 10)
    #expect(try await rate(#""rate":4"#) == 4)
    #expect(try await rate("") == 10)
    #expect(try await rate(#""rate":45"#, ["--rate", "30"]) == 30)
    try shop.simulation.folder.write(
      "c.json",
      """
      {"schema":"rotactl.config/1",
       "options":{"rate":45,"laneRate":{"*/us-east-1":40,"*/*":2}}}
      """)
    let restored = try await shop.run([
      "restore", "r", "--yes", "--config", "c.json", "--run-id", "back",
    ])
    #expect(restored.status == 0, "\(restored.error)")
    let record = try JSONValue(
      parsing: try String(contentsOfFile: shop.folder + "/reports/back/run.json", encoding: .utf8))
    #expect(record["settings"]?["ratePerSecond"] == 10)
    #expect(record["settings"]?["laneRates"]?["*/us-east-1"] == 10)
    #expect(record["settings"]?["laneRates"]?["*/*"] == 2)
  }

  @Test func `stuck versions are listed then dropped or promoted`() async throws {
    let shop = try await Workshop(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["payments"]}],
       "secrets":[{"name":"stuck-{n}","count":4,"regions":["us-east-1"],"state":"stalled"},
                  {"name":"running","regions":["us-east-1"],"state":"inFlight","finishesAfterSeconds":9999},
                  {"name":"fine","regions":["us-east-1"]}]}
      """)
    let header = "secret_id,region,profile\n"
    func rows(_ names: [String]) -> String {
      header + names.map { "\($0),us-east-1,payments\n" }.joined()
    }
    try shop.simulation.folder.write(
      "all.csv", rows((1...4).map { "stuck-\($0)" } + ["running", "fine"]))
    try shop.simulation.folder.write("drop.csv", rows(["stuck-1", "stuck-2", "running", "fine"]))
    try shop.simulation.folder.write("promote.csv", rows(["stuck-3"]))
    let before = try await shop.truth()
    let listed = try await shop.run(["pending", "all.csv"])
    #expect(listed.status == 0, "\(listed.error)")
    #expect(listed.output.contains("4 versions stuck in AWSPENDING among 6 targets"))
    #expect(listed.output.contains("pending all.csv --promote"))
    let machine = try await shop.run(["pending", "all.csv", "--json"])
    let versions = machine.records.filter { $0["type"] == "pendingVersion" }
    #expect(versions.filter { $0["disposition"] == "stuck" }.count == 4)
    #expect(
      versions.allSatisfy {
        $0["disposition"] == "inFlight" || ($0["ageSeconds"]?.int ?? 0) > 86_000
      })
    #expect(try await shop.run(["pending", "all.csv", "--drop"]).status == 5)
    #expect(try await shop.run(["pending", "all.csv", "--drop", "--promote"]).status == 2)
    #expect(try await shop.truth() == before)

    let dropped = try await shop.run(["pending", "drop.csv", "--drop", "--yes"])
    #expect(dropped.status == 3, "\(dropped.error)")
    #expect(dropped.output.contains("running"))
    let promoted = try await shop.run(["pending", "promote.csv", "--promote", "--yes"])
    #expect(promoted.status == 0, "\(promoted.error)")
    #expect(promoted.output.contains("ALL PROMOTED"))
    #expect(try await shop.run(["verify", try shop.newestRun() + ".tar.gz"]).status == 0)
    let after = try await shop.truth()
    for (arn, state) in after {
      let then = before[arn]?["VersionIdsToStages"]?.object ?? JSONObject()
      let pending = then.members.first { $0.value.array?.contains("AWSPENDING") ?? false }?.key
      let labels = pending.flatMap { state["VersionIdsToStages"]?[$0]?.array } ?? []
      if arn.contains("stuck-1") || arn.contains("stuck-2") {
        #expect(labels.isEmpty)
      } else if arn.contains("stuck-3") {
        #expect(labels.contains("AWSCURRENT"))
      } else {
        #expect(state == before[arn])
      }
    }
    let changes = try await shop.simulation.calls(of: "UpdateSecretVersionStage")
    #expect(changes.count == 3)
  }

  @Test func `a run's stuck versions are found again from the run and block its restore`()
    async throws
  {
    let shop = try await Workshop(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["payments"]}],
       "secrets":[{"name":"stuck","regions":["us-east-1"],"state":"stalled"},
                  {"name":"fine","regions":["us-east-1"]}]}
      """)
    try await shop.writeManifest()
    #expect(try await shop.run(["run", "m.csv", "--yes"]).status == 0)
    let run = try shop.newestRun()
    let blocked = try await shop.run(["restore", run, "--yes", "--run-id", "a"])
    #expect(blocked.status == 3)
    #expect(blocked.output.contains("rotactl pending"))
    let listed = try await shop.run(["pending", run])
    #expect(listed.output.contains("1 version stuck in AWSPENDING among 2 targets"))
    #expect(try await shop.run(["pending", run, "--drop", "--yes", "--run-id", "b"]).status == 0)
    let restored = try await shop.run(["restore", run, "--yes", "--run-id", "c"])
    #expect(restored.status == 0, "\(restored.error)\(restored.output)")
    #expect(try await shop.simulation.rotation().values.allSatisfy { $0 })
  }
}
