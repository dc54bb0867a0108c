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
    var manifests: [String] = []
    var seen: Set<String> = []
    for manifest in evidence.header.manifests.sorted(by: { $0.copy < $1.copy })
    where seen.insert(manifest.copy).inserted {
      manifests.append("\(RunLayout.manifestFolder)/\(manifest.copy)")
    }
    var names =
      [RunLayout.runFile] + manifests + [RunLayout.planFile, RunLayout.journalFile]
    names += Derivation.fileNames(of: evidence.header.action) + [RunLayout.sumsFile]
    if contents.has(RunLayout.signatureFile) { names.append(RunLayout.signatureFile) }
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
    let manifests = Set(evidence.header.manifests.map(\.copy))
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
