import DurableFiles
import RotationCore
import RunEngine
import TestSupport
import Testing

@Suite struct JournalTests {
  private let time: @Sendable () -> Timestamp = { Timestamp(milliseconds: 1_795_457_501_123) }

  private func opened(_ targets: Int) -> JournalRecord {
    .opened(runID: "r", toolVersion: "0.1.0", planSHA256: "ab", targets: targets)
  }

  private func intent(_ ordinal: Int) -> JournalRecord {
    .intent(
      ordinal: ordinal, operation: .cancelRotateSecret, region: "us-east-1", secretID: "s",
      attempt: 1)
  }

  private func settled(_ ordinal: Int, _ outcome: Outcome = .cancelled) -> JournalRecord {
    .settled(
      Settlement(ordinal: ordinal, outcome: outcome, startedAt: time(), settledAt: time()))
  }

  private func write(_ records: [JournalRecord], to path: String) async throws {
    let writer = try JournalWriter(
      path: path, chain: JournalReader.chain, validBytes: 0, now: time)
    for record in records { try await writer.commit(record) }
    try await writer.close()
  }

  @Test func `what was committed is read back`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/journal.ndjson"
    try await write([opened(3), intent(0), settled(0), intent(2)], to: path)
    let state = try JournalReader.read(path)
    #expect(state.targets == 3)
    #expect(state.marks == [.settled, .open, .inDoubt])
    #expect(state.totals[.cancelled] == 1)
    #expect(!state.isFinished)
  }

  @Test func `five hundred writers at once keep the chain whole`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/journal.ndjson"
    let writer = try JournalWriter(
      path: path, chain: JournalReader.chain, validBytes: 0, now: time)
    writer.append(opened(500))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for ordinal in 0..<500 {
        group.addTask {
          try await writer.commit(self.intent(ordinal))
          writer.append(self.settled(ordinal))
        }
      }
      try await group.waitForAll()
    }
    try await writer.close()
    let state = try JournalReader.read(path)
    #expect(state.chain.lines == 1001)
    #expect(state.marks.allSatisfy { $0 == .settled })
  }

  @Test func `a torn last line is dropped at every length and written over`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/journal.ndjson"
    try await write([opened(2), intent(0), settled(0)], to: path)
    let whole = try DurableFile.read(path)
    let lastLine = whole.dropLast().lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    for length in (lastLine + 1)..<whole.count {
      try folder.write("journal.ndjson", Array(whole[..<length]))
      let state = try JournalReader.read(path)
      #expect(state.hadTornTail)
      #expect(state.marks == [.inDoubt, .open])
      #expect(state.validBytes == lastLine)
    }
    let state = try JournalReader.read(path)
    let writer = try JournalWriter(
      path: path, chain: state.chain, validBytes: state.validBytes, now: time)
    try await writer.commit(settled(0))
    try await writer.close()
    #expect(try DurableFile.read(path) == whole)
  }

  @Test func `damage before the last line stops with its line number`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/journal.ndjson"
    try await write([opened(2), intent(0), settled(0)], to: path)
    var bytes = try DurableFile.read(path)
    let second = (bytes.firstIndex(of: 0x0A) ?? 0) + 30
    bytes[second] ^= 1
    try folder.write("journal.ndjson", bytes)
    #expect {
      _ = try JournalReader.read(path)
    } throws: { error in
      ["\(path):2:", "\(path):3:"].contains { "\(error)".hasPrefix($0) }
    }
  }

  @Test func `a withdrawn intent leaves no doubt and an earlier one does`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/journal.ndjson"
    try await write(
      [
        opened(2), intent(0), .withdrawn(ordinal: 0), intent(1), intent(1), .withdrawn(ordinal: 1),
      ], to: path)
    #expect(try JournalReader.read(path).marks == [.open, .inDoubt])
  }

  @Test func `only an unknown outcome may be settled again`() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path + "/journal.ndjson"
    try await write([opened(1), intent(0), settled(0, .unknown), settled(0)], to: path)
    #expect(try JournalReader.read(path).marks == [.settled])
    #expect(try JournalReader.read(path).totals[.unknown] == 0)

    let other = folder.path + "/other.ndjson"
    try await write([opened(1), intent(0), settled(0), settled(0)], to: other)
    #expect(throws: JournalDamage.self) { _ = try JournalReader.read(other) }
  }

  @Test func `a journal on a full disk refuses the intent and everything after it`() async throws {
    let writer = try JournalWriter(
      path: "/dev/full", chain: JournalReader.chain, validBytes: 0, now: time)
    await #expect(throws: FileError.self) { try await writer.commit(self.opened(1)) }
    await #expect(throws: FileError.self) { try await writer.commit(self.intent(0)) }
    await #expect(throws: FileError.self) { try await writer.close() }
  }
}
