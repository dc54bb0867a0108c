internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import SecretsManagerClient

/// Turns rotation on again for what an earlier run turned off, exactly as it was.
struct RestoreCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Turn rotation on again exactly as it was, without rotating now.",
    discussion: """
      Takes what a run or its bundle saved: function or none, rules, external fields. Only secrets \
      that the run itself turned off, and of those only the ones that nobody has changed since; \
      each is proven by a re-read. AWS is told not to rotate now (it still invokes the function's \
      test step), 10 secrets a second for each account and region unless --rate says otherwise (a \
      configuration file can make it slower, never faster). \
      After the next rotation date of each has been set anew, --stagger keeps them apart. On \
      another machine the profiles are found by account; --profile names those to choose from.

      EXAMPLES
        rotactl restore 20261123T181141Z-0a1b2c --dry-run
        rotactl restore reports/20261123T181141Z-0a1b2c.tar.gz --stagger 2h
        rotactl restore bundle.zip --profile prod --profile staging --yes
        rotactl restore bundle.tar.gz.cms --decryption-key auditor.key --dry-run

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A run's id or folder, or a bundle.")
  var runName: String
  @Option(
    help: ArgumentHelp(
      "Spread the calls of each account and region evenly over this time.", valueName: "duration"))
  var stagger: String?
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
    var run = try self.run.resolved(settings)
    let output = try self.output.resolved(settings)
    let connection = try self.connection.resolved(settings)
    let stagger = try settings.value(self.stagger, "stagger", DurationValue.read)
    let console = output.console(process.surroundings)
    let earlier = try EarlierRun(
      runName, reports: run.reports, keys: try await unlock.load(settings, console))
    guard earlier.header.action == .cancel else {
      throw Diagnostic(
        "the run turned nothing off: its action was \(earlier.header.action.rawValue)",
        at: earlier.path, hint: "name the run that turned rotation off", status: .usage)
    }
    let scratch = try ScratchFolder(process.environment)
    defer { scratch.remove() }
    let manifest = scratch.path + "/restore-\(earlier.runID).jsonl"
    let keeps = try ProfileKeeper(connection, process.environment)
    let (selected, unproven) = try earlier.writeManifest(
      of: .cancelled, to: manifest, keeping: keeps.keeps)
    if unproven > 0 {
      console.warn(
        "\(HumanText.count(unproven, "target")) of the run may or may not have been turned off, "
          + "and will not be restored",
        hint: "settle them first with `rotactl resume`, then restore")
    }
    guard selected > 0 else {
      console.line("nothing to restore: run \(earlier.runID) has turned nothing off")
      return unproven > 0 ? .finishedWithFailures : .success
    }
    run.incident = run.incident ?? earlier.header.incident
    var flow = RunFlow(
      manifests: ResolvedManifests(paths: [manifest], format: .jsonl, delimiter: 0x2C),
      connection: connection,
      pacing: try pacing.resolved(settings, action: .restore),
      inFlight: ResolvedInFlight(policy: .wait, timeout: .seconds(600)), run: run, output: output,
      environment: process.environment, surroundings: process.surroundings, isDrill: false)
    flow.stopRules = try stopping.resolved(settings)
    flow.guards = process.guards
    flow.guards.add(try guarding.resolved(settings))
    flow.settings = SettingCatalogue.effective(settings)
    flow.purpose = RunPurpose(
      action: .restore, source: earlier.source, staggerSeconds: stagger?.seconds,
      manifestPath: runName, memory: try earlier.memory(of: .cancelled))
    flow.upload = try upload.job(settings, connection, process.environment)
    return run.isDryRun ? try await flow.preview() : try await flow.perform()
  }
}

/// Decides whether a target of an earlier run keeps its profile on this machine.
struct ProfileKeeper {
  private let configuration: AWSConfiguration?

  /// Profiles that are named now go before those of then: which one is taken follows from the
  /// account.
  init(_ connection: ResolvedConnection, _ environment: [String: String]) throws(Diagnostic) {
    guard connection.profiles.isEmpty else {
      configuration = nil
      return
    }
    do { configuration = try AWSConfiguration.load(environment: environment) } catch {
      throw Diagnostic(error.message, status: .usage)
    }
  }

  func keeps(_ profile: String) -> Bool { configuration?.profileExists(profile) ?? false }
}
