internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import RunEngine

/// The main job: turn rotation off for every target of the manifests, or of a saved plan.
struct RunCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Turn rotation off for every secret of the manifests, with proof.",
    discussion: """
      Reads and checks the manifests, asks each profile who it is, looks at every secret, asks \
      for confirmation, and then turns rotation off: soonest rotation first, at most --rate \
      changes a second for an account and region, each proven by a re-read. Reports and a sealed \
      bundle are left under --reports.

      With --plan it does exactly what a saved plan says: its targets and no others, each looked \
      at again right before its change and skipped when it is not as the plan saw it. A plan is \
      run once.

      EXAMPLES
        rotactl run incident.csv --incident INC-7 --reason "database failover"
        rotactl run secrets.json --region eu-west-1 --profile ops --yes
        rotactl run --plan incident.plan --max-failures 0 --canary 5
        aws secretsmanager list-secrets | rotactl run - --manifest-format json --dry-run

      \(ExitStatus.helpSection)
      """)

  @OptionGroup var manifests: ManifestOptions
  @OptionGroup(title: "A saved plan") var saved: SavedPlanOptions
  @Flag(
    name: .customLong("detailed-exitcode"),
    help: "With --dry-run: end with status 7 when there are changes, 0 when there are none.")
  var detailedExitCode = false
  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Rotations in flight") var inFlight: InFlightOptions
  @OptionGroup(title: "When to stop") var stopping: StopOptions
  @OptionGroup(title: "Guards") var guarding: GuardOptions
  @OptionGroup(title: "The run") var run: RunOptions
  @OptionGroup(title: "Upload") var upload: RunUploadOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let plan = try saved.resolved(process.settings)
    var settings = process.settings
    if let path = plan.path {
      guard manifests.manifests.isEmpty else {
        throw UsageProblem(
          place: "--plan", what: "it stands beside manifests", hint: "name a plan or manifests")
      }
      settings = settings.adding(try RunCommand.layer(of: path))
    }
    let run = try self.run.resolved(settings)
    let connection = try self.connection.resolved(settings)
    var flow = RunFlow(
      manifests: try manifests.resolved(settings, needsOne: plan.path == nil),
      connection: connection, pacing: try pacing.resolved(settings),
      inFlight: try inFlight.resolved(settings), run: run, output: try output.resolved(settings),
      environment: process.environment, surroundings: process.surroundings, isDrill: false)
    flow.upload = try upload.job(settings, connection, process.environment)
    flow.stopRules = try stopping.resolved(settings)
    flow.guards = process.guards
    flow.guards.add(try guarding.resolved(settings))
    // Read again, so that the record of what was set names the age as well.
    flow.savedPlan = plan.path == nil ? nil : try saved.resolved(settings)
    flow.settings = SettingCatalogue.effective(settings)
    let isDetailed = try settings.flag(detailedExitCode, "detailed-exitcode")
    guard run.isDryRun else { return try await flow.perform() }
    if let plan = flow.savedPlan {
      return try await flow.previewSaved(plan, detailedExitCode: isDetailed)
    }
    var task = RunFlow.PreviewTask()
    task.detailedExitCode = isDetailed
    return try await flow.preview(task)
  }

  /// What the plan was made with, below what is typed now; how TLS is checked is never taken from
  /// a plan, nor what only concerned its making.
  private static func layer(of path: String) throws -> SettingLayer {
    do {
      let header = try PlanFileReader(path: path).header
      return SettingLayer(
        header.saved?.settings ?? [], of: path,
        except: [
          "no-verify-ssl", "signing-key", "profile", "region", "reports", "lock-folder", "color",
          "progress", "plan-max-age",
        ])
    } catch let damage as PlanDamage {
      throw Diagnostic(
        "the plan is not as it was saved", at: "\(path):\(damage.line)", because: damage.what,
        hint: "name a file that `rotactl plan --out` wrote", status: .refused)
    } catch let error as FileError {
      throw Diagnostic(
        "the plan cannot be read", because: error.description,
        hint: "name a file that `rotactl plan --out` wrote", status: .usage)
    }
  }
}
