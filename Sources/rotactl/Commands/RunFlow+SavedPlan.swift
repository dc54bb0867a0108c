internal import Cryptography
internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Running a plan that was saved: it is checked, copied, and then it is the run's own.
extension RunFlow {
  /// - Returns: nil after a stop.
  func startSaved(_ plan: ResolvedSavedPlan, _ stage: Stage) async throws -> Start? {
    guard let path = plan.path else { return nil }
    let copy = stage.folder.file(RunLayout.planFile)
    try SavedPlanFile.copy(path, to: copy)
    let file = try SavedPlanFile.read(
      copy, named: path, overview: emptyOverview)
    let use = PlanUse(planPath: path, sha256: file.sha256, reports: run.reports)
    try use.checkUnused()
    try SavedPlanFile.checkAge(file, plan, guards, named: path, now: Session.now())
    let incident = run.incident ?? file.header.incident
    let reason = run.reason ?? file.header.reason
    try stage.post.checkWords(reason: reason, incident: incident)
    let identities = try await identities(of: file, stage)
    try stage.post.checkCallers(identities)
    if stage.session.stop.isStopped { return nil }
    return Start(
      identities: identities, incident: incident, reason: reason, planSHA256: file.sha256,
      overview: file.overview, use: use)
  }

  /// Shows what is left of a saved plan: each of its targets is looked at once more.
  func previewSaved(_ plan: ResolvedSavedPlan, detailedExitCode: Bool) async throws -> ExitStatus {
    guard let path = plan.path else { return .usage }
    let console = output.console(surroundings)
    let session = try Session(
      connection: connection, pacing: pacing, environment: environment,
      sessionName: RunFlow.sessionName(runID: "plan", incident: run.incident), command: "plan",
      console: console)
    defer { session.client.close() }
    let scratch = try ScratchFolder(environment)
    defer { scratch.remove() }
    Signals.drain(into: session.stop) { name in console.line("\(name): stopping") }
    let progress = ProgressLoop(session.board, console, mode: output.progress)
    defer { progress.stop() }
    let stage = Stage(
      runID: "plan", session: session, console: console,
      folder: RunFolder(reports: scratch.path, runID: "plan"), progress: progress,
      post: GuardPost(guards: guards, console: console))
    let file = try SavedPlanFile.read(path, named: path, overview: emptyOverview)
    let identities = try await identities(of: file, stage)
    session.board.begin(.describing, total: file.overview.targets)
    let examiner = Examiner(
      reader: session.client, loop: session.loop, pacers: session.pacers, identities: identities,
      width: pacing.concurrency)
    let check = try await PlanCheck(path: path, examiner: examiner).run()
    progress.pause()
    if session.stop.isStopped { return RunFlow.stopped(session.stop) }
    try showPlan(path, file.overview, console)
    check.show(asJSON: output.isJSON, on: console)
    try stage.post.warn(
      reason: run.reason ?? file.header.reason, incident: run.incident ?? file.header.incident,
      plan: path, file.overview)
    if let use = PlanUse(planPath: path, sha256: file.sha256, reports: run.reports).earlier() {
      console.warn("a run would be refused: run \(use.runID) used the plan at \(use.at)")
    }
    return detailedExitCode && file.overview.possibleChanges > check.driftedChanges
      ? .planHasChanges : .success
  }

  private var emptyOverview: PlanOverview {
    PlanOverview(now: Session.now(), skipsInFlight: inFlight.policy == .skip)
  }

  /// Asks every profile of the plan who it is now.
  ///
  /// - Throws: a ``Diagnostic`` of status `refused` when one has become another account.
  private func identities(
    of file: SavedPlanFile, _ stage: Stage
  ) async throws -> [String?: ProfileIdentity] {
    let preparation = Preparation(
      session: stage.session, console: stage.console, manifests: manifests, copies: "")
    let sites = file.profiles.sorted { ($0.key ?? "") < ($1.key ?? "") }.map {
      CallSite(profile: $0.key, region: $0.value)
    }
    for site in sites {
      guard let profile = site.profile, !stage.session.client.profileExists(profile) else {
        continue
      }
      throw Diagnostic(
        "the plan's profile '\(profile)' stands in no AWS config or credentials file",
        hint: "see `aws configure list-profiles`", status: .refused)
    }
    let identities = try await preparation.identities(of: sites)
    for caller in file.header.saved?.callers ?? [] {
      guard let identity = identities[caller.profile], identity.failure == nil else { continue }
      let name = caller.profile.map { "profile '\($0)'" } ?? "the default profile"
      guard let account = identity.accountID else {
        throw Diagnostic(
          "the plan was made as account \(caller.account), and who \(name) is now is not known",
          hint: "see to it that STS can be reached", status: .refused)
      }
      guard account == caller.account else {
        throw Diagnostic(
          "\(name) is of account \(account); the plan was made with \(caller.account)",
          hint: "use the credentials of the plan, or plan again", status: .refused)
      }
    }
    return identities
  }
}

/// A saved plan that was read from end to end and is as it was sealed.
struct SavedPlanFile: Sendable {
  let header: PlanHeader
  /// Of all its bytes, in hexadecimal.
  let sha256: String
  let overview: PlanOverview
  /// A region in which each profile acts; nil stands for the default credentials.
  let profiles: [String?: String]

  /// Copies the bytes, durable when this returns.
  static func copy(_ path: String, to target: String) throws {
    var source: ChunkedFile
    do throws(FileError) {
      source = try ChunkedFile(path: path, chunkBytes: 256 << 10)
    } catch {
      throw Diagnostic(
        "the plan cannot be read", because: error.description,
        hint: "name a file that `rotactl plan --out` wrote", status: .usage)
    }
    let file = try AppendFile(path: target, truncate: true)
    while true {
      let chunk = try source.next()
      if chunk.isEmpty { break }
      try file.write(chunk)
    }
    try file.sync()
    DurableFile.syncFolder(of: target)
  }

  /// Reads a plan to its seal.
  ///
  /// - `named`: the path that messages show.
  /// - `empty`: every entry is added to it.
  /// - Throws: a ``Diagnostic`` of status `refused` for a plan that was edited, cut, or not saved
  ///   to be run.
  static func read(
    _ path: String, named: String, overview empty: PlanOverview
  ) throws -> SavedPlanFile {
    do {
      var reader = try PlanFileReader(path: path)
      guard reader.header.saved != nil else {
        throw Diagnostic(
          "the plan was not saved to be run", at: named,
          hint: "make one with `rotactl plan MANIFEST --out FILE`", status: .refused)
      }
      var overview = empty
      var profiles: [String?: String] = [:]
      while let (entry, _, _) = try reader.next() {
        overview.add(entry)
        if profiles[entry.target.profile] == nil {
          profiles[entry.target.profile] = entry.actingRegion
        }
      }
      let header = reader.header
      return SavedPlanFile(
        header: header, sha256: try reader.digest(), overview: overview, profiles: profiles)
    } catch let damage as PlanDamage {
      throw Diagnostic(
        "the plan is not as it was saved", at: "\(named):\(damage.line)", because: damage.what,
        hint: "plan again; a plan is not edited, a manifest is", status: .refused)
    } catch let error as FileError {
      throw Diagnostic(
        "the plan cannot be read", because: error.description,
        hint: "name a file that `rotactl plan --out` wrote", status: .usage)
    }
  }

  /// - Throws: a ``Diagnostic`` of status `refused` for a plan that is too old.
  static func checkAge(
    _ file: SavedPlanFile, _ plan: ResolvedSavedPlan, _ guards: RunGuards, named: String,
    now: Timestamp
  ) throws(Diagnostic) {
    let refusal = guards.refusal(
      planAge: now.seconds(since: file.header.createdAt),
      usual: .init(plan.maximumAge, origin: plan.ageOrigin))
    guard let refusal else { return }
    throw Diagnostic(
      refusal.what, at: named, because: refusal.origin, hint: refusal.hint, status: .refused)
  }
}
