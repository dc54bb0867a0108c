internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerSimulator

/// The main job on a pretend account: no AWS account needed, nothing to confirm.
struct DrillCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "drill",
    abstract: "Run the whole job against the embedded simulator; no account needed.",
    discussion: """
      The simulator is seeded from the manifests, or from a scenario file; then everything happens \
      as in `run`, over HTTP on this machine, with faults: read, look, cancel, prove, report, seal. \
      The guards of configuration files are for real accounts and do not count here; those that \
      are typed do.

      EXAMPLES
        rotactl drill manifests/example.csv
        rotactl drill --scenario manifests/drill.json

      \(ExitStatus.helpSection)
      """)

  @OptionGroup var manifests: ManifestOptions
  @Option(help: ArgumentHelp("A scenario file; see manifests/SCENARIO.md.", valueName: "file"))
  var scenario: String?
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Rotations in flight") var inFlight: InFlightOptions
  @OptionGroup(title: "When to stop") var stopping: StopOptions
  @OptionGroup(title: "Guards") var guarding: GuardOptions
  @OptionGroup(title: "The run") var run: RunOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    var manifests = try self.manifests.resolved(settings, needsOne: false)
    let file = try settings.value(scenario, "scenario", SettingReader.path)
    guard file != nil || !manifests.paths.isEmpty else {
      throw UsageProblem(
        place: "MANIFEST", what: "a drill needs a manifest or a scenario",
        hint: "try manifests/example.csv, or --scenario manifests/drill.json")
    }
    let scratch = try ScratchFolder(process.environment)
    defer { scratch.remove() }
    var connection = ResolvedConnection.none
    let scenario: Scenario
    if let file {
      scenario = try ScenarioFile.read(file)
    } else {
      if manifests.paths.contains("-") {
        throw UsageProblem(
          place: "MANIFEST", what: "a drill reads its manifests twice",
          hint: "write standard input to a file and name that")
      }
      let seeded = try DrillSeed.scenario(manifests, console: console)
      guard let seeded else { return .usage }
      scenario = seeded
    }
    // Rows that name no region mean the region of a profile, which a simulated account has.
    connection.regions = []
    let server: LoopbackServer
    do {
      server = try await LoopbackServer.start(scenario: scenario)
    } catch {
      throw Diagnostic(
        "the simulator cannot be started", because: error.what, status: .internalError)
    }
    if manifests.paths.isEmpty {
      let path = scratch.path + "/scenario-secrets.json"
      try DurableFile.replace(path, with: DrillSeed.manifest(of: server))
      manifests.paths = [path]
      manifests.format = .json
    }
    var flow = RunFlow(
      manifests: manifests, connection: connection, pacing: try pacing.resolved(settings),
      inFlight: try inFlight.resolved(settings), run: try run.resolved(settings), output: output,
      environment: try DrillSeed.environment(server, scratch.path, process.environment),
      surroundings: process.surroundings, isDrill: true)
    flow.stopRules = try stopping.resolved(settings)
    flow.guards = try guarding.resolved(settings)
    flow.settings = SettingCatalogue.effective(settings)
    console.say(
      "drill: a simulated account at \(server.endpointURL), \(server.secrets.count) secrets")
    let status: ExitStatus
    do {
      status =
        flow.run.isDryRun ? try await flow.preview() : try await flow.perform()
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    return status
  }
}

/// What a drill makes of its inputs.
enum DrillSeed {
  /// A scenario with every secret that the manifests name; nil when they have problems, which are
  /// printed.
  static func scenario(_ manifests: ResolvedManifests, console: Console) throws -> Scenario? {
    let sources = manifests.paths.map {
      ManifestSource(path: $0, format: manifests.format, delimiter: manifests.delimiter)
    }
    var targets: [Scenario.SeedTarget] = []
    var generator = SystemRandomNumberGenerator()
    let expansion = try ManifestExpansion(
      sources, options: Expansion.Options(), key: SipHash128.Key(using: &generator),
      regionOfProfile: { _ in DrillSeed.defaultRegion }
    ) { target in
      targets.append((target.secretID, target.region, target.profile, target.accountID))
    }
    guard expansion.problems.isEmpty else {
      ManifestProblemView(expansion.problems.first, total: expansion.problems.total).show(
        on: console)
      return nil
    }
    if let selector = expansion.unresolved.first {
      guard !targets.isEmpty else {
        throw UsageProblem(
          place: selector.description,
          what: "a selector finds secrets in an account, and a drill makes its account of ids",
          hint: "add --scenario FILE with the secrets to choose from, or name some ids")
      }
      console.warn(
        "\(HumanText.count(expansion.unresolved.count, "selector")) can only find what the "
          + "manifests name by id",
        hint: "add --scenario FILE with the secrets to choose from")
    }
    return Scenario.seeded(from: targets)
  }

  /// The region of every simulated profile.
  private static let defaultRegion = "us-east-1"

  /// A manifest of all secrets of a scenario, each under a profile of its account.
  static func manifest(of server: LoopbackServer) -> [UInt8] {
    var entries: [JSONValue] = []
    for secret in server.secrets {
      let profile = server.scenario.account(secret.arn.accountID)?.profiles.first
      var entry: JSONObject = ["id": .string(secret.arn.text)]
      if let profile { entry["profiles"] = [.string(profile)] }
      entries.append(.object(entry))
    }
    let document: JSONValue = ["version": 1, "secrets": .array(entries)]
    return Array((document.pretty() + "\n").utf8)
  }

  /// An environment in which every profile leads to the simulator and nothing else is reachable.
  static func environment(
    _ server: LoopbackServer, _ scratch: String, _ process: [String: String]
  ) throws -> [String: String] {
    let config = scratch + "/config"
    let credentials = scratch + "/credentials"
    try DurableFile.replace(config, with: Array(server.awsConfigText.utf8), mode: 0o600)
    try DurableFile.replace(credentials, with: Array(server.awsCredentialsText.utf8), mode: 0o600)
    var environment = process.filter { !$0.key.hasPrefix("AWS_") && !isProxy($0.key) }
    environment["HOME"] = scratch
    environment["AWS_CONFIG_FILE"] = config
    environment["AWS_SHARED_CREDENTIALS_FILE"] = credentials
    environment["AWS_EC2_METADATA_DISABLED"] = "true"
    return environment
  }

  private static func isProxy(_ name: String) -> Bool { name.lowercased().hasSuffix("_proxy") }
}

/// Reading a scenario from a file, with its problems as a diagnostic.
enum ScenarioFile {
  static func read(_ path: String) throws -> Scenario {
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(path) } catch {
      throw Diagnostic("the scenario cannot be read", because: error.description, status: .usage)
    }
    do { return try Scenario(parsing: bytes) } catch {
      let shown = error.problems.prefix(20).map(\.text).joined(separator: "; ")
      throw Diagnostic(
        "the scenario cannot be used (\(error.problems.count) problems)", at: path,
        because: shown, hint: "see manifests/SCENARIO.md", status: .usage)
    }
  }
}
