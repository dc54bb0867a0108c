internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import RunEngine

/// Turns rotation off for every target of the manifests.
struct RunCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Turn rotation off for every secret of the manifests, with proof.",
    discussion: """
      Reads and checks the manifests, asks each profile who it is, looks at every secret, asks \
      for confirmation, and then turns rotation off: soonest rotation first, at most --rate \
      changes a second for an account and region, each proven by a re-read. Reports and a sealed \
      bundle are left under --reports.

      EXAMPLES
        rotactl run incident.csv --incident INC-7 --reason "database failover"
        rotactl run secrets.json --region eu-west-1 --profile ops --yes
        aws secretsmanager list-secrets | rotactl run - --manifest-format json --dry-run

      \(ExitStatus.helpSection)
      """)

  @OptionGroup var manifests: ManifestOptions
  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Rotations in flight") var inFlight: InFlightOptions
  @OptionGroup(title: "The run") var run: RunOptions
  @OptionGroup(title: "Upload") var upload: RunUploadOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let run = try self.run.resolved(settings)
    let connection = try self.connection.resolved(settings)
    var flow = RunFlow(
      manifests: try manifests.resolved(settings), connection: connection,
      pacing: try pacing.resolved(settings), inFlight: try inFlight.resolved(settings), run: run,
      output: try output.resolved(settings), environment: process.environment,
      surroundings: process.surroundings, isDrill: false)
    flow.upload = try upload.job(settings, connection, process.environment)
    return run.isDryRun ? try await flow.preview(offline: false) : try await flow.perform()
  }
}
