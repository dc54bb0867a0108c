internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// The custody log beside a bundle, where there is one.
extension BundleVerifier {
  /// The log's chain must hold, and what it says last of this file must be true of it.
  static func checkCustody(
    of path: String, runID: String, _ verification: inout Verification
  ) throws(EvidenceError) {
    let log = CustodyLog(reports: DurableFile.folder(of: path), runID: runID).path
    guard SafePath.isComponent(runID), DurableFile.exists(log) else { return }
    let contents: CustodyLog.Contents
    do { contents = try CustodyLog.read(log) } catch {
      verification.broken("the custody log: \(error.description)")
      return
    }
    let name = DurableFile.name(of: path)
    let sealed = contents.records.last {
      $0["file"]?.string == name && $0["type"]?.string == "sealed"
    }
    guard let stated = sealed?["sha256"]?.string else { return }
    if try SHA256.file(path).digest.hex != stated {
      verification.broken("the custody log says that another file was sealed under this name")
    }
  }
}
