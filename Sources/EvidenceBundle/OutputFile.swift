internal import Cryptography
internal import DurableFiles
internal import Glibc

/// What was written: its size and hash.
struct WrittenFile {
  let name: String
  let bytes: Int
  let digest: SHA256Digest
}

/// Bytes that are hashed and, where a folder is given, written to a file that appears when whole.
struct OutputFile: ~Copyable {
  private let name: String
  private let path: String?
  private let file: AppendFile?
  private let isDurable: Bool
  private var hash = SHA256()
  private var buffer: [UInt8] = []
  private var bytes = 0
  private var isFinished = false

  /// Begins a file.
  ///
  /// - `folder`: nil to hash only.
  /// - `isDurable`: whether to flush it to the disk; what follows from other files need not be.
  init(_ name: String, in folder: String?, isDurable: Bool = true) throws(EvidenceError) {
    let path = folder.map { "\($0)/\(name)" }
    let file = try OutputFile.open(path)
    self.name = name
    self.path = path
    self.file = file
    self.isDurable = isDurable
  }

  deinit {
    if !isFinished, let path { DurableFile.remove(path + ".partial") }
  }

  private static func open(_ path: String?) throws(EvidenceError) -> AppendFile? {
    guard let path else { return nil }
    do { return try AppendFile(path: path + ".partial", truncate: true) } catch {
      throw .file(error)
    }
  }

  mutating func write(_ more: [UInt8]) throws(EvidenceError) {
    buffer.append(contentsOf: more)
    if buffer.count >= 1 << 17 { try flush() }
  }

  private mutating func flush() throws(EvidenceError) {
    hash.update(buffer)
    bytes += buffer.count
    do { try file?.write(buffer) } catch { throw .file(error) }
    buffer.removeAll(keepingCapacity: true)
  }

  consuming func finish() throws(EvidenceError) -> WrittenFile {
    try flush()
    if isDurable {
      do { try file?.sync() } catch { throw .file(error) }
    }
    if let path {
      guard rename(path + ".partial", path) == 0 else {
        throw .file(FileError.last("cannot rename to \(path)"))
      }
      if isDurable { DurableFile.syncFolder(of: path) }
    }
    isFinished = true
    return WrittenFile(name: name, bytes: bytes, digest: hash.finish())
  }
}

extension SHA256 {
  /// The hash and size of a file, read in chunks.
  static func file(_ path: String) throws(EvidenceError) -> (digest: SHA256Digest, bytes: Int) {
    var hash = SHA256()
    var bytes = 0
    do {
      var file = try ChunkedFile(path: path, chunkBytes: 256 << 10)
      while true {
        let chunk = try file.next()
        if chunk.isEmpty { break }
        hash.update(chunk)
        bytes += chunk.count
      }
    } catch { throw .file(error) }
    return (hash.finish(), bytes)
  }
}
