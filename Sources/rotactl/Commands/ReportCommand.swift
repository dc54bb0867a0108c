internal import ArgumentParser
internal import DurableFiles
internal import EvidenceBundle
internal import JMESPath
internal import RotationCore
internal import RunEngine

/// Prints a run that has ended, from its folder or from its bundle.
struct ReportCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Print a run: totals, and each target with its outcome.",
    discussion: """
      EXAMPLES
        rotactl report 20261123T181141Z-0a1b2c
        rotactl report reports/20261123T181141Z-0a1b2c.tar.gz --only failed,unknown
        rotactl report RUN --format csv > outcomes.csv
        rotactl report RUN --format json --query "[outcome, arn]"
        rotactl report RUN --secret prod/payments/checkout-db
        rotactl report bundle.tar.gz.cms --decryption-key auditor.key

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A run's id or folder, or a bundle.")
  var run: String
  @Option(help: ArgumentHelp("Only these outcomes, separated by commas.", valueName: "outcomes"))
  var only: String?
  @Option(help: ArgumentHelp("text, json (a line each), csv or html.", valueName: "format"))
  var format: String?
  @Option(
    help: ArgumentHelp("A JMESPath expression for each report (with json).", valueName: "query"))
  var query: String?
  @Option(
    help: ArgumentHelp(
      "Only the report of this secret, by its name or ARN; a bundle is read no further than needed.",
      valueName: "id"))
  var secret: String?
  @OptionGroup(title: "Encrypted bundles") var unlock: UnlockOptions
  @OptionGroup var place: RunPlaceOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  enum Format: String, CaseIterable {
    case text, json, csv, html
  }

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let outcomes = try settings.value(only, "only", ReportCommand.readOutcomes)
    let secret = try settings.value(secret, "secret", SettingReader.line)
    let expression = try settings.value(query, "query", ReportCommand.readQuery)
    let chosen =
      try settings.value(format, "format", SettingReader.word(Format.self))
      ?? (output.isJSON || expression != nil ? .json : .text)
    if expression != nil, chosen != .json {
      throw UsageProblem(
        place: "--query", what: "\(chosen.rawValue) has nothing to ask",
        hint: "add --format json")
    }
    if outcomes != nil, chosen == .html {
      throw UsageProblem(
        place: "--only", what: "the page tells of the whole run", hint: "filter in its list")
    }
    if secret != nil, outcomes != nil || chosen == .csv || chosen == .html {
      throw UsageProblem(
        place: "--secret", what: "one report is neither a table nor chosen among",
        hint: "leave --only away, and give --format text or json")
    }
    let path = try place.path(of: run, settings)
    let keys = try await unlock.load(settings, console)
    if let secret {
      try showSecret(secret, in: path, keys, chosen, expression, console)
      return .success
    }
    let reader = try EarlierRun.reader(of: path, keys)
    switch chosen {
    case .text: try text(reader, outcomes, path, console)
    case .json: try json(reader, outcomes, expression, console)
    case .csv: try reader.writeCSV(only: outcomes) { console.result($0) }
    case .html: try reader.writePage { console.result($0) }
    }
    return .success
  }

  /// The reports of one secret: several where the plan has it more than once.
  private func showSecret(
    _ secret: String, in path: String, _ keys: BundleKeys, _ format: Format,
    _ expression: JMESPathExpression?, _ console: Console
  ) throws {
    let found: [JSONValue]
    do throws(EvidenceError) {
      found = try ReportFinder(secret: secret, in: path, keys: keys).reports
    } catch { throw Foreseen.unreadable(path, error) }
    guard !found.isEmpty else {
      throw Diagnostic(
        "the run has no such secret", at: secret,
        hint: "give its name or ARN as the manifest has it", status: .usage)
    }
    for report in found {
      let shown: JSONValue
      do { shown = try expression?.search(report) ?? report } catch {
        throw Diagnostic("the query fails on a report", because: "\(error)", status: .usage)
      }
      switch format {
      case .json: guard console.result(shown) else { return }
      case .text, .csv, .html: guard console.result(shown.pretty()) else { return }
      }
    }
  }

  private func text(
    _ reader: RunReader, _ outcomes: Set<Outcome>?, _ path: String, _ console: Console
  ) throws {
    var summary = RunSummary()
    var unproven: [SummaryView.Unproven] = []
    var leftBehind = LeftBehind(shown: SummaryView.shownLimit)
    var calledOff = CalledOffRotations(of: reader.evidence, shown: SummaryView.shownLimit)
    var cursor = try reader.evidence.entries()
    while let item = try cursor.next() {
      summary.add(item.entry, item.settlement)
      if !item.isGood, unproven.count < SummaryView.shownLimit {
        unproven.append(.init(entry: item.entry, settlement: item.settlement))
      }
      leftBehind.add(item)
      calledOff.add(item)
      guard let outcomes, outcomes.contains(item.outcome) else { continue }
      guard console.result(ReportCommand.line(item)) else { return }
    }
    guard outcomes == nil else { return }
    var ending = RunEnding(
      runID: reader.evidence.journal.runID, folder: path,
      status: summary.notGood == 0 ? .success : .finishedWithFailures)
    ending.action = reader.evidence.header.action
    ending.source = reader.evidence.header.source?.path
    ending.incident = reader.evidence.header.incident
    ending.reason = reader.evidence.header.reason
    var view = SummaryView(summary: summary, ending: ending, unproven: unproven)
    view.followUps = FollowUpView(leftBehind: leftBehind, calledOff: calledOff)
    console.result(view.text(style: console.outputStyle))
  }

  private static func line(_ item: EvidenceEntry) -> String {
    let target = item.entry.target
    let name = item.settlement?.after?.arn ?? item.entry.before?.arn ?? target.secretID
    var parts = [item.outcome.rawValue, target.region, name]
    if let failure = item.settlement?.failure {
      parts.append("\(failure.code): \(failure.message)")
    } else if let message = item.settlement?.message, !message.isEmpty {
      parts.append(message)
    }
    return HumanText.printable(parts.joined(separator: "  "))
  }

  private func json(
    _ reader: RunReader, _ outcomes: Set<Outcome>?, _ expression: JMESPathExpression?,
    _ console: Console
  ) throws {
    var cursor = try reader.evidence.entries()
    while let item = try cursor.next() {
      if let outcomes, !outcomes.contains(item.outcome) { continue }
      var record = reader.evidence.report(on: item)
      if let expression {
        do { record = try expression.search(record) } catch {
          throw Diagnostic("the query fails on a report", because: "\(error)", status: .usage)
        }
      }
      guard console.result(record) else { return }
    }
  }

  private static func readOutcomes(_ text: String) throws(ValueProblem) -> Set<Outcome> {
    var outcomes: Set<Outcome> = []
    for word in text.split(separator: ",") {
      guard let outcome = Outcome(rawValue: Settings.trimmed(String(word))) else {
        throw ValueProblem(
          "'\(word)' is no outcome",
          hint: "use " + Outcome.allCases.map(\.rawValue).joined(separator: ", "))
      }
      outcomes.insert(outcome)
    }
    guard !outcomes.isEmpty else { throw ValueProblem("no outcome is named") }
    return outcomes
  }

  private static func readQuery(_ text: String) throws(ValueProblem) -> JMESPathExpression {
    do { return try JMESPathExpression(text) } catch {
      throw ValueProblem("not a JMESPath expression: \(error)")
    }
  }
}
