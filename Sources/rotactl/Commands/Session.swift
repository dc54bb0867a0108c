internal import Glibc
internal import Locking
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// The parts of one invocation that talk to AWS, joined once.
struct Session: Sendable {
  let client: RemoteSecretsManager
  let clock: RunClock
  let stop: StopSignal
  let board: ProgressBoard
  let loop: AttemptLoop
  let pacers: PacerRegistry
  let connection: ResolvedConnection
  let pacing: ResolvedPacing

  /// Joins the parts; nothing is called yet.
  ///
  /// - `sessionName`: what CloudTrail shows for assumed roles.
  /// - `command`: goes into the user agent.
  init(
    connection: ResolvedConnection, pacing: ResolvedPacing, environment: [String: String],
    sessionName: String?, command: String, console: Console
  ) throws(Diagnostic) {
    var options = ClientOptions(connection, command: command, console: console)
    // `loop.limit` is the bound, which `tune` may raise; the client's own must not be below it.
    options.maxHostConnections = PacingOptions.concurrencyBounds.upperBound
    options.sessionName = sessionName
    for warning in pacing.warnings { console.warn(warning) }
    do {
      client = try RemoteSecretsManager(
        environment: environment, options: options, clock: Session.now)
    } catch {
      throw Diagnostic(error.message, because: nil, status: .usage)
    }
    let clock = RunClock(
      ContinuousClock(), now: Session.now, serviceNow: { [client] in client.serviceNow })
    let stop = StopSignal()
    let board = ProgressBoard()
    self.clock = clock
    self.stop = stop
    self.board = board
    loop = AttemptLoop(
      policies: Session.policies(client, pacing), clock: clock,
      limit: ConcurrencyLimit(pacing.concurrency), stop: stop, board: board,
      unit: { Double.random(in: 0..<1) })
    pacers = PacerRegistry(pacing.limits, clock: clock)
    self.connection = connection
    self.pacing = pacing
  }

  /// Learns the region of the instance that this runs on, where nothing else names one.
  func learnRegion() async {
    guard connection.regions.isEmpty, client.region(ofProfile: nil) == nil else { return }
    await client.learnInstanceRegion()
  }

  /// The regions that a profile is asked in: those named, all of its partition, or its own.
  ///
  /// - `named`: what a selector says in place of the options; `all` may be among them.
  /// - `callerARN`: tells the partition; without one the profile's own region does.
  /// - Returns: no names when nothing names a region.
  func regions(
    of profile: String?, named: [String]? = nil, callerARN: String? = nil
  ) -> DiscoveryLane.Regions {
    let own = client.region(ofProfile: profile)
    let words = named ?? connection.regionWords
    guard words.contains(ResolvedConnection.allRegions) else {
      return DiscoveryLane.Regions(
        names: words.isEmpty ? own.map { [$0] } ?? [] : words, areAll: false)
    }
    let told = callerARN?.split(separator: ":", maxSplits: 2).dropFirst().first.map(String.init)
    let partition = told ?? own.map(Region.partition) ?? "aws"
    let all = Region.all(in: partition)
    let further = words.filter { $0 != ResolvedConnection.allRegions && !all.contains($0) }
    return DiscoveryLane.Regions(names: all + further, areAll: true)
  }

  /// Options beat each profile's own settings; what cannot be read there counts as not set.
  private static func policies(
    _ client: RemoteSecretsManager, _ pacing: ResolvedPacing
  ) -> @Sendable (String?) -> RetryPolicy {
    let known = Locked<[String?: RetryPolicy]>([:])
    return { profile in
      if let policy = known.with({ $0[profile] }) { return policy }
      let own = try? client.retrySettings(ofProfile: profile)
      let policy = RetryPolicy(
        mode: pacing.retryMode ?? own.flatMap { RetryMode(rawValue: $0.mode) } ?? .standard,
        maximumAttempts: pacing.maximumAttempts ?? own?.maximumAttempts ?? 3)
      known.with { $0[profile] = policy }
      return policy
    }
  }

  /// The system's clock in UTC.
  static let now: @Sendable () -> Timestamp = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

extension ClientOptions {
  /// What the command line says, with the console for what has to be told or asked.
  ///
  /// - `command`: goes into the user agent.
  init(_ connection: ResolvedConnection, command: String, console: Console) {
    self.init()
    endpointURL = connection.endpointURL
    caBundle = connection.caBundle
    verifySSL = connection.verifiesTLS
    noSignRequest = !connection.signsRequests
    productVersion = ToolVersion.text
    connectTimeoutSeconds = connection.connectTimeout.seconds
    readTimeoutSeconds = connection.readTimeout.seconds
    userAgentSuffix = "md/command#\(command)"
    warn = { console.warn($0) }
    mfaPrompt = { serial, profile in
      await console.asking { await TerminalPrompt.mfaCode(serial: serial, profile: profile) }
    }
    if console.isDebug { debug = { console.debug($0) } }
    if !connection.verifiesTLS {
      console.warn(
        "TLS certificates are not verified: anyone on the path can read and change these calls")
    }
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}
