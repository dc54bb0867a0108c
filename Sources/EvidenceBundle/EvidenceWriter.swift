package import Cryptography
internal import DurableFiles
package import RotationCore

/// A bundle that was written.
package struct BundleDigest: Sendable, Hashable {
  package let path: String
  /// Of the bundle file, in lower-case hexadecimal.
  package let sha256: String
  package let bytes: Int
  package let entries: Int
  /// The totals that the bundle proves.
  package let reports: Int
}

/// Who can read a bundle.
package enum BundleProtection: Sendable {
  /// Everybody who has the file.
  case open
  /// A zip with AES-256; the names of the files stay readable.
  case passphrase(SecretBytes)
  /// A CMS envelope around the bundle, `.cms` at the end of its name.
  case recipients([Recipient])
}

/// Writes what a run leaves: tables, summary, checksums and the bundle.
///
/// Everything is a function of the run's plan, journal, manifests and run.json; written again it
/// comes out the same, byte for byte. Reports are hashed first and packed later: in between they lie
/// in one file, or are made again where there is no room for it.
package enum EvidenceWriter {
  /// Finishes a run's folder and seals the bundle; see ``SealedRun`` for the parameters.
  @discardableResult
  package static func finish(
    runFolder: String, bundle: String, format: BundleFormat, looseReports: Bool,
    signingKey: SigningKey? = nil, protection: BundleProtection = .open,
    spoolLimit: Int = .max
  ) throws(EvidenceError) -> BundleDigest {
    let sealed = try SealedRun(
      runFolder: runFolder, looseReports: looseReports, signingKey: signingKey,
      spoolLimit: spoolLimit)
    return try sealed.pack(to: bundle, format: format, protection: protection)
  }
}

/// A run's folder whose evidence is complete, summed and signed, ready to be packed.
package struct SealedRun: Sendable {
  package let runFolder: String
  package let evidence: RunEvidence
  /// Of SHA256SUMS: what a time stamp is asked for.
  package let sumsDigest: SHA256Digest
  package let summary: RunSummary
  /// The first 1000 targets that are not good.
  package let notGood: [EvidenceEntry]
  private var contents: [WrittenFile]
  /// Nil where the disk had no room for it.
  private let reports: ReportSpool?

  /// Whether SHA256SUMS carries a signature.
  package var isSigned: Bool { contents.contains { $0.name == RunLayout.signatureFile } }
  /// Whether SHA256SUMS carries the token of a time-stamping authority.
  package var isTimestamped: Bool { contents.contains { $0.name == RunLayout.timestampFile } }

  /// Writes everything that follows from plan and journal into the run's folder.
  ///
  /// A signature and a time stamp that are there already stay when they still fit.
  ///
  /// - `looseReports`: whether `secrets/` is written into the folder too.
  /// - `signingKey`: signs SHA256SUMS where it is given.
  /// - `spoolLimit`: the most bytes of reports that wait on the disk to be packed; more than that,
  ///   and they are made again.
  package init(
    runFolder: String, looseReports: Bool, signingKey: SigningKey? = nil, spoolLimit: Int = .max
  ) throws(EvidenceError) {
    let evidence = try RunEvidence(folder: runFolder)
    TemporaryFolder.removeLeftovers(in: runFolder)
    let spool = try TemporaryFolder(in: runFolder)
    let sums = ChecksumSorter(folder: spool, label: "sums")
    let copies = try SealedRun.copies(of: evidence, in: runFolder)
    for file in copies { try sums.add(Checksum(file.name, file.digest)) }
    let reportSpool = try ReportSpoolWriter(in: runFolder, limit: spoolLimit)
    let derived = try Derivation(
      of: evidence, copies: copies, into: runFolder, looseReports: looseReports,
      spool: reportSpool, checksums: sums)
    reports = reportSpool.finish()
    if let imbalance = derived.imbalance(evidence) { throw .refused(imbalance) }
    let before = try? SHA256.file("\(runFolder)/\(RunLayout.sumsFile)").digest
    let summed = try SealedRun.writeSums(sums, in: runFolder)
    contents = copies + derived.files + [summed]
    self.runFolder = runFolder
    self.evidence = evidence
    sumsDigest = summed.digest
    summary = derived.summary
    notGood = derived.notGood
    if let file = try SealedRun.sign(runFolder, signingKey, isSame: before == summed.digest) {
      contents.append(file)
    }
    if let file = try SealedRun.keptTimestamp(runFolder, summed.digest) { contents.append(file) }
  }

  /// Adds the answer of a time-stamping authority.
  ///
  /// - Throws: when it does not answer that request, or is about something else.
  package mutating func attach(
    timestamp answer: [UInt8], to request: TimestampRequest
  ) throws(EvidenceError) {
    let reply: TimestampReply
    do { reply = try TimestampReply(bytes: answer) } catch { throw .refused(error.what) }
    guard reply.answers(request), reply.covers(sumsDigest) else {
      throw .refused("the answer of the time-stamping authority is about something else")
    }
    contents.removeAll { $0.name == RunLayout.timestampFile }
    contents.append(
      try SealedRun.write(RunLayout.timestampFile, answer, in: runFolder))
  }

  /// The files that are taken as they are, checked against the plan and journal that were read.
  private static func copies(
    of evidence: RunEvidence, in folder: String
  ) throws(EvidenceError) -> [WrittenFile] {
    let files = try BundleShape.copies(of: evidence) { name in
      let path = "\(folder)/\(name)"
      return DurableFile.exists(path) ? path : nil
    }
    guard files.first?.name == RunLayout.runFile else {
      throw .refused("\(folder) has no \(RunLayout.runFile)")
    }
    for manifest in BundleShape.manifests(evidence) {
      let path = "\(folder)/\(BundleShape.manifestName(manifest))"
      let (digest, bytes) = try SHA256.file(path)
      guard digest.hex == manifest.sha256, bytes == manifest.bytes else {
        throw .refused("\(path) is not the file that the run was made from")
      }
    }
    return files
  }

  private static func write(
    _ name: String, _ bytes: [UInt8], in folder: String
  ) throws(EvidenceError) -> WrittenFile {
    var file = try OutputFile(name, in: folder)
    try file.write(bytes)
    return try file.finish()
  }

  private static func writeSums(
    _ sums: ChecksumSorter, in folder: String
  ) throws(EvidenceError) -> WrittenFile {
    var file = try OutputFile(RunLayout.sumsFile, in: folder)
    let sorted = try sums.sorted()
    while let checksum = try sorted.next() { try file.write(checksum.line) }
    return try file.finish()
  }

  /// A signature of another SHA256SUMS is removed: it would not fit, or would seem to be of this.
  private static func sign(
    _ folder: String, _ key: SigningKey?, isSame: Bool
  ) throws(EvidenceError) -> WrittenFile? {
    let path = "\(folder)/\(RunLayout.signatureFile)"
    guard let key else {
      guard isSame, DurableFile.exists(path) else {
        DurableFile.remove(path)
        return nil
      }
      let (digest, bytes) = try SHA256.file(path)
      return WrittenFile(name: RunLayout.signatureFile, bytes: bytes, digest: digest)
    }
    let sums = try MappedFile(path: "\(folder)/\(RunLayout.sumsFile)")
    let result = sums.withBytes { bytes in Result { () throws(KeyError) in try key.sign(bytes) } }
    let signature: [UInt8]
    do { signature = try result.get() } catch { throw .refused(error.what) }
    return try write(RunLayout.signatureFile, signature, in: folder)
  }

  /// A time stamp tells when the evidence was first sealed: it stays as long as it fits.
  private static func keptTimestamp(
    _ folder: String, _ sums: SHA256Digest
  ) throws(EvidenceError) -> WrittenFile? {
    let path = "\(folder)/\(RunLayout.timestampFile)"
    guard DurableFile.exists(path) else { return nil }
    guard let bytes = try? DurableFile.read(path, atMost: 1 << 20),
      let reply = try? TimestampReply(bytes: bytes), reply.covers(sums)
    else {
      DurableFile.remove(path)
      return nil
    }
    return WrittenFile(
      name: RunLayout.timestampFile, bytes: bytes.count, digest: SHA256.hash(bytes))
  }

  // MARK: Packing

  /// Writes the bundle, and `<bundle>.sha256` beside it.
  ///
  /// - `bundle`: the path without the `.cms` that an envelope adds.
  /// - Throws: ``EvidenceError``; then no bundle appears under that name.
  package func pack(
    to bundle: String, format: BundleFormat, protection: BundleProtection = .open
  ) throws(EvidenceError) -> BundleDigest {
    let entries: Int
    var path = bundle
    switch protection {
    case .open:
      entries = try BundlePacker.pack(
        contents, reports, of: evidence, from: place, to: bundle, format)
    case .passphrase(let word):
      guard format == .zip else {
        throw .refused("only a zip can be put under a passphrase")
      }
      entries = try BundlePacker.pack(
        contents, reports, of: evidence, from: place, to: bundle, format, passphrase: word)
    case .recipients(let recipients):
      path += BundleShape.envelopeSuffix
      entries = try packEnvelope(path, format, recipients)
    }
    let (digest, bytes) = try SHA256.file(path)
    let line = "\(digest.hex)  \(DurableFile.name(of: path))\n"
    try reading { () throws(FileError) in
      try DurableFile.replace(path + ".sha256", with: Array(line.utf8))
    }
    return BundleDigest(
      path: path, sha256: digest.hex, bytes: bytes, entries: entries, reports: evidence.targets)
  }

  private func place(_ name: String) -> String { "\(runFolder)/\(name)" }

  private func packEnvelope(
    _ path: String, _ format: BundleFormat, _ recipients: [Recipient]
  ) throws(EvidenceError) -> Int {
    let spool = try TemporaryFolder(in: runFolder)
    let plain = "\(spool.path)/plain"
    let entries = try BundlePacker.pack(
      contents, reports, of: evidence, from: place, to: plain, format)
    let partial = path + ".partial"
    do { try Envelope.seal(plain, to: partial, for: recipients) } catch {
      throw .refused(error.what)
    }
    try reading { () throws(FileError) in
      try AppendFile(path: partial).sync()
      try DurableFile.move(partial, to: path)
    }
    return entries
  }
}

/// Packs files and reports in the order that every bundle has.
enum BundlePacker {
  /// - `spool`: holds the reports; nil makes them again.
  /// - `place`: where a file of that name lies.
  /// - Returns: the number of entries.
  static func pack(
    _ contents: [WrittenFile], _ spool: ReportSpool?, of evidence: RunEvidence,
    from place: (String) -> String, to bundle: String, _ format: BundleFormat,
    passphrase: SecretBytes? = nil
  ) throws(EvidenceError) -> Int {
    let top = evidence.journal.runID
    let seconds = BundleShape.seconds(evidence)
    var archive = try ArchiveWriter.create(bundle, format: format, passphrase: passphrase)
    for file in contents {
      try archive.add(
        "\(top)/\(file.name)", file: place(file.name), size: file.bytes, seconds: seconds)
    }
    if let spool {
      var reports = try spool.reports()
      while try reports.next({ (path, bytes) throws(EvidenceError) in
        try archive.add("\(top)/\(path)", bytes, seconds: seconds)
      }) {}
    } else {
      var reports = try ReportCursor(of: evidence)
      while let report = try reports.next() {
        try archive.add("\(top)/\(report.path)", report.bytes, seconds: seconds)
      }
    }
    let entries = archive.entries
    try archive.finish()
    return entries
  }
}
