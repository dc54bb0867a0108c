internal import EvidenceBundle
internal import RotationCore

/// Where calls go and how long they may take.
struct ResolvedConnection: Sendable, Hashable {
  /// Empty for the default credentials.
  var profiles: [String]
  /// Empty where rows, manifests or profiles decide.
  var regions: [String]
  /// Every region of each profile's partition, those named in ``regions`` included.
  var coversAllRegions = false
  /// Secrets Manager's endpoint; nil for AWS's own.
  var endpointURL: String?
  var caBundle: String?
  var verifiesTLS: Bool
  var signsRequests = true
  var connectTimeout: Duration
  var readTimeout: Duration

  /// As typed, `all` included.
  var regionWords: [String] {
    coversAllRegions ? [ResolvedConnection.allRegions] + regions : regions
  }

  /// What `--region` takes for every region.
  static let allRegions = "all"
}

/// How fast calls leave and how often they are tried.
struct ResolvedPacing: Sendable, Hashable {
  /// Mutating calls per second and lane.
  var rate: Double
  /// Rates of lanes for which another one was asked.
  var laneRates: [ConfiguredLimits.LaneRate] = []
  /// How each lane's rate grows; nil begins with all of it.
  var rampUp: RampUp?
  /// Calls that may leave a lane at once after a pause.
  var burst: Int
  /// Calls in flight over all lanes.
  var concurrency: Int
  /// The first one included; nil leaves it to each profile's settings.
  var maximumAttempts: Int?
  /// Nil leaves it to each profile's settings.
  var retryMode: RetryMode?

  /// What the operator should know before the run: warnings, not errors.
  var warnings: [String] {
    let rates =
      [("--rate ", rate)] + laneRates.map { ("--lane-rate \($0.lanes)=", $0.rate) }
    return rates.filter { $0.1 > RateLimits.awsPerSecond }.map { option, rate in
      let value = rate.isFinite ? HumanText.decimal(rate) : RateRecord.unlimited
      return "\(option)\(value) is more than the 50 calls per second that AWS allows for an "
        + "account and region; expect throttling"
    }
  }

  /// For the lanes' pacers.
  var limits: ConfiguredLimits {
    ConfiguredLimits(rate: rate, burst: Double(burst), laneRates: laneRates, ramp: rampUp)
  }
}

/// What AWS documents about the pace of rotation calls.
enum RateLimits {
  /// RotateSecret and CancelRotateSecret together, per account and region.
  ///
  /// Source: AWS Secrets Manager user guide, "AWS Secrets Manager quotas".
  static let awsPerSecond = 50.0
}

/// What to do about rotations that are running.
struct ResolvedInFlight: Sendable, Hashable {
  var policy: InFlightPolicy
  /// How long one target may wait.
  var timeout: Duration
}

/// What a run is called, where it leaves its evidence, and which guards are lifted.
struct ResolvedRun: Sendable, Hashable {
  var incident: String?
  var reason: String?
  /// The folder that holds the runs.
  var reports: String
  /// Nil: made from the time and chance.
  var runID: String?
  var bundleFormat: BundleFormat
  /// Loose report files whatever the number of targets.
  var writesReportFiles: Bool
  var isConfirmed: Bool
  var isDryRun: Bool
  var seal = ResolvedSeal()
  var deadline: Duration?
  /// Where the locks of accounts and regions lie; nil for the usual place.
  var lockFolder: String?
}

/// A plan that is run instead of manifests.
struct ResolvedSavedPlan: Sendable, Hashable {
  /// Nil where manifests are run.
  var path: String?
  /// In seconds.
  var maximumAge: Double
  /// The place that set the age.
  var ageOrigin: String
}

/// How the process talks.
struct ResolvedOutput: Sendable, Hashable {
  var isJSON: Bool
  var color: ColorMode
  /// Nil for `auto`: the console decides by its terminal.
  var progress: ProgressMode?
  var isQuiet: Bool
  var isDebug: Bool

  /// The console that follows these settings.
  func console(_ surroundings: Surroundings) -> Console {
    Console(surroundings, color: color, isQuiet: isQuiet, isDebug: isDebug)
  }
}

/// Which manifests are read, and how.
struct ResolvedManifests: Sendable, Hashable {
  /// As typed; `-` is standard input, at most once.
  var paths: [String]
  /// Nil: by the extension.
  var format: ManifestFormat?
  /// For CSV.
  var delimiter: UInt8
}
