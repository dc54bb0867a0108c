internal import Cryptography
internal import DurableFiles
internal import Glibc
internal import RotationCore

/// What stands where: the order of a bundle's entries, and files that belong to no run.
extension BundleVerifier {
  /// The entries of a bundle stand in one order only; others made the archive when they do not.
  static func checkOrder(
    _ contents: BundleContents, _ evidence: RunEvidence, _ verification: inout Verification
  ) throws(EvidenceError) {
    let names = BundleShape.names(evidence) { contents.has($0) }
    var hash = SHA256()
    for name in names { hash.update(Array((name + "\n").utf8)) }
    var paths = ReportPaths(targets: evidence.targets)
    var cursor = try evidence.entries()
    while let item = try cursor.next() {
      hash.update(Array((try paths.path(of: item.entry) + "\n").utf8))
    }
    if hash.finish() != contents.order {
      verification.broken("the entries are not those of a bundle in their order")
    }
  }

  /// Files among a folder's manifests and reports that SHA256SUMS would have to list.
  static func checkStrays(
    _ folder: String, _ evidence: RunEvidence, _ verification: inout Verification
  ) throws(EvidenceError) {
    try checkTopLevel(folder, evidence, &verification)
    let manifests = Set(evidence.header.copiedManifests.map(\.copy))
    let manifestFolder = "\(folder)/\(RunLayout.manifestFolder)"
    if DurableFile.exists(manifestFolder) {
      for name in try list(manifestFolder) where !manifests.contains(name) {
        verification.broken("a file of no run: \(RunLayout.manifestFolder)/\(name)")
      }
    }
    let reports = "\(folder)/\(RunLayout.secretsFolder)"
    guard DurableFile.exists(reports) else { return }
    var known = 0
    var paths = ReportPaths(targets: evidence.targets)
    var cursor = try evidence.entries()
    while let item = try cursor.next() {
      if DurableFile.exists("\(folder)/\(try paths.path(of: item.entry))") { known += 1 }
    }
    let files = try countFiles(reports, depth: 0, &verification)
    if files > known {
      verification.broken(
        "\(files - known) files of no run among those in \(RunLayout.secretsFolder)")
    }
  }

  /// What else lies in the folder is told, and taken for harmless: no check reads it.
  private static func checkTopLevel(
    _ folder: String, _ evidence: RunEvidence, _ verification: inout Verification
  ) throws(EvidenceError) {
    let known = Set(
      [
        RunLayout.runFile, RunLayout.planFile, RunLayout.journalFile, RunLayout.manifestFolder,
        RunLayout.secretsFolder, RunLayout.schemasFolder,
      ] + BundleShape.derivedNames(of: evidence.header) + BundleShape.optionalCopies
        + BundleShape.seals
        + BundleShape.outside)
    for name in try list(folder) where !known.contains(name) {
      verification.note("not part of the evidence: \(name)")
    }
    let schemas = Set(BundleShape.schemaNames)
    let schemaFolder = "\(folder)/\(RunLayout.schemasFolder)"
    guard DurableFile.exists(schemaFolder) else { return }
    for name in try list(schemaFolder)
    where !schemas.contains("\(RunLayout.schemasFolder)/\(name)") {
      verification.broken("a file of no run: \(RunLayout.schemasFolder)/\(name)")
    }
  }

  private static func countFiles(
    _ folder: String, depth: Int, _ verification: inout Verification
  ) throws(EvidenceError) -> Int {
    var count = 0
    for name in try list(folder) {
      let path = "\(folder)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      switch status.st_mode & 0o170_000 {
      case FileKind.folder where depth < 8:
        count += try countFiles(path, depth: depth + 1, &verification)
      case FileKind.regular: count += 1
      default: verification.broken("not a plain file: \(path)")
      }
    }
    return count
  }

  private static func list(_ folder: String) throws(EvidenceError) -> [String] {
    do { return try DurableFile.list(folder) } catch { throw .file(error) }
  }
}
