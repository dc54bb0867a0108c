internal import ArgumentParser

/// Where calls go: credentials, regions, endpoint, TLS, timeouts.
struct ConnectionOptions: ParsableArguments {
  @Option(
    name: .customLong("profile"),
    help: ArgumentHelp("A profile of ~/.aws; may be repeated.", valueName: "name"))
  var profiles: [String] = []

  @Option(
    name: .customLong("region"),
    help: ArgumentHelp(
      "A region; may be repeated. With `all`: every region that is enabled, where commands look.",
      valueName: "region"))
  var regions: [String] = []

  @Option(help: ArgumentHelp("Secrets Manager's endpoint instead of AWS's own.", valueName: "url"))
  var endpointURL: String?

  @Option(
    name: .customLong("ca-bundle"),
    help: ArgumentHelp("Certificate authorities to trust, in PEM.", valueName: "file"),
    completion: .file())
  var caBundle: String?

  @Flag(
    name: .customLong("no-verify-ssl"), help: "Do not check the server's certificate. Dangerous.")
  var noVerifySSL = false

  @Flag(name: .customLong("no-sign-request"), help: "Send requests without credentials.")
  var noSignRequest = false

  @Option(
    help: ArgumentHelp("Longest wait for a connection (default: 60s).", valueName: "duration"))
  var connectTimeout: String?

  @Option(help: ArgumentHelp("Longest wait for an answer (default: 60s).", valueName: "duration"))
  var readTimeout: String?

  func resolved(_ settings: Settings) throws(UsageProblem) -> ResolvedConnection {
    let regions = try settings.list(regions, "region", SettingReader.regionOrAll)
    return ResolvedConnection(
      profiles: try settings.list(profiles, "profile", SettingReader.line),
      regions: regions.filter { $0 != ResolvedConnection.allRegions },
      coversAllRegions: regions.contains(ResolvedConnection.allRegions),
      endpointURL: try settings.value(endpointURL, "endpoint-url", SettingReader.endpoint),
      caBundle: try settings.value(caBundle, "ca-bundle", SettingReader.path),
      verifiesTLS: try !settings.flag(noVerifySSL, "no-verify-ssl"),
      signsRequests: try !settings.flag(noSignRequest, "no-sign-request"),
      connectTimeout: try settings.value(connectTimeout, "connect-timeout", DurationValue.read)?
        .duration ?? .seconds(60),
      readTimeout: try settings.value(readTimeout, "read-timeout", DurationValue.read)?
        .duration ?? .seconds(60))
  }
}
