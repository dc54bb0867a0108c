internal import Cryptography
internal import DurableFiles
package import RotationCore

/// `<run-id>.custody.ndjson` beside the bundles of a run: who did what with them, when, and from
/// where.
///
/// Each line is a JSON object with `schema`, `type`, `at` and `prev`: the SHA-256 of the line
/// before it without its newline, 64 zeros for the first. Lines are only ever appended; a torn
/// last line is dropped by the next record, any other damage refuses it.
package struct CustodyLog: Sendable {
  package static let schema = "rotactl.custody/1"
  package static let suffix = ".custody.ndjson"

  package let path: String
  package let runID: String

  /// The log of a run below the folder that holds the runs.
  package init(reports: String, runID: String) {
    path = "\(reports)/\(runID)\(CustodyLog.suffix)"
    self.runID = runID
  }

  /// What happened to a bundle.
  package struct Event: Sendable {
    /// A participle such as `sealed`, `uploaded`, `verified`, `exported`.
    package var type: String
    package var at: Timestamp
    package var host: String
    package var operatorName: String
    package var toolVersion: String
    /// What is told beside that, in this order; nothing secret.
    package var details: JSONObject

    package init(
      _ type: String, at: Timestamp, host: String, operatorName: String, toolVersion: String,
      details: JSONObject
    ) {
      self.type = type
      self.at = at
      self.host = host
      self.operatorName = operatorName
      self.toolVersion = toolVersion
      self.details = details
    }
  }

  /// A log read from end to end.
  package struct Contents: Sendable {
    package var records: [JSONValue] = []
    /// SHA-256 of the last whole line.
    package var head = String(repeating: "0", count: 64)
    /// Up to the end of the last whole line.
    package var validBytes = 0
  }

  /// Appends one record and returns when it is on the disk; waits for other processes that append.
  ///
  /// - Throws: ``EvidenceError/damaged(path:line:what:)`` when what is there is no such log.
  package func append(_ event: Event) throws(EvidenceError) {
    let isNew = !DurableFile.exists(path)
    let file = try reading { () throws(FileError) in
      let file = try AppendFile(path: path)
      try file.lock()
      return file
    }
    let contents = try CustodyLog.read(path)
    do throws(FileError) {
      if file.size > contents.validBytes { try file.truncate(to: contents.validBytes) }
      try file.write(line(event, after: contents.head) + [0x0A])
      try file.sync()
    } catch { throw .file(error) }
    if isNew { DurableFile.syncFolder(of: path) }
  }

  private func line(_ event: Event, after previous: String) -> [UInt8] {
    var object: JSONObject = [
      "schema": .string(CustodyLog.schema), "type": .string(event.type),
      "at": .string(event.at.iso8601), "runId": .string(runID), "host": .string(event.host),
      "operator": .string(event.operatorName), "toolVersion": .string(event.toolVersion),
    ]
    object.members.append(contentsOf: event.details.members)
    object["prev"] = .string(previous)
    return JSONValue.object(object).compactBytes
  }

  /// Reads and checks a log.
  ///
  /// - Throws: ``EvidenceError/damaged(path:line:what:)`` for anything but a torn last line.
  package static func read(_ path: String) throws(EvidenceError) -> Contents {
    var contents = Contents()
    var number = 0
    var reader = try reading { () throws(FileError) in try LineReader(path: path) }
    while true {
      let line: LineReader.Line?
      do { line = try reader.next() } catch { throw .file(error) }
      guard let line, line.isTerminated else { return contents }
      number += 1
      guard let record = try? JSONValue(parsing: line.bytes),
        record["schema"]?.string == schema, record["type"]?.string != nil
      else { throw .damaged(path: path, line: number, what: "not a record of \(schema)") }
      guard record["prev"]?.string == contents.head else {
        throw .damaged(
          path: path, line: number, what: "does not carry the hash of the line before")
      }
      contents.records.append(record)
      contents.head = SHA256.hash(line.bytes).hex
      contents.validBytes = line.offset + line.bytes.count + 1
    }
  }
}
