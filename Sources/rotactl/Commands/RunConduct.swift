internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// The second half of a run, the same for `run`, `drill` and `resume`: execute, report, seal.
struct RunConduct: Sendable {
  let session: Session
  let console: Console
  let output: ResolvedOutput
  let folder: RunFolder
  let reports: String
  let bundleFormat: BundleFormat
  let writesReportFiles: Bool
  let inFlight: ResolvedInFlight
  let identities: [String?: ProfileIdentity]
  var incident: String?
  var reason: String?
  let seal: SealTools
  let upload: UploadJob?
  let progress: ProgressLoop
  var stopRules = StopRules()
  /// While one of these exists nothing is changed.
  var freezeFiles: [String] = []

  /// Workers of one lane at most: 50 changes a second of three calls, each of several seconds.
  private static let laneWorkers = 1024

  /// Executes the plan, closes the journal, writes the evidence and shows the end.
  ///
  /// - `planSHA256`: of the plan in the folder.
  /// - `targets`: how many it holds.
  /// - `earlier`: what the journal says already; nil for a new run.
  func execute(
    planSHA256: String, targets: Int, earlier: JournalState?, deadline: Duration?
  ) async throws -> ExitStatus {
    let state = earlier ?? JournalState()
    let journal = try JournalWriter(
      path: folder.file(RunLayout.journalFile), chain: state.chain, validBytes: state.validBytes,
      now: session.clock.now)
    do {
      try await open(journal, isNew: earlier == nil, planSHA256: planSHA256, targets: targets)
    } catch {
      try? await journal.close()
      throw error
    }
    let action = try PlanFileReader(path: folder.file(RunLayout.planFile)).header.action
    session.board.begin(action.stage, total: targets)
    for (outcome, count) in state.totals { session.board.settled(outcome, count: count) }
    let executor = RunExecutor(
      service: session.client, loop: session.loop, pacers: session.pacers, identities: identities,
      settings: .init(
        inFlight: inFlight.policy, inFlightTimeout: inFlight.timeout.seconds,
        laneWorkers: Self.laneWorkers, runName: folder.path, stopRules: stopRules))
    let timer = Task { [session] in
      // Ends with the run: it is cancelled below, whatever happens.
      guard let deadline else { return }
      try? await Task.sleep(for: deadline)
      if !Task.isCancelled { session.stop.stop(.deadline) }
    }
    defer { timer.cancel() }
    let tuning = await followLimits()
    let freezing = Task { [session, freezeFiles] in
      await Freeze.watch(freezeFiles, stop: session.stop)
    }
    defer { freezing.cancel() }
    let marks = state.marks
    // On the transport's thread: nearly all of the work is to make calls.
    let work = Task(executorPreference: session.client.executor) {
      try await executor.execute(
        planPath: folder.file(RunLayout.planFile), journal: journal, marks: marks)
    }
    let drain = Task { [session] in
      // What is still in flight this long after a stop is given up as unknown.
      while !session.stop.isStopped, !Task.isCancelled {
        try? await Task.sleep(for: .milliseconds(200))
      }
      try? await Task.sleep(for: .seconds(Int(Signals.drainSeconds)))
      if !Task.isCancelled { work.cancel() }
    }
    defer { drain.cancel() }
    defer { tuning.cancel() }
    let result = await work.result
    if let (cause, detail) = session.stop.ending, cause != .journal {
      journal.append(.stopped(cause: cause.name + (detail.map { ": \($0)" } ?? "")))
    }
    try await finish(journal)
    try result.get()
    return try await sealed(targets: targets)
  }

  /// Lets `tune` steer the run, with what was tuned before in force from the first change on.
  ///
  /// - Returns: what ends when it is cancelled.
  private func followLimits() async -> Task<Void, Never> {
    let watcher = LimitsWatcher(
      LimitsFile(of: folder), pacers: session.pacers, limit: session.loop.limit,
      concurrency: session.pacing.concurrency, board: session.board, clock: session.clock)
    await watcher.look()?.show(on: console)
    return Task { [console] in await watcher.watch { $0.show(on: console) } }
  }

  private func open(
    _ journal: JournalWriter, isNew: Bool, planSHA256: String, targets: Int
  ) async throws {
    guard isNew else {
      try await journal.commit(.resumed(host: HostFacts.host, pid: HostFacts.pid))
      return
    }
    journal.append(
      .opened(
        runID: folder.runID, toolVersion: ToolVersion.text, planSHA256: planSHA256,
        targets: targets))
    for (profile, identity) in identities.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) {
      guard case .known(let caller) = identity else { continue }
      journal.append(.caller(profile: profile, account: caller.accountID, arn: caller.arn))
    }
    try await journal.commit(.resumed(host: HostFacts.host, pid: HostFacts.pid))
  }

  /// Closes the journal, and ends a run whose targets are all settled with its totals.
  private func finish(_ journal: JournalWriter) async throws {
    do {
      try await journal.close()
      let state = try JournalReader.read(folder.file(RunLayout.journalFile))
      guard state.marks.allSatisfy({ $0 == .settled || $0 == .unknown }) else { return }
      guard state.totals.values.reduce(0, +) == state.targets else {
        throw Diagnostic(
          "the outcomes do not add up to the targets", at: folder.path, status: .internalError)
      }
      let closing = try JournalWriter(
        path: folder.file(RunLayout.journalFile), chain: state.chain,
        validBytes: state.validBytes, now: session.clock.now)
      closing.append(.finished(totals: state.totals))
      try await closing.close()
    } catch let error as FileError {
      throw Diagnostic(
        "the journal cannot be written, so no further change was sent",
        because: error.description, hint: hint(after: error), status: .transient)
    }
  }

  private func hint(after error: FileError) -> String {
    guard DurableFile.exists(folder.file(RunLayout.journalFile)) else {
      return "the run's folder is gone and cannot be resumed; start `rotactl run` again, which "
        + "looks at every secret anew"
    }
    let mend =
      error.isNoSpace
      ? "free space on the disk of \(folder.path)" : "mend the folder \(folder.path)"
    return "\(mend), then `rotactl resume \(folder.path)`"
  }

  /// Says what to do where the run is over and its reports or bundle cannot be written.
  private func written<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as EvidenceError {
      throw Diagnostic(
        "the changes are made and journaled, but reports and bundle cannot be written",
        because: error.description,
        hint: "mend that, then `rotactl resume \(folder.path)`, which repeats no change",
        status: .internalError)
    }
  }

  /// Writes the reports and the bundle, and tells how the run ended.
  private func sealed(targets: Int) async throws -> ExitStatus {
    session.board.begin(.bundling, total: nil)
    let sealer = Sealer(
      folder: folder, reports: reports, format: bundleFormat,
      writesReportFiles: writesReportFiles, tools: seal, trust: session.connection, console: console
    )
    let (bundle, sealed) = try await written { try await sealer.seal(targets: targets) }
    progress.stop()
    let (summary, facts) = (sealed.summary, sealed.evidence)
    var status = PopulationStatus.of(self.status(summary), facts.header)
    // Machines read the summary last, with the status that the process ends with.
    if output.isJSON { status = await uploaded(bundle.path, facts, status) }
    var ending = RunEnding(runID: folder.runID, folder: folder.path, status: status)
    ending.bundlePath = bundle.path
    ending.bundleSHA256 = bundle.sha256
    ending.action = facts.header.action
    ending.canBeUndone = try !RecordedRun(folder: folder).isDrill
    ending.source = facts.header.source?.path
    ending.incident = incident
    ending.reason = reason
    let stopped = summary.count(.notAttempted) > 0 ? session.stop.ending : nil
    ending.stopDetail = stopped?.detail
    ending.stop =
      switch stopped?.cause {
      case .interrupt, .terminate: .signal
      case .deadline: .deadline
      case .threshold: .threshold
      case .canary: .canary
      case .freeze: .freeze
      case .journal, nil: nil
      }
    let unproven = sealed.notGood.prefix(SummaryView.shownLimit).map {
      SummaryView.Unproven(entry: $0.entry, settlement: $0.settlement)
    }
    let view = SummaryView(summary: summary, ending: ending, unproven: unproven)
    if output.isJSON {
      console.result(view.json)
    } else {
      console.result(view.text(style: console.outputStyle))
      status = await uploaded(bundle.path, facts, status)
    }
    return status
  }

  /// Uploads the bundle where that is asked for; nothing that fails there changes what the run did.
  ///
  /// - Returns: the status of the run, or `transient` where that was a success.
  private func uploaded(
    _ bundle: String, _ evidence: RunEvidence, _ status: ExitStatus
  ) async -> ExitStatus {
    guard let upload else { return status }
    let place = upload.upload.location.description
    guard evidence.journal.finished != nil, !session.stop.isStopped else {
      console.warn(
        "the bundle was not uploaded: the run is not complete, and its bundle will change; "
          + "`rotactl resume \(HumanText.shellWord(folder.path)) --upload "
          + "\(HumanText.shellWord(place))` uploads it")
      return status
    }
    do {
      let result = try await upload.perform(bundle, console: console, stop: session.stop)
      let view = UploadView(result: result, upload: upload.upload)
      view.show(on: console, isJSON: output.isJSON)
      if view.isProven { return status }
    } catch {
      console.fail(Foreseen.diagnostic(of: error))
    }
    console.warn(
      "THE BUNDLE IS NOT SAFELY IN \(place); what the run did is not touched by that: "
        + "`rotactl upload \(HumanText.shellWord(bundle)) \(HumanText.shellWord(place))`")
    return status == .success ? .transient : status
  }

  private func status(_ summary: RunSummary) -> ExitStatus {
    guard summary.reconciles else { return .internalError }
    // A stop that came when everything was settled has stopped nothing.
    let isCut = summary.count(.notAttempted) > 0 || summary.count(.unknown) > 0
    switch isCut ? session.stop.ending?.cause : nil {
    case .interrupt: return .interrupted
    case .terminate: return .terminated
    case .deadline: return .deadline
    case .threshold, .canary: return .stoppedByThreshold
    case .freeze: return .refused
    case .journal: return .transient
    case nil: return summary.notGood == 0 ? .success : .finishedWithFailures
    }
  }
}
