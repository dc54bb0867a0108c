internal import DurableFiles
internal import Glibc
package import RotationCore

/// Finds the reports of one secret in a run or a bundle in one pass over plan and journal.
///
/// Nothing is unpacked and next to nothing kept: a bundle is read as far as the end of its journal,
/// which stands before the reports. Only lines that can matter are parsed. Finding is not checking:
/// see ``BundleVerifier``.
package struct ReportFinder {
  /// More targets than this are no answer about one secret.
  package static let maximumMatches = 1000

  /// What was found, in the order of the plan.
  package private(set) var reports: [JSONValue] = []

  private let secret: String
  private let needle: [UInt8]
  private var planLines = 0
  private var matches: [PlanEntry] = []
  /// Place among the matches, by ordinal.
  private var places: [Int: Int] = [:]
  private var runID = ""
  private var callers: [String: String] = [:]
  private var settled: [Settlement?] = []
  /// Intents that nothing has settled or withdrawn.
  private var intents: [Int] = []
  /// When the last intent of a match was written.
  private var pendingSince: [Int: Timestamp] = [:]

  /// Looks for a secret by its name or ARN, as the plan has it or as AWS answered.
  package init(
    secret: String, in path: String, keys: BundleKeys = BundleKeys()
  ) throws(EvidenceError) {
    self.secret = secret
    let quoted = JSONValue.string(secret).compactBytes
    needle = Array(quoted.dropFirst().dropLast())
    if DurableFile.isFolder(path) {
      try readFile("\(path)/\(RunLayout.planFile)", ReportFinder.takePlan)
      beginJournal()
      try readFile("\(path)/\(RunLayout.journalFile)", ReportFinder.takeJournal)
    } else {
      try readBundle(path, keys)
    }
    finish()
  }

  private mutating func readFile(
    _ path: String, _ take: (inout ReportFinder, [UInt8]) throws(EvidenceError) -> Void
  ) throws(EvidenceError) {
    var reader = try reading { () throws(FileError) in try LineReader(path: path) }
    while true {
      let line: LineReader.Line?
      do { line = try reader.next() } catch { throw .file(error) }
      guard let line, line.isTerminated else { return }
      try take(&self, line.bytes)
    }
  }

  private mutating func readBundle(_ path: String, _ keys: BundleKeys) throws(EvidenceError) {
    let bundle = try OpenedBundle(path, keys)
    var archive = try ArchiveReader.open(bundle.path, passphrase: keys.passphrase)
    var hasPlan = false
    while let entry = try archive.next() {
      let name = entry.path?.split(separator: "/", maxSplits: 1).last ?? ""
      if name == RunLayout.planFile, !hasPlan {
        hasPlan = true
        try readEntry(&archive, ReportFinder.takePlan)
        beginJournal()
      } else if name == RunLayout.journalFile, hasPlan {
        try readEntry(&archive, ReportFinder.takeJournal)
        return
      } else {
        try archive.skip()
      }
    }
    throw .refused("\(path) is not a bundle of rotactl: it lacks plan or journal")
  }

  private mutating func readEntry(
    _ archive: inout ArchiveReader,
    _ take: (inout ReportFinder, [UInt8]) throws(EvidenceError) -> Void
  ) throws(EvidenceError) {
    var pending: [UInt8] = []
    while let block = try archive.nextBlock() {
      var rest = block[...]
      while let newline = rest.firstIndex(of: 0x0A) {
        pending.append(contentsOf: rest[..<newline])
        try take(&self, pending)
        pending.removeAll(keepingCapacity: true)
        rest = rest[(newline + 1)...]
      }
      pending.append(contentsOf: rest)
      guard pending.count <= RunEvidence.maximumLine else {
        throw .archive(path: archive.path, what: "a line that is too long")
      }
    }
  }

  private static func takePlan(
    _ finder: inout ReportFinder, _ line: [UInt8]
  ) throws(EvidenceError) {
    try finder.takePlan(line)
  }

  private static func takeJournal(
    _ finder: inout ReportFinder, _ line: [UInt8]
  ) throws(EvidenceError) {
    try finder.takeJournal(line)
  }

  private mutating func takePlan(_ line: [UInt8]) throws(EvidenceError) {
    planLines += 1
    guard planLines > 1, line.holds(needle), let value = try? JSONValue(parsing: line),
      let entry = PlanEntry(record: value), names(entry)
    else { return }
    guard matches.count < ReportFinder.maximumMatches else {
      throw .refused("more than \(ReportFinder.maximumMatches) targets are that secret")
    }
    places[entry.target.ordinal] = matches.count
    matches.append(entry)
  }

  private func names(_ entry: PlanEntry) -> Bool {
    if entry.target.secretID == secret || entry.actingID == secret { return true }
    if entry.before?.arn == secret || entry.before?.name == secret { return true }
    let arn = entry.before?.arn ?? entry.target.secretID
    guard let resource = (try? SecretARN(parsing: arn))?.resource else { return false }
    // The name, a hyphen, and six characters that AWS chose.
    return resource == secret || resource.dropLast(7) == secret
  }

  private mutating func beginJournal() {
    settled = Array(repeating: nil, count: matches.count)
    intents = Array(repeating: 0, count: matches.count)
  }

  private mutating func takeJournal(_ line: [UInt8]) throws(EvidenceError) {
    let isFact = runID.isEmpty || line.starts(with: ReportFinder.callerStart)
    guard isFact || isAbout(line) else { return }
    guard let parsed = try? JournalRecord.parse(line: line) else {
      throw .refused("the journal holds a line that is no record")
    }
    switch parsed.record {
    case .opened(let id, _, _, _): runID = id
    case .caller(let profile, _, let arn): callers[profile ?? ""] = arn
    case .intent(let ordinal, _, _, _, _):
      guard let place = places[ordinal] else { return }
      intents[place] += 1
      pendingSince[place] = parsed.at
    case .withdrawn(let ordinal):
      guard let place = places[ordinal] else { return }
      intents[place] = max(0, intents[place] - 1)
    case .settled(let settlement):
      guard let place = places[settlement.ordinal] else { return }
      settled[place] = settlement
      intents[place] = 0
    case .resumed, .stopped, .finished: return
    }
  }

  private static let callerStart = Array(#"{"type":"caller""#.utf8)

  /// Whether a line names one of the ordinals; a few are looked for without parsing.
  private func isAbout(_ line: [UInt8]) -> Bool {
    guard matches.count <= 4 else { return true }
    return places.keys.contains { ordinal in
      line.holds(Array("\"ordinal\":\(ordinal),".utf8))
        || line.holds(Array("\"ordinal\":\(ordinal)}".utf8))
    }
  }

  private mutating func finish() {
    for (place, entry) in matches.enumerated() {
      var settlement = settled[place]
      if intents[place] > 0, let since = pendingSince[place] {
        settlement = EvidenceEntry.inDoubt(entry.target.ordinal, since: since)
      }
      reports.append(
        SecretReport.record(
          runID: runID, entry: entry, settlement: settlement,
          callerARN: callers[entry.target.profile ?? ""]))
    }
  }
}

extension [UInt8] {
  /// Whether other bytes, at least one, stand somewhere in these.
  fileprivate func holds(_ other: [UInt8]) -> Bool {
    withUnsafeBytes { line in
      other.withUnsafeBytes { wanted in
        guard let needle = wanted.baseAddress, let first = wanted.first,
          let start = line.baseAddress, line.count >= wanted.count
        else { return false }
        var offset = 0
        let last = line.count - wanted.count
        while offset <= last,
          let hit = memchr(start + offset, Int32(first), last - offset + 1)
        {
          offset = UnsafeRawPointer(hit) - start
          if memcmp(start + offset, needle, wanted.count) == 0 { return true }
          offset += 1
        }
        return false
      }
    }
  }
}
