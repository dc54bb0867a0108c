package import DurableFiles

/// Sorts any number of records by the bytes of their keys, holding a bounded part in memory.
///
/// What does not fit goes to sorted files in a folder of the caller's, which are merged when they
/// are read; more than ``fanIn`` of them are merged in rounds.
package final class RecordSorter {
  package struct Record: Sendable, Hashable {
    package var key: [UInt8]
    package var payload: [UInt8]

    package init(key: [UInt8], payload: [UInt8]) {
      self.key = key
      self.payload = payload
    }
  }

  /// Files that are read together.
  static let fanIn = 64
  /// About what the records in memory may take: 16 MiB.
  package static let memoryLimit = 16 << 20
  /// What a record takes beside its bytes.
  private static let overhead = 96

  private let prefix: String
  private let limit: Int
  private var pending: [Record] = []
  private var held = 0
  private var runs: [String] = []
  private var made = 0

  /// - `prefix`: a path in a folder that exists; the files are named `<prefix>.<number>`.
  package init(prefix: String, memoryLimit: Int = RecordSorter.memoryLimit) {
    self.prefix = prefix
    limit = memoryLimit
  }

  package func add(_ record: Record) throws(FileError) {
    pending.append(record)
    held += record.key.count + record.payload.count + RecordSorter.overhead
    if held >= limit { try spill() }
  }

  /// Ends the adding.
  ///
  /// - Returns: the paths of sorted files, for ``merge(_:_:)``.
  package func finish() throws(FileError) -> [String] {
    if !pending.isEmpty { try spill() }
    while runs.count > RecordSorter.fanIn {
      let part = Array(runs.prefix(RecordSorter.fanIn))
      runs.removeFirst(part.count)
      try mergeToFile(part)
    }
    return runs
  }

  /// Hands over the records of sorted files in order, of equal keys in no order, and removes the
  /// files.
  package static func merge(_ paths: [String], _ body: (Record) throws -> Void) throws {
    var merge = try RecordMerge(paths: paths)
    while let record = try merge.next() { try body(record) }
    for path in paths { DurableFile.remove(path) }
  }

  private func sortPending() {
    pending.sort { $0.key.lexicographicallyPrecedes($1.key) }
  }

  private func newPath() -> String {
    made += 1
    return "\(prefix).\(made)"
  }

  private func spill() throws(FileError) {
    sortPending()
    let path = newPath()
    var writer = try RecordWriter(path: path)
    for record in pending { try writer.write(record) }
    try writer.flush()
    runs.append(path)
    pending.removeAll(keepingCapacity: true)
    held = 0
  }

  private func mergeToFile(_ part: [String]) throws(FileError) {
    let path = newPath()
    var writer = try RecordWriter(path: path)
    var merge = try RecordMerge(paths: part)
    while let record = try merge.next() { try writer.write(record) }
    try writer.flush()
    for run in part { DurableFile.remove(run) }
    runs.append(path)
  }
}

/// Records with their lengths before them, so that keys may hold any byte.
private struct RecordWriter: ~Copyable {
  private let file: AppendFile
  private var buffer: [UInt8] = []

  init(path: String) throws(FileError) {
    file = try AppendFile(path: path, truncate: true, mode: 0o600)
  }

  mutating func write(_ record: RecordSorter.Record) throws(FileError) {
    for part in [record.key, record.payload] {
      withUnsafeBytes(of: UInt32(part.count).littleEndian) { buffer.append(contentsOf: $0) }
      buffer.append(contentsOf: part)
    }
    if buffer.count > 256 << 10 { try flush() }
  }

  mutating func flush() throws(FileError) {
    try file.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}

/// One sorted file, read forward.
private final class RecordSource {
  private var file: ChunkedFile
  private var pending: [UInt8] = []
  private var start = 0
  private(set) var head: RecordSorter.Record?

  init(path: String) throws(FileError) {
    file = try ChunkedFile(path: path)
    try advance()
  }

  func advance() throws(FileError) {
    guard try fill(4) else {
      head = nil
      return
    }
    let key = try part()
    head = RecordSorter.Record(key: key, payload: try part())
  }

  private func part() throws(FileError) -> [UInt8] {
    guard try fill(4) else { throw FileError(code: 5, action: "cannot read \(file.path)") }
    let count = pending[start..<start + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    start += 4
    guard try fill(count) else { throw FileError(code: 5, action: "cannot read \(file.path)") }
    defer { start += count }
    return Array(pending[start..<start + count])
  }

  /// - Returns: false when the file ends before so many bytes.
  private func fill(_ count: Int) throws(FileError) -> Bool {
    while pending.count - start < count {
      pending.removeFirst(start)
      start = 0
      let chunk = try file.next()
      if chunk.isEmpty { return false }
      pending.append(contentsOf: chunk)
    }
    return true
  }
}

/// The merge of sorted files.
private struct RecordMerge {
  private let sources: [RecordSource]

  init(paths: [String]) throws(FileError) {
    var sources: [RecordSource] = []
    for path in paths { sources.append(try RecordSource(path: path)) }
    self.sources = sources
  }

  mutating func next() throws(FileError) -> RecordSorter.Record? {
    var best: (source: RecordSource, head: RecordSorter.Record)?
    for source in sources {
      guard let head = source.head else { continue }
      if let known = best, !head.key.lexicographicallyPrecedes(known.head.key) { continue }
      best = (source, head)
    }
    guard let best else { return nil }
    try best.source.advance()
    return best.head
  }
}
