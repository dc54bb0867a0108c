internal import ArgumentParser
internal import DurableFiles
internal import RotationCore
internal import RunEngine

/// Changes the pace of a run that is going on, from another terminal.
struct TuneCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Change the pace of a run while it goes on; pause it, continue it.",
    discussion: """
      The run looks for changes twice a second. While it is paused, no new change leaves; what is \
      in flight ends. A change holds for the rest of the run, `resume` included, and the last one \
      counts. Without any change the limits are shown. Only what is typed counts here: the \
      variables of --rate and the like are those of `run`.

      EXAMPLES
        rotactl tune 20261123T181141Z-0a1b2c --rate 20 --concurrency 32
        rotactl tune 20261123T181141Z-0a1b2c --account 111122223333 --region us-east-1 --pause
        rotactl tune 20261123T181141Z-0a1b2c --continue

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "The run: its id, or its folder.")
  var runName: String
  @Option(help: ArgumentHelp("Changing calls per second for each lane.", valueName: "n"))
  var rate: String?
  @Option(
    help: ArgumentHelp("Changing calls that may leave at once after a pause.", valueName: "n"))
  var burst: String?
  @Option(help: ArgumentHelp("Calls in flight over all lanes.", valueName: "n"))
  var concurrency: String?
  @Flag(name: .customLong("pause"), help: "Let no new change leave.")
  var pauses = false
  @Flag(name: .customLong("continue"), help: "Let changes leave again.")
  var continues = false
  @Option(help: ArgumentHelp("Only lanes of this account (default: all).", valueName: "id"))
  var account: String?
  @Option(help: ArgumentHelp("Only lanes of this region (default: all).", valueName: "region"))
  var region: String?
  @OptionGroup var place: RunPlaceOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let output = try self.output.resolved(process.settings)
    let console = output.console(process.surroundings)
    let (change, concurrency) = try typed()
    let folder = try place.run(runName, process.settings)
    let file = LimitsFile(of: folder)
    var limits = try current(file)
    let isRunning = try FileLock.isHeld(path: folder.file(RunLayout.lockFile))
    if !change.isEmpty || concurrency != nil {
      if !isRunning { try TuneCommand.checkResumable(folder) }
      limits.add(change)
      limits.concurrency = concurrency ?? limits.concurrency
      try file.write(limits)
    }
    if output.isJSON {
      var object: JSONObject = [
        "type": "limits", "version": 1, "run": .string(folder.runID), "running": .bool(isRunning),
      ]
      object.members += (limits.record.object?.members ?? []).filter { $0.key != "schema" }
      console.result(.object(object))
    } else {
      let effect = isRunning ? "the run takes them up within a second" : "for `rotactl resume`"
      console.result("\(LimitsView(limits: limits).text); \(effect)")
    }
    return .success
  }

  private func typed() throws(UsageProblem) -> (RunLimits.Change, concurrency: Int?) {
    let settings = Settings(environment: [:])
    if pauses, continues {
      throw UsageProblem(place: "--pause", what: "it stands beside --continue", hint: "give one")
    }
    let account = try settings.value(account, "account", TuneCommand.readAccount)
    let region = try settings.value(region, "region", SettingReader.region)
    var change = RunLimits.Change(LanePattern(account: account, region: region))
    change.rate = try settings.value(rate, "rate", RateValue.read)?.perSecond
    change.burst = try settings.value(
      burst, "burst", SettingReader.wholeNumber(PacingOptions.burstBounds)
    ).map(Double.init)
    change.isPaused = pauses ? true : continues ? false : nil
    let concurrency = try settings.value(
      concurrency, "concurrency", SettingReader.wholeNumber(PacingOptions.concurrencyBounds))
    if change.isEmpty, change.lanes != .all {
      throw UsageProblem(
        place: account == nil ? "--region" : "--account", what: "nothing is changed there",
        hint: "add --rate, --burst, --pause or --continue; --concurrency is for the whole run")
    }
    return (change, concurrency)
  }

  private static func readAccount(_ text: String) throws(ValueProblem) -> String {
    guard AccountID.isValid(text) else {
      throw ValueProblem("'\(text)' is not an account's id", hint: "write its 12 digits")
    }
    return text
  }

  private func current(_ file: LimitsFile) throws -> RunLimits {
    do {
      return try file.read() ?? RunLimits()
    } catch let damage as LimitsFile.Damage {
      throw Diagnostic(
        "the limits cannot be used", at: damage.path, because: damage.description,
        hint: "remove the file and tune again", status: .usage)
    }
  }

  /// A run that nobody works on takes limits only if somebody can take it up again.
  private static func checkResumable(_ folder: RunFolder) throws {
    func refusal(_ why: String, _ hint: String) -> Diagnostic {
      Diagnostic(
        "the run is not running", at: folder.path, because: why, hint: hint, status: .usage)
    }
    guard DurableFile.exists(folder.file(RunLayout.journalFile)) else {
      throw refusal("it never began", "start it again with `rotactl run`")
    }
    guard try !RecordedRun(folder: folder).isDrill else {
      throw refusal("a drill cannot be resumed", "start another with `rotactl drill`")
    }
    let state = try JournalReader.read(folder.file(RunLayout.journalFile))
    guard state.marks.contains(where: { $0 != .settled }) else {
      throw refusal("every target is settled", "there is nothing left to tune")
    }
  }
}
