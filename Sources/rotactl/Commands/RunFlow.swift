internal import Cryptography
internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// The first half of a run, the same for `run` and `drill`: read, ask, look, guard, confirm.
struct RunFlow: Sendable {
  let manifests: ResolvedManifests
  let connection: ResolvedConnection
  let pacing: ResolvedPacing
  let inFlight: ResolvedInFlight
  var stopRules = StopRules()
  let run: ResolvedRun
  /// A plan to be run instead of manifests.
  var savedPlan: ResolvedSavedPlan?
  var guards = RunGuards()
  let output: ResolvedOutput
  /// What was set and where, for the records.
  var settings: [SavedPlan.Setting] = []
  let environment: [String: String]
  let surroundings: Surroundings
  let isDrill: Bool
  var purpose = RunPurpose()
  /// Shows a plan of stuck versions in place of the usual preview.
  var listing: PendingView?
  /// What becomes of the bundle beside the folder; nil leaves it there.
  var upload: UploadJob?

  /// What is known of a run once its plan lies in its folder.
  struct Start: Sendable {
    var identities: [String?: ProfileIdentity]
    var incident: String?
    var reason: String?
    /// Of the plan in the folder.
    var planSHA256: String
    var overview: PlanOverview
    /// For a saved plan: what marks it as used.
    var use: PlanUse?
  }

  /// What the first half of a run works with.
  struct Stage: Sendable {
    let runID: String
    let session: Session
    let console: Console
    let folder: RunFolder
    let progress: ProgressLoop
    let post: GuardPost
  }

  // MARK: Doing

  /// Plans, guards, asks, executes, reports.
  func perform() async throws -> ExitStatus {
    let console = output.console(surroundings)
    let seal = try await run.seal.load(format: run.bundleFormat, console)
    let runID = run.runID ?? RunFolder.newRunID(at: Session.now())
    let session = try Session(
      connection: connection, pacing: pacing, environment: environment,
      sessionName: RunFlow.sessionName(runID: runID, incident: run.incident), command: "run",
      console: console)
    defer { session.client.close() }
    let folder = RunFolder(reports: run.reports, runID: runID)
    try RunFlow.make(folder)
    guard let lock = try folder.lock(host: HostFacts.host, pid: HostFacts.pid) else {
      throw Diagnostic("another process works on this run", at: folder.path, status: .refused)
    }
    defer { extendLifetime(lock) }
    Signals.drain(into: session.stop) { name in
      console.line("\(name): taking nothing new, finishing what is in flight; once more to leave")
    }
    let progress = ProgressLoop(session.board, console, mode: output.progress)
    defer { progress.stop() }
    var isKept = false
    defer { if !isKept { DurableFile.removeFolder(folder.path) } }

    let stage = Stage(
      runID: runID, session: session, console: console, folder: folder, progress: progress,
      post: GuardPost(guards: guards, console: console))
    let started =
      if let savedPlan { try await startSaved(savedPlan, stage) } else { try await start(stage) }
    guard let start = started else {
      return session.stop.isStopped ? RunFlow.stopped(session.stop) : .usage
    }
    try stage.post.checkPlan(folder.file(RunLayout.planFile), start.overview)
    let locks = try takeLocks(start, stage)
    defer { extendLifetime(locks) }
    guard try confirm(start, stage) else { return RunFlow.stopped(session.stop) }
    try record(start, stage).write(to: folder)
    progress.proceed()
    // Marked before the journal is opened: a plan whose run has begun is used.
    try start.use?.mark(
      .init(runID: runID, folder: HostFacts.absolute(folder.path)), at: session.clock.now())
    isKept = true
    return try await conduct(start, stage, seal).execute(
      planSHA256: start.planSHA256, targets: start.overview.targets, earlier: nil,
      deadline: run.deadline)
  }

  /// Shows what would be done and asks.
  ///
  /// - Returns: false after a stop.
  /// - Throws: a ``Diagnostic`` of status `refused` without a yes, or during a freeze.
  private func confirm(_ start: Start, _ stage: Stage) throws(Diagnostic) -> Bool {
    stage.progress.pause()
    if !output.isJSON {
      stage.console.say(view(start.overview, []).text(style: stage.console.errorStyle))
    }
    try Confirmation(
      overview: start.overview, action: purpose.action, isConfirmed: run.isConfirmed || isDrill
    ).ask(on: stage.console)
    try stage.post.checkFreeze()
    return !stage.session.stop.isStopped
  }

  private func conduct(
    _ start: Start, _ stage: Stage, _ seal: SealTools
  ) -> RunConduct {
    var conduct = RunConduct(
      session: stage.session, console: stage.console, output: output, folder: stage.folder,
      reports: run.reports, bundleFormat: run.bundleFormat,
      writesReportFiles: run.writesReportFiles, inFlight: inFlight,
      identities: start.identities, incident: start.incident, reason: start.reason,
      seal: seal, upload: upload, progress: stage.progress)
    conduct.stopRules = stopRules
    conduct.freezeFiles = guards.freezeFiles.map(\.value)
    return conduct
  }

  private static func make(_ folder: RunFolder) throws(Diagnostic) {
    do throws(FileError) {
      try folder.create()
    } catch {
      throw Diagnostic(
        "the run's folder cannot be made", at: folder.path, because: error.description,
        hint: "name another place with --reports, or another --run-id", status: .usage)
    }
  }

  /// From manifests: read, check, ask, look.
  ///
  /// - Returns: nil when the manifests cannot be used, which is printed, or after a stop.
  private func start(_ stage: Stage) async throws -> Start? {
    var preparation = Preparation(
      session: stage.session, console: stage.console, manifests: manifests,
      copies: stage.folder.file(RunLayout.manifestFolder))
    preparation.incident = run.incident
    preparation.reason = run.reason
    preparation.purpose = purpose
    preparation.purpose.skipsInFlight = inFlight.policy == .skip
    await stage.session.learnRegion()
    guard let checked = try preparation.check() else { return nil }
    try stage.post.checkWords(reason: checked.reason, incident: checked.incident)
    let identities = try await preparation.identities(checked)
    try stage.post.checkCallers(identities)
    let planned = try await preparation.plan(
      checked, identities: identities, to: stage.folder.file(RunLayout.planFile))
    guard let plan = planned, plan.isComplete else { return nil }
    return Start(
      identities: identities, incident: checked.incident, reason: checked.reason,
      planSHA256: plan.sha256, overview: plan.overview)
  }

  /// One run at a time for each account and region that is changed; a drill's account is its own.
  private func takeLocks(_ start: Start, _ stage: Stage) throws -> LaneLocks? {
    guard !isDrill, !start.overview.lanes.isEmpty else { return nil }
    return try LaneLocks.take(
      start.overview.lanes.keys, in: run.lockFolder, session: stage.session,
      profiles: Array(start.identities.keys),
      owner: .init(
        runID: stage.runID, pid: HostFacts.pid, operatorName: HostFacts.operatorName(environment)))
  }

  private func record(_ start: Start, _ stage: Stage) -> RunRecordFile {
    var record = RunRecordFile(
      runID: stage.runID, startedAt: stage.session.clock.now(), incident: start.incident,
      reason: start.reason, host: HostFacts.host,
      operatorName: HostFacts.operatorName(environment), connection: connection, pacing: pacing,
      inFlight: inFlight, bundleFormat: run.bundleFormat.rawValue,
      writesReportFiles: run.writesReportFiles, isDrill: isDrill, identities: start.identities,
      action: purpose.action, toolSHA256: HostFacts.binarySHA256(),
      clock: stage.session.client.observedClock,
      variables: RunRecordFile.variables(environment))
    record.stopRules = stopRules
    record.deadline = run.deadline
    record.options = settings
    record.savedPlan = start.use
    return record
  }

  // MARK: Previewing

  /// What a preview does beside showing the plan.
  struct PreviewTask: Sendable {
    var offline = false
    var detailedExitCode = false
    /// Where the plan is saved; nil does not save it.
    var out: String?
    var overwrites = false
  }

  /// Shows what a run would do; offline without any call.
  func preview(_ task: PreviewTask = PreviewTask()) async throws -> ExitStatus {
    let console = output.console(surroundings)
    let session = try Session(
      connection: connection, pacing: pacing, environment: environment,
      sessionName: RunFlow.sessionName(runID: "plan", incident: run.incident), command: "plan",
      console: console)
    defer { session.client.close() }
    let scratch = try ScratchFolder(environment)
    defer { scratch.remove() }
    let copies = scratch.path + "/" + RunLayout.manifestFolder
    try DurableFile.makeFolder(copies)
    Signals.drain(into: session.stop) { name in console.line("\(name): stopping") }
    let progress = ProgressLoop(session.board, console, mode: output.progress)
    defer { progress.stop() }
    var preparation = Preparation(
      session: session, console: console, manifests: manifests, copies: copies)
    preparation.incident = run.incident
    preparation.reason = run.reason
    preparation.purpose = purpose
    preparation.purpose.skipsInFlight = inFlight.policy == .skip
    // Offline means that nobody is asked, not even the machine that this runs on.
    if !task.offline { await session.learnRegion() }
    if task.offline, !output.isJSON, let preview = try preparation.count() {
      progress.pause()
      let overview = show(preview, console)
      return task.detailedExitCode && overview.possibleChanges > 0 ? .planHasChanges : .success
    }
    guard let checked = try preparation.check() else { return .usage }
    let overview: PlanOverview
    if task.offline {
      guard let offline = try showOffline(preparation, checked, progress, console) else {
        return .usage
      }
      overview = offline
    } else {
      let identities = try await preparation.identities(checked)
      let path =
        try task.out.map { try PlanSaving.draft(of: $0) }
        ?? scratch.path + "/" + RunLayout.planFile
      defer { if task.out != nil { DurableFile.remove(path) } }
      if task.out != nil { preparation.saved = saved(identities) }
      let planned = try await preparation.plan(checked, identities: identities, to: path)
      guard let plan = planned else { return .usage }
      guard plan.isComplete else { return RunFlow.stopped(session.stop) }
      progress.pause()
      overview = plan.overview
      try showPlan(path, overview, console)
      let post = GuardPost(guards: guards, console: console)
      try post.warn(
        reason: checked.reason, incident: checked.incident, plan: path, overview)
      if let out = task.out {
        try PlanSaving.publish(path, as: out, overwrites: task.overwrites)
        console.say("plan     \(HumanText.printable(out))\nsha256   \(plan.sha256)")
      }
      if try PlanFileReader(path: task.out ?? path).header.hasUnknownPopulation {
        return .finishedWithFailures
      }
    }
    return task.detailedExitCode && overview.possibleChanges > 0 ? .planHasChanges : .success
  }

  /// What a saved plan says of its making.
  private func saved(_ identities: [String?: ProfileIdentity]) -> SavedPlan {
    var callers: [SavedPlan.Caller] = []
    for (profile, identity) in identities.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
      guard case .known(let caller) = identity else { continue }
      callers.append(.init(profile: profile, account: caller.accountID, arn: caller.arn))
    }
    return SavedPlan(
      operatorName: HostFacts.operatorName(environment), host: HostFacts.host, callers: callers,
      settings: settings)
  }

  func showPlan(_ path: String, _ overview: PlanOverview, _ console: Console) throws {
    if let listing { return try show(listing, path, overview, console) }
    var reader = try PlanFileReader(path: path)
    var shown: [PlanEntry] = []
    if output.isJSON { console.result(view(overview, []).json) }
    while output.isJSON || shown.count < PreviewView.shownLimit,
      let (entry, _, _) = try reader.next()
    {
      if output.isJSON {
        guard console.result(PreviewView.json(of: entry)) else { return }
      } else {
        shown.append(entry)
      }
    }
    if !output.isJSON {
      console.result(view(overview, shown).text(style: console.outputStyle))
    }
  }

  /// Versions that are stuck, and what could not be looked at.
  private func show(
    _ listing: PendingView, _ path: String, _ overview: PlanOverview, _ console: Console
  ) throws {
    if output.isJSON {
      console.result(listing.json(overview))
    } else {
      console.result(console.outputStyle.bold(listing.headline(overview)))
    }
    var reader = try PlanFileReader(path: path)
    var shown = 0
    var total = 0
    while let (entry, _, _) = try reader.next() {
      let isHeld = entry.disposition == .refused || entry.disposition == .unreadable
      guard PendingView.isStuck(entry) || isHeld else { continue }
      total += 1
      if output.isJSON {
        guard console.result(listing.json(of: entry, now: overview.now)) else { return }
      } else if shown < PendingView.shownLimit {
        shown += 1
        for line in listing.lines(of: entry, now: overview.now) { console.result(line) }
      }
    }
    guard !output.isJSON else { return }
    if total > shown { console.result("  and \(HumanText.count(total - shown)) more") }
    if overview.count(.dropPending) + overview.count(.inFlight) > 0 {
      for line in [""] + listing.advice { console.result(line) }
    }
  }

  /// One more pass over the copies; nothing is called and nothing grows with the targets.
  private func showOffline(
    _ preparation: Preparation, _ checked: Preparation.Checked, _ progress: ProgressLoop,
    _ console: Console
  ) throws -> PlanOverview? {
    var preview = OfflinePreview()
    progress.pause()
    let merged = try preparation.expand(checked, identities: [:]) { target in
      let entry = preview.add(target)
      if output.isJSON {
        console.result(PreviewView.json(of: entry))
      } else if preview.shown.count < PreviewView.shownLimit {
        preview.shown.append(entry)
      }
    }
    guard merged != nil else { return nil }
    SelectorResolution.tellUnresolved(checked.survey.selectors, isJSON: output.isJSON, console)
    return show(preview, console)
  }

  private func show(_ preview: OfflinePreview, _ console: Console) -> PlanOverview {
    if preview.sought > 0 {
      console.warn(
        "\(HumanText.count(preview.sought, "target")) stand for names in regions where they may not exist: "
          + "nothing is called, so every region of the partition counts",
        hint: "plan without --offline to keep each name only where it is found")
    }
    let view = view(preview.overview, preview.shown)
    if output.isJSON {
      console.result(view.json)
    } else {
      console.result(view.text(style: console.outputStyle))
    }
    return preview.overview
  }

  // MARK: Shared

  private func view(_ overview: PlanOverview, _ entries: [PlanEntry]) -> PreviewView {
    var view = PreviewView(overview: overview, entries: entries, rate: pacing.rate)
    view.staggerSeconds = purpose.staggerSeconds
    return view
  }

  static func stopped(_ stop: StopSignal) -> ExitStatus {
    stop.cause == .terminate ? .terminated : .interrupted
  }

  /// The session name that CloudTrail shows: 2 to 64 of `[\w+=,.@-]`.
  static func sessionName(runID: String, incident: String?) -> String {
    let name = "rotactl-" + (incident.map { "\($0)-" } ?? "") + runID
    let allowed = name.map { character in
      character.isASCII
        && (character.isLetter || character.isNumber || "_+=,.@-".contains(character))
        ? character : "-"
    }
    return String(allowed.prefix(64))
  }
}
