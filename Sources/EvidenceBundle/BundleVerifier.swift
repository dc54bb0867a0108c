package import Cryptography
internal import DurableFiles
internal import RotationCore

/// What a check demands, and what it may use.
package struct VerificationDemand: Sendable {
  /// Whose signature must be there and good; nil does not look at signatures.
  package var publicKey: VerifyingKey?
  /// A PEM file of roots, under one of which a time stamp must be signed; nil checks only that a
  /// time stamp is about this evidence.
  package var authorities: String?
  package var keys = BundleKeys()
  /// Whether the archive may have been packed anew by other tools: its contents alone count.
  package var allowsRepacking = false

  package init(publicKey: VerifyingKey? = nil) { self.publicKey = publicKey }
}

/// Checks a bundle, or a run's folder, against itself: every hash, the chain, the totals, and that
/// each file is what plan and journal make it.
///
/// Nothing of an archive is unpacked anywhere but into a folder with mode 0700 that goes away.
package enum BundleVerifier {
  /// Checks everything and tells what was found; it never throws.
  ///
  /// - `path`: a bundle's file or a run's folder.
  /// - `publicKey`: whose signature must be there and good; nil does not look at signatures.
  package static func verify(_ path: String, publicKey: VerifyingKey? = nil) -> Verification {
    verify(path, VerificationDemand(publicKey: publicKey))
  }

  /// Checks everything that is demanded and tells what was found; it never throws.
  package static func verify(_ path: String, _ demand: VerificationDemand) -> Verification {
    var verification = Verification()
    do throws(EvidenceError) {
      if DurableFile.isFolder(path) {
        try verifyFolder(path, demand, &verification)
      } else {
        try verifyBundle(path, demand, &verification)
      }
    } catch {
      verification.broken(error.description)
    }
    return verification
  }

  // MARK: A bundle

  private static func verifyBundle(
    _ path: String, _ demand: VerificationDemand, _ verification: inout Verification
  ) throws(EvidenceError) {
    let isCovered = try checkSideFile(of: path, &verification)
    let bundle = try OpenedBundle(path, demand.keys)
    let contents = try BundleContents(
      path: bundle.path, passphrase: demand.keys.passphrase, onlyRecords: false,
      into: &verification)
    verification.entries = contents.entries
    guard let plan = contents.path(of: RunLayout.planFile),
      let journal = contents.path(of: RunLayout.journalFile),
      let sums = contents.path(of: RunLayout.sumsFile)
    else {
      throw .refused(
        "the archive lacks \(RunLayout.planFile), \(RunLayout.journalFile) or "
          + "\(RunLayout.sumsFile): not a bundle of rotactl")
    }
    let evidence = try RunEvidence(planPath: plan, journalPath: journal)
    if contents.top != evidence.journal.runID {
      verification.broken("the top folder is not named after run \(evidence.journal.runID)")
    }
    try checkCustody(of: path, runID: evidence.journal.runID, &verification)
    try checkSeals(contents.path(of:), over: sums, demand, &verification)
    let found = try contents.checksums.sorted()
    let stated = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    try compare(stated, with: found, .archive, &verification)
    let edition = try checkIndex(contents.path(of: RunLayout.indexFile), evidence, &verification)
    let isRepeatable = edition == BundleShape.edition
    let needsBytes =
      isRepeatable && !demand.allowsRepacking && !(isCovered && !bundle.wasSealed)
    let rebuilt = try checkRebuilt(
      evidence, contents.path(of:), sums: sums, spool: contents.folder, isRepeatable,
      keeping: needsBytes, &verification)
    if isRepeatable { try checkOrder(contents, evidence, &verification) }
    try checkRunFile(contents.path(of: RunLayout.runFile), evidence, &verification)
    if needsBytes, verification.isSound {
      try checkBytes(of: bundle, contents, evidence, rebuilt, &verification)
    }
  }

  /// `<bundle>.sha256` finds any changed byte, also where no content changes.
  ///
  /// - Returns: whether it is there.
  private static func checkSideFile(
    of path: String, _ verification: inout Verification
  ) throws(EvidenceError) -> Bool {
    let side = path + ".sha256"
    guard DurableFile.exists(side) else {
      verification.note("\(DurableFile.name(of: side)) is not there; the contents are checked")
      return false
    }
    let line: [UInt8]
    do { line = try DurableFile.read(side, atMost: 4096) } catch { throw .file(error) }
    let (digest, _) = try SHA256.file(path)
    guard let stated = Checksum(line: line.last == 0x0A ? line.dropLast() : line),
      stated.digest == digest
    else {
      verification.broken("the file is not the one that \(DurableFile.name(of: side)) names")
      return true
    }
    return true
  }

  // MARK: A folder

  private static func verifyFolder(
    _ path: String, _ demand: VerificationDemand, _ verification: inout Verification
  ) throws(EvidenceError) {
    let evidence = try RunEvidence(folder: path)
    let sums = "\(path)/\(RunLayout.sumsFile)"
    func place(_ name: String) -> String? {
      let full = "\(path)/\(name)"
      return DurableFile.exists(full) ? full : nil
    }
    try checkSeals(place, over: sums, demand, &verification)
    let spool = try TemporaryFolder()
    let found = ChecksumSorter(folder: spool, label: "found")
    let stated = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    while let checksum = try stated.next() {
      let name = String(decoding: checksum.path, as: UTF8.self)
      if let problem = SafePath.problem(of: name) {
        verification.broken("\(problem) in \(RunLayout.sumsFile)")
        continue
      }
      let isReport = name.hasPrefix(RunLayout.secretsFolder + "/")
      guard let file = place(name) else {
        // Reports of a large run are in the bundle alone.
        if !isReport { verification.broken("missing: \(name)") }
        continue
      }
      try found.add(Checksum(name, SHA256.file(file).0))
      verification.entries += 1
    }
    let again = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    try compare(again, with: try found.sorted(), .folder, &verification)
    let edition = try checkIndex(place(RunLayout.indexFile), evidence, &verification)
    _ = try checkRebuilt(
      evidence, place, sums: sums, spool: spool, edition == BundleShape.edition, keeping: false,
      &verification)
    try checkStrays(path, evidence, &verification)
    try checkRunFile(place(RunLayout.runFile), evidence, &verification)
  }

  // MARK: Shared

  private enum Container {
    case archive, folder
  }

  /// Walks two sorted lists of checksums side by side.
  private static func compare(
    _ stated: ChecksumCursor, with found: ChecksumCursor, _ container: Container,
    _ verification: inout Verification
  ) throws(EvidenceError) {
    let seals = BundleShape.seals.map { Array($0.utf8) }
    var wanted = try stated.next()
    var actual = try found.next()
    var last: [UInt8] = []
    while wanted != nil || actual != nil {
      if let entry = actual, entry.path == last {
        verification.broken("there twice: \(entry.shownPath)")
        actual = try found.next()
        continue
      }
      let order =
        wanted.flatMap { w in actual.map { Checksum.compare(w.path, $0.path) } }
        ?? (wanted == nil ? 1 : -1)
      if order < 0, let missing = wanted {
        if container == .archive { verification.broken("missing: \(missing.shownPath)") }
        wanted = try stated.next()
      } else if order > 0, let extra = actual {
        if !seals.contains(extra.path) {
          verification.broken("not listed in \(RunLayout.sumsFile): \(extra.shownPath)")
        }
        last = extra.path
        actual = try found.next()
      } else if let w = wanted, let a = actual {
        if w.digest != a.digest {
          verification.broken("changed: \(a.shownPath) is not the file that was summed")
        }
        last = a.path
        wanted = try stated.next()
        actual = try found.next()
      }
    }
  }

  /// The index names the journal that is there, to its last line.
  ///
  /// - Returns: the edition of the rules by which the bundle was made; nil without an index.
  private static func checkIndex(
    _ path: String?, _ evidence: RunEvidence, _ verification: inout Verification
  ) throws(EvidenceError) -> Int? {
    guard let path else {
      verification.broken("missing: \(RunLayout.indexFile)")
      return nil
    }
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(path) } catch { throw .file(error) }
    guard let value = try? JSONValue(parsing: bytes),
      value["schema"]?.string == IndexDocument.schema, let edition = value["edition"]?.int
    else {
      verification.broken("\(RunLayout.indexFile) is not a \(IndexDocument.schema)")
      return nil
    }
    let journal = value["journal"]
    if journal?["head"]?.string != evidence.journal.head
      || journal?["lines"]?.int != evidence.journal.records
    {
      verification.broken("the journal does not end where \(RunLayout.indexFile) says")
    }
    if edition != BundleShape.edition {
      verification.note(
        "made by the rules of edition \(edition), this rotactl has \(BundleShape.edition): tables "
          + "and reports are checked by their hashes and not made anew")
    }
    return edition
  }

  /// Makes everything anew from plan and journal and compares it with SHA256SUMS.
  ///
  /// - `isRepeatable`: whether it was made by the rules of now.
  /// - `keeping`: whether the files that are made anew are kept for a while.
  private static func checkRebuilt(
    _ evidence: RunEvidence, _ place: (String) -> String?, sums: String, spool: TemporaryFolder,
    _ isRepeatable: Bool, keeping: Bool, _ verification: inout Verification
  ) throws(EvidenceError) -> RebuiltFiles {
    verification.runID = evidence.journal.runID
    if evidence.journal.isTorn { verification.broken("the journal's last line is torn") }
    let rebuilt = ChecksumSorter(folder: spool, label: "rebuilt")
    let copies = try BundleShape.copies(of: evidence, at: place)
    let folder = try TemporaryFolder()
    let reports = keeping ? try ReportSpoolWriter(in: folder.path) : nil
    let derived = try Derivation(
      of: evidence, copies: copies, into: keeping ? folder.path : nil, looseReports: false,
      isDurable: false, spool: reports, checksums: rebuilt)
    if let imbalance = derived.imbalance(evidence) { verification.broken(imbalance) }
    verification.summary = derived.summary
    let files = RebuiltFiles(
      folder: folder, copies: copies, derived: derived.files, reports: reports?.finish())
    guard isRepeatable else { return files }
    for copy in copies { try rebuilt.add(Checksum(copy.name, copy.digest)) }
    let stated = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    let expected = try rebuilt.sorted()
    var wanted = try expected.next()
    while let line = try stated.next() {
      while let missing = wanted, Checksum.compare(missing.path, line.path) < 0 {
        verification.broken("\(RunLayout.sumsFile) does not list \(missing.shownPath)")
        wanted = try expected.next()
      }
      if let match = wanted, match.path == line.path {
        if match.digest != line.digest {
          verification.broken("\(line.shownPath) is not what plan and journal make it")
        }
        wanted = try expected.next()
      } else {
        verification.broken("\(RunLayout.sumsFile) lists a file of no run: \(line.shownPath)")
      }
    }
    while let missing = wanted {
      verification.broken("\(RunLayout.sumsFile) does not list \(missing.shownPath)")
      wanted = try expected.next()
    }
    return files
  }

  private static func checkRunFile(
    _ path: String?, _ evidence: RunEvidence, _ verification: inout Verification
  ) throws(EvidenceError) {
    guard let path else {
      verification.broken("missing: \(RunLayout.runFile)")
      return
    }
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(path) } catch { throw .file(error) }
    guard let value = try? JSONValue(parsing: bytes),
      value["runId"]?.string == evidence.journal.runID
    else {
      verification.broken("\(RunLayout.runFile) is not of run \(evidence.journal.runID)")
      return
    }
  }
}

/// What a check made anew, in a folder that goes away with this value.
struct RebuiltFiles {
  let folder: TemporaryFolder
  let copies: [WrittenFile]
  let derived: [WrittenFile]
  /// Nil where they were not kept.
  let reports: ReportSpool?
}
