internal import Cryptography
internal import DurableFiles
package import RotationCore

/// One target with what became of it.
package struct EvidenceEntry: Sendable {
  package let entry: PlanEntry
  /// Nil when the run never came to the target.
  package let settlement: Settlement?

  package init(entry: PlanEntry, settlement: Settlement?) {
    self.entry = entry
    self.settlement = settlement
  }

  /// The journal promised a change and nothing settled it: neither done nor undone is proven.
  static func inDoubt(_ ordinal: Int, since time: Timestamp) -> Settlement {
    Settlement(
      ordinal: ordinal, outcome: .unknown, reason: .stopped,
      message: "the run ended while a change was under way; its effect is not known",
      startedAt: time, settledAt: time)
  }

  package var outcome: Outcome { settlement?.outcome ?? .notAttempted }
  package var isGood: Bool { settlement?.isGood ?? false }
}

/// What a journal says beside its settlements.
package struct JournalFacts: Sendable {
  package struct Caller: Sendable, Hashable {
    package let profile: String?
    package let account: String
    package let arn: String
  }

  package var runID = ""
  package var toolVersion = ""
  package var openedAt = Timestamp(milliseconds: 0)
  package var lastAt = Timestamp(milliseconds: 0)
  package var records = 0
  /// SHA-256 of the last whole line.
  package var head = ""
  /// SHA-256 of the file, a torn last line included.
  package var sha256 = ""
  /// In the order in which they first appear, each once; at most 10,000.
  package var callers: [Caller] = []
  /// Why the last session ended early; nil when it did not.
  package var stopped: String?
  package var resumed = 0
  /// The totals of the `finished` record; nil while the run is not complete.
  package var finished: [Outcome: Int]?
  /// Whether a last line without its newline was dropped.
  package var isTorn = false
}

/// A run's plan and journal, checked, and read together in the order of the plan.
///
/// Opening reads both files once and keeps 12 bytes and a bit for each target; the lines
/// themselves stay on the disk. Lines are bounded to ``maximumLine`` bytes.
package struct RunEvidence: Sendable {
  package static let maximumLine = 16 << 20
  /// Label columns beyond this many stay in the reports and out of the tables.
  package static let maximumLabels = 256

  package let planPath: String
  package let journalPath: String
  package let header: PlanHeader
  package let planSHA256: String
  package let targets: Int
  /// Names of the labels in the order in which they first appear.
  package let labels: [String]
  package let journal: JournalFacts
  /// By profile; the empty name stands for the default credentials.
  private let callerARNs: [String: String]
  private let index: SettlementIndex

  /// Opens a run's folder.
  package init(folder: String) throws(EvidenceError) {
    try self.init(
      planPath: "\(folder)/\(RunLayout.planFile)",
      journalPath: "\(folder)/\(RunLayout.journalFile)")
  }

  /// - Throws: ``EvidenceError/damaged(path:line:what:)`` for anything but a torn last line of the
  ///   journal.
  package init(planPath: String, journalPath: String) throws(EvidenceError) {
    self.planPath = planPath
    self.journalPath = journalPath
    let plan = try PlanScan(path: planPath)
    header = plan.header
    planSHA256 = plan.sha256
    targets = plan.targets
    labels = plan.labels
    let scan = try JournalScan(path: journalPath, planSHA256: plan.sha256, targets: plan.targets)
    journal = scan.facts
    callerARNs = Dictionary(
      scan.facts.callers.map { ($0.profile ?? "", $0.arn) }, uniquingKeysWith: { $1 })
    index = scan.index
  }

  /// The report of a target.
  package func report(on item: EvidenceEntry) -> JSONValue {
    SecretReport.record(
      runID: journal.runID, entry: item.entry, settlement: item.settlement,
      callerARN: callerARNs[item.entry.target.profile ?? ""])
  }

  /// A fresh pass over all targets in the order of their ordinals.
  package func entries() throws(EvidenceError) -> EntryCursor {
    try EntryCursor(planPath: planPath, journalPath: journalPath, index: index)
  }
}

/// A pass over the targets of a run; holds one line of each file.
package struct EntryCursor: ~Copyable {
  private let planPath: String
  private let journalPath: String
  private var plan: LineReader
  private let journal: ChunkedFile
  private let index: SettlementIndex
  private var ordinal = 0

  fileprivate init(
    planPath: String, journalPath: String, index: SettlementIndex
  ) throws(EvidenceError) {
    let journal = try reading { () throws(FileError) in try ChunkedFile(path: journalPath) }
    let plan = try EntryCursor.afterHeader(of: planPath)
    self.planPath = planPath
    self.journalPath = journalPath
    self.index = index
    self.journal = journal
    self.plan = plan
  }

  private static func afterHeader(of path: String) throws(EvidenceError) -> LineReader {
    try reading { () throws(FileError) in
      var reader = try LineReader(path: path)
      _ = try reader.next()
      return reader
    }
  }

  /// - Returns: nil after the last target.
  package mutating func next() throws(EvidenceError) -> EvidenceEntry? {
    guard ordinal < index.targets else { return nil }
    let line: LineReader.Line?
    do { line = try plan.next() } catch { throw EvidenceError.file(error) }
    guard let line, let value = try? JSONValue(parsing: line.bytes),
      let entry = PlanEntry(record: value), entry.target.ordinal == ordinal
    else {
      throw EvidenceError.damaged(
        path: planPath, line: ordinal + 2,
        what: "not an entry of a plan, or changed while it was being read")
    }
    let settlement = try settlement(of: ordinal)
    ordinal += 1
    return EvidenceEntry(entry: entry, settlement: settlement)
  }

  private func settlement(of ordinal: Int) throws(EvidenceError) -> Settlement? {
    guard let place = index.place(of: ordinal) else { return nil }
    let bytes: [UInt8]
    do { bytes = try journal.read(at: place.offset, count: place.length) } catch {
      throw EvidenceError.file(error)
    }
    let changed = EvidenceError.refused("\(journalPath) changed while it was being read")
    guard let parsed = try? JournalRecord.parse(line: bytes) else { throw changed }
    switch parsed.record {
    case .settled(let settlement) where settlement.ordinal == ordinal && !place.isIntent:
      return settlement
    case .intent(ordinal, _, _, _, _) where place.isIntent:
      return EvidenceEntry.inDoubt(ordinal, since: parsed.at)
    default: throw changed
    }
  }
}
