internal import RotationCore

/// What the console must know about a run's end beside its totals.
struct RunEnding: Sendable {
  enum Stop: String, Sendable {
    case signal, deadline, threshold, canary, freeze
  }

  var runID: String
  /// The run's folder as the operator can type it.
  var folder: String
  var bundlePath: String?
  /// Hexadecimal, of the bundle's bytes.
  var bundleSHA256: String?
  /// Nil when the run came to its end by itself.
  var stop: Stop?
  var action = RunAction.cancel
  /// False for a drill, whose simulated account goes with it.
  var canBeUndone = false
  /// The run that this one puts right, as the operator typed it.
  var source: String?
  /// What exactly happened, for people.
  var stopDetail: String?
  var incident: String?
  var reason: String?
  var status: ExitStatus

  init(runID: String, folder: String, status: ExitStatus) {
    self.runID = runID
    self.folder = folder
    self.status = status
  }
}

/// The end of a run as the operator reads it.
struct SummaryView: Sendable {
  /// How many targets that are not proven off are shown.
  static let shownLimit = 20

  /// A target that does not allow exit status 0.
  struct Unproven: Sendable {
    let entry: PlanEntry
    let settlement: Settlement?
  }

  let summary: RunSummary
  let ending: RunEnding
  /// The first targets that are not good; the totals are the summary's.
  let unproven: [Unproven]
  /// Nil leaves these sections out.
  var followUps: FollowUpView?

  init(summary: RunSummary, ending: RunEnding, unproven: [Unproven]) {
    self.summary = summary
    self.ending = ending
    self.unproven = Array(unproven.prefix(SummaryView.shownLimit))
  }

  /// Whether every target is proven off, and nothing else is in the way of saying so.
  var isSuccess: Bool {
    summary.reconciles && summary.notGood == 0 && summary.targets > 0 && ending.stop == nil
      && ending.status == .success
  }

  /// One sentence; it reads as success only when ``isSuccess`` holds.
  var headline: String {
    let all = HumanText.count(summary.targets)
    guard summary.reconciles else {
      return "NOT PROVEN: the outcomes do not add up to the \(all) targets; trust no total below"
    }
    guard summary.targets > 0 else { return "NOTHING DONE: there was no target" }
    let bad = HumanText.count(summary.notGood)
    if let stop = ending.stop {
      let cause =
        switch stop {
        case .signal: "by a signal"
        case .deadline: "at the deadline"
        case .threshold: "by the failure threshold"
        case .canary: "by a canary that is not proven off"
        case .freeze: "by a freeze"
        }
      let detail = ending.stopDetail.map { " (\(HumanText.printable($0)))" } ?? ""
      return "STOPPED \(cause)\(detail): \(bad) of \(all) targets are \(ending.action.unproven)"
    }
    guard summary.notGood == 0 else {
      return "NOT \(ending.action.allDone): \(bad) of \(all) targets are \(ending.action.unproven)"
    }
    guard ending.status == .success else {
      return "NOT FINISHED: \(ending.status.meaning)"
    }
    let deleted = summary.count(.skipped)
    let also = deleted > 0 ? "; \(HumanText.count(deleted)) of them were skipped with cause" : ""
    return
      "\(ending.action.allDone): each of \(HumanText.count(summary.targets, "target")) is settled and proven\(also)"
  }

  /// The whole text, without a newline at its end.
  func text(style: Style = .plain) -> String {
    var lines = [isSuccess ? style.green(headline) : style.red(headline), ""]
    lines += outcomeTable(style)
    if summary.places.count > 1 { lines += [""] + placeTable(style) }
    if summary.throttles > 0 || summary.lanes.count > 1 { lines += [""] + laneTable(style) }
    lines += unprovenLines(style)
    if !summary.errors.isEmpty { lines += [""] + counts("errors", summary.errors, style) }
    if !summary.warnings.isEmpty { lines += [""] + counts("warnings", summary.warnings, style) }
    lines += followUps?.lines(style) ?? []
    lines += [""] + closing
    return lines.joined(separator: "\n")
  }

  private func outcomeTable(_ style: Style) -> [String] {
    var table = Table([.words("outcome"), .numbers("targets")])
    for outcome in Outcome.allCases where summary.count(outcome) > 0 {
      table.add([outcome.words, HumanText.count(summary.count(outcome))])
    }
    table.add(["total", HumanText.count(summary.targets)])
    return table.lines(style: style)
  }

  private func placeTable(_ style: Style) -> [String] {
    let present = Outcome.allCases.filter { summary.count($0) > 0 }
    var table = Table(
      [.words("account"), .words("region")] + present.map { .numbers($0.words) })
    for (place, counts) in summary.places.sorted(by: { $0.key < $1.key }) {
      table.add(
        [HumanText.printable(place.account), HumanText.printable(place.region)]
          + present.map { HumanText.count(counts[$0] ?? 0) })
    }
    return table.lines(style: style)
  }

  /// The busiest lanes, those that were throttled first.
  private func laneTable(_ style: Style) -> [String] {
    var table = Table([
      .words("lane"), .numbers("calls"), .numbers("changes"), .numbers("peak/s"),
      .numbers("throttled"),
    ])
    let lanes = summary.lanes.sorted {
      ($1.value.throttled, $1.value.calls, $0.key) < ($0.value.throttled, $0.value.calls, $1.key)
    }
    for (lane, traffic) in lanes.prefix(SummaryView.shownLimit) {
      table.add([
        HumanText.printable(lane.description), HumanText.count(traffic.calls),
        HumanText.count(traffic.changes), HumanText.count(traffic.peakPerSecond),
        HumanText.count(traffic.throttled),
      ])
    }
    let hidden = lanes.count - SummaryView.shownLimit
    return table.lines(style: style)
      + (hidden > 0 ? ["and \(HumanText.count(hidden, "lane")) more"] : [])
  }

  private func unprovenLines(_ style: Style) -> [String] {
    guard summary.notGood > 0 else { return [] }
    var lines = ["", style.bold(ending.action.unproven)]
    for item in unproven {
      let outcome = item.settlement?.outcome ?? .notAttempted
      var line = "  \(outcome.words): \(item.entry.target.words)"
      if let source = item.entry.target.sources.first {
        line += ", \(HumanText.printable(source.description))"
      }
      lines.append(line)
      if let cause = SummaryView.cause(item) { lines.append("    \(HumanText.printable(cause))") }
      // What the run never came to is taken up by `resume`, not target by target.
      if ending.action == .cancel, outcome != .notAttempted {
        lines.append("    \(item.entry.target.repeatCommand)")
      }
    }
    let hidden = summary.notGood - unproven.count
    if hidden > 0 {
      lines.append(
        "  and \(HumanText.count(hidden)) more, \(HumanText.count(summary.notGood)) in all")
    }
    return lines
  }

  private static func cause(_ item: Unproven) -> String? {
    guard let settlement = item.settlement else { return nil }
    var parts: [String] = []
    if !settlement.message.isEmpty { parts.append(settlement.message) }
    if let failure = settlement.failure {
      let text = "\(failure.code): \(failure.message)"
      if !parts.contains(where: { $0.contains(failure.message) && !failure.message.isEmpty }) {
        parts.append(text)
      }
    }
    if parts.isEmpty, let reason = settlement.reason { parts.append(reason.rawValue) }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  private func counts(_ title: String, _ counts: [String: Int], _ style: Style) -> [String] {
    var table = Table([.words(title), .numbers("count")])
    for (code, count) in counts.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      table.add([HumanText.printable(code), HumanText.count(count)])
    }
    return table.lines(style: style)
  }

  private var closing: [String] {
    let calls = summary.attempts.values.reduce(0, +)
    var traffic = "calls    \(HumanText.count(calls))"
    if summary.throttles > 0 { traffic += ", \(HumanText.count(summary.throttles)) throttled" }
    if let first = summary.firstStart, let last = summary.lastSettled {
      traffic += " in \(HumanText.duration(seconds: last.seconds(since: first)))"
    }
    var lines = ["run      \(HumanText.printable(ending.runID))", traffic]
    lines.append("folder   \(HumanText.printable(ending.folder))")
    if let path = ending.bundlePath { lines.append("bundle   \(HumanText.printable(path))") }
    if let hash = ending.bundleSHA256 { lines.append("sha256   \(hash)") }
    if let next = nextCommand { lines.append("next     \(next)") }
    if let undo = undoCommand { lines.append("undo     \(undo)") }
    return lines
  }

  /// The command to run after this run; nil after a success.
  var nextCommand: String? {
    let folder = HumanText.shellWord(ending.folder)
    if ending.stop != nil || summary.count(.notAttempted) > 0 { return "rotactl resume \(folder)" }
    guard summary.notGood > 0 else { return nil }
    let failed = HumanText.shellWord(ending.folder + "/" + RunLayout.failedFile)
    switch ending.action {
    case .cancel: return "rotactl run \(failed)"
    case .restore: return "rotactl restore \(HumanText.shellWord(ending.source ?? ending.runID))"
    case .dropPending: return "rotactl pending \(failed) --drop"
    case .promotePending: return "rotactl pending \(failed) --promote"
    }
  }

  /// The command that puts back what this run has turned off; nil when it has turned nothing off.
  var undoCommand: String? {
    guard ending.canBeUndone, ending.action == .cancel, summary.count(.cancelled) > 0 else {
      return nil
    }
    return "rotactl restore \(HumanText.shellWord(ending.folder))"
  }

  /// The machine form: the summary's record with how the run ended.
  var json: JSONValue {
    var object: JSONObject = ["type": "summary", "version": 1]
    let record = summary.record(
      runID: ending.runID, action: ending.action, incident: ending.incident,
      reason: ending.reason)
    object.members.append(contentsOf: record.object?.members ?? [])
    let isProven = summary.reconciles && summary.notGood == 0 && summary.targets > 0
    object["proven"] = .bool(isProven)
    if ending.action == .cancel { object["provenOff"] = .bool(isProven) }
    object["stopped"] = ending.stop.map { .string($0.rawValue) }
    object["stoppedBecause"] = ending.stopDetail.map(JSONValue.string)
    object["folder"] = .string(ending.folder)
    object["bundle"] = ending.bundlePath.map(JSONValue.string)
    object["bundleSha256"] = ending.bundleSHA256.map(JSONValue.string)
    object["next"] = nextCommand.map(JSONValue.string)
    object["undo"] = undoCommand.map(JSONValue.string)
    object["notProven"] = .array(
      unproven.map {
        SecretReport.record(runID: ending.runID, entry: $0.entry, settlement: $0.settlement)
      })
    object["exitStatus"] = JSONValue(Int(ending.status.rawValue))
    return .object(object)
  }
}
