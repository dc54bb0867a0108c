internal import ArgumentParser
internal import RotationCore
internal import SecretsManagerClient

/// Uploading at the end of a run.
struct RunUploadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Upload the bundle of a complete run, as `rotactl upload` does.",
      discussion: """
        A failed upload never changes what the run did: it ends with its own status, or with 75 \
        where that would have been 0. S3's endpoint is AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL.
        """,
      valueName: "s3-url"))
  var upload: String?

  @Option(
    help: ArgumentHelp("The profile that uploads (default: the default one).", valueName: "name"))
  var uploadProfile: String?

  @Option(
    help: ArgumentHelp(
      "The bucket's region (default: the profile's; another one is found).", valueName: "region"))
  var uploadRegion: String?

  @OptionGroup var storage: UploadOptions

  /// The upload to make; nil where none is asked for.
  func job(
    _ settings: Settings, _ connection: ResolvedConnection, _ environment: [String: String]
  ) throws(UsageProblem) -> UploadJob? {
    guard let location = try settings.value(upload, "upload", UploadOptions.readLocation) else {
      if let option = storage.typed {
        throw UsageProblem(
          place: option, what: "nothing is uploaded", hint: "add --upload s3://bucket/prefix")
      }
      return nil
    }
    var connection = connection
    // The option is Secrets Manager's.
    connection.endpointURL = nil
    return UploadJob(
      upload: try storage.resolved(settings, to: location, now: Session.now()),
      connection: connection,
      profile: try settings.value(uploadProfile, "upload-profile", SettingReader.line),
      region: try settings.value(uploadRegion, "upload-region", SettingReader.region),
      environment: environment)
  }
}
