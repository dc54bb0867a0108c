internal import ArgumentParser
internal import RotationCore
internal import EvidenceBundle

/// Shows what a run would do; there is no path from here to a call that changes anything.
struct PlanCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Preview: what a run would do, target by target. Changes nothing.",
    discussion: """
      Reads and checks the manifests and looks at every secret with DescribeSecret alone. With \
      --offline no call is made at all, and only the manifests are judged.

      EXAMPLES
        rotactl plan incident.csv --profile ops --region eu-west-1
        rotactl plan incident.csv --offline
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
  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let flow = RunFlow(
      manifests: try manifests.resolved(settings),
      connection: try connection.resolved(settings),
      pacing: try pacing.resolved(settings),
      inFlight: ResolvedInFlight(policy: .wait, timeout: .seconds(600)),
      run: ResolvedRun(
        reports: "reports", bundleFormat: .tarGz, writesReportFiles: false, isConfirmed: false,
        isDryRun: true),
      output: try output.resolved(settings), environment: process.environment,
      surroundings: process.surroundings, isDrill: false)
    return try await flow.preview(
      offline: try settings.flag(offline, "offline"),
      detailedExitCode: try settings.flag(detailedExitCode, "detailed-exitcode"))
  }
}
