internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// What every bundle has in common: which files, in which order, made by which rules.
enum BundleShape {
  /// Names the rules by which tables, pages and reports follow from plan and journal.
  ///
  /// A bundle of another edition is checked by its hashes, and not made anew; raise it together
  /// with any change of what is derived.
  static let edition = 1

  /// What is kept as it is when it is there.
  static let optionalCopies: [String] = []

  /// Files that SHA256SUMS cannot list, as they are made from it.
  static let seals = [RunLayout.sumsFile, RunLayout.signatureFile, RunLayout.timestampFile]

  /// What stands in a run's folder and belongs to no bundle.
  static let outside = [RunLayout.lockFile, RunLayout.limitsFile]

  static var schemaNames: [String] {
    SchemaLibrary.all.map { "\(RunLayout.schemasFolder)/\($0.name).json" }
  }

  /// What is made from plan and journal, reports apart.
  static func derivedNames(of header: PlanHeader) -> [String] {
    [RunLayout.resultsFile, RunLayout.failedFile]
      + (header.action == .cancel ? [RunLayout.restoreFile] : [])
      + (header.population == nil ? [] : [RunLayout.populationFile])
      + [RunLayout.openItemsFile, RunLayout.summaryFile, RunLayout.summaryPage]
      + schemaNames + [RunLayout.guideFile, RunLayout.indexFile]
  }

  /// What an envelope adds to the name of the bundle in it.
  static let envelopeSuffix = ".cms"

  /// The time of all entries: that of the last journal record, in whole seconds.
  static func seconds(_ evidence: RunEvidence) -> Int64 {
    max(0, evidence.journal.lastAt.milliseconds / 1000)
  }

  /// Every manifest whose bytes the run keeps, once, in the order of the names of its copy.
  static func manifests(_ evidence: RunEvidence) -> [PlanHeader.Manifest] {
    var seen: Set<String> = []
    return evidence.header.copiedManifests.sorted { $0.copy < $1.copy }
      .filter { seen.insert($0.copy).inserted }.map(\.manifest)
  }

  static func manifestName(_ manifest: PlanHeader.Manifest) -> String {
    "\(RunLayout.manifestFolder)/\(manifest.copy ?? "")"
  }

  /// The names of all entries before the reports.
  ///
  /// - `has`: whether a file that may be absent is there.
  static func names(_ evidence: RunEvidence, has: (String) -> Bool) -> [String] {
    [RunLayout.runFile] + manifests(evidence).map(manifestName)
      + [RunLayout.planFile, RunLayout.journalFile] + optionalCopies.filter(has)
      + derivedNames(of: evidence.header)
      + [RunLayout.sumsFile]
      + [RunLayout.signatureFile, RunLayout.timestampFile].filter(has)
  }

  /// The copied files as they are said to be by plan and journal, and as they are where those do
  /// not say.
  ///
  /// - `path`: where a file lies; nil when it is not there.
  static func copies(
    of evidence: RunEvidence, at path: (String) -> String?
  ) throws(EvidenceError) -> [WrittenFile] {
    func measured(_ name: String) throws(EvidenceError) -> WrittenFile? {
      guard let path = path(name) else { return nil }
      let (digest, bytes) = try SHA256.file(path)
      return WrittenFile(name: name, bytes: bytes, digest: digest)
    }
    func stated(_ name: String, _ hex: String, bytes: Int) throws(EvidenceError) -> WrittenFile {
      guard let digest = SHA256Digest(hex: hex) else {
        throw .refused("the hash of \(name) in the plan is none")
      }
      return WrittenFile(name: name, bytes: bytes, digest: digest)
    }
    func size(_ path: String) throws(EvidenceError) -> Int {
      try reading { () throws(FileError) in try ChunkedFile(path: path, chunkBytes: 1).size }
    }
    var files: [WrittenFile] = []
    if let run = try measured(RunLayout.runFile) { files.append(run) }
    for manifest in manifests(evidence) {
      let name = manifestName(manifest)
      if let problem = SafePath.problem(of: name) {
        throw .refused("the copy of manifest \(manifest.path) has \(problem)")
      }
      files.append(try stated(name, manifest.sha256, bytes: manifest.bytes))
    }
    files.append(
      try stated(
        RunLayout.planFile, evidence.planSHA256, bytes: size(evidence.planPath)))
    files.append(
      try stated(
        RunLayout.journalFile, evidence.journal.sha256, bytes: size(evidence.journalPath)))
    for name in optionalCopies {
      if let file = try measured(name) { files.append(file) }
    }
    return files
  }
}
