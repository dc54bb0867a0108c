internal import Cryptography
package import DurableFiles
package import RotationCore

/// Writes `plan.ndjson`: a header, one line a target in the order of their ordinals, and the seal.
package struct PlanFileWriter: ~Copyable {
  private let file: AppendFile
  private var buffer: [UInt8] = []
  private var hash = SHA256()
  private var targets = 0
  private let lines = PlanLines { SHA256.hash($0).hex }

  package init(path: String, header: PlanHeader) throws(FileError) {
    file = try AppendFile(path: path, truncate: true)
    add(header.record)
  }

  package mutating func append(_ entry: PlanEntry) throws(FileError) {
    add(entry.record)
    targets += 1
    if buffer.count > 256 << 10 { try flush() }
  }

  /// Makes the file durable.
  ///
  /// - Returns: SHA-256 of all its bytes in hexadecimal.
  package consuming func finish() throws(FileError) -> String {
    try flush()
    add(PlanLines.Seal(targets: targets, sha256: hash.soFar().hex).record)
    try flush()
    try file.sync()
    DurableFile.syncFolder(of: file.path)
    return hash.finish().hex
  }

  private mutating func add(_ record: JSONValue) {
    buffer.append(contentsOf: lines.line(of: record))
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

/// Reads a plan of any version forward, and refuses one that was edited or cut.
package struct PlanFileReader: ~Copyable {
  package let header: PlanHeader
  private let path: String
  private var lines: LineReader
  private var line = 1
  private var hash = SHA256()
  private var ordinal = 0
  private var isOver = false
  private static let checks = PlanLines { SHA256.hash($0).hex }

  package init(path: String) throws {
    var lines = try LineReader(path: path)
    let first = try lines.next()?.bytes ?? []
    // Read apart: the optimizer of Swift 6.3.1 releases a header twice that is bound in this
    // initializer, where it may still throw.
    header = try PlanFileReader.header(of: first, path: path)
    self.path = path
    self.lines = lines
    hash.update(first)
    hash.update([0x0A])
  }

  private static func header(of line: [UInt8], path: String) throws -> PlanHeader {
    guard let value = try? JSONValue(parsing: line), let header = PlanHeader(record: value) else {
      throw PlanDamage(path: path, line: 1, what: "not the header of a \(PlanHeader.schema)")
    }
    guard header.version == 1 || PlanFileReader.checks.isIntact(line) else {
      throw PlanDamage(path: path, line: 1, what: "the header was edited")
    }
    return header
  }

  /// The next entry and where its line begins; nil at the end.
  package mutating func next() throws -> (entry: PlanEntry, offset: Int, length: Int)? {
    guard !isOver else { return nil }
    let text = try lines.next()
    line += 1
    guard let text else {
      isOver = true
      if header.version == 1 { return nil }
      throw damage("the plan is cut short after target \(ordinal - 1): it has no seal")
    }
    if header.version > 1 {
      guard text.isTerminated, PlanFileReader.checks.isIntact(text.bytes) else {
        throw damage("the line was edited")
      }
      if let seal = PlanLines.Seal(line: text.bytes) {
        try check(seal)
        take(text.bytes)
        isOver = true
        return nil
      }
    }
    take(text.bytes)
    guard text.isTerminated, let value = try? JSONValue(parsing: text.bytes),
      let entry = PlanEntry(record: value)
    else { throw damage("not the plan of target \(ordinal)") }
    guard entry.target.ordinal == ordinal else {
      throw damage("target \(entry.target.ordinal) stands where target \(ordinal) belongs")
    }
    ordinal += 1
    return (entry, text.offset, text.bytes.count)
  }

  private func check(_ seal: PlanLines.Seal) throws {
    guard seal.targets == ordinal else {
      throw damage("the seal is of \(seal.targets) targets, and \(ordinal) stand before it")
    }
    guard seal.sha256 == hash.soFar().hex else {
      throw damage("the lines before the seal are not those that were sealed")
    }
  }

  private mutating func take(_ bytes: [UInt8]) {
    hash.update(bytes)
    hash.update([0x0A])
  }

  private func damage(_ what: String) -> PlanDamage {
    PlanDamage(path: path, line: line, what: what)
  }

  /// SHA-256 of all that was read, in hexadecimal; of the whole file once `next` gave nil.
  ///
  /// - Throws: ``PlanDamage`` for bytes behind the seal.
  package mutating func digest() throws -> String {
    if header.version > 1, isOver, try lines.next() != nil {
      throw PlanDamage(path: path, line: line + 1, what: "a line after the seal")
    }
    return hash.finish().hex
  }
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
