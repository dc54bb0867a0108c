internal import ArgumentParser
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Takes a bundle to S3, where it can be kept from being changed.
struct UploadCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "upload",
    abstract: "Take a bundle to S3, prove that it is there, and write that down.",
    discussion: """
      The bundle goes under its own name below the prefix, with the .sha256 and the signature \
      beside it. Nothing is ever overwritten: the same bytes there count as done, others are \
      refused with 5. Size, SHA-256 checksum, encryption, retention and legal hold are then read \
      back and compared (3 when something is not as asked for), and the upload is appended to the \
      run's custody log. Endpoints follow --endpoint-url, AWS_ENDPOINT_URL_S3 and \
      AWS_ENDPOINT_URL; the bucket's region is found by itself.

      EXAMPLES
        rotactl upload reports/20261123T181141Z-0a1b2c.tar.gz s3://evidence/rotactl
        rotactl upload 20261123T181141Z-0a1b2c s3://evidence/rotactl \\
          --sse-kms-key-id alias/evidence --object-lock-mode COMPLIANCE --retain-until 400d

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A bundle, or a run's id or folder.")
  var bundle: String
  @Argument(help: ArgumentHelp("Where to, as s3://bucket/prefix.", valueName: "s3-url"))
  var destination: String
  @OptionGroup(title: "How it is kept") var upload: UploadOptions
  @OptionGroup(title: "Where calls go") var connection: StorageConnectionOptions
  @Option(help: ArgumentHelp("The folder that holds the runs.", valueName: "dir"))
  var reports: String?
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let location: StorageLocation
    do throws(ValueProblem) { location = try UploadOptions.readLocation(destination) } catch {
      throw UsageProblem(place: "S3-URL", what: error.what, hint: error.hint)
    }
    let resolved = try upload.resolved(settings, to: location, now: Session.now())
    let job = try connection.job(resolved, settings, process.environment)
    let folder = try settings.value(reports, "reports", SettingReader.path) ?? "reports"
    let path = try BundleFiles.path(of: bundle, reports: folder)
    let stop = StopSignal()
    Signals.drain(into: stop) { name in
      console.line("\(name): ending the upload; once more to leave at once")
    }
    let result = try await job.perform(path, console: console, stop: stop)
    let view = UploadView(result: result, upload: resolved)
    view.show(on: console, isJSON: output.isJSON)
    return view.isProven ? .success : .finishedWithFailures
  }
}

/// One profile, one region, and S3's endpoint.
struct StorageConnectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The profile of ~/.aws that uploads.", valueName: "name"))
  var profile: String?

  @Option(
    help: ArgumentHelp(
      "The bucket's region (default: the profile's; another one is found).", valueName: "region"))
  var region: String?

  @Option(help: ArgumentHelp("S3's endpoint instead of AWS's own.", valueName: "url"))
  var endpointURL: String?

  @Option(
    name: .customLong("ca-bundle"),
    help: ArgumentHelp("Certificate authorities to trust, in PEM.", valueName: "file"),
    completion: .file())
  var caBundle: String?

  @Flag(
    name: .customLong("no-verify-ssl"), help: "Do not check the server's certificate. Dangerous.")
  var noVerifySSL = false

  @Option(
    help: ArgumentHelp("Longest wait for a connection (default: 60s).", valueName: "duration"))
  var connectTimeout: String?

  @Option(
    help: ArgumentHelp("Longest silence of the server (default: 60s).", valueName: "duration"))
  var readTimeout: String?

  func job(
    _ upload: ResolvedUpload, _ settings: Settings, _ environment: [String: String]
  ) throws(UsageProblem) -> UploadJob {
    let connection = ResolvedConnection(
      profiles: [], regions: [],
      endpointURL: try settings.value(endpointURL, "endpoint-url", SettingReader.endpoint),
      caBundle: try settings.value(caBundle, "ca-bundle", SettingReader.path),
      verifiesTLS: try !settings.flag(noVerifySSL, "no-verify-ssl"),
      connectTimeout: try settings.value(connectTimeout, "connect-timeout", DurationValue.read)?
        .duration ?? .seconds(60),
      readTimeout: try settings.value(readTimeout, "read-timeout", DurationValue.read)?
        .duration ?? .seconds(60))
    return UploadJob(
      upload: upload, connection: connection,
      profile: try settings.value(profile, "profile", SettingReader.line),
      region: try settings.value(region, "region", SettingReader.region),
      environment: environment)
  }
}
