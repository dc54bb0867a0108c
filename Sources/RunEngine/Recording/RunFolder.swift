internal import Cryptography
package import DurableFiles
package import RotationCore

/// `reports/<run-id>/`: its names, its lock, its first files.
package struct RunFolder: Sendable, Hashable {
  package let path: String
  package let runID: String

  package init(reports: String, runID: String) {
    self.runID = runID
    path = reports + "/" + runID
  }

  /// An existing folder, by its path or by a run id below the reports folder.
  ///
  /// - Returns: nil where there is no folder with a journal or a plan.
  package init?(existing argument: String, reports: String) {
    var candidate = argument
    while candidate.count > 1, candidate.hasSuffix("/") { candidate.removeLast() }
    for path in [candidate, reports + "/" + candidate]
    where DurableFile.exists(path + "/" + RunLayout.planFile) {
      self.path = path
      runID = DurableFile.name(of: path)
      return
    }
    return nil
  }

  package func file(_ name: String) -> String { path + "/" + name }

  /// `20261123T181141Z-<6 hex>`: sorts by time.
  package static func newRunID(at time: Timestamp) -> String {
    time.basic + "-" + Hex.text(SecureRandom.bytes(3))
  }

  /// Letters, digits, dot, dash and underscore; at most 100; never a path.
  package static func isValidRunID(_ text: String) -> Bool {
    let bytes = text.utf8
    guard (1...100).contains(bytes.count), bytes.first != UInt8(ascii: ".") else { return false }
    return bytes.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
  }

  /// Makes the folder; one that holds a run already is an error.
  package func create() throws(FileError) {
    guard !DurableFile.exists(file(RunLayout.planFile)) else {
      throw FileError(code: 17, action: "cannot make the run \(path)")
    }
    try DurableFile.makeFolder(file(RunLayout.manifestFolder))
  }

  /// Holds the run against a second process.
  ///
  /// - Returns: nil when another process has it.
  package func lock(host: String, pid: Int) throws(FileError) -> FileLock? {
    try FileLock(path: file(RunLayout.lockFile), note: "\(host) \(pid)")
  }

  /// SHA-256 of a file's bytes in hexadecimal.
  package static func digest(ofFile path: String) throws(FileError) -> String {
    var file = try ChunkedFile(path: path, chunkBytes: 256 << 10)
    var hash = SHA256()
    while true {
      let chunk = try file.next()
      if chunk.isEmpty { return hash.finish().hex }
      hash.update(chunk)
    }
  }
}
