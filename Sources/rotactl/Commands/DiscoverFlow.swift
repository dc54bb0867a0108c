internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Asks who the profiles are, lists, and writes manifest and counts.
struct DiscoverFlow: Sendable {
  let selection: SecretSelection
  let confirms: Bool
  let format: DiscoveredManifest.Format
  let outFile: String?
  let populationFile: String?
  let overwrites: Bool
  let connection: ResolvedConnection
  let pacing: ResolvedPacing
  let output: ResolvedOutput
  let environment: [String: String]
  let surroundings: Surroundings

  private var profiles: [String?] {
    connection.profiles.isEmpty ? [nil] : connection.profiles.map(\.self)
  }

  func perform() async throws -> ExitStatus {
    let console = output.console(surroundings)
    try checkFiles()
    let session = try Session(
      connection: connection, pacing: pacing, environment: environment,
      sessionName: RunFlow.sessionName(runID: "discover", incident: nil), command: "discover",
      console: console)
    defer { session.client.close() }
    try checkProfiles(session.client)
    let scratch = try ScratchFolder(environment)
    defer { scratch.remove() }
    Signals.drain(into: session.stop) { name in console.line("\(name): stopping") }
    let progress = ProgressLoop(session.board, console, mode: output.progress)
    defer { progress.stop() }
    await session.learnRegion()

    let identities = await self.identities(session)
    let lanes = try self.lanes(session, identities)
    var sink = try ManifestFile(
      path: outFile, overwrites: overwrites, format: format, console: console)
    session.board.begin(.listing, total: lanes.count)
    let found = try await Discovery(
      reader: session.client, loop: session.loop, pacers: session.pacers,
      prefix: scratch.path + "/found", width: pacing.concurrency
    ).find(selection, in: lanes, confirms: confirms) { secret in
      guard !session.stop.isStopped else { return }
      progress.pause()
      try sink.write(secret)
    }
    progress.pause()
    let population = Population(selection: selection, lanes: found)
    PopulationView([population]).show(on: console)
    try write(population, at: session.clock.now(), console)
    if let cause = session.stop.cause { return cause == .terminate ? .terminated : .interrupted }
    guard !lanes.allSatisfy({ $0.failure != nil }) else {
      console.fail(
        Diagnostic(
          "no profile can be used", hint: "see `rotactl whoami`", status: .preflight))
      return .preflight
    }
    try sink.finish()
    if let outFile {
      console.say("\(HumanText.count(population.selected, "secret")) written to \(outFile)")
    }
    if population.selected == 0 {
      console.warn("no secret is selected; `plan` and `run` take no empty manifest")
    }
    return population.hasUnknown ? .finishedWithFailures : .success
  }

  // MARK: Before anything is called

  private func checkFiles() throws {
    for (option, path) in [("--out", outFile), ("--population", populationFile)] {
      guard let path, !overwrites, DurableFile.exists(path) else { continue }
      throw UsageProblem(
        place: option, what: "\(path) exists", hint: "name another file, or add --overwrite")
    }
    if let outFile, outFile == populationFile {
      throw UsageProblem(
        place: "--population", what: "\(outFile) is the manifest's file", hint: "name another file")
    }
  }

  private func checkProfiles(_ client: RemoteSecretsManager) throws {
    for profile in connection.profiles {
      guard client.profileExists(profile) else {
        throw UsageProblem(
          place: "--profile", what: "the config profile (\(profile)) could not be found",
          hint: "see `aws configure list-profiles`")
      }
      guard DiscoveredManifest.canWrite(profile: profile, as: format) else {
        throw UsageProblem(
          place: "--profile", what: "'\(profile)' cannot stand in a CSV manifest, for its ;",
          hint: "use --format json")
      }
    }
  }

  // MARK: Who and where

  private func identities(_ session: Session) async -> [String?: ProfileIdentity] {
    let sites = profiles.map { profile in
      CallSite(
        profile: profile,
        region: session.client.region(ofProfile: profile) ?? connection.regions.first
          ?? "us-east-1")
    }
    session.board.begin(.preflight, total: sites.count)
    return await Preflight(reader: session.client, loop: session.loop).identities(of: sites)
  }

  private func lanes(
    _ session: Session, _ identities: [String?: ProfileIdentity]
  ) throws -> [DiscoveryLane] {
    for profile in profiles where session.regions(of: profile).names.isEmpty {
      let name = profile.map { "profile '\($0)'" } ?? "the default profile"
      throw UsageProblem(
        place: "--region", what: "no region: \(name) has none of its own",
        hint: "name one, or give --region all")
    }
    return DiscoveryLane.lanes(of: profiles, identities: identities) { profile in
      var arn: String?
      if case .known(let identity)? = identities[profile] { arn = identity.arn }
      return session.regions(of: profile, callerARN: arn)
    }
  }

  // MARK: What is left behind

  private func write(_ population: Population, at now: Timestamp, _ console: Console) throws {
    let document = Population.document(
      [population], takenAt: now, toolVersion: ToolVersion.text)
    if let populationFile {
      try DurableFile.replace(populationFile, with: Array((document.pretty() + "\n").utf8))
    }
    if output.isJSON, outFile != nil { console.result(document) }
  }
}

/// Where the manifest goes: standard output, or a file that appears whole or not at all.
struct ManifestFile: ~Copyable {
  private let path: String?
  private let partial: String
  private let file: AppendFile?
  private let console: Console
  private var manifest: DiscoveredManifest
  private var buffer: [UInt8]
  private var isFinished = false

  init(
    path: String?, overwrites: Bool, format: DiscoveredManifest.Format, console: Console
  ) throws {
    self.path = path
    self.console = console
    manifest = DiscoveredManifest(format: format)
    buffer = manifest.head
    partial = (path ?? "") + ".partial"
    do {
      file = try path.map { path throws(FileError) in
        try AppendFile(path: path + ".partial", truncate: true)
      }
    } catch {
      throw Diagnostic(
        "the manifest cannot be written", at: path, because: error.description, status: .usage)
    }
  }

  deinit { if path != nil, !isFinished { DurableFile.remove(partial) } }

  mutating func write(_ secret: DiscoveredSecret) throws {
    buffer += manifest.row(secret)
    if buffer.count > 64 << 10 { try flush() }
  }

  /// Makes the file appear under its name, durable.
  mutating func finish() throws {
    buffer += manifest.tail
    try flush()
    guard let path else { return }
    try file?.sync()
    try DurableFile.move(partial, to: path)
    isFinished = true
  }

  private mutating func flush() throws {
    if path == nil {
      console.result(bytes: buffer)
    } else {
      try file?.write(buffer)
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
