internal import Cryptography
package import DurableFiles
package import RotationCore

/// Writes `plan.ndjson`: a header, then one line a target in the order of their ordinals.
package struct PlanFileWriter: ~Copyable {
  private let file: AppendFile
  private var buffer: [UInt8] = []
  private var hash = SHA256()

  package init(path: String, header: PlanHeader) throws(FileError) {
    file = try AppendFile(path: path, truncate: true)
    add(header.record)
  }

  package mutating func append(_ entry: PlanEntry) throws(FileError) {
    add(entry.record)
    if buffer.count > 256 << 10 { try flush() }
  }

  /// Makes the file durable.
  ///
  /// - Returns: SHA-256 of all its bytes in hexadecimal.
  package consuming func finish() throws(FileError) -> String {
    try flush()
    try file.sync()
    DurableFile.syncFolder(of: file.path)
    return hash.finish().hex
  }

  private mutating func add(_ record: JSONValue) {
    record.write(into: &buffer)
    buffer.append(UInt8(ascii: "\n"))
  }

  private mutating func flush() throws(FileError) {
    hash.update(buffer)
    try file.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}

/// A plan that does not read as one, with the place.
package struct PlanDamage: Error, Sendable, CustomStringConvertible {
  package let path: String
  package let line: Int
  package let what: String
  package var description: String { "\(path):\(line): \(what)" }
}

/// Reads a plan forward.
package struct PlanFileReader: ~Copyable {
  package let header: PlanHeader
  private let path: String
  private var lines: LineReader
  private var line = 1
  private var hash = SHA256()
  private var ordinal = 0

  package init(path: String) throws {
    var lines = try LineReader(path: path)
    let first = try lines.next()?.bytes ?? []
    guard let value = try? JSONValue(parsing: first), let header = PlanHeader(record: value) else {
      throw PlanDamage(path: path, line: 1, what: "not the header of \(PlanHeader.schema)")
    }
    self.path = path
    self.header = header
    self.lines = lines
    hash.update(first + [0x0A])
  }

  /// The next entry and where its line begins; nil at the end.
  package mutating func next() throws -> (entry: PlanEntry, offset: Int, length: Int)? {
    guard let text = try lines.next() else { return nil }
    line += 1
    hash.update(text.bytes)
    hash.update([0x0A])
    guard text.isTerminated, let value = try? JSONValue(parsing: text.bytes),
      let entry = PlanEntry(record: value), entry.target.ordinal == ordinal
    else { throw PlanDamage(path: path, line: line, what: "not the plan of target \(ordinal)") }
    ordinal += 1
    return (entry, text.offset, text.bytes.count)
  }

  /// SHA-256 of all that was read, in hexadecimal; of the whole file once `next` gave nil.
  package mutating func digest() -> String { hash.finish().hex }
}

/// Entries of a plan by their place in the file, from any task.
///
/// Unchecked because of the buffer inside `ChunkedFile`, which `read(at:)` does not use.
package final class PlanStore: @unchecked Sendable {
  private let file: ChunkedFile

  package init(path: String) throws(FileError) {
    file = try ChunkedFile(path: path, chunkBytes: 16)
  }

  package func entry(at offset: Int, length: Int) throws -> PlanEntry {
    let bytes = try file.read(at: offset, count: length)
    guard let value = try? JSONValue(parsing: bytes), let entry = PlanEntry(record: value) else {
      throw PlanDamage(path: file.path, line: 0, what: "no plan entry at byte \(offset)")
    }
    return entry
  }
}
