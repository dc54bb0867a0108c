internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// Everything about a run that follows from its plan and journal, made in one pass.
///
/// The writer lets it write files; the verifier lets it only hash, and compares.
struct Derivation {
  /// How many targets that are not good are kept.
  private static let listed = 1000

  var summary = RunSummary()
  /// In the order of ``BundleShape/derivedNames(of:)``.
  var files: [WrittenFile] = []
  /// The first targets that are not good.
  var notGood: [EvidenceEntry] = []

  /// Makes everything in one pass over the targets.
  ///
  /// - `copies`: the files that are taken as they are, for the index.
  /// - `folder`: where the files go; nil to hash only.
  /// - `looseReports`: whether each report becomes a file too.
  /// - `isDurable`: whether the files are to outlive a crash of the machine.
  /// - `spool`: receives every report, for whoever packs them.
  /// - `checksums`: receives every file made here, reports included.
  init(
    of evidence: RunEvidence, copies: [WrittenFile], into folder: String?, looseReports: Bool,
    isDurable: Bool = true, spool reportSpool: ReportSpoolWriter? = nil,
    checksums: ChecksumSorter
  ) throws(EvidenceError) {
    let runID = evidence.journal.runID
    let action = evidence.header.action
    let resultsTable = ResultsTable(labels: evidence.labels, action: action)
    let failedTable = FailedTable(labels: evidence.labels, action: action)
    var results = try OutputFile(RunLayout.resultsFile, in: folder, isDurable: isDurable)
    var failed = try OutputFile(RunLayout.failedFile, in: folder, isDurable: isDurable)
    var open = try OutputFile(RunLayout.openItemsFile, in: folder, isDurable: isDurable)
    var openCounts: [OpenItem.Kind: Int] = [:]
    var reportBytes = 0
    try results.write(resultsTable.headerLine)
    try failed.write(failedTable.headerLine)
    var restore = try RestoreWriter(of: evidence, in: folder, isDurable: isDurable)
    var loose = LooseReports(folder: looseReports ? folder : nil)
    let spool = try TemporaryFolder(in: folder)
    var collector = try PageCollector(of: evidence, spool: spool)
    var reports = try ReportCursor(of: evidence)
    while let report = try reports.next() {
      let item = report.item
      summary.add(item.entry, item.settlement)
      try results.write(resultsTable.line(for: item))
      try restore.add(item)
      try collector.add(item, path: report.path)
      if let line = failedTable.line(for: item) { try failed.write(line) }
      if !item.isGood, notGood.count < Derivation.listed { notGood.append(item) }
      for openItem in OpenItem.items(of: item, action, runID: runID) {
        openCounts[openItem.kind, default: 0] += 1
        try open.write(openItem.line(of: item))
      }
      reportBytes += report.bytes.count
      try checksums.add(Checksum(report.path, SHA256.hash(report.bytes)))
      try loose.write(report)
      reportSpool?.add(report)
    }
    files.append(try results.finish())
    files.append(try failed.finish())
    if let file = try restore.finish() { files.append(file) }
    if let population = evidence.header.population {
      files.append(
        try Derivation.small(RunLayout.populationFile, Derivation.text(population), folder))
    }
    files.append(try open.finish())
    let record = evidence.summaryRecord(summary, openItems: openCounts)
    files.append(try Derivation.small(RunLayout.summaryFile, Derivation.text(record), folder))
    files.append(try Derivation.page(evidence, summary, collector, folder, isDurable))
    extendLifetime(spool)
    try Derivation.makeSchemasFolder(folder)
    for (schema, name) in zip(SchemaLibrary.all, BundleShape.schemaNames) {
      files.append(try Derivation.small(name, schema.bytes, folder))
    }
    let guide = Array(VerificationGuide.text(runID: runID).utf8)
    files.append(try Derivation.small(RunLayout.guideFile, guide, folder))
    let index = IndexDocument(
      evidence: evidence, summary: summary, files: copies + files, reportBytes: reportBytes)
    files.append(
      try Derivation.small(RunLayout.indexFile, Derivation.text(index.record), folder))
    for file in files { try checksums.add(Checksum(file.name, file.digest)) }
  }

  private static func text(_ record: JSONValue) -> [UInt8] {
    Array((record.pretty() + "\n").utf8)
  }

  private static func makeSchemasFolder(_ folder: String?) throws(EvidenceError) {
    guard let folder else { return }
    try reading { () throws(FileError) in
      try DurableFile.makeFolder("\(folder)/\(RunLayout.schemasFolder)")
    }
  }

  private static func page(
    _ evidence: RunEvidence, _ summary: RunSummary, _ collector: PageCollector, _ folder: String?,
    _ isDurable: Bool
  ) throws(EvidenceError) -> WrittenFile {
    var file = try OutputFile(RunLayout.summaryPage, in: folder, isDurable: isDurable)
    var page = SummaryPage(evidence: evidence, summary: summary, collector: collector)
    try page.write { (bytes) throws(EvidenceError) in try file.write(bytes) }
    return try file.finish()
  }

  private static func small(
    _ name: String, _ bytes: [UInt8], _ folder: String?
  ) throws(EvidenceError) -> WrittenFile {
    // The bundle has it too, and it can be made anew: it need not be flushed by itself.
    var file = try OutputFile(name, in: folder, isDurable: false)
    try file.write(bytes)
    return try file.finish()
  }

  /// Why the totals do not add up; nil when they do.
  func imbalance(_ evidence: RunEvidence) -> String? {
    guard summary.reconciles, summary.targets == evidence.targets else {
      return "the outcomes do not add up to the \(evidence.targets) targets of the plan"
    }
    guard let finished = evidence.journal.finished else { return nil }
    for outcome in Outcome.allCases where summary.count(outcome) != finished[outcome] ?? 0 {
      return "the journal's last record counts \(finished[outcome] ?? 0) \(outcome.rawValue), "
        + "its settlements \(summary.count(outcome))"
    }
    return nil
  }
}

/// The reports of a run one after the other, each with its own path.
struct ReportCursor: ~Copyable {
  struct Report {
    let item: EvidenceEntry
    let path: String
    let bytes: [UInt8]
  }

  private let evidence: RunEvidence
  private var entries: EntryCursor
  private var paths: ReportPaths

  init(of evidence: RunEvidence) throws(EvidenceError) {
    self.evidence = evidence
    entries = try evidence.entries()
    paths = ReportPaths(targets: evidence.targets)
  }

  mutating func next() throws(EvidenceError) -> Report? {
    guard let item = try entries.next() else { return nil }
    let record = evidence.report(on: item)
    return Report(
      item: item, path: try paths.path(of: item.entry), bytes: Array((record.pretty() + "\n").utf8))
  }
}

/// `restore.ndjson` of a run that turns rotation off; nothing for any other run.
private struct RestoreWriter: ~Copyable {
  private var file: OutputFile?

  init(
    of evidence: RunEvidence, in folder: String?, isDurable: Bool
  ) throws(EvidenceError) {
    guard evidence.header.action == .cancel else {
      file = nil
      return
    }
    file = try OutputFile(RunLayout.restoreFile, in: folder, isDurable: isDurable)
    try write(
      RestoreFile.header(runID: evidence.journal.runID, planSHA256: evidence.planSHA256))
  }

  mutating func add(_ item: EvidenceEntry) throws(EvidenceError) {
    guard let record = RestoreFile.line(for: item.entry, item.settlement) else { return }
    try write(record)
  }

  private mutating func write(_ record: JSONValue) throws(EvidenceError) {
    try file?.write(record.compactBytes + [0x0A])
  }

  consuming func finish() throws(EvidenceError) -> WrittenFile? {
    guard let file else { return nil }
    return try file.finish()
  }
}

/// Reports as files.
///
/// They follow from the journal, so that a crash half-way costs nothing: they are not flushed one
/// by one.
private struct LooseReports {
  let folder: String?
  private var lastFolder = ""

  init(folder: String?) { self.folder = folder }

  mutating func write(_ report: ReportCursor.Report) throws(EvidenceError) {
    guard let folder else { return }
    let path = "\(folder)/\(report.path)"
    let parent = DurableFile.folder(of: path)
    do {
      if parent != lastFolder {
        try DurableFile.makeFolder(parent)
        lastFolder = parent
      }
      try AppendFile(path: path, truncate: true).write(report.bytes)
    } catch { throw .file(error) }
  }
}
