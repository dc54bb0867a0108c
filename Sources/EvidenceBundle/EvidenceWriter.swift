package import Cryptography
internal import DurableFiles
internal import RotationCore

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

/// Writes what a run leaves: tables, summary, checksums and the bundle.
///
/// Everything is a function of the run's plan, journal, manifests and run.json; written again it
/// comes out the same, byte for byte. Reports are made twice, once to hash and once to pack, so
/// that they need neither memory nor files.
package enum EvidenceWriter {
  /// Finishes a run's folder and seals the bundle.
  ///
  /// - `bundle`: the path of the bundle; `<bundle>.sha256` is written beside it.
  /// - `looseReports`: whether `secrets/` is written into the folder too.
  /// - `signingKey`: signs SHA256SUMS where it is given.
  /// - Throws: ``EvidenceError``; then no bundle appears under that name.
  ///scardableResult
  package static func finish(
    runFolder: String, bundle: String, format: BundleFormat, looseReports: Bool,
    signingKey: SigningKey? = nil
  ) throws(EvidenceError) -> BundleDigest {
    let evidence = try RunEvidence(folder: runFolder)
    let spool = try TemporaryFolder(in: runFolder)
    let sums = ChecksumSorter(folder: spool, label: "sums")
    var contents = try copies(of: evidence, in: runFolder)
    for file in contents { try sums.add(Checksum(file.name, file.digest)) }
    let derived = try Derivation(
      of: evidence, into: runFolder, looseReports: looseReports, checksums: sums)
    if let imbalance = derived.imbalance(evidence) { throw .refused(imbalance) }
    contents += derived.files
    contents.append(try writeSums(sums, in: runFolder))
    let signature = try sign(runFolder, signingKey)
    contents += signature.map { [$0] } ?? []

    let entries = try pack(contents, of: evidence, from: runFolder, to: bundle, format: format)
    let (digest, bytes) = try SHA256.file(bundle)
    let line = "\(digest.hex)  \(DurableFile.name(of: bundle))\n"
    try reading { () throws(FileError) in
      try DurableFile.replace(bundle + ".sha256", with: Array(line.utf8))
    }
    return BundleDigest(
      path: bundle, sha256: digest.hex, bytes: bytes, entries: entries, reports: evidence.targets)
  }

  /// The files that are taken as they are, checked against the plan and journal that were read.
  private static func copies(
    of evidence: RunEvidence, in folder: String
  ) throws(EvidenceError) -> [WrittenFile] {
    func measured(_ name: String, is hash: String?) throws(EvidenceError) -> WrittenFile {
      let (digest, bytes) = try SHA256.file("\(folder)/\(name)")
      if let hash, digest.hex != hash {
        throw .refused("\(folder)/\(name) is not the file that the run was made from")
      }
      return WrittenFile(name: name, bytes: bytes, digest: digest)
    }
    var files = [try measured(RunLayout.runFile, is: nil)]
    var seen: Set<String> = []
    for manifest in evidence.header.manifests.sorted(by: { $0.copy < $1.copy })
    where seen.insert(manifest.copy).inserted {
      let name = "\(RunLayout.manifestFolder)/\(manifest.copy)"
      if let problem = SafePath.problem(of: name) {
        throw .refused("the copy of manifest \(manifest.path) has \(problem)")
      }
      files.append(try measured(name, is: manifest.sha256))
    }
    files.append(try measured(RunLayout.planFile, is: evidence.planSHA256))
    files.append(try measured(RunLayout.journalFile, is: evidence.journal.sha256))
    return files
  }

  private static func writeSums(
    _ sums: ChecksumSorter, in folder: String
  ) throws(EvidenceError) -> WrittenFile {
    var file = try OutputFile(RunLayout.sumsFile, in: folder)
    let sorted = try sums.sorted()
    while let checksum = try sorted.next() { try file.write(checksum.line) }
    return try file.finish()
  }

  /// A signature of an earlier bundle is removed: it would not fit, or would seem to be of this.
  private static func sign(
    _ folder: String, _ key: SigningKey?
  ) throws(EvidenceError) -> WrittenFile? {
    let path = "\(folder)/\(RunLayout.signatureFile)"
    guard let key else {
      DurableFile.remove(path)
      return nil
    }
    let sums = try MappedFile(path: "\(folder)/\(RunLayout.sumsFile)")
    let result = sums.withBytes { bytes in Result { () throws(KeyError) in try key.sign(bytes) } }
    let signature: [UInt8]
    do { signature = try result.get() } catch { throw .refused(error.what) }
    var file = try OutputFile(RunLayout.signatureFile, in: folder)
    try file.write(signature)
    return try file.finish()
  }

  private static func pack(
    _ contents: [WrittenFile], of evidence: RunEvidence, from folder: String, to bundle: String,
    format: BundleFormat
  ) throws(EvidenceError) -> Int {
    let top = evidence.journal.runID
    let seconds = BundleShape.seconds(evidence)
    var archive = try ArchiveWriter.create(bundle, format: format)
    for file in contents {
      try archive.add(
        "\(top)/\(file.name)", file: "\(folder)/\(file.name)", size: file.bytes, seconds: seconds)
    }
    var reports = try ReportCursor(of: evidence)
    while let report = try reports.next() {
      try archive.add("\(top)/\(report.path)", report.bytes, seconds: seconds)
    }
    let entries = archive.entries
    try archive.finish()
    return entries
  }
}

/// What every bundle has in common.
enum BundleShape {
  /// The time of all entries: that of the last journal record, in whole seconds.
  static func seconds(_ evidence: RunEvidence) -> Int64 {
    max(0, evidence.journal.lastAt.milliseconds / 1000)
  }
}
