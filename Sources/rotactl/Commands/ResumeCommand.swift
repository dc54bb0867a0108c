internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Goes on with a run that a crash, a signal or a deadline ended.
struct ResumeCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a run after a crash, a signal or a deadline.",
    discussion: """
      Repeats nothing that is proven, re-reads what was in doubt, and refuses when the plan or \
      a manifest of the run was changed, or when a profile has become another account. The pace \
      and the rules for stopping are those of the run unless others are typed; failures are \
      counted anew, and a canary goes first again.

      EXAMPLES
        rotactl resume 20261123T181141Z-0a1b2c
        rotactl resume reports/20261123T181141Z-0a1b2c --rate 20

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "The run: its id, or its folder.")
  var runName: String
  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Rotations in flight") var inFlight: InFlightOptions
  @OptionGroup(title: "When to stop") var stopping: StopOptions
  @OptionGroup(title: "Guards") var guarding: GuardOptions
  @OptionGroup(title: "The run") var run: RunOptions
  @OptionGroup(title: "Upload") var upload: RunUploadOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let run = try self.run.resolved(process.settings)
    let output = try self.output.resolved(process.settings)
    let upload = try self.upload.job(
      process.settings, try connection.resolved(process.settings), process.environment)
    let console = output.console(process.surroundings)
    guard let folder = RunFolder(existing: runName, reports: run.reports) else {
      throw Diagnostic(
        "no run of this name", at: runName,
        hint: "name a folder below \(run.reports), or give --reports", status: .usage)
    }
    guard let lock = try folder.lock(host: HostFacts.host, pid: HostFacts.pid) else {
      throw Diagnostic(
        "another process works on this run", at: folder.path,
        hint: "wait for it to end", status: .refused)
    }
    defer { extendLifetime(lock) }
    guard DurableFile.exists(folder.file(RunLayout.runFile)) else {
      throw Diagnostic(
        "the run never began: it was not confirmed, and nothing was changed", at: folder.path,
        hint: "start it again with `rotactl run`", status: .refused)
    }
    let recorded = try RecordedRun(folder: folder)
    guard !recorded.isDrill else {
      throw Diagnostic(
        "a drill cannot be resumed: its simulated account is gone", at: folder.path,
        hint: "start another with `rotactl drill`", status: .refused)
    }
    let seal = try await run.seal.load(format: recorded.bundleFormat, console)
    let settings = process.settings.adding(recorded.layer)
    var guards = process.guards
    guards.add(try guarding.resolved(settings))
    let post = GuardPost(guards: guards, console: console)
    try post.checkFreeze()
    let state = try readJournal(of: folder)
    let plan = try checkedPlan(of: folder, state)
    try post.checkTargets(of: folder.file(RunLayout.planFile))
    let incident = recorded.incident ?? plan.header.incident
    let session = try Session(
      connection: recorded.merged(into: connection.resolved(settings)),
      pacing: try pacing.resolved(settings, action: plan.header.action),
      environment: process.environment,
      sessionName: RunFlow.sessionName(runID: folder.runID, incident: incident),
      command: "resume", console: console)
    defer { session.client.close() }
    Signals.drain(into: session.stop) { name in
      console.line("\(name): taking nothing new, finishing what is in flight; once more to leave")
    }
    let progress = ProgressLoop(session.board, console, mode: output.progress)
    defer { progress.stop() }
    let identities = try await identities(plan.profiles, session, recorded, console)
    try post.checkCallers(identities)
    let locks = try LaneLocks.take(
      plan.lanes, in: run.lockFolder, session: session, profiles: Array(plan.profiles.keys),
      owner: .init(
        runID: folder.runID, pid: HostFacts.pid,
        operatorName: HostFacts.operatorName(process.environment)))
    defer { extendLifetime(locks) }
    if state == nil {
      try recorded.planUse(reports: DurableFile.folder(of: folder.path))?.reclaim(
        .init(runID: folder.runID, folder: HostFacts.absolute(folder.path)),
        at: session.clock.now())
    }
    var conduct = RunConduct(
      session: session, console: console, output: output, folder: folder,
      reports: DurableFile.folder(of: folder.path), bundleFormat: recorded.bundleFormat,
      writesReportFiles: recorded.writesReportFiles,
      inFlight: try inFlight.resolved(settings, default: recorded.inFlight ?? .wait),
      identities: identities, incident: incident, reason: recorded.reason ?? plan.header.reason,
      seal: seal, upload: upload, progress: progress)
    conduct.stopRules = try stopping.resolved(settings)
    conduct.freezeFiles = guards.freezeFiles.map(\.value)
    return try await conduct.execute(
      planSHA256: plan.sha256, targets: plan.targets, earlier: state,
      deadline: run.deadline)
  }

  /// - Returns: nil for a run that ended between its confirmation and its first record, and so
  ///   has sent nothing.
  private func readJournal(of folder: RunFolder) throws -> JournalState? {
    let path = folder.file(RunLayout.journalFile)
    guard DurableFile.exists(path) else {
      guard !DurableFile.exists(folder.file(RunLayout.resultsFile)) else {
        throw Diagnostic(
          "the run's journal is gone", at: path,
          hint: "take it from the run's bundle, or start again with `rotactl run`",
          status: .refused)
      }
      return nil
    }
    do {
      let state = try JournalReader.read(path)
      return state.chain.lines == 0 ? nil : state
    } catch let damage as JournalDamage {
      throw Diagnostic(
        "the journal is damaged", at: "\(damage.path):\(damage.line)", because: damage.what,
        hint: "keep it as it is, and run the targets that are not proven again", status: .refused)
    }
  }

  private struct CheckedPlan {
    let header: PlanHeader
    /// A region for each profile.
    let profiles: [String?: String]
    /// In which something is left to do.
    let lanes: Set<LaneID>
    let sha256: String
    let targets: Int
  }

  /// The plan, once it and the manifests are proven to be those that the run began with.
  private func checkedPlan(
    of folder: RunFolder, _ state: JournalState?
  ) throws -> CheckedPlan {
    let path = folder.file(RunLayout.planFile)
    var profiles: [String?: String] = [:]
    var reader = try PlanFileReader(path: path)
    let header = reader.header
    var targets = 0
    var lanes: Set<LaneID> = []
    while let (entry, _, _) = try reader.next() {
      let marks = state?.marks
      let mark = marks.map { $0.indices.contains(targets) ? $0[targets] : .settled } ?? .open
      if mark.isInDoubt || mark == .open && entry.isActionable { lanes.insert(entry.lane) }
      targets += 1
      if profiles[entry.target.profile] == nil {
        profiles[entry.target.profile] = entry.actingRegion
      }
    }
    let sha256 = try reader.digest()
    guard state == nil || sha256 == state?.planSHA256 && targets == state?.targets else {
      throw Diagnostic(
        "the plan is not the one that the run began with", at: path, status: .refused)
    }
    for (name, manifest) in header.copiedManifests {
      let copy = folder.file(RunLayout.manifestFolder) + "/" + name
      guard try RunFolder.digest(ofFile: copy) == manifest.sha256 else {
        throw Diagnostic(
          "the manifest is not the one that the run began with", at: copy, status: .refused)
      }
    }
    return CheckedPlan(
      header: header, profiles: profiles, lanes: lanes, sha256: sha256, targets: targets)
  }

  private func identities(
    _ profiles: [String?: String], _ session: Session, _ recorded: RecordedRun, _ console: Console
  ) async throws -> [String?: ProfileIdentity] {
    let sites = profiles.map { CallSite(profile: $0.key, region: $0.value) }
    session.board.begin(.preflight, total: sites.count)
    let identities = await Preflight(reader: session.client, loop: session.loop).identities(
      of: sites)
    let accounts = recorded.accounts
    for (profile, identity) in identities {
      let name = profile.map { "profile '\($0)'" } ?? "the default profile"
      if case .failed(let failure) = identity {
        var diagnostic = Diagnostic(failure, doing: "the profile cannot be used", at: name)
        diagnostic.status = .preflight
        throw diagnostic
      }
      if let now = identity.accountID, let then = accounts[profile], now != then {
        throw Diagnostic(
          "the profile reaches account \(now); the run began with \(then)", at: name,
          hint: "resume with the credentials of the run", status: .refused)
      }
    }
    return identities
  }
}
