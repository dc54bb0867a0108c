internal import RotationCore

/// The question before anything is changed: the operator types how many.
struct Confirmation: Sendable {
  let overview: PlanOverview
  let action: RunAction
  /// `--yes`.
  let isConfirmed: Bool
  /// Whether somebody can be asked.
  let canAsk: Bool
  /// One typed line; nil at the end of input.
  let answer: @Sendable () -> String?

  init(
    overview: PlanOverview, action: RunAction = .cancel, isConfirmed: Bool,
    canAsk: Bool = StandardStreams.canAsk(),
    answer: @escaping @Sendable () -> String? = StandardStreams.lineFromTerminal
  ) {
    self.overview = overview
    self.action = action
    self.isConfirmed = isConfirmed
    self.canAsk = canAsk
    self.answer = answer
  }

  /// Asks, unless nothing would be changed or `--yes` was given.
  ///
  /// - Throws: a ``Diagnostic`` of status `refused` when nobody said yes.
  func ask(on console: Console) throws(Diagnostic) {
    let count = overview.possibleChanges
    guard count > 0, !isConfirmed else { return }
    guard canAsk else {
      throw Diagnostic(
        "\(HumanText.count(count, "change")) not confirmed, and there is no terminal to ask",
        hint: "look at the plan with --dry-run, then add --yes", status: .refused)
    }
    console.line(question(style: console.errorStyle))
    console.prompt("Type \(count) to go on: ")
    let typed = Settings.trimmed(answer() ?? "").filter { $0 != "," }
    guard typed == String(count) else {
      throw Diagnostic(
        "not confirmed, nothing was changed",
        because: typed.isEmpty ? "no answer" : "\(count) was to be typed", status: .refused)
    }
  }

  /// The counts per account and region, and what is asked.
  func question(style: Style = .plain) -> String {
    let accounts = Set(overview.lanes.keys.map(\.account)).count
    let regions = Set(overview.lanes.keys.map(\.region)).count
    let upTo = overview.count(.notExamined) > 0 ? "up to " : ""
    var table = Table([.words("account"), .words("region"), .numbers("changes")])
    for (lane, count) in overview.lanes.sorted(by: { $0.key < $1.key }) {
      table.add([
        HumanText.printable(lane.account), HumanText.printable(lane.region),
        HumanText.count(count),
      ])
    }
    let first =
      "\(action.question) \(upTo)\(HumanText.count(overview.possibleChanges, "secret")) "
      + "in \(HumanText.count(accounts, "account")) and \(HumanText.count(regions, "region"))?"
    return ([style.bold(first)] + table.lines(indent: 2, style: style)).joined(separator: "\n")
  }
}

extension Diagnostic: Error {}
