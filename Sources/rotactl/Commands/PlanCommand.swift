internal import ArgumentParser
internal import EvidenceBundle
internal import RotationCore

/// Shows what a run would do; there is no path from here to a call that changes anything.
struct PlanCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Preview: what a run would do, target by target. Changes nothing.",
    discussion: """
      Reads and checks the manifests and looks at every secret with DescribeSecret alone. With \
      --offline no call is made at all, and only the manifests are judged. With --out the plan is \
      saved, for review and for `rotactl run --plan`; --show prints a saved plan, or the plan of a \
      run, of any version.

      EXAMPLES
        rotactl plan incident.csv --profile ops --region eu-west-1
        rotactl plan incident.csv --offline
        rotactl plan incident.csv --out incident.plan --max-failures 0
        rotactl plan --show incident.plan
        rotactl plan incident.csv --json | jq 'select(.disposition == "inFlight")'

      \(ExitStatus.helpSection)
      """)

  @OptionGroup var manifests: ManifestOptions
  @Flag(help: "Make no call; judge the manifests alone.")
  var offline = false
  @Flag(
    name: .customLong("detailed-exitcode"),
    help: "End with status 7 when the plan has changes, 0 when it has none.")
  var detailedExitCode = false
  @Option(
    help: ArgumentHelp("Save the plan, to be run with `run --plan`.", valueName: "file"),
    completion: .file())
  var out: String?
  @Flag(help: "Let --out replace a file.")
  var overwrite = false
  @Option(
    help: ArgumentHelp("Print a plan that was saved; nothing is called.", valueName: "file"),
    completion: .file())
  var show: String?
  @Option(help: ArgumentHelp("The incident, for the record.", valueName: "id"))
  var incident: String?
  @Option(help: ArgumentHelp("Why this is done, for the record.", valueName: "text"))
  var reason: String?
  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Rotations in flight") var inFlight: InFlightOptions
  @OptionGroup(title: "When to stop") var stopping: StopOptions
  @OptionGroup(title: "Guards") var guarding: GuardOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let isDetailed = try settings.flag(detailedExitCode, "detailed-exitcode")
    if let path = try settings.value(show, "show", SettingReader.path) {
      guard manifests.manifests.isEmpty, out == nil, !offline else {
        throw UsageProblem(
          place: "--show", what: "it stands beside manifests, --out or --offline",
          hint: "give --show alone")
      }
      let output = try self.output.resolved(settings)
      return try PlanShowing(
        path: path, output: output, console: output.console(process.surroundings),
        rate: try pacing.resolved(settings).rate, reports: try reports(settings)
      ).show(detailedExitCode: isDetailed)
    }
    var task = RunFlow.PreviewTask()
    task.offline = try settings.flag(offline, "offline")
    task.detailedExitCode = isDetailed
    task.out = try settings.value(out, "out", SettingReader.path)
    task.overwrites = try settings.flag(overwrite, "overwrite")
    if let out = task.out {
      guard !task.offline else {
        throw UsageProblem(
          place: "--out", what: "it stands beside --offline",
          hint: "a plan to be run needs a look at every secret")
      }
      try PlanSaving.checkFree(out, overwrites: task.overwrites)
    }
    return try await flow(process).preview(task)
  }

  private func flow(_ process: ProcessContext) throws -> RunFlow {
    let settings = process.settings
    var run = ResolvedRun(
      reports: try reports(settings), bundleFormat: .tarGz, writesReportFiles: false,
      isConfirmed: false, isDryRun: true)
    run.incident = try settings.value(incident, "incident", SettingReader.line)
    run.reason = try settings.value(reason, "reason", SettingReader.line)
    var flow = RunFlow(
      manifests: try manifests.resolved(settings), connection: try connection.resolved(settings),
      pacing: try pacing.resolved(settings), inFlight: try inFlight.resolved(settings), run: run,
      output: try output.resolved(settings), environment: process.environment,
      surroundings: process.surroundings, isDrill: false)
    flow.stopRules = try stopping.resolved(settings)
    flow.guards = process.guards
    flow.guards.add(try guarding.resolved(settings))
    flow.settings = SettingCatalogue.effective(settings)
    return flow
  }

  private func reports(_ settings: Settings) throws(UsageProblem) -> String {
    try settings.value(nil, "reports", SettingReader.path) ?? "reports"
  }
}
