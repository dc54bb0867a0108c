package import Cryptography
internal import DurableFiles

/// What opens a bundle that is not readable for everybody.
package struct BundleKeys: Sendable {
  /// Of a recipient of the envelope.
  package var openingKey: OpeningKey?
  /// Of an encrypted zip.
  package var passphrase: SecretBytes?

  package init(openingKey: OpeningKey? = nil, passphrase: SecretBytes? = nil) {
    self.openingKey = openingKey
    self.passphrase = passphrase
  }
}

/// A bundle's archive, taken out of its envelope where it is in one.
final class OpenedBundle {
  /// Of the archive.
  let path: String
  /// Holds what was taken out of the envelope; nil where there was none.
  private let folder: TemporaryFolder?

  var wasSealed: Bool { folder != nil }

  init(_ path: String, _ keys: BundleKeys) throws(EvidenceError) {
    let head = try reading { () throws(FileError) in
      try ChunkedFile(path: path, chunkBytes: 1).read(at: 0, count: 64)
    }
    guard Envelope.isEnvelope(head) else {
      self.path = path
      folder = nil
      return
    }
    guard let key = keys.openingKey else {
      throw .refused(
        "\(path) is encrypted to a recipient's key: give the private one with --decryption-key")
    }
    let folder = try TemporaryFolder()
    do { try Envelope.open(path, to: folder.path + "/bundle", with: key) } catch {
      throw .refused("\(path): \(error.what)")
    }
    self.path = folder.path + "/bundle"
    self.folder = folder
  }
}
