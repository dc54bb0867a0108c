import Cryptography
import EvidenceBundle
import RotationCore
import TestSupport
import Testing

/// The chain of custody beside the bundles of a run.
@Suite struct CustodyLogTests {
  private func event(_ type: String, _ details: JSONObject = JSONObject()) -> CustodyLog.Event {
    CustodyLog.Event(
      type, at: Timestamp(milliseconds: 1_795_457_501_123), host: "h", operatorName: "o",
      toolVersion: "test", details: details)
  }

  @Test func `each record carries the hash of the line before`() throws {
    let folder = try TemporaryDirectory()
    let log = CustodyLog(reports: folder.path, runID: "run-1")
    try log.append(event("sealed", ["sha256": "ab"]))
    try log.append(event("uploaded", ["to": "s3://b/k\n"]))
    let lines = try folder.read("run-1.custody.ndjson").split(separator: 0x0A).map { Array($0) }
    #expect(lines.count == 2)
    let contents = try CustodyLog.read(log.path)
    #expect(contents.records.map { $0["type"]?.string } == ["sealed", "uploaded"])
    #expect(contents.records[0]["prev"]?.string == String(repeating: "0", count: 64))
    #expect(contents.records[1]["prev"]?.string == SHA256.hash(lines[0]).hex)
    #expect(contents.records[1]["to"]?.string == "s3://b/k\n")
    #expect(contents.head == SHA256.hash(lines[1]).hex)
  }

  @Test func `a torn last line is replaced and any other damage refuses a record`() throws {
    let folder = try TemporaryDirectory()
    let log = CustodyLog(reports: folder.path, runID: "run-1")
    try log.append(event("sealed"))
    let first = try folder.read("run-1.custody.ndjson")
    try folder.write("run-1.custody.ndjson", first + Array(#"{"schema":"#.utf8))
    try log.append(event("verified"))
    #expect(try CustodyLog.read(log.path).records.count == 2)

    let text = String(decoding: try folder.read("run-1.custody.ndjson"), as: UTF8.self)
    try folder.write("run-1.custody.ndjson", text.replacing("sealed", with: "sealer"))
    #expect(throws: EvidenceError.self) { try log.append(event("uploaded")) }
    #expect(!(try folder.read("run-1.custody.ndjson")).isEmpty)
  }
}
