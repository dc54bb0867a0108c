import Foundation
import RotationCore
import TestSupport
import Testing

private let isBuilt: Bool = Program.rotactl != nil
private let absence: Comment = "needs the built binary: set ROTACTL_BINARY"

/// 20 rotating secrets in each of two accounts and two regions, and some faults.
private func scenario(count: Int = 20, faults: String = "[]", extra: String = "") -> String {
  """
  {"schema":"rotactl.scenario/1","seed":7,
   "accounts":[{"id":"111122223333","profiles":["payments"]},
               {"id":"444455556666","profiles":["platform"]}],
   "secrets":[{"name":"app/db-{n}","count":\(count),
               "accounts":["111122223333","444455556666"],
               "regions":["us-east-1","eu-west-1"]}\(extra)],
   "faults":\(faults)}
  """
}

private func manifest(count: Int = 20) -> String {
  let width = String(count).count
  let rows = (1...count).map { number -> String in
    let digits = String(number)
    let name = "app/db-" + String(repeating: "0", count: width - digits.count) + digits
    return "\(name),us-east-1;eu-west-1,payments;platform,team-\(number % 3)\n"
  }
  return "secret_id,region,profile,owner\n" + rows.joined()
}

private struct Workshop {
  let simulation: Simulation
  let program: Program

  init(_ scenario: String) async throws {
    simulation = try await Simulation(scenario)
    program = try #require(Program.rotactl)
  }

  var folder: String { simulation.folder.path }

  func run(_ arguments: [String], input: String = "") async throws -> Program.Result {
    try await program.run(
      arguments, environment: simulation.environment, input: input, folder: folder)
  }

  /// The only run below `reports`.
  func runFolder() throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/reports")
    let run = try #require(names.filter { !$0.contains(".") }.first)
    return folder + "/reports/" + run
  }

  func results() throws -> [[String]] {
    let text = try String(contentsOfFile: try runFolder() + "/results.csv", encoding: .utf8)
    return text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }
}

@Suite(.enabled(if: isBuilt, absence)) struct RunTests {
  @Test func `a run turns everything off and its results equal the truth`() async throws {
    let shop = try await Workshop(
      scenario(
        faults: """
          [{"kind":"throttle","probability":0.03},{"kind":"500","probability":0.02},
           {"kind":"reset","probability":0.02,"moment":"after"},{"kind":"garbage200","probability":0.01},
           {"kind":"cutBody","probability":0.02}]
          """))
    try shop.simulation.folder.write("m.csv", manifest())
    let result = try await shop.run(["run", "m.csv", "--yes", "--incident", "INC-7"])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("ALL OFF"))
    let truth = try await shop.simulation.rotation()
    #expect(truth.count == 80 && truth.values.allSatisfy { !$0 })
    let rows = try shop.results()
    #expect(rows.count == 81)
    #expect(Set(rows.dropFirst().map { $0[4] }) == Set(truth.keys))
    #expect(rows.dropFirst().allSatisfy { $0[5] == "cancelled" })
    for line in try JSONValue(parsing: try await shop.simulation.page("quotas")).array ?? [] {
      #expect((line["peakPerSecond"]?.int ?? 0) <= (line["rate"]?.int ?? 0))
    }
    let verified = try await shop.run(["verify", try shop.runFolder() + ".tar.gz"])
    #expect(verified.status == 0, "\(verified.output)")
  }

  @Test func `plan and dry run call nothing that changes and offline calls nothing`() async throws {
    let shop = try await Workshop(scenario(count: 3))
    try shop.simulation.folder.write("m.csv", manifest(count: 3))
    let offline = try await shop.run(["plan", "m.csv", "--offline"])
    #expect(offline.status == 0)
    #expect(try await shop.simulation.calls().isEmpty)
    for arguments in [["plan", "m.csv", "--json"], ["run", "m.csv", "--dry-run", "--json"]] {
      let result = try await shop.run(arguments)
      #expect(result.status == 0)
      let targets = result.records.filter { $0["type"]?.string == "target" }
      #expect(targets.count == 12)
      #expect(targets.allSatisfy { $0["disposition"]?.string == "cancel" })
    }
    let operations = Set(try await shop.simulation.calls().compactMap { $0["operation"]?.string })
    #expect(operations == ["GetCallerIdentity", "DescribeSecret"])
    #expect(!FileManager.default.fileExists(atPath: shop.folder + "/reports"))
    let detailed = try await shop.run(["plan", "m.csv", "--detailed-exitcode"])
    #expect(detailed.status == 7)
  }

  @Test func `without a terminal and without yes nothing is changed`() async throws {
    let shop = try await Workshop(scenario(count: 2))
    try shop.simulation.folder.write("m.csv", manifest(count: 2))
    let result = try await shop.run(["run", "m.csv"])
    #expect(result.status == 5)
    #expect(result.error.contains("--yes"))
    #expect(try await shop.simulation.calls(of: "CancelRotateSecret").isEmpty)
  }

  @Test func `standard input and several files make one run`() async throws {
    let shop = try await Workshop(scenario(count: 2))
    try shop.simulation.folder.write("a.txt", "app/db-1 # first\n\n# nothing\n")
    let input =
      #"{"SecretList":[{"Name":"app/db-2","ARN":"arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-2-AAAAAA"}]}"#
    let result = try await shop.run(
      [
        "plan", "a.txt", "-", "--profile", "payments", "--region", "us-east-1", "--offline",
        "--json",
      ],
      input: input)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.records.filter { $0["type"]?.string == "target" }.count == 2)
  }

  @Test func `one profile that cannot be used fails its targets and no others`() async throws {
    let shop = try await Workshop(scenario(count: 2))
    let credentials = try String(
      contentsOfFile: shop.folder + "/credentials", encoding: .utf8)
    try shop.simulation.folder.write(
      "credentials",
      credentials + "\n[broken]\naws_access_key_id = AKIAWRONGWRONGWRONG0\n"
        + "aws_secret_access_key = nothing\n")
    let config = try String(contentsOfFile: shop.folder + "/config", encoding: .utf8)
    try shop.simulation.folder.write(
      "config",
      config
        + "\n[profile broken]\nregion = us-east-1\nendpoint_url = \(shop.simulation.endpoint)\n")
    try shop.simulation.folder.write(
      "m.csv",
      "secret_id,region,profile\napp/db-1,us-east-1,broken\napp/db-1,us-east-1,payments\n")
    let result = try await shop.run(["run", "m.csv", "--yes"])
    #expect(result.status == 3, "\(result.error)")
    let outcomes = try shop.results().dropFirst().map { $0[5] }
    #expect(outcomes == ["failed", "cancelled"])
    let alone = try await shop.run(
      ["run", "-", "--manifest-format", "text", "--profile", "broken", "--yes"],
      input: "app/db-2\n")
    #expect(alone.status == 6)
    #expect(alone.error.contains("InvalidClientTokenId") || alone.error.contains("invalid"))
  }

  @Test func `an endpoint that nobody listens on settles every target as failed`() async throws {
    let shop = try await Workshop(scenario(count: 2))
    try shop.simulation.folder.write("m.csv", manifest(count: 2))
    let result = try await shop.run([
      "run", "m.csv", "--yes", "--endpoint-url", "http://127.0.0.1:1",
    ])
    #expect(result.status == 3)
    #expect(try shop.results().dropFirst().allSatisfy { $0[5] == "failed" && !$0[7].isEmpty })
    let tls = try await shop.run([
      "run", "m.csv", "--yes", "--reports", "tls", "--endpoint-url",
      shop.simulation.endpoint.replacing("http://", with: "https://"),
    ])
    #expect(tls.status == 3)
    #expect(tls.output.contains("failed"))
  }

  @Test func `a token that stays expired fails every target with that cause`() async throws {
    let shop = try await Workshop(
      scenario(count: 1, faults: #"[{"kind":"expiredToken","probability":1}]"#))
    try shop.simulation.folder.write(
      "m.csv", "secret_id,region,profile\napp/db-1,us-east-1,payments\n")
    let result = try await shop.run(["run", "m.csv", "--yes"])
    #expect(result.status == 3, "\(result.error)")
    let rows = try shop.results().dropFirst()
    #expect(rows.map { $0[5] } == ["failed"])
    #expect(rows.map { $0[7] } == ["ExpiredTokenException"])
  }

  @Test func `an interrupt drains the run and resume finishes it`() async throws {
    let shop = try await Workshop(scenario(count: 30))
    try shop.simulation.folder.write("m.csv", manifest(count: 30))
    let child = try shop.program.start(
      ["run", "m.csv", "--yes", "--rate", "1", "--progress", "none"],
      environment: shop.simulation.environment, folder: shop.folder)
    while try await shop.simulation.calls(of: "CancelRotateSecret").count < 4 {}
    child.signal(SIGINT)
    let stopped = await child.result()
    #expect(stopped.status == 130)
    #expect(!stopped.output.contains("ALL OFF"))
    #expect(stopped.output.contains("not attempted"))
    let run = try shop.runFolder()
    let partly = try await shop.run(["verify", run + ".tar.gz"])
    #expect(partly.status == 0, "\(partly.output)")

    let resumed = try await shop.run(["resume", run])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(try await shop.simulation.rotation().values.allSatisfy { !$0 })
    let cancels = try await shop.simulation.calls(of: "CancelRotateSecret")
    #expect(cancels.count == 120)
    #expect(try await shop.run(["verify", run + ".tar.gz"]).status == 0)
  }

  @Test(arguments: [3, 11, 23])
  func `killed at any moment a run resumes and repeats nothing proven`(after count: Int)
    async throws
  {
    let shop = try await Workshop(scenario(count: 10))
    try shop.simulation.folder.write("m.csv", manifest(count: 10))
    let child = try shop.program.start(
      ["run", "m.csv", "--yes", "--rate", "2", "--progress", "none"],
      environment: shop.simulation.environment, folder: shop.folder)
    while try await shop.simulation.calls(of: "CancelRotateSecret").count < count {}
    child.signal(SIGKILL)
    _ = await child.result()
    let run = try shop.runFolder()
    let journal = try String(contentsOfFile: run + "/journal.ndjson", encoding: .utf8)
    let proven = Set(
      journal.split(separator: "\n").dropLast().compactMap { line -> String? in
        guard let value = try? JSONValue(parsing: String(line)), value["type"] == "settled" else {
          return nil
        }
        return value["after"]?["ARN"]?.string
      })
    let before = try await shop.simulation.calls(of: "CancelRotateSecret").count
    let resumed = try await shop.run(["resume", run])
    #expect(resumed.status == 0, "\(resumed.error)")
    let later = try await shop.simulation.calls(of: "CancelRotateSecret").dropFirst(before)
    #expect(later.allSatisfy { call in !proven.contains(call["secretId"]?.string ?? "") })
    #expect(try await shop.simulation.rotation().values.allSatisfy { !$0 })
    #expect(try await shop.run(["verify", run]).status == 0)
  }

  @Test func `resume refuses a changed plan, a changed manifest and a second process`() async throws
  {
    let shop = try await Workshop(scenario(count: 2))
    try shop.simulation.folder.write("m.csv", manifest(count: 2))
    #expect(try await shop.run(["run", "m.csv", "--yes"]).status == 0)
    let run = try shop.runFolder()
    for name in ["plan.ndjson", "manifest/1-m.csv"] {
      let path = run + "/" + name
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      var changed = whole
      changed[whole.count - 3] ^= 1
      try changed.write(to: URL(fileURLWithPath: path))
      #expect(try await shop.run(["resume", run]).status == 5)
      try whole.write(to: URL(fileURLWithPath: path))
    }
  }

  @Test func `no credential stands in any file or stream of a run`() async throws {
    let shop = try await Workshop(scenario(count: 2))
    try shop.simulation.folder.write("m.csv", manifest(count: 2))
    let result = try await shop.run(["run", "m.csv", "--yes", "--debug"])
    #expect(result.status == 0)
    let secrets = try String(contentsOfFile: shop.folder + "/credentials", encoding: .utf8)
      .split(separator: "\n").filter { $0.contains("secret_access_key") }
      .compactMap { $0.split(separator: " ").last.map(String.init) }
    #expect(secrets.count >= 2)
    for secret in secrets {
      #expect(!result.output.contains(secret) && !result.error.contains(secret))
      let found = try await #require(Program.foreign("grep")).run(
        ["-rlF", secret, shop.folder + "/reports"], environment: shop.simulation.environment)
      #expect(found.output.isEmpty)
    }
    #expect(!result.error.contains("Signature="))
  }
}
