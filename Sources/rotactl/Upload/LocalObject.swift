internal import Cryptography
internal import DurableFiles
internal import SecretsManagerClient

/// A file on its way to S3, hashed as a whole and part by part.
struct LocalObject: Sendable {
  /// S3 takes this many parts at most.
  private static let maximumParts = 10_000

  let path: String
  let name: String
  let bytes: Int
  let digest: SHA256Digest
  let partBytes: Int
  /// The hash of each part; one for a file that goes as a whole.
  let parts: [SHA256Digest]

  var isMultipart: Bool { bytes > partBytes }

  /// Reads the file once.
  ///
  /// - `partBytes`: grows where the file would have too many parts.
  init(path: String, partBytes: Int) throws(FileError) {
    var file = try ChunkedFile(path: path, chunkBytes: 1 << 20)
    let least = (file.size + LocalObject.maximumParts - 1) / LocalObject.maximumParts
    let partBytes = least <= partBytes ? partBytes : ((least + (1 << 20) - 1) >> 20) << 20
    var whole = SHA256()
    var parts = PartHashes(partBytes: partBytes)
    var bytes = 0
    while true {
      let chunk = try file.next()
      if chunk.isEmpty { break }
      whole.update(chunk)
      parts.update(chunk)
      bytes += chunk.count
    }
    self.path = path
    name = DurableFile.name(of: path)
    self.bytes = bytes
    self.partBytes = partBytes
    digest = whole.finish()
    self.parts = parts.finish()
  }

  /// What S3 calls the object's checksum when it has taken it.
  var checksum: String {
    isMultipart ? LocalObject.composite(of: parts) : Base64.text(digest.bytes)
  }

  /// The checksum of the same bytes in parts of another size.
  func composite(partBytes: Int) throws(FileError) -> String {
    guard partBytes > 0 else { return "" }
    var file = try ChunkedFile(path: path, chunkBytes: 1 << 20)
    var parts = PartHashes(partBytes: partBytes)
    while true {
      let chunk = try file.next()
      if chunk.isEmpty { break }
      parts.update(chunk)
    }
    return LocalObject.composite(of: parts.finish())
  }

  private static func composite(of parts: [SHA256Digest]) -> String {
    Base64.text(SHA256.hash(parts.flatMap(\.bytes)).bytes) + "-\(parts.count)"
  }

  /// The bytes of one part, from 0.
  ///
  /// - Returns: nil when they are not those that were hashed: the file has changed.
  func part(_ index: Int) throws(FileError) -> [UInt8]? {
    let file = try ChunkedFile(path: path, chunkBytes: 1)
    let part = try file.read(
      at: index * partBytes, count: min(partBytes, bytes - index * partBytes))
    return SHA256.hash(part) == parts[index] ? part : nil
  }
}

/// Hashes bytes in stretches of equal length.
private struct PartHashes: ~Copyable {
  private let partBytes: Int
  private var hash = SHA256()
  private var filled = 0
  private var done: [SHA256Digest] = []

  init(partBytes: Int) { self.partBytes = partBytes }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      if filled == partBytes { close() }
      let count = min(partBytes - filled, rest.count)
      hash.update(UnsafeRawBufferPointer(rebasing: rest[..<count]))
      filled += count
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  private mutating func close() {
    done.append(hash.finish())
    hash = SHA256()
    filled = 0
  }

  consuming func finish() -> [SHA256Digest] {
    if filled > 0 || done.isEmpty { close() }
    return done
  }
}
