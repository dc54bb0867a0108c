import Foundation
import RotationCore
import TestSupport
import Testing

private let isBuilt: Bool = Program.rotactl != nil
private let absence: Comment = "needs the built binary: set ROTACTL_BINARY"

/// `discover`, selectors and `--region all`, from outside.
@Suite(.enabled(if: isBuilt, absence)) struct DiscoverTests {
  private static let regions = [
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
    "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
  ]

  /// Three accounts in seventeen regions with 391 secrets each, empty pages, one denied region.
  private static var wide: String {
    let list = regions.map { "\"\($0)\"" }.joined(separator: ",")
    return """
      {"schema":"rotactl.scenario/1","emptyPages":true,
       "accounts":[{"id":"111122223333","profiles":["a","a2"],"regions":[\(list)]},
                   {"id":"222233334444","profiles":["b"],"regions":[\(list)]},
                   {"id":"333344445555","profiles":["c"],"regions":[\(list)]}],
       "secrets":[{"name":"prod/db-{n}","count":201,"regions":[\(list)],"tags":{"team":"pay"}},
                  {"name":"old/db-{n}","count":190,"regions":[\(list)],"state":"off"}],
       "faults":[{"kind":"accessDenied","probability":1,"operations":["ListSecrets"],
                  "account":"222233334444","region":"ap-south-1"}]}
      """
  }

  private func run(
    _ simulation: Simulation, _ arguments: [String], input: String = ""
  ) async throws -> Program.Result {
    try await #require(Program.rotactl).run(
      arguments, environment: simulation.environment, input: input, folder: simulation.folder.path)
  }

  @Test func `three accounts in all regions are complete but for the denied one`() async throws {
    let simulation = try await Simulation(Self.wide)
    let found = try await run(
      simulation,
      [
        "discover", "--profile", "a", "--profile", "a2", "--profile", "b", "--profile", "c",
        "--region", "all", "--rotating", "--out", "found.csv", "--population", "population.json",
      ])
    #expect(found.status == 3, "\(found.error)")
    #expect(found.output.isEmpty)
    #expect(found.error.contains("unknown: 222233334444 in ap-south-1: AccessDeniedException"))
    #expect(found.error.contains("111122223333 is listed once, by profile a; the same account: a2"))
    #expect(found.error.contains("not enabled for 333344445555: af-south-1, ap-east-1"))

    let document = try JSONValue(
      parsing: String(decoding: try simulation.folder.read("population.json"), as: UTF8.self))
    #expect(document["schema"] == "rotactl.population/1" && document["complete"] == false)
    let selection = try #require(document["selections"]?.array?.first)
    let totals = try #require(selection["totals"])
    #expect(totals["seen"] == JSONValue(50 * 391) && totals["selected"] == JSONValue(50 * 201))
    #expect(totals["listed"] == 50 && totals["unknown"] == 1 && totals["notEnabled"] == 51)
    for lane in selection["lanes"]?.array ?? [] {
      let excluded = lane["excluded"]?.object?.members.compactMap(\.value.int).reduce(0, +)
      #expect(lane["seen"]?.int == (lane["selected"]?.int ?? 0) + (excluded ?? 0))
    }
    let rows = String(decoding: try simulation.folder.read("found.csv"), as: UTF8.self)
      .split(separator: "\n").dropFirst().map { $0.split(separator: ",")[0] }
    #expect(rows.count == 50 * 201)
    #expect(rows == rows.sorted { Self.key($0) < Self.key($1) })
    // Nothing but reads was sent, and each account's listings but once.
    let calls = try await simulation.calls()
    #expect(
      Set(calls.compactMap { $0["operation"]?.string }) == ["GetCallerIdentity", "ListSecrets"])

    // The manifest goes through unchanged.
    let plan = try await run(simulation, ["plan", "found.csv", "--offline", "--json"])
    #expect(plan.status == 0, "\(plan.error)")
    #expect(plan.records.last?["targets"] == JSONValue(50 * 201))
    #expect(plan.records.last?["dispositions"]?["notExamined"] == JSONValue(50 * 201))
  }

  /// Account, region and name of an ARN.
  private static func key(_ arn: Substring) -> String {
    let parts = arn.split(separator: ":")
    return "\(parts[4]) \(parts[3]) \(parts[6])"
  }

  @Test func `each form goes to standard output and through a run`() async throws {
    for format in ["csv", "json", "jsonl"] {
      let simulation = try await Simulation(
        """
        {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["a"]}],
         "secrets":[{"name":"+db-{n}","count":12,"regions":["us-east-1","eu-west-1"]},
                    {"name":"off","regions":["us-east-1"],"state":"off"},
                    {"name":"rep","regions":["eu-west-1"],"replicas":["us-east-1"]}]}
        """)
      let found = try await run(
        simulation,
        [
          "discover", "--profile", "a", "--region", "us-east-1", "--region", "eu-west-1",
          "--rotating", "--confirm", "--format", format, "--quiet",
        ])
      #expect(found.status == 0, "\(found.error)")
      #expect(found.error.isEmpty)
      let done = try await run(
        simulation, ["run", "-", "--manifest-format", format, "--yes", "--json"],
        input: found.output)
      #expect(done.status == 0, "\(done.error)")
      #expect(done.records.last?["outcomes"]?["cancelled"] == 25)
      let rotation = try await simulation.rotation()
      #expect(rotation.values.allSatisfy { !$0 })
    }
  }

  @Test func `files are not replaced unasked, and wrong words are refused`() async throws {
    let simulation = try await Simulation(
      #"{"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["default"]}]}"#)
    try simulation.folder.write("there.csv", "mine\n")
    let wrong: [([String], String)] = [
      (["--out", "there.csv"], "error: --out: there.csv exists"),
      (["--population", "there.csv"], "error: --population: there.csv exists"),
      (["--include", "[a]"], "holds a character that no secret's name has"),
      (["--name", "a;b"], "the service takes no filter 'a;b'"),
      (["--tag", "team"], "'team' is not a tag"),
      (["--rotates-within", "24"], "'24' has no unit"),
      (["--profile", "nobody"], "(nobody) could not be found"),
      (["--format", "xml"], "use csv, json or jsonl"),
      ((1...11).flatMap { ["--name", "!n\($0)"] }, "11 filters; the service takes 10"),
    ]
    for (arguments, text) in wrong {
      let result = try await run(simulation, ["discover"] + arguments)
      #expect(result.status == 2, "\(arguments)")
      #expect(result.error.contains(text), "\(result.error)")
    }
    #expect(try simulation.folder.read("there.csv") == Array("mine\n".utf8))
    #expect(try await simulation.calls().isEmpty)
    let replaced = try await run(
      simulation, ["discover", "--out", "there.csv", "--overwrite", "--json"])
    #expect(replaced.status == 0, "\(replaced.error)")
    #expect(replaced.records.first?["complete"] == true)
    #expect(replaced.error.contains("no secret is selected"))
    let left = try FileManager.default.contentsOfDirectory(atPath: simulation.folder.path)
    #expect(!left.contains { $0.hasSuffix(".partial") })
  }

  @Test func `a profile that cannot be used is unknown, and none at all is status 6`() async throws
  {
    let simulation = try await Simulation(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["a"]}],
       "secrets":[{"name":"db","regions":["us-east-1"]}]}
      """)
    let config = simulation.folder.path + "/config"
    let text = try String(contentsOfFile: config, encoding: .utf8)
    try simulation.folder.write("config", text + "\n[profile broken]\nregion = us-east-1\n")
    let some = try await run(
      simulation, ["discover", "--profile", "a", "--profile", "broken"])
    #expect(some.status == 3)
    #expect(some.output.contains(":secret:db-"))
    #expect(some.error.contains("unknown: profile broken in us-east-1: NoCredentials"))
    let none = try await run(
      simulation, ["discover", "--profile", "broken", "--population", "p.json"])
    #expect(none.status == 6)
    #expect(none.output.isEmpty)
    #expect(none.error.contains("no profile can be used"))
    let document = try JSONValue(
      parsing: String(decoding: try simulation.folder.read("p.json"), as: UTF8.self))
    #expect(document["complete"] == false)
  }

  @Test func `a signal ends the listing and leaves no file`() async throws {
    let simulation = try await Simulation(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["default"]}],
       "secrets":[{"name":"db-{n}","count":3000,"regions":["us-east-1"]}],
       "faults":[{"kind":"slow","milliseconds":600,"probability":1,"operations":["ListSecrets"]}]}
      """)
    let child = try #require(Program.rotactl).start(
      ["discover", "--out", "found.csv", "--progress", "plain"],
      environment: simulation.environment, folder: simulation.folder.path)
    _ = await child.errorOutput(containing: "listing")
    child.signal(SIGINT)
    let result = await child.result()
    #expect(result.status == 130, "\(result.error)")
    #expect(result.error.contains("unknown: 111122223333 in us-east-1: Stopped"))
    let left = try FileManager.default.contentsOfDirectory(atPath: simulation.folder.path)
    #expect(!left.contains { $0.hasPrefix("found.csv") })
  }

  private static let selecting = """
    {"schema":"rotactl.scenario/1",
     "accounts":[{"id":"111122223333","profiles":["default","a"],
                  "regions":["us-east-1","eu-west-1","eu-west-2"]}],
     "secrets":[{"name":"prod/pay-{n}","count":20,"regions":["us-east-1","eu-west-1"],
                 "tags":{"team":"pay"}},
                {"name":"prod/web-{n}","count":5,"regions":["us-east-1"],"tags":{"team":"web"}},
                {"name":"prod/pay-off","regions":["us-east-1"],"state":"off","tags":{"team":"pay"}},
                {"name":"lonely","regions":["eu-west-2"]}],
     "faults":[FAULTS]}
    """

  private static let selector = """
    {"secrets":["prod/web-1",
      {"select":{"tags":{"team":"pay"},"rotating":true,"regions":["all"]},
       "labels":{"why":"pay"}},
      "prod/pay-01"]}
    """

  @Test func `a selector is resolved when the run is planned, and goes into its evidence`()
    async throws
  {
    let simulation = try await Simulation(
      Self.selecting.replacingOccurrences(of: "FAULTS", with: ""))
    try simulation.folder.write("m.json", Self.selector)
    let offline = try await run(simulation, ["plan", "m.json", "--offline", "--json"])
    #expect(offline.status == 0)
    #expect(offline.error.contains("1 selector not resolved, for nothing is called: m.json:2:3"))
    #expect(
      offline.records.contains {
        $0["type"] == "selector" && $0["resolved"] == false && $0["source"] == "m.json:2:3"
      })
    #expect(try await simulation.calls().isEmpty)

    let plan = try await run(
      simulation, ["plan", "m.json", "--region", "us-east-1", "--json", "--progress", "none"])
    #expect(plan.status == 0, "\(plan.error)")
    // The row that comes after names one of the selected.
    #expect(plan.records.first?["targets"] == 41)
    let targets = plan.records.filter { $0["secretId"] != nil }
    let selected = targets.filter { $0["labels"]?["why"] == "pay" }
    #expect(selected.count == 40)
    #expect(selected.allSatisfy { $0["sources"]?.array?.first == "m.json:2:3" })
    #expect(
      selected.contains { $0["sources"] == ["m.json:2:3", "m.json:4:3"] }, "\(selected[0])")

    let done = try await run(
      simulation, ["run", "m.json", "--region", "us-east-1", "--yes", "--run-id", "r", "--json"])
    #expect(done.status == 0, "\(done.error)")
    #expect(done.records.last?["outcomes"]?["cancelled"] == 41)
    let document = try JSONValue(
      parsing: String(
        decoding: try simulation.folder.read("reports/r/population.json"), as: UTF8.self))
    #expect(document["schema"] == "rotactl.population/1" && document["complete"] == true)
    #expect(document["selections"]?.array?.first?["source"] == "m.json:2:3")
    #expect(document["selections"]?.array?.first?["totals"]?["seen"] == 47)
    let verified = try await run(simulation, ["verify", "reports/r.tar.gz"])
    #expect(verified.status == 0, "\(verified.error)\(verified.output)")
    let list = try await #require(Program.foreign("tar")).run(
      ["-tzf", "reports/r.tar.gz"], environment: simulation.environment,
      folder: simulation.folder.path)
    #expect(list.output.contains("r/population.json"))
  }

  @Test func `a selector that could not look everywhere never ends as success`() async throws {
    let denied =
      #"{"kind":"accessDenied","probability":1,"operations":["ListSecrets"],"region":"eu-west-1"}"#
    let simulation = try await Simulation(
      Self.selecting.replacingOccurrences(of: "FAULTS", with: denied))
    try simulation.folder.write("m.json", Self.selector)
    let plan = try await run(simulation, ["plan", "m.json", "--region", "us-east-1"])
    #expect(plan.status == 3)
    #expect(plan.error.contains("unknown: 111122223333 in eu-west-1: AccessDeniedException"))
    let done = try await run(
      simulation, ["run", "m.json", "--region", "us-east-1", "--yes", "--run-id", "r"])
    #expect(done.status == 3, "\(done.error)")
    let rotation = try await simulation.rotation()
    // What the denied region holds, what no selector names, and four of `prod/web`.
    #expect(rotation.count { $0.value } == 20 + 1 + 4)
  }

  @Test func `a bad selector is status 2 with its place, and nothing is called`() async throws {
    let simulation = try await Simulation(
      Self.selecting.replacingOccurrences(of: "FAULTS", with: ""))
    try simulation.folder.write(
      "m.json", "[\n {\"select\":{\"rotatin\":true}},\n {\"select\":{\"rotatesWithin\":5}}\n]\n")
    let result = try await run(simulation, ["run", "m.json", "--yes"])
    #expect(result.status == 2)
    #expect(result.error.contains("m.json:2:13: an unknown member 'rotatin' in select; did you"))
    #expect(result.error.contains("m.json:3:29: rotatesWithin is a number; write a time"))
    #expect(try await simulation.calls().isEmpty)
  }

  @Test func `with region all a name is meant wherever it exists`() async throws {
    let simulation = try await Simulation(
      Self.selecting.replacingOccurrences(of: "FAULTS", with: ""))
    try simulation.folder.write("ids.txt", "prod/pay-01\nlonely\nprod/web-2\n")
    let done = try await run(
      simulation, ["run", "ids.txt", "--region", "all", "--yes", "--json", "--run-id", "r"])
    #expect(done.status == 0, "\(done.error)")
    #expect(done.records.last?["outcomes"]?["cancelled"] == 4)
    try simulation.folder.write("missing.txt", "nowhere\nlonely\n")
    let missing = try await run(
      simulation, ["plan", "missing.txt", "--region", "all", "--json", "--progress", "none"])
    let offline = try await run(simulation, ["plan", "ids.txt", "--region", "all", "--offline"])
    #expect(offline.status == 0, "\(offline.error)")
    #expect(offline.output.contains("not looked for there"))
    #expect(offline.error.contains("stand for names in regions where they may not exist"))
    let targets = missing.records.filter { $0["secretId"] != nil }
    #expect(targets.map { $0["secretId"] } == ["nowhere", "lonely"])
    #expect(targets.map { $0["region"] } == ["us-east-1", "eu-west-2"])
    #expect(targets.first?["failure"]?["code"] == "ResourceNotFoundException")
  }
}
