import ArgumentParser
import DurableFiles
import RotationCore
import TestSupport
import Testing

@testable import rotactl

@Suite struct `Configuration files` {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func write(_ name: String, _ body: String) throws -> String {
    try folder.write(name, #"{"schema":"rotactl.config/1",\#(body)}"#)
  }

  private func load(_ named: String? = nil, _ more: [String: String] = [:]) throws -> Configuration
  {
    var environment = ["HOME": folder.path + "/home"]
    environment.merge(more) { $1 }
    return try Configuration(
      named: named, environment: environment, system: folder.path + "/etc/rotactl.json")
  }

  private func rate(_ configuration: Configuration) throws -> Double {
    let settings = Settings(environment: [:], layers: configuration.layers)
    return try PacingOptions.parse([]).resolved(settings).rate
  }

  @Test func `the nearer file's options count, and the guards of all`() throws {
    _ = try write("etc/rotactl.json", #""options":{"rate":1,"burst":7},"guards":{"maxTargets":9}"#)
    let user = try write(
      "home/.config/rotactl/rotactl.json", #""options":{"rate":2},"guards":{"maxTargets":100}"#)
    let found = try load()
    #expect(try rate(found) == 2)
    #expect(found.guards.maximumTargets.map(\.value) == [100, 9])
    let overview = Samples.overview((0..<10).map { Samples.entry($0, "s\($0)", .cancel) })
    #expect(found.guards.refusals(of: overview).first?.what.contains("9 are allowed") == true)
    let settings = Settings(environment: ["ROTACTL_RATE": "3"], layers: found.layers)
    #expect(try PacingOptions.parse([]).resolved(settings).rate == 3)
    #expect(settings.effective("rate")?.origin == "ROTACTL_RATE")
    #expect(settings.effective("burst")?.origin.hasSuffix("etc/rotactl.json:1:58") == true)
    #expect(try PacingOptions.parse(["--rate", "4"]).resolved(settings).rate == 4)
    #expect(found.candidates.filter(\.isThere).map(\.path).contains(user))
  }

  @Test func `a named file stands in for the user's and never for the system's`() throws {
    _ = try write("etc/rotactl.json", #""guards":{"requireReason":true}"#)
    _ = try write("home/.config/rotactl/rotactl.json", #""options":{"rate":2}"#)
    let named = try write("named.json", #""options":{"burst":5},"guards":{"requireReason":false}"#)
    let found = try load(named)
    #expect(try rate(found) == 40)
    #expect(found.guards.refusals(reason: nil, incident: nil).count == 1)
    #expect(try rate(load(nil, ["ROTACTL_CONFIG": named])) == 40)
    let none = try load("none")
    #expect(none.candidates.map(\.role) == [.system])
    #expect(none.guards.requiresReason.count == 1)
    #expect(throws: Diagnostic.self) { try self.load(self.folder.path + "/nosuch.json") }
  }

  @Test func `the user's folder follows XDG_CONFIG_HOME`() throws {
    _ = try write("xdg/rotactl/rotactl.json", #""options":{"rate":8}"#)
    #expect(try rate(load(nil, ["XDG_CONFIG_HOME": folder.path + "/xdg"])) == 8)
  }

  @Test func `a file of the working folder does not say where calls go`() {
    let text = #"{"schema":"rotactl.config/1","options":{"endpointUrl":"http://h","rate":3}}"#
    let found = ConfigFile(Array(text.utf8), path: "./rotactl.json", isOfFolder: true)
    #expect(found.problems.count == 1)
    #expect(found.problems.first?.hasPrefix("./rotactl.json:1:55: ") == true)
    let named = ConfigFile(Array(text.utf8), path: "mine.json", isOfFolder: false)
    #expect(named.problems.isEmpty)
  }

  @Test func `the catalogue's defaults are those of the options`() throws {
    var layer = SettingLayer()
    for item in SettingCatalogue.items {
      if let text = item.standard { layer.set(item.name, .init(values: [text], origin: "d")) }
    }
    let none = Settings(environment: [:])
    let all = Settings(environment: [:], layers: [layer])
    func resolve(_ settings: Settings) throws -> [AnyHashable] {
      [
        try ConnectionOptions.parse([]).resolved(settings),
        try PacingOptions.parse([]).resolved(settings),
        try InFlightOptions.parse([]).resolved(settings),
        try StopOptions.parse([]).resolved(settings), try RunOptions.parse([]).resolved(settings),
        try OutputOptions.parse([]).resolved(settings),
        try SavedPlanOptions.parse([]).resolved(settings).maximumAge,
      ]
    }
    #expect(try resolve(none) == resolve(all))
  }

  @Test func `every item of the catalogue is read by some option`() throws {
    for item in SettingCatalogue.items {
      var layer = SettingLayer()
      layer.set(item.name, .init(values: ["\u{1}"], origin: "here"))
      let settings = Settings(environment: [:], layers: [layer])
      try? SettingCatalogue.resolveAll(settings)
      #expect(settings.effective(item.name)?.origin == "here", "\(item.name)")
    }
    #expect(Set(SettingCatalogue.items.map(\.member)).count == SettingCatalogue.items.count)
    #expect(
      SettingCatalogue.items.first { $0.name == "in-flight-timeout" }?.member == "inFlightTimeout")
  }

  @Test func `a plan's settings lie below the environment and above the files`() throws {
    let plan = SettingLayer(
      [
        .init(name: "rate", values: ["7"], origin: "--rate"),
        .init(name: "burst", values: ["9"], origin: "default"),
        .init(name: "no-verify-ssl", values: ["1"], origin: "--no-verify-ssl"),
      ], of: "p.plan", except: ["no-verify-ssl"])
    var file = SettingLayer()
    file.set("rate", .init(values: ["5"], origin: "f"))
    file.set("burst", .init(values: ["6"], origin: "f"))
    let settings = Settings(environment: [:], layers: [file]).adding(plan)
    let pacing = try PacingOptions.parse([]).resolved(settings)
    #expect(pacing.rate == 7 && pacing.burst == 6)
    #expect(settings.effective("rate")?.origin == "p.plan (--rate)")
    #expect(try ConnectionOptions.parse([]).resolved(settings).verifiesTLS)
  }
}

@Suite struct `Stop and guard options` {
  private let none = Settings(environment: [:])

  @Test(arguments: [
    ("0", FailureLimit.count(0)), ("12", .count(12)), ("0%", .percent(0)), ("2.5%", .percent(2.5)),
    ("100%", .percent(100)),
  ])
  func `a bound on failures is a number or a percentage`(text: String, limit: FailureLimit) throws {
    #expect(try FailureLimitValue.read(text) == limit)
    #expect(FailureLimit.percent(2.5).description == "2.5%")
  }

  @Test(arguments: ["", "%", "-1", "+1", "1.5", "101%", "-1%", "5 %", "5%%", "all", "1e2%"])
  func `anything else is no bound`(text: String) {
    #expect(throws: ValueProblem.self) { try FailureLimitValue.read(text) }
  }

  @Test func `regions come repeated or separated by commas`() throws {
    let typed = try StopOptions.parse(
      ["--region-order", "us-east-1, eu-west-1", "--region-order", "ap-south-1"])
    #expect(
      try typed.resolved(none).regionOrder.regions == ["us-east-1", "eu-west-1", "ap-south-1"])
    let settings = Settings(environment: ["ROTACTL_REGION_ORDER": "eu-west-1,us-east-1"])
    #expect(
      try StopOptions.parse([]).resolved(settings).regionOrder.regions == [
        "eu-west-1", "us-east-1",
      ])
  }

  @Test func `an expected account may name its profile`() throws {
    let typed = try GuardOptions.parse(
      ["--expect-account", "111122223333", "--expect-account", "a=b=444455556666"])
    let rules = try typed.resolved(none).expectedAccounts
    #expect(rules.map(\.value.profile) == [nil, "a=b"])
    #expect(rules.map(\.origin) == ["--expect-account", "--expect-account"])
    let settings = Settings(environment: ["ROTACTL_EXPECT_ACCOUNT": "p=111122223333"])
    #expect(
      try GuardOptions.parse([]).resolved(settings).expectedAccounts.first?.origin
        == "ROTACTL_EXPECT_ACCOUNT")
  }
}

@Suite struct `The example configuration` {
  @Test func `is sound`() throws {
    let path = Conformance.repositoryRoot + "/manifests/config.json"
    let file = ConfigFile(try DurableFile.read(path), path: path, isOfFolder: true)
    #expect(file.problems.isEmpty)
    #expect(file.guards.neverTouch.count == 2)
    #expect(file.layer.entries.count == 6)
  }
}
