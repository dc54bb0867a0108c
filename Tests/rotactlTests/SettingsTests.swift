import ArgumentParser
import EvidenceBundle
import RotationCore
import Testing

@testable import rotactl

@Suite struct `Settings and options` {
  private let none = Settings(environment: [:])

  @Test func `defaults are those of the help`() throws {
    let pacing = try PacingOptions.parse([]).resolved(none)
    #expect(
      pacing
        == ResolvedPacing(
          rate: 40, burst: 2, concurrency: 64, maximumAttempts: nil, retryMode: nil))
    let connection = try ConnectionOptions.parse([]).resolved(none)
    #expect(connection.connectTimeout == .seconds(60))
    #expect(connection.readTimeout == .seconds(60))
    #expect(connection.verifiesTLS)
    #expect(connection.profiles.isEmpty && connection.regions.isEmpty)
    let flight = try InFlightOptions.parse([]).resolved(none)
    #expect(flight == ResolvedInFlight(policy: .wait, timeout: .seconds(600)))
    let run = try RunOptions.parse([]).resolved(none)
    #expect(run.reports == "reports")
    #expect(run.bundleFormat == .tarGz)
    #expect(!run.isConfirmed && !run.isDryRun && !run.writesReportFiles)
    #expect(run.deadline == nil)
    let output = try OutputOptions.parse([]).resolved(none)
    #expect(output.color == .auto)
    #expect(output.progress == nil)
  }

  @Test func `what is typed beats the environment, which beats the default`() throws {
    let settings = Settings(environment: ["ROTACTL_RATE": "7", "ROTACTL_MAX_ATTEMPTS": "5"])
    #expect(try PacingOptions.parse([]).resolved(settings).rate == 7)
    #expect(try PacingOptions.parse(["--rate", "9"]).resolved(settings).rate == 9)
    #expect(try PacingOptions.parse(["--rate", "9"]).resolved(settings).maximumAttempts == 5)
  }

  @Test func `an empty variable counts as unset`() throws {
    let settings = Settings(environment: ["ROTACTL_RATE": "", "ROTACTL_YES": ""])
    #expect(try PacingOptions.parse([]).resolved(settings).rate == 40)
    #expect(try !RunOptions.parse([]).resolved(settings).isConfirmed)
  }

  @Test func `a refused variable is named and a refused option too`() throws {
    let settings = Settings(environment: ["ROTACTL_IN_FLIGHT_TIMEOUT": "10"])
    #expect(
      throws: UsageProblem(
        place: "ROTACTL_IN_FLIGHT_TIMEOUT", what: "'10' has no unit",
        hint: "write 10s for seconds, 10m for minutes")
    ) { try InFlightOptions.parse([]).resolved(settings) }
    let problem = #expect(throws: UsageProblem.self) {
      try InFlightOptions.parse(["--in-flight-timeout", "10"]).resolved(self.none)
    }
    #expect(problem?.place == "--in-flight-timeout")
  }

  /// Every option of every group, a text that fits, and one that does not.
  static let variables: [(name: String, good: String, bad: String)] = [
    ("REGION", "eu-west-1, us-east-1", "Europe"), ("ENDPOINT_URL", "http://127.0.0.1:1", "ftp://x"),
    ("NO_VERIFY_SSL", "1", "maybe"), ("CONNECT_TIMEOUT", "1500ms", "5"),
    ("READ_TIMEOUT", "2m", "1d"), ("RATE", "0.5", "-1"), ("BURST", "4", "0"),
    ("CONCURRENCY", "8", "many"), ("MAX_ATTEMPTS", "5", "0"), ("RETRY_MODE", "standard", "legacy"),
    ("IN_FLIGHT", "skip", "ignore"), ("IN_FLIGHT_TIMEOUT", "2h", "2"),
    ("INCIDENT", "INC-7", "a\nb"), ("REASON", "failover", "\u{1B}[2J"), ("RUN_ID", "r-1", "../x"),
    ("BUNDLE_FORMAT", "zip", "rar"), ("REPORT_FILES", "on", "2"), ("YES", "true", "oui"),
    ("DRY_RUN", "yes", "x"), ("DEADLINE", "20m", "0s"), ("JSON", "1", "x"), ("COLOR", "off", "red"),
    ("PROGRESS", "json", "loud"), ("QUIET", "1", "x"), ("DEBUG", "1", "x"),
    ("MANIFEST_FORMAT", "csv", "xml"), ("DELIMITER", "tab", "ab"), ("RAMP_UP", "5m", "5"),
    ("MAX_FAILURES", "5%", "x"), ("MAX_LANE_FAILURES", "0", "-1"), ("CANARY", "3", "x"),
    ("REGION_ORDER", "us-east-1", "Mars"), ("EXPECT_ACCOUNT", "p=111122223333", "p=1"),
    ("MAX_TARGETS", "9", "-1"), ("MAX_ACCOUNTS", "1", "x"), ("PLAN_MAX_AGE", "2h", "2"),
    ("PLAN", "p.plan", "\u{0}"), ("LOCK_FOLDER", "/tmp/x", "\u{0}"),
  ]

  @Test(arguments: variables)
  func `each option is read from its variable`(
    _ variable: (name: String, good: String, bad: String)
  ) throws {
    let key = "ROTACTL_" + variable.name
    func resolve(_ text: String?) throws -> [AnyHashable] {
      let settings = Settings(environment: text.map { [key: $0] } ?? [:])
      return [
        try ConnectionOptions.parse([]).resolved(settings),
        try PacingOptions.parse([]).resolved(settings),
        try InFlightOptions.parse([]).resolved(settings),
        try RunOptions.parse([]).resolved(settings),
        try StopOptions.parse([]).resolved(settings),
        try GuardOptions.parse([]).resolved(settings),
        try SavedPlanOptions.parse([]).resolved(settings),
        try OutputOptions.parse([]).resolved(settings),
        try ManifestOptions.parse([]).resolved(settings, needsOne: false),
      ]
    }
    if variable.good != "standard" { #expect(try resolve(variable.good) != resolve(nil)) }
    let problem = #expect(throws: UsageProblem.self) { try resolve(variable.bad) }
    #expect(problem?.place == key)
  }

  @Test func `lists come repeated or separated by commas, typed ones replace`() throws {
    let settings = Settings(environment: ["ROTACTL_PROFILE": "a, b,,c"])
    #expect(try ConnectionOptions.parse([]).resolved(settings).profiles == ["a", "b", "c"])
    let typed = try ConnectionOptions.parse(["--profile", "x", "--profile", "y"])
    #expect(try typed.resolved(settings).profiles == ["x", "y"])
  }

  @Test func `both retry modes can be chosen and others are refused`() throws {
    let settings = Settings(environment: [:])
    for mode in RetryMode.allCases {
      let options = try PacingOptions.parse(["--retry-mode", mode.rawValue])
      #expect(try options.resolved(settings).retryMode == mode)
    }
    #expect(throws: UsageProblem.self) {
      try PacingOptions.parse(["--retry-mode", "legacy"]).resolved(settings)
    }
  }

  @Test func `a rate beyond the quota is a warning`() throws {
    #expect(try PacingOptions.parse(["--rate", "50"]).resolved(none).warnings.isEmpty)
    #expect(try PacingOptions.parse(["--rate", "51"]).resolved(none).warnings.count == 1)
  }

  @Test func `rates of lanes are repeated or separated by commas`() throws {
    let settings = Settings(
      environment: ["ROTACTL_LANE_RATE": "111122223333/us-east-1=20,*/eu-west-1=0.5"])
    let rates = try PacingOptions.parse([]).resolved(settings).laneRates
    #expect(rates.map(\.lanes.description) == ["111122223333/us-east-1", "*/eu-west-1"])
    #expect(rates.map(\.rate) == [20, 0.5])
    let typed = try PacingOptions.parse(["--lane-rate", "111122223333/*=60/m"])
    #expect(try typed.resolved(settings).laneRates.map(\.rate) == [1])
    let fast = try PacingOptions.parse(["--lane-rate", "*/us-east-1=60"]).resolved(none)
    #expect(fast.warnings.count == 1)
  }

  @Test(arguments: [
    "", "20", "111122223333=20", "111122223333/us-east-1", "x/us-east-1=2", "*/*=0",
  ])
  func `anything else is no rate of a lane`(text: String) {
    #expect(throws: ValueProblem.self) { try LaneRateValue.read(text) }
  }

  @Test func `a command line without a manifest, or with standard input twice, is refused`() throws
  {
    #expect(throws: UsageProblem.self) { try ManifestOptions.parse([]).resolved(self.none) }
    #expect(throws: UsageProblem.self) {
      try ManifestOptions.parse(["-", "a.csv", "-"]).resolved(self.none)
    }
    let both = try ManifestOptions.parse(["-", "a.csv", "--delimiter", ";"]).resolved(none)
    #expect(both == ResolvedManifests(paths: ["-", "a.csv"], delimiter: UInt8(ascii: ";")))
  }

  @Test func `quiet silences progress unless it is asked for`() throws {
    #expect(try OutputOptions.parse(["--quiet"]).resolved(none).progress == ProgressMode.none)
    let asked = try OutputOptions.parse(["--quiet", "--progress", "plain"]).resolved(none)
    #expect(asked.progress == .plain)
    #expect(try OutputOptions.parse(["--progress", "auto"]).resolved(none).progress == nil)
  }
}

@Suite struct `Setting values` {
  @Test(arguments: [
    ("30s", 30.0), ("1500ms", 1.5), ("10m", 600), ("2h", 7200), ("1.5h", 5400), ("720h", 2_592_000),
  ])
  func `a duration is a number and a unit`(_ text: String, _ seconds: Double) throws {
    #expect(try DurationValue.read(text).seconds == seconds)
    #expect(try DurationValue.read(text).duration == .milliseconds(Int64(seconds * 1000)))
  }

  @Test(arguments: [
    "", "s", "30", "-3s", "+3s", "1e3s", "0s", "0.0001s", "721h", "3 s", "3S", "3d", ".5s", "5.s",
    "1.2.3s", "nans", "infs", "99999999999999999999s", "٣s",
  ])
  func `anything else is no duration`(_ text: String) {
    #expect(throws: ValueProblem.self) { try DurationValue.read(text) }
  }

  @Test(arguments: [("40", 40.0), ("0.5", 0.5), ("40/s", 40), ("30/m", 0.5), ("10000", 10_000)])
  func `a rate is in calls per second or minute`(_ text: String, _ rate: Double) throws {
    #expect(try RateValue.read(text).perSecond == rate)
  }

  @Test func `a rate can be unlimited, and is told so`() throws {
    #expect(try RateValue.read("unlimited").perSecond == .infinity)
    let pacing = try PacingOptions.parse(["--rate", "unlimited"])
      .resolved(Settings(environment: [:]))
    #expect(pacing.warnings.first?.hasPrefix("--rate unlimited is more than") == true)
  }

  @Test(arguments: ["", "0", "-1", "nan", "inf", "1e3", "10001", "40/h", "/s", "0x10", "1,000"])
  func `anything else is no rate`(_ text: String) {
    #expect(throws: ValueProblem.self) { try RateValue.read(text) }
  }

  @Test(arguments: ["../x", ".hidden", "-rf", "a/b", "", "a b", "a\u{0}b", "ü"])
  func `a run id cannot leave its folder`(_ text: String) {
    #expect(throws: ValueProblem.self) { try SettingReader.runID(text) }
  }

  @Test(arguments: [
    "ftp://x", "http://", "https://:80", "http://user@host", "http://h?x", "http://h#x", "host",
    "http://a b", "http://h\r\nX: y",
  ])
  func `an endpoint is an address and nothing more`(_ text: String) {
    #expect(throws: ValueProblem.self) { try SettingReader.endpoint(text) }
  }

  @Test func `an endpoint may have a port and a path`() throws {
    for text in ["http://127.0.0.1:4566", "https://vpce-1.example/sm", "HTTPS://h"] {
      #expect(try SettingReader.endpoint(text) == text)
    }
  }

  @Test func `a word that is not known is answered with those that are`() {
    let problem = #expect(throws: ValueProblem.self) {
      try SettingReader.word(InFlightPolicy.self)("never")
    }
    #expect(
      problem == ValueProblem("'never' is not known here", hint: "use wait, skip or cancel"))
  }
}

@Suite struct `Parse failures` {
  struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "probe", discussion: rotactl.ExitStatus.helpSection, version: "probe 1")
    @Option var number: Int
  }

  private func show(_ arguments: [String]) -> (rotactl.ExitStatus, RecordedTerminal) {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings())
    do {
      var command = try Probe.parseAsRoot(arguments)
      try command.run()
      return (.success, terminal)
    } catch {
      return (ParseFailure.show(error, of: Probe.self, on: console), terminal)
    }
  }

  @Test func `a usage error is status 2 with a hint on standard error`() {
    let (status, terminal) = show(["--number", "1", "--nmber", "1"])
    #expect(status == .usage)
    #expect(terminal.output.isEmpty)
    #expect(
      terminal.error
        == "error: unknown option '--nmber'. Did you mean '--number'?\nhint: see `probe --help`\n")
  }

  @Test func `help and version are results`() {
    let (status, terminal) = show(["--help"])
    #expect(status == .success)
    #expect(terminal.error.isEmpty)
    #expect(terminal.output.contains("EXIT STATUS"))
    #expect(show(["--version"]).1.output == "probe 1\n")
  }
}
