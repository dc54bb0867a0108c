internal import ArgumentParser
internal import EvidenceBundle

/// What a run is called, where its evidence goes, and which guards are lifted.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The incident, for the record.", valueName: "id"))
  var incident: String?

  @Option(help: ArgumentHelp("Why this is done, for the record.", valueName: "text"))
  var reason: String?

  @Option(
    help: ArgumentHelp("The folder that holds the runs (default: reports).", valueName: "dir"),
    completion: .directory)
  var reports: String?

  @Option(
    name: .customLong("run-id"),
    help: ArgumentHelp("The run's name (default: made from the time).", valueName: "id"))
  var runID: String?

  @Option(
    help: ArgumentHelp(
      "The form of the bundle: tar.gz, tar.zst or zip (default: tar.gz).", valueName: "format"),
    completion: .list(BundleFormat.allCases.map(\.rawValue)))
  var bundleFormat: String?

  @Flag(help: "Write each report as a file even for more than 10,000 targets.")
  var reportFiles = false

  @Flag(name: .customLong("yes"), help: "Do not ask before changing anything.")
  var isConfirmed = false

  @Flag(name: .customLong("dry-run"), help: "Show what would be done; change nothing.")
  var isDryRun = false

  @Option(
    help: ArgumentHelp(
      "Stop taking new targets after this time; `resume` goes on.", valueName: "duration"))
  var deadline: String?

  @OptionGroup var seal: SealOptions

  @Option(
    help: ArgumentHelp(
      "Where the locks lie that let one run at a time change an account and region "
        + "(default: /run/lock/rotactl, else /tmp/rotactl-locks).", valueName: "dir"),
    completion: .directory)
  var lockFolder: String?

  func resolved(_ settings: Settings) throws(UsageProblem) -> ResolvedRun {
    ResolvedRun(
      incident: try settings.value(incident, "incident", SettingReader.line),
      reason: try settings.value(reason, "reason", SettingReader.line),
      reports: try settings.value(reports, "reports", SettingReader.path) ?? "reports",
      runID: try settings.value(runID, "run-id", SettingReader.runID),
      bundleFormat: try settings.value(
        bundleFormat, "bundle-format", SettingReader.word(BundleFormat.self)) ?? .tarGz,
      writesReportFiles: try settings.flag(reportFiles, "report-files"),
      isConfirmed: try settings.flag(isConfirmed, "yes"),
      isDryRun: try settings.flag(isDryRun, "dry-run"),
      seal: try seal.resolved(settings),
      deadline: try settings.value(deadline, "deadline", DurationValue.read)?.duration,
      lockFolder: try settings.value(lockFolder, "lock-folder", SettingReader.path))
  }
}
