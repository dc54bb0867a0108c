internal import DurableFiles
internal import EvidenceBundle
internal import Glibc
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// The first half of a run, the same for `plan`, `run` and `drill`: read, ask, look, confirm.
struct RunFlow: Sendable {
  let manifests: ResolvedManifests
  let connection: ResolvedConnection
  let pacing: ResolvedPacing
  let inFlight: ResolvedInFlight
  let run: ResolvedRun
  let output: ResolvedOutput
  let environment: [String: String]
  let surroundings: Surroundings
  let isDrill: Bool
  var purpose = RunPurpose()
  /// Shows a plan of stuck versions in place of the usual preview.
  var listing: PendingView?
  /// What becomes of the bundle beside the folder; nil leaves it there.
  var upload: UploadJob?

  /// How many targets a preview shows one by one.
  private static let shownTargets = PreviewView.shownLimit

  // MARK: Doing

  /// Plans, asks, executes, reports.
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
    do {
      try folder.create()
    } catch {
      throw Diagnostic(
        "the run's folder cannot be made", at: folder.path, because: error.description,
        hint: "name another place with --reports, or another --run-id", status: .usage)
    }
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

    var preparation = Preparation(
      session: session, console: console, manifests: manifests,
      copies: folder.file(RunLayout.manifestFolder))
    preparation.incident = run.incident
    preparation.reason = run.reason
    preparation.purpose = purpose
    preparation.purpose.skipsInFlight = inFlight.policy == .skip
    await session.learnRegion()
    guard let checked = try preparation.check() else { return .usage }
    let identities = try await preparation.identities(checked)
    let planned = try await preparation.plan(
      checked, identities: identities, to: folder.file(RunLayout.planFile))
    guard let plan = planned else { return .usage }
    guard plan.isComplete else { return RunFlow.stopped(session.stop) }
    progress.pause()
    if !output.isJSON {
      console.say(view(plan.overview, []).text(style: console.errorStyle))
    }
    try Confirmation(
      overview: plan.overview, action: purpose.action, isConfirmed: run.isConfirmed || isDrill
    ).ask(on: console)
    if session.stop.isStopped { return RunFlow.stopped(session.stop) }
    let record = RunRecordFile(
      runID: runID, startedAt: session.clock.now(), incident: checked.incident,
      reason: checked.reason, host: HostFacts.host,
      operatorName: HostFacts.operatorName(environment), connection: connection, pacing: pacing,
      inFlight: inFlight, bundleFormat: run.bundleFormat.rawValue,
      writesReportFiles: run.writesReportFiles, isDrill: isDrill, identities: identities,
      action: purpose.action, toolSHA256: HostFacts.binarySHA256(),
      clock: session.client.observedClock, variables: RunRecordFile.variables(environment))
    try record.write(to: folder)
    isKept = true
    progress.proceed()
    let conduct = RunConduct(
      session: session, console: console, output: output, folder: folder, reports: run.reports,
      bundleFormat: run.bundleFormat, writesReportFiles: run.writesReportFiles, inFlight: inFlight,
      identities: identities, incident: checked.incident, reason: checked.reason,
      seal: seal, upload: upload, progress: progress)
    return try await conduct.execute(
      planSHA256: plan.sha256, targets: plan.overview.targets, earlier: nil,
      deadline: run.deadline)
  }

  // MARK: Previewing

  /// Shows what a run would do; with `offline` without any call.
  func preview(offline: Bool, detailedExitCode: Bool = false) async throws -> ExitStatus {
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
    if !offline { await session.learnRegion() }
    guard let checked = try preparation.check() else { return .usage }
    let overview: PlanOverview
    if offline {
      guard let offline = try showOffline(preparation, checked, progress, console) else {
        return .usage
      }
      overview = offline
    } else {
      let identities = try await preparation.identities(checked)
      let path = scratch.path + "/" + RunLayout.planFile
      let planned = try await preparation.plan(checked, identities: identities, to: path)
      guard let plan = planned else { return .usage }
      guard plan.isComplete else { return RunFlow.stopped(session.stop) }
      progress.pause()
      overview = plan.overview
      try showPlan(path, overview, console)
      if try PlanFileReader(path: path).header.hasUnknownPopulation {
        return .finishedWithFailures
      }
    }
    return detailedExitCode && overview.possibleChanges > 0 ? .planHasChanges : .success
  }

  private func showPlan(_ path: String, _ overview: PlanOverview, _ console: Console) throws {
    if let listing { return try show(listing, path, overview, console) }
    var reader = try PlanFileReader(path: path)
    var shown: [PlanEntry] = []
    if output.isJSON { console.result(view(overview, []).json) }
    while output.isJSON || shown.count < RunFlow.shownTargets,
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
    var overview = PlanOverview(now: Session.now())
    var shown: [PlanEntry] = []
    progress.pause()
    let merged = try preparation.expand(checked, identities: [:]) { target in
      let refused = target.refusal
      let entry = PlanEntry(
        target: target, disposition: refused == nil ? .notExamined : .refused,
        reason: refused ?? "not looked at")
      overview.add(entry)
      if output.isJSON {
        console.result(PreviewView.json(of: entry))
      } else if shown.count < RunFlow.shownTargets {
        shown.append(entry)
      }
    }
    guard let merged else { return nil }
    SelectorResolution.tellUnresolved(checked.survey.selectors, isJSON: output.isJSON, console)
    for index in shown.indices {
      shown[index].target.sources += merged[shown[index].target.ordinal] ?? []
    }
    let view = view(overview, shown)
    if output.isJSON {
      console.result(view.json)
    } else {
      console.result(view.text(style: console.outputStyle))
    }
    return overview
  }

  // MARK: Shared

  private func view(_ overview: PlanOverview, _ entries: [PlanEntry]) -> PreviewView {
    var view = PreviewView(overview: overview, entries: entries, rate: pacing.rate)
    view.staggerSeconds = purpose.staggerSeconds
    return view
  }

  private static func stopped(_ stop: StopSignal) -> ExitStatus {
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

/// A folder of ours that goes away with the command.
struct ScratchFolder {
  let path: String

  init(_ environment: [String: String]) throws(Diagnostic) {
    let base = environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array((base + "/rotactl-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Diagnostic(
        "no folder for temporary files", at: base,
        because: String(cString: strerror(errno)), hint: "set TMPDIR", status: .internalError)
    }
    path = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func remove() { DurableFile.removeFolder(path) }
}
