internal import Cryptography
internal import DurableFiles
internal import Glibc

/// A file's path and its SHA-256: a line of SHA256SUMS.
struct Checksum {
  let path: [UInt8]
  let digest: SHA256Digest

  init(_ path: String, _ digest: SHA256Digest) {
    self.path = Array(path.utf8)
    self.digest = digest
  }

  /// Reads a line as coreutils writes it: the digest, two characters, the path.
  ///
  /// A path that would need coreutils' escapes is refused; no bundle holds one.
  init?(line: [UInt8]) {
    guard line.count > 66, line[64] == UInt8(ascii: " "), line[65] == UInt8(ascii: " "),
      let digest = SHA256Digest(hex: String(decoding: line[..<64], as: UTF8.self)),
      digest.hex.utf8.elementsEqual(line[..<64])
    else { return nil }
    path = Array(line[66...])
    self.digest = digest
  }

  /// With its newline.
  var line: [UInt8] { Array(digest.hex.utf8) + [0x20, 0x20] + path + [0x0A] }

  var shownPath: String { SafePath.shown(String(decoding: path, as: UTF8.self)) }

  /// Order by bytes of the path: -1, 0 or 1.
  static func compare(_ a: [UInt8], _ b: [UInt8]) -> Int {
    let order = a.withUnsafeBytes { x in
      b.withUnsafeBytes { y in
        guard let left = x.baseAddress, let right = y.baseAddress else { return Int32(0) }
        return memcmp(left, right, min(x.count, y.count))
      }
    }
    if order != 0 { return order < 0 ? -1 : 1 }
    return a.count == b.count ? 0 : a.count < b.count ? -1 : 1
  }
}

/// Sorts any number of checksums by path, holding at most 65,536 of them in memory.
///
/// More go to sorted files in a folder of its own, which are merged when they are read.
final class ChecksumSorter {
  private let folder: TemporaryFolder
  private let label: String
  private let limit: Int
  private var pending: [Checksum] = []
  private var runs: [String] = []
  private(set) var count = 0

  init(folder: TemporaryFolder, label: String, limit: Int = 65_536) {
    self.folder = folder
    self.label = label
    self.limit = limit
  }

  func add(_ checksum: Checksum) throws(EvidenceError) {
    pending.append(checksum)
    count += 1
    if pending.count >= limit { try spill() }
  }

  private func sortPending() {
    pending.sort { Checksum.compare($0.path, $1.path) < 0 }
  }

  private func spill() throws(EvidenceError) {
    sortPending()
    let path = "\(folder.path)/\(label)-\(runs.count)"
    runs.append(path)
    var buffer: [UInt8] = []
    do {
      let file = try AppendFile(path: path, truncate: true, mode: 0o600)
      for checksum in pending {
        buffer.append(contentsOf: checksum.line)
        if buffer.count > 1 << 18 {
          try file.write(buffer)
          buffer.removeAll(keepingCapacity: true)
        }
      }
      try file.write(buffer)
    } catch { throw .file(error) }
    pending.removeAll(keepingCapacity: true)
  }

  /// All of them in order; nothing may be added afterwards.
  func sorted() throws(EvidenceError) -> ChecksumCursor {
    if runs.isEmpty {
      sortPending()
      return ChecksumCursor(sources: [ChecksumSource(pending)])
    }
    if !pending.isEmpty { try spill() }
    var sources: [ChecksumSource] = []
    for run in runs { sources.append(try ChecksumSource(path: run)) }
    return ChecksumCursor(sources: sources)
  }
}

/// One sorted list of checksums: from memory, or from the lines of a file.
final class ChecksumSource {
  private(set) var head: Checksum?
  private var array: [Checksum] = []
  private var position = 0
  private var reader: LineReader?
  private let path: String
  private var line = 0

  init(_ array: [Checksum]) {
    path = ""
    self.array = array
    head = array.first
    position = 1
  }

  init(path: String) throws(EvidenceError) {
    self.path = path
    do { reader = try LineReader(path: path) } catch { throw .file(error) }
    try advance()
  }

  /// - Throws: when a line of the file is not a checksum or not greater than the one before.
  func advance() throws(EvidenceError) {
    guard reader != nil else {
      head = position < array.count ? array[position] : nil
      position += 1
      return
    }
    let next: LineReader.Line?
    do { next = try reader?.next() } catch { throw .file(error) }
    guard let next else {
      head = nil
      return
    }
    line += 1
    guard next.isTerminated, let checksum = Checksum(line: next.bytes) else {
      throw .damaged(path: path, line: line, what: "not a line of checksums")
    }
    if let head, Checksum.compare(head.path, checksum.path) > 0 {
      throw .damaged(path: path, line: line, what: "the lines are not sorted by path")
    }
    head = checksum
  }
}

/// The merge of sorted lists.
struct ChecksumCursor {
  private let sources: [ChecksumSource]

  init(sources: [ChecksumSource]) { self.sources = sources }

  func next() throws(EvidenceError) -> Checksum? {
    var best: (source: ChecksumSource, head: Checksum)?
    for source in sources {
      guard let head = source.head else { continue }
      if let known = best, Checksum.compare(known.head.path, head.path) <= 0 { continue }
      best = (source, head)
    }
    guard let best else { return nil }
    try best.source.advance()
    return best.head
  }
}
