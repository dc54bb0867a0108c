internal import ArgumentParser
internal import RotationCore

/// How fast calls leave and how often they are tried.
struct PacingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Changing calls per second for each account and region (default: 40; AWS allows 50).",
      discussion: """
        `unlimited` sets no pace: for services without a quota, such as a stand-in for AWS.
        """,
      valueName: "n"))
  var rate: String?

  @Option(
    help: ArgumentHelp(
      "A rate for some, as in 111122223333/us-east-1=20; repeatable.",
      discussion: """
        `*` stands for any account or any region. The one that names most counts, and an account \
        more than a region.
        """,
      valueName: "account/region=n"))
  var laneRate: [String] = []

  @Option(
    help: ArgumentHelp(
      "Changing calls that may leave at once after a pause (default: 2).", valueName: "n"))
  var burst: String?

  @Option(
    help: ArgumentHelp(
      "Calls in flight over all accounts and regions (default: 64).", valueName: "n"))
  var concurrency: String?

  @Option(
    help: ArgumentHelp(
      "Let each rate grow from one change a second to its limit over this time.",
      valueName: "duration"))
  var rampUp: String?

  @Option(
    help: ArgumentHelp(
      "Attempts for each call, the first one included (default: the profile's max_attempts, or 3).",
      valueName: "n"))
  var maxAttempts: String?

  @Option(
    help: ArgumentHelp(
      "How retries are paced: standard or adaptive (default: the profile's retry_mode, or standard).",
      valueName: "mode"),
    completion: .list(RetryMode.allCases.map(\.rawValue)))
  var retryMode: String?

  static let burstBounds = 1...1000
  static let concurrencyBounds = 1...4096

  /// - `action`: its own rate holds where nothing else is said. That of a restore, which makes AWS
  ///   invoke functions, also bounds what a configuration file says for all commands.
  func resolved(
    _ settings: Settings, action: RunAction = .cancel
  ) throws(UsageProblem) -> ResolvedPacing {
    func bound(_ name: String) -> Double {
      let isBound = action == .restore && settings.effective(name)?.isGeneral == true
      return isBound ? action.defaultRate : .infinity
    }
    let rate = try settings.value(rate, "rate", RateValue.read)?.perSecond ?? action.defaultRate
    let laneRates = try settings.list(laneRate, "lane-rate", LaneRateValue.read)
    return ResolvedPacing(
      rate: min(rate, bound("rate")),
      laneRates: laneRates.map { .init($0.lanes, rate: min($0.rate, bound("lane-rate"))) },
      rampUp: try settings.value(rampUp, "ramp-up", DurationValue.read).map {
        RampUp(seconds: $0.seconds)
      },
      burst: try settings.value(
        burst, "burst", SettingReader.wholeNumber(PacingOptions.burstBounds)) ?? 2,
      concurrency: try settings.value(
        concurrency, "concurrency", SettingReader.wholeNumber(PacingOptions.concurrencyBounds))
        ?? 64,
      maximumAttempts: try settings.value(
        maxAttempts, "max-attempts", SettingReader.wholeNumber(1...100)),
      retryMode: try settings.value(retryMode, "retry-mode", SettingReader.word(RetryMode.self)))
  }
}

/// What to do about rotations that run while the run comes by.
struct InFlightOptions: ParsableArguments {
  @Option(
    name: .customLong("in-flight"),
    help: ArgumentHelp(
      "A rotation that is running: wait, skip or cancel (default: wait).",
      discussion: "Cancelling between two steps of a rotation can strand a half-made password.",
      valueName: "policy"),
    completion: .list(InFlightPolicy.allCases.map(\.rawValue)))
  var policy: String?

  @Option(
    name: .customLong("in-flight-timeout"),
    help: ArgumentHelp(
      "Longest wait for a running rotation to finish (default: 10m).", valueName: "duration"))
  var timeout: String?

  func resolved(
    _ settings: Settings, default policy: InFlightPolicy = .wait
  ) throws(UsageProblem) -> ResolvedInFlight {
    ResolvedInFlight(
      policy: try settings.value(
        self.policy, "in-flight", SettingReader.word(InFlightPolicy.self)) ?? policy,
      timeout: try settings.value(timeout, "in-flight-timeout", DurationValue.read)?.duration
        ?? .seconds(600))
  }
}
