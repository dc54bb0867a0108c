import DurableFiles
import RotationCore
import RunEngine
import SecretsManagerSimulator

/// What a run says, held against what the simulator knows.
///
/// Each problem is a sentence; a run that says only what is true has none.
struct Reconciliation {
  private(set) var problems: [String] = []
  private(set) var outcomes: [Outcome: Int] = [:]
  /// The longest line of the journal, in bytes.
  private(set) var longestLine = 0

  private let truth: [String: Bool?]
  private let names: [String]
  private var intents: Set<Int> = []
  private var settled: [Int: Settlement] = [:]

  /// - `targets`: all of them, each naming a secret that exists or existed by its name.
  init(_ harness: EngineHarness, _ targets: [Target]) throws {
    names = targets.map { "\($0.region) \($0.secretID)" }
    truth = Dictionary(
      harness.service.secrets.map { ("\($0.arn.region) \($0.name)", $0.rotationEnabled) },
      uniquingKeysWith: { first, _ in first })
    try readJournal(harness.journalPath)
    let effective = Set(
      harness.cancelCalls.filter(\.tookEffect).compactMap { call -> String? in
        guard let region = call.region, let id = call.secretID else { return nil }
        return "\(region) \((try? SecretARN(parsing: id))?.name ?? id)"
      })
    for ordinal in targets.indices {
      judge(ordinal, wasCancelled: effective.contains(names[ordinal]))
    }
    if outcomes.values.reduce(0, +) != targets.count {
      problems.append("\(outcomes) do not add up to \(targets.count)")
    }
  }

  private mutating func readJournal(_ path: String) throws {
    let state = try JournalReader.read(path)
    if state.hadTornTail { problems.append("the journal has a torn tail") }
    outcomes = state.totals.filter { $0.value != 0 }
    var reader = try LineReader(path: path)
    while let line = try reader.next() {
      longestLine = max(longestLine, line.bytes.count)
      switch try JournalRecord.parse(line: line.bytes).record {
      case .intent(let ordinal, _, _, _, _): intents.insert(ordinal)
      case .settled(let settlement): settled[settlement.ordinal] = settlement
      default: break
      }
    }
  }

  private mutating func judge(_ ordinal: Int, wasCancelled: Bool) {
    let name = names[ordinal]
    guard let settlement = settled[ordinal] else {
      problems.append("\(name) is lost")
      return
    }
    let isOn = truth[name].flatMap { $0 }
    func claim(_ holds: Bool, _ what: String) {
      if !holds { problems.append("\(name) is \(settlement.outcome) \(what)") }
    }
    switch settlement.outcome {
    case .cancelled:
      claim(isOn == false, "and not off")
      claim(wasCancelled, "and no call turned it off")
    case .alreadyOff: claim(isOn == false && !wasCancelled, "and on, or turned off by us")
    case .neverConfigured: claim(isOn == nil, "and configured")
    case .unknown: claim(intents.contains(ordinal), "and nothing was sent for it")
    case .failed: claim(!intents.contains(ordinal) || isOn == true, "and off")
    case .skipped: claim(!wasCancelled, "and was turned off")
    default: break
    }
  }
}
