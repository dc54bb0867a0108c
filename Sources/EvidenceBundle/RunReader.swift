internal import DurableFiles
package import RotationCore

/// A run to be read, from its folder or from its bundle.
///
/// From a bundle, plan, journal and `run.json` are copied to a folder that goes away with this value. Reading
/// is not checking: see ``BundleVerifier``.
package final class RunReader {
  package let evidence: RunEvidence
  private let contents: BundleContents?
  private let runFile: String?

  /// - `keys`: for a bundle that not everybody can read.
  package init(path: String, keys: BundleKeys = BundleKeys()) throws(EvidenceError) {
    if DurableFile.isFolder(path) {
      contents = nil
      let file = "\(path)/\(RunLayout.runFile)"
      runFile = DurableFile.exists(file) ? file : nil
      evidence = try RunEvidence(folder: path)
      return
    }
    var verification = Verification()
    let bundle = try OpenedBundle(path, keys)
    let contents = try BundleContents(
      path: bundle.path, passphrase: keys.passphrase, onlyRecords: true, into: &verification)
    guard let plan = contents.path(of: RunLayout.planFile),
      let journal = contents.path(of: RunLayout.journalFile)
    else { throw .refused("\(path) is not a bundle of rotactl: it lacks plan or journal") }
    extendLifetime(bundle)
    self.contents = contents
    runFile = contents.path(of: RunLayout.runFile)
    evidence = try RunEvidence(planPath: plan, journalPath: journal)
  }

  /// The bytes of `run.json`.
  package func runRecord() throws(EvidenceError) -> [UInt8] {
    guard let runFile else { throw .refused("\(RunLayout.runFile) is missing") }
    return try reading { () throws(FileError) in try DurableFile.read(runFile) }
  }

  /// The rows of `results.csv`, the header first, without their line ends.
  ///
  /// - `only`: nil for all outcomes.
  /// - `sink`: takes a row; false ends the listing.
  package func writeCSV(
    only: Set<Outcome>?, to sink: (String) -> Bool
  ) throws(EvidenceError) {
    func text(_ line: [UInt8]) -> String {
      var end = line.count
      while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
      return String(decoding: line[..<end], as: UTF8.self)
    }
    let table = ResultsTable(labels: evidence.labels, action: evidence.header.action)
    guard sink(text(table.headerLine)) else { return }
    var cursor = try evidence.entries()
    while let item = try cursor.next() {
      if let only, !only.contains(item.outcome) { continue }
      guard sink(text(table.line(for: item))) else { return }
    }
  }

  /// Targets that the page lists; of more than this only those that are not proven, at most as
  /// many, for a browser takes seconds to open such a list.
  package static let pageLimit = 100_000

  /// `summary.html`, made anew, in pieces that end where a line ends.
  ///
  /// - `limit`: ``pageLimit`` of every page that is part of a bundle.
  /// - `sink`: takes a piece; false ends it.
  package func writePage(
    listing limit: Int = pageLimit, to sink: (String) -> Bool
  ) throws(EvidenceError) {
    let spool = try TemporaryFolder()
    var summary = RunSummary()
    var collector = try PageCollector(of: evidence, spool: spool, listing: limit)
    var reports = try ReportCursor(of: evidence)
    while let report = try reports.next() {
      summary.add(report.item.entry, report.item.settlement)
      try collector.add(report.item, path: report.path)
    }
    var page = SummaryPage(evidence: evidence, summary: summary, collector: collector)
    var isOpen = true
    try page.write { (bytes) throws(EvidenceError) in
      guard isOpen else { return }
      isOpen = sink(
        String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes[...], as: UTF8.self))
    }
    extendLifetime(spool)
  }
}
