package import Cryptography
internal import DurableFiles
internal import RotationCore

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
    var verification = Verification()
    do throws(EvidenceError) {
      if DurableFile.isFolder(path) {
        try verifyFolder(path, publicKey, &verification)
      } else {
        try verifyBundle(path, publicKey, &verification)
      }
    } catch {
      verification.broken(error.description)
    }
    return verification
  }

  // MARK: A bundle

  private static func verifyBundle(
    _ path: String, _ publicKey: VerifyingKey?, _ verification: inout Verification
  ) throws(EvidenceError) {
    try checkSideFile(of: path, &verification)
    let contents = try BundleContents(path: path, onlyRecords: false, into: &verification)
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
    let signature = contents.path(of: RunLayout.signatureFile)
    try checkSignature(signature, over: sums, publicKey, &verification)
    let found = try contents.checksums.sorted()
    let stated = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    try compare(stated, with: found, .archive, &verification)
    try checkRebuilt(evidence, sums: sums, spool: contents.folder, &verification)
    try checkOrder(contents, evidence, &verification)
    try checkRunFile(contents.path(of: RunLayout.runFile), evidence, &verification)
  }

  /// `<bundle>.sha256` finds any changed byte, also where no content changes.
  private static func checkSideFile(
    of path: String, _ verification: inout Verification
  ) throws(EvidenceError) {
    let side = path + ".sha256"
    guard DurableFile.exists(side) else {
      verification.note("\(DurableFile.name(of: side)) is not there; the contents are checked")
      return
    }
    let line: [UInt8]
    do { line = try DurableFile.read(side, atMost: 4096) } catch { throw .file(error) }
    let (digest, _) = try SHA256.file(path)
    guard let stated = Checksum(line: line.last == 0x0A ? line.dropLast() : line),
      stated.digest == digest
    else {
      verification.broken("the file is not the one that \(DurableFile.name(of: side)) names")
      return
    }
  }

  // MARK: A folder

  private static func verifyFolder(
    _ path: String, _ publicKey: VerifyingKey?, _ verification: inout Verification
  ) throws(EvidenceError) {
    let evidence = try RunEvidence(folder: path)
    let sums = "\(path)/\(RunLayout.sumsFile)"
    let signature = "\(path)/\(RunLayout.signatureFile)"
    try checkSignature(
      DurableFile.exists(signature) ? signature : nil, over: sums, publicKey, &verification)
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
      guard DurableFile.exists("\(path)/\(name)") else {
        // Reports of a large run are in the bundle alone.
        if !isReport { verification.broken("missing: \(name)") }
        continue
      }
      try found.add(Checksum(name, SHA256.file("\(path)/\(name)").0))
      verification.entries += 1
    }
    let again = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    try compare(again, with: try found.sorted(), .folder, &verification)
    try checkRebuilt(evidence, sums: sums, spool: spool, &verification)
    try checkStrays(path, evidence, &verification)
    try checkRunFile("\(path)/\(RunLayout.runFile)", evidence, &verification)
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
        let isOwn =
          extra.path == Array(RunLayout.sumsFile.utf8)
          || extra.path == Array(RunLayout.signatureFile.utf8)
        if !isOwn {
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

  /// Makes everything anew from plan and journal and compares it with SHA256SUMS.
  private static func checkRebuilt(
    _ evidence: RunEvidence, sums: String, spool: TemporaryFolder,
    _ verification: inout Verification
  ) throws(EvidenceError) {
    verification.runID = evidence.journal.runID
    if evidence.journal.isTorn { verification.broken("the journal's last line is torn") }
    let rebuilt = ChecksumSorter(folder: spool, label: "rebuilt")
    let derived = try Derivation(of: evidence, into: nil, looseReports: false, checksums: rebuilt)
    if let imbalance = derived.imbalance(evidence) { verification.broken(imbalance) }
    verification.summary = derived.summary
    var seen: Set<String> = []
    for manifest in evidence.header.manifests where seen.insert(manifest.copy).inserted {
      guard let digest = SHA256Digest(hex: manifest.sha256) else {
        verification.broken("the plan's hash of manifest \(manifest.path) is none")
        continue
      }
      try rebuilt.add(Checksum("\(RunLayout.manifestFolder)/\(manifest.copy)", digest))
    }
    for (name, hex) in [
      (RunLayout.planFile, evidence.planSHA256), (RunLayout.journalFile, evidence.journal.sha256),
    ] {
      if let digest = SHA256Digest(hex: hex) { try rebuilt.add(Checksum(name, digest)) }
    }
    let stated = ChecksumCursor(sources: [try ChecksumSource(path: sums)])
    let expected = try rebuilt.sorted()
    var wanted = try expected.next()
    while let line = try stated.next() {
      if line.path == Array(RunLayout.runFile.utf8) { continue }
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
  }

  private static func checkRunFile(
    _ path: String?, _ evidence: RunEvidence, _ verification: inout Verification
  ) throws(EvidenceError) {
    guard let path, DurableFile.exists(path) else {
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

  private static func checkSignature(
    _ signature: String?, over sums: String, _ key: VerifyingKey?,
    _ verification: inout Verification
  ) throws(EvidenceError) {
    guard let key else {
      if signature != nil {
        verification.note("signed; give --public-key to check the signature")
      }
      return
    }
    guard let signature else {
      verification.broken("not signed, and a signature is asked for")
      return
    }
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(signature, atMost: 4096) } catch { throw .file(error) }
    let text = try MappedFile(path: sums)
    verification.isSigned = text.withBytes { key.accepts(bytes, of: $0) }
    if !verification.isSigned {
      verification.broken("the signature does not fit \(RunLayout.sumsFile) and this key")
    }
  }
}
