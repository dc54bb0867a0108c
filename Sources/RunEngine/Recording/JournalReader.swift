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
      let glance: JournalGlance
      do { glance = try state.chain.glance(at: line.bytes) } catch {
        throw JournalDamage(path: path, line: state.chain.lines + 1, what: error.what)
      }
      if let problem = apply(glance, to: &state) {
        throw JournalDamage(path: path, line: state.chain.lines, what: problem)
      }
      state.validBytes = line.offset + line.bytes.count + 1
    }
    return state
  }

  /// - Returns: why the record cannot stand there; nil when it can.
  private static func apply(_ glance: JournalGlance, to state: inout JournalState) -> String? {
    switch glance {
    case _ where state.chain.lines == 1:
      guard case .record(let parsed) = glance else { return "the first line does not open a run" }
      return open(parsed.record, &state)
    case .settled(let ordinal, let outcome, _): return settle(ordinal, outcome, &state)
    case .intent(let ordinal, _): return intend(ordinal, &state)
    case .record(let parsed): return apply(parsed.record, to: &state)
    }
  }

  private static func open(_ record: JournalRecord, _ state: inout JournalState) -> String? {
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

  private static func apply(_ record: JournalRecord, to state: inout JournalState) -> String? {
    switch record {
    case .opened: return "a second opening line"
    case .caller: break
    case .resumed:
      state.isFinished = false
      state.stoppedBy = nil
    case .stopped(let cause): state.stoppedBy = cause
    case .finished: state.isFinished = true
    case .intent(let ordinal, _, _, _, _): return intend(ordinal, &state)
    case .withdrawn(let ordinal):
      guard let count = state.openIntents[ordinal] else {
        return "withdraws an intent of target \(ordinal), which has none"
      }
      state.openIntents[ordinal] = count - 1
      if count == 1, state.marks[ordinal] == .inDoubt { state.marks[ordinal] = .open }
    case .settled(let settlement): return settle(settlement.ordinal, settlement.outcome, &state)
    }
    return nil
  }

  private static func intend(_ ordinal: Int, _ state: inout JournalState) -> String? {
    guard state.marks.indices.contains(ordinal) else { return "no target has ordinal \(ordinal)" }
    guard state.marks[ordinal] != .settled else {
      return "an intent for target \(ordinal), which is settled"
    }
    if state.marks[ordinal] == .open { state.marks[ordinal] = .inDoubt }
    state.openIntents[ordinal, default: 0] += 1
    return nil
  }

  private static func settle(
    _ ordinal: Int, _ outcome: Outcome, _ state: inout JournalState
  ) -> String? {
    guard state.marks.indices.contains(ordinal) else { return "no target has ordinal \(ordinal)" }
    guard state.marks[ordinal] != .settled else { return "target \(ordinal) is settled twice" }
    state.openIntents[ordinal] = nil
    // An unknown outcome is the only one that a later line may replace.
    if state.marks[ordinal] == .unknown { state.totals[.unknown, default: 0] -= 1 }
    state.marks[ordinal] = outcome == .unknown ? .unknown : .settled
    state.totals[outcome, default: 0] += 1
    return nil
  }
}
