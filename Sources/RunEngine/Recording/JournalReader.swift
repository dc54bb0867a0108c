internal import Cryptography
internal import DurableFiles
package import RotationCore

/// A journal that cannot be trusted, with the place.
package struct JournalDamage: Error, Sendable, CustomStringConvertible {
  package let path: String
  package let line: Int
  package let what: String
  package var description: String { "\(path):\(line): \(what)" }
}

/// What a journal says a run has come to.
package struct JournalState: Sendable {
  package var runID = ""
  package var planSHA256 = ""
  package var targets = 0
  /// For each ordinal: nothing, an intent in doubt, or settled.
  package var marks: [Mark] = []
  /// Intents without an answer so far, for targets that have more than one.
  var openIntents: [Int: Int] = [:]
  package var totals: [Outcome: Int] = [:]
  package var isFinished = false
  package var stoppedBy: String?
  /// Where the next line goes; a torn tail lies behind it.
  package var validBytes = 0
  package var chain = JournalReader.chain
  package var hadTornTail = false

  /// A run that has no journal yet.
  package init() {}

  /// One byte a target.
  package enum Mark: UInt8, Sendable {
    case open
    /// An intent was written, and no outcome.
    case inDoubt
    /// Settled as unknown: a later re-read may replace it.
    case unknown
    case settled

    package var isInDoubt: Bool { self == .inDoubt || self == .unknown }
  }
}

/// Reads a journal from its first line to its last.
package enum JournalReader {
  package static var chain: JournalChain { JournalChain { SHA256.hash($0).hex } }

  /// A last line without a newline is dropped; any other damage ends the reading.
  package static func read(_ path: String) throws -> JournalState {
    var state = JournalState()
    var reader = try LineReader(path: path)
    while let line = try reader.next() {
      guard line.isTerminated else {
        state.hadTornTail = true
        break
      }
      let parsed: JournalRecord.Parsed
      do { parsed = try state.chain.accept(line.bytes) } catch {
        throw JournalDamage(path: path, line: state.chain.lines + 1, what: error.what)
      }
      if let problem = apply(parsed.record, to: &state) {
        throw JournalDamage(path: path, line: state.chain.lines, what: problem)
      }
      state.validBytes = line.offset + line.bytes.count + 1
    }
    return state
  }

  /// - Returns: why the record cannot stand there; nil when it can.
  private static func apply(_ record: JournalRecord, to state: inout JournalState) -> String? {
    if state.chain.lines == 1 {
      guard case .opened(let runID, _, let planSHA256, let targets) = record else {
        return "the first line does not open a run"
      }
      guard (0...100_000_000).contains(targets) else { return "an impossible number of targets" }
      state.runID = runID
      state.planSHA256 = planSHA256
      state.targets = targets
      state.marks = Array(repeating: .open, count: targets)
      return nil
    }
    switch record {
    case .opened: return "a second opening line"
    case .caller: break
    case .resumed:
      state.isFinished = false
      state.stoppedBy = nil
    case .stopped(let cause): state.stoppedBy = cause
    case .finished: state.isFinished = true
    case .intent(let ordinal, _, _, _, _):
      guard state.marks.indices.contains(ordinal) else { return "no target has ordinal \(ordinal)" }
      guard state.marks[ordinal] != .settled else {
        return "an intent for target \(ordinal), which is settled"
      }
      if state.marks[ordinal] == .open { state.marks[ordinal] = .inDoubt }
      state.openIntents[ordinal, default: 0] += 1
    case .withdrawn(let ordinal):
      guard let count = state.openIntents[ordinal] else {
        return "withdraws an intent of target \(ordinal), which has none"
      }
      state.openIntents[ordinal] = count - 1
      if count == 1, state.marks[ordinal] == .inDoubt { state.marks[ordinal] = .open }
    case .settled(let settlement):
      guard state.marks.indices.contains(settlement.ordinal) else {
        return "no target has ordinal \(settlement.ordinal)"
      }
      guard state.marks[settlement.ordinal] != .settled else {
        return "target \(settlement.ordinal) is settled twice"
      }
      state.openIntents[settlement.ordinal] = nil
      // An unknown outcome is the only one that a later line may replace.
      if state.marks[settlement.ordinal] == .unknown {
        state.totals[.unknown, default: 0] -= 1
      }
      state.marks[settlement.ordinal] = settlement.outcome == .unknown ? .unknown : .settled
      state.totals[settlement.outcome, default: 0] += 1
    }
    return nil
  }
}
