internal import RotationCore

/// A plan as the operator reads it before anything happens.
struct PreviewView: Sendable {
  /// How many targets are shown.
  static let shownLimit = 50

  let overview: PlanOverview
  /// The first entries of the plan, in its order.
  let entries: [PlanEntry]
  /// Changing calls per second and lane.
  let rate: Double
  /// Seconds over which each lane's changes are spread; nil for as fast as the rate.
  var staggerSeconds: Double?

  init(overview: PlanOverview, entries: [PlanEntry], rate: Double) {
    self.overview = overview
    self.entries = Array(entries.prefix(PreviewView.shownLimit))
    self.rate = rate
  }

  /// What would happen, in one sentence.
  var headline: String {
    let targets = HumanText.count(overview.targets, "target")
    let unexamined = overview.count(.notExamined)
    if unexamined > 0 {
      return "\(targets), \(HumanText.count(unexamined)) not examined: at most "
        + "\(HumanText.count(overview.possibleChanges)) would be changed"
    }
    guard overview.actionable > 0 else { return "\(targets), none would be changed" }
    return "\(targets), \(HumanText.count(overview.actionable)) would be changed"
  }

  /// The sentence that says how urgent it is; nil when nothing scheduled is known.
  var urgency: String? {
    guard let soonest = overview.soonestRotation else { return nil }
    guard overview.rotatingSoon > 0 else {
      return "without action no secret rotates in the next 2 h, the first at \(soonest.iso8601)"
    }
    let verb = overview.rotatingSoon == 1 ? "rotates" : "rotate"
    let when =
      soonest < overview.now ? "the first has been due since" : "the first at"
    return "without action \(HumanText.count(overview.rotatingSoon, "secret")) \(verb) in the next "
      + "2 h, \(when) \(PreviewView.moment(soonest, from: overview.now))"
  }

  /// `14:05 UTC` within a day, else the whole date.
  private static func moment(_ time: Timestamp, from now: Timestamp) -> String {
    abs(time.seconds(since: now)) < 43_200 ? time.clock + " UTC" : time.iso8601
  }

  /// What the run would cost.
  var cost: String {
    let atMost = overview.count(.notExamined) > 0 ? "at most " : ""
    guard rate.isFinite else {
      return "\(atMost)\(HumanText.count(overview.predictedCalls, "API call")), at no pace"
    }
    let seconds = overview.predictedSeconds(rate: rate)
    if let staggerSeconds, staggerSeconds > seconds {
      return "\(atMost)\(HumanText.count(overview.predictedCalls, "API call")), spread over "
        + "\(HumanText.duration(seconds: staggerSeconds)) in each account and region"
    }
    return "\(atMost)\(HumanText.count(overview.predictedCalls, "API call")), "
      + "no less than \(HumanText.duration(seconds: seconds)) at \(HumanText.decimal(rate)) "
      + "changes per second for each account and region"
  }

  /// The whole text, without a newline at its end.
  func text(style: Style = .plain) -> String {
    var lines = [style.bold(headline)]
    if let urgency { lines.append(style.yellow(urgency)) }
    lines.append(cost)
    if !entries.isEmpty {
      lines.append("")
      lines += entries.flatMap {
        PreviewView.lines(of: $0, style, skipsInFlight: overview.skipsInFlight)
      }
      let hidden = overview.targets - entries.count
      if hidden > 0 {
        lines.append(
          "  and \(HumanText.count(hidden)) more, \(HumanText.count(overview.targets)) in all")
      }
    }
    if overview.targets > 0 { lines += [""] + PreviewView.placeTable(overview, style) }
    lines += heldLines(style)
    return lines.joined(separator: "\n")
  }

  /// One target: its state before and after, or why nothing would be done.
  static func lines(
    of entry: PlanEntry, _ style: Style = .plain, skipsInFlight: Bool = false
  ) -> [String] {
    let name = entry.target.words
    switch entry.disposition {
    case .inFlight where skipsInFlight:
      return ["  ~ \(name): left alone, \(HumanText.printable(entry.reason))"]
    case .cancel, .inFlight:
      var line = "  \(style.red("-")) \(name): rotation on -> off"
      if entry.disposition == .inFlight {
        line += ", once the running rotation has finished"
      }
      if let next = entry.before?.nextRotation { line += " (next was \(next.iso8601))" }
      return [line]
    case .restore:
      var line = "  \(style.green("+")) \(name): rotation off -> on"
      if let rules = entry.saved?.rules { line += ", \(HumanText.rules(rules))" }
      if let next = entry.saved?.nextRotation { line += " (next was \(next.iso8601))" }
      return [line]
    case .dropPending, .promotePending:
      let pending = entry.before?.pendingVersionID ?? "unknown"
      let change =
        entry.disposition == .dropPending
        ? "AWSPENDING off version \(pending)"
        : "AWSCURRENT from \(entry.before?.currentVersionID ?? "none") to version \(pending)"
      return ["  \(style.red("-")) \(name): \(change)\(PreviewView.age(of: entry))"]
    case .drifted, .blocked:
      return ["  ! \(name): \(entry.disposition.words), \(HumanText.printable(entry.reason))"]
    case .refused, .unreadable:
      return ["  ! \(name): \(entry.disposition.words), \(HumanText.printable(entry.reason))"]
    case .notExamined:
      return ["  ? \(name): \(HumanText.printable(entry.reason))"]
    case .alreadyOff, .neverConfigured, .replica, .markedForDeletion, .duplicate, .alreadyOn,
      .nothingPending:
      return ["    \(name): no change, \(HumanText.printable(entry.reason))"]
    }
  }

  private static func age(of entry: PlanEntry) -> String {
    entry.pendingCreatedAt.map { ", pending since \($0.iso8601)" } ?? ""
  }

  /// Counts per account and region.
  static func placeTable(_ overview: PlanOverview, _ style: Style) -> [String] {
    let present = Disposition.allCases.filter { overview.count($0) > 0 }
    var table = Table(
      [.words("account"), .words("region")] + present.map { .numbers($0.words) })
    for (place, counts) in overview.places.sorted(by: { $0.key < $1.key }) {
      table.add(
        [HumanText.printable(place.account), HumanText.printable(place.region)]
          + present.map { HumanText.count(counts[$0] ?? 0) })
    }
    table.add(["total", ""] + present.map { HumanText.count(overview.count($0)) })
    return table.lines(style: style)
  }

  private func heldLines(_ style: Style) -> [String] {
    let shown = Set(entries.map(\.target.ordinal))
    let further = overview.held.filter { !shown.contains($0.target.ordinal) }
    guard !further.isEmpty else { return [] }
    var lines = ["", style.bold("refused or unreadable")]
    lines += further.prefix(SummaryView.shownLimit).flatMap { PreviewView.lines(of: $0, style) }
    if overview.heldTotal > min(further.count, SummaryView.shownLimit) {
      lines.append("  \(HumanText.count(overview.heldTotal)) in all")
    }
    return lines
  }

  /// The machine form of the overview; the entries follow, one line each, by ``json(of:)``.
  var json: JSONValue {
    var object: JSONObject = ["type": "plan", "version": 1]
    object.members.append(contentsOf: overview.record(rate: rate).members)
    return .object(object)
  }

  /// The machine form of one target.
  static func json(of entry: PlanEntry) -> JSONValue {
    var object: JSONObject = ["type": "target", "version": 1]
    object.members.append(contentsOf: entry.record.object?.members ?? [])
    return .object(object)
  }
}
