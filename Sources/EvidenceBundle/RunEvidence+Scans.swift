internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// What a first reading of a plan gives.
struct PlanScan {
  var header: PlanHeader
  var sha256 = ""
  var targets = 0
  var labels: [String] = []

  init(path: String) throws(EvidenceError) {
    var reader = try reading { () throws(FileError) in try LineReader(path: path) }
    var hash = SHA256()
    func damaged(_ line: Int, _ what: String) -> EvidenceError {
      EvidenceError.damaged(path: path, line: line, what: what)
    }
    guard let first = try PlanScan.next(&reader, &hash, path: path, number: 1) else {
      throw damaged(1, "the plan is empty")
    }
    guard let value = try? JSONValue(parsing: first), let header = PlanHeader(record: value) else {
      throw damaged(1, "not the first line of a \(PlanHeader.schema)")
    }
    self.header = header
    var known: Set<String> = []
    var seal: PlanLines.Seal?
    while let line = try PlanScan.next(&reader, &hash, path: path, number: targets + 2) {
      let number = targets + 2
      guard seal == nil else { throw damaged(number + 1, "a line after the plan's seal") }
      if header.version > 1, let found = PlanLines.Seal(line: line) {
        guard found.targets == targets else {
          throw damaged(number, "the seal is of \(found.targets) targets, not \(targets)")
        }
        seal = found
        continue
      }
      guard let entry = PlanGlance(line: line) else {
        throw damaged(number, "not an entry of a plan")
      }
      guard entry.ordinal == targets else {
        throw damaged(number, "ordinal \(entry.ordinal) where \(targets) must stand")
      }
      for label in entry.labels
      where labels.count < RunEvidence.maximumLabels && known.insert(label).inserted {
        labels.append(label)
      }
      targets += 1
    }
    guard header.version == 1 || seal != nil else {
      throw damaged(targets + 2, "the plan is cut short: it has no seal")
    }
    sha256 = hash.finish().hex
  }

  private static func next(
    _ reader: inout LineReader, _ hash: inout SHA256, path: String, number: Int
  ) throws(EvidenceError) -> [UInt8]? {
    let line: LineReader.Line?
    do { line = try reader.next() } catch { throw EvidenceError.file(error) }
    guard let line else { return nil }
    guard line.isTerminated else {
      throw EvidenceError.damaged(path: path, line: number, what: "the line has no end")
    }
    guard line.bytes.count <= RunEvidence.maximumLine else {
      throw EvidenceError.damaged(path: path, line: number, what: "the line is too long")
    }
    hash.update(line.bytes)
    hash.update([0x0A])
    return line.bytes
  }
}

/// What a first reading of a journal gives: facts, and where each target's last word stands.
struct JournalScan {
  var facts = JournalFacts()
  var index: SettlementIndex
  private let path: String
  private let planSHA256: String
  private var callers: Set<JournalFacts.Caller> = []

  init(path: String, planSHA256: String, targets: Int) throws(EvidenceError) {
    self.path = path
    self.planSHA256 = planSHA256
    index = SettlementIndex(targets: targets)
    var chain = JournalChain { SHA256.hash($0).hex }
    var hash = SHA256()
    var reader = try reading { () throws(FileError) in try LineReader(path: path) }
    while true {
      let line: LineReader.Line?
      do { line = try reader.next() } catch { throw EvidenceError.file(error) }
      guard let line else { break }
      hash.update(line.bytes)
      guard line.isTerminated else {
        facts.isTorn = true
        break
      }
      hash.update([0x0A])
      let number = chain.lines + 1
      guard line.bytes.count <= RunEvidence.maximumLine else {
        throw damaged(number, "the line is too long")
      }
      let glance: JournalGlance
      do { glance = try chain.glance(at: line.bytes) } catch { throw damaged(number, error.what) }
      try take(glance, line, number: number)
    }
    guard chain.lines > 0 else { throw damaged(1, "the journal holds no record") }
    facts.records = chain.lines
    facts.head = chain.head
    facts.sha256 = hash.finish().hex
  }

  private func damaged(_ line: Int, _ what: String) -> EvidenceError {
    EvidenceError.damaged(path: path, line: line, what: what)
  }

  private mutating func take(
    _ glance: JournalGlance, _ line: LineReader.Line, number: Int
  ) throws(EvidenceError) {
    switch glance {
    case .record(let parsed): try take(parsed, line, number: number)
    case .settled(_, _, let at), .intent(_, let at):
      facts.lastAt = at
      if number == 1 { throw damaged(1, "the journal does not begin with an 'opened' record") }
      if facts.finished != nil { throw damaged(number, "a record after the run has finished") }
      if case .settled(let ordinal, _, _) = glance { try settle(ordinal, line, number) }
      if case .intent(let ordinal, _) = glance { try intend(ordinal, line, number) }
    }
  }

  private mutating func intend(
    _ ordinal: Int, _ line: LineReader.Line, _ number: Int
  ) throws(EvidenceError) {
    try check(ordinal, number)
    index.intend(ordinal, offset: line.offset, length: line.bytes.count)
  }

  private mutating func settle(
    _ ordinal: Int, _ line: LineReader.Line, _ number: Int
  ) throws(EvidenceError) {
    try check(ordinal, number)
    guard index.settle(ordinal, offset: line.offset, length: line.bytes.count) else {
      throw damaged(number, "target \(ordinal) settles twice")
    }
  }

  private mutating func take(
    _ parsed: JournalRecord.Parsed, _ line: LineReader.Line, number: Int
  ) throws(EvidenceError) {
    facts.lastAt = parsed.at
    if case .opened = parsed.record {
    } else if number == 1 {
      throw damaged(1, "the journal does not begin with an 'opened' record")
    }
    if facts.finished != nil {
      guard case .resumed = parsed.record else {
        throw damaged(number, "a record after the run has finished")
      }
    }
    switch parsed.record {
    case .opened(let runID, let version, let plan, let targets):
      guard number == 1 else { throw damaged(number, "a second 'opened' record") }
      guard SafePath.isComponent(runID) else { throw damaged(1, "a run id that is no plain name") }
      guard plan == planSHA256 else {
        throw damaged(1, "the journal belongs to another plan: the SHA-256 of the plan differs")
      }
      guard targets == index.targets else {
        throw damaged(1, "\(targets) targets where the plan has \(index.targets)")
      }
      facts.runID = runID
      facts.toolVersion = version
      facts.openedAt = parsed.at
    case .caller(let profile, let account, let arn):
      let caller = JournalFacts.Caller(profile: profile, account: account, arn: arn)
      if callers.count < 10_000, callers.insert(caller).inserted { facts.callers.append(caller) }
    case .intent(let ordinal, _, _, _, _): try intend(ordinal, line, number)
    case .withdrawn(let ordinal):
      try check(ordinal, number)
      guard index.withdraw(ordinal) else {
        throw damaged(number, "target \(ordinal) withdraws an intent that it does not have")
      }
    case .settled(let settlement): try settle(settlement.ordinal, line, number)
    case .resumed:
      facts.resumed += 1
      facts.stopped = nil
      facts.finished = nil
      index.beginSession()
    case .stopped(let cause): facts.stopped = cause
    case .finished(let totals): facts.finished = totals
    }
  }

  private func check(_ ordinal: Int, _ number: Int) throws(EvidenceError) {
    guard ordinal >= 0, ordinal < index.targets else {
      throw damaged(number, "target \(ordinal), which the plan does not have")
    }
  }
}
