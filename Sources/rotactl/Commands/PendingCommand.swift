internal import ArgumentParser
internal import DurableFiles
internal import RotationCore

/// Lists versions that are stuck in AWSPENDING, and mends them when told how.
struct PendingCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "pending",
    abstract: "List versions stuck in AWSPENDING; drop the label or promote the version.",
    discussion: """
      A version with AWSPENDING that is not AWSCURRENT is a rotation's unfinished work: it keeps \
      AWS from rotating again. Without --drop or --promote nothing is changed. Which of the two is \
      right depends on which password the database takes, and cannot be known from labels; the \
      listing says how to find out. Either one is a run of its own, with confirmation, reports and \
      a bundle. Versions younger than an hour are left alone, for their rotation may still run.

      EXAMPLES
        rotactl pending 20261123T181141Z-0a1b2c
        rotactl pending incident.csv --profile ops --json
        rotactl pending stuck.csv --drop --incident INC-7
        rotactl pending stuck.csv --promote --yes

      \(ExitStatus.helpSection)
      """)

  @OptionGroup var manifests: ManifestOptions
  @Flag(help: "Take AWSPENDING off each stuck version.")
  var drop = false
  @Flag(help: "Make each stuck version the current one; readers get it from then on.")
  var promote = false
  @Flag(
    name: .customLong("include-in-flight"),
    help: "Change versions younger than an hour too, whose rotation may still run.")
  var includesInFlight = false
  @OptionGroup(title: "Encrypted bundles") var unlock: UnlockOptions
  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "When to stop") var stopping: StopOptions
  @OptionGroup(title: "Guards") var guarding: GuardOptions
  @OptionGroup(title: "The run") var run: RunOptions
  @OptionGroup(title: "Upload") var upload: RunUploadOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let run = try self.run.resolved(settings)
    let output = try self.output.resolved(settings)
    let connection = try self.connection.resolved(settings)
    let drop = try settings.flag(self.drop, "drop")
    let promote = try settings.flag(self.promote, "promote")
    guard !(drop && promote) else {
      throw UsageProblem(
        place: "--drop", what: "it stands beside --promote", hint: "give one of the two")
    }
    var manifests = try self.manifests.resolved(settings)
    let scratch = try ScratchFolder(process.environment)
    defer { scratch.remove() }
    var purpose = RunPurpose(action: promote ? .promotePending : .dropPending)
    if manifests.paths.contains(where: { EarlierRun.isMeant(by: $0, reports: run.reports) }) {
      guard manifests.paths.count == 1 else {
        throw UsageProblem(
          place: "MANIFEST", what: "a run stands beside others", hint: "name the run alone")
      }
      let keys = try await unlock.load(settings, output.console(process.surroundings))
      let earlier = try EarlierRun(manifests.paths[0], reports: run.reports, keys: keys)
      let manifest = scratch.path + "/pending-\(earlier.runID).jsonl"
      let keeps = try ProfileKeeper(connection, process.environment)
      let selected = try earlier.writeManifest(of: .known, to: manifest, keeping: keeps.keeps)
        .selected
      guard selected > 0 else {
        throw Diagnostic(
          "the run knows no secret by its ARN", at: earlier.path,
          hint: "name a manifest instead", status: .usage)
      }
      purpose.source = earlier.source
      purpose.manifestPath = manifests.paths[0]
      purpose.memory = try earlier.memory(of: .known)
      manifests = ResolvedManifests(paths: [manifest], format: .jsonl, delimiter: 0x2C)
    }
    let asked = try settings.flag(includesInFlight, "include-in-flight")
    var flow = RunFlow(
      manifests: manifests, connection: connection, pacing: try pacing.resolved(settings),
      inFlight: ResolvedInFlight(policy: asked ? .cancel : .skip, timeout: .seconds(600)),
      run: run, output: output, environment: process.environment,
      surroundings: process.surroundings, isDrill: false)
    flow.stopRules = try stopping.resolved(settings)
    flow.guards = process.guards
    flow.guards.add(try guarding.resolved(settings))
    flow.settings = SettingCatalogue.effective(settings)
    flow.purpose = purpose
    guard drop || promote else {
      flow.listing = PendingView(
        arguments: self.manifests.manifests.map(HumanText.shellWord).joined(separator: " "))
      return try await flow.preview()
    }
    flow.upload = try upload.job(settings, connection, process.environment)
    return run.isDryRun ? try await flow.preview() : try await flow.perform()
  }
}
