import Cryptography
import RotationCore
import Testing

@Suite struct JournalRecordTests {
  private let time = Timestamp(milliseconds: 1_795_457_501_123)

  private var settlement: Settlement {
    var settlement = Settlement(
      ordinal: 3, outcome: .failed, reason: .service, message: "refused \"x\"", startedAt: time,
      settledAt: time.adding(seconds: 1.5))
    settlement.failure = ServiceFailure(
      kind: .service, code: "AccessDeniedException", message: "no", httpStatus: 400,
      requestID: "r-1")
    var attempt = AttemptRecord(
      operation: .cancelRotateSecret, number: 2, startedAt: time, durationMilliseconds: 31)
    attempt.errorCode = "ThrottlingException"
    attempt.retryDelayMilliseconds = 250
    settlement.attempts = [attempt]
    settlement.warnings = [TargetWarning(.leftoverPending, "still there", next: "aws x")]
    settlement.before = SecretState(wire: ["RotationEnabled": true])
    return settlement
  }

  private var records: [JournalRecord] {
    [
      .opened(runID: "r", toolVersion: "0.1.0", planSHA256: "ab", targets: 5),
      .caller(profile: nil, account: "111122223333", arn: "arn:aws:iam::111122223333:user/x"),
      .intent(
        ordinal: 3, operation: .cancelRotateSecret, region: "us-east-1", secretID: "a\nb",
        attempt: 1),
      .withdrawn(ordinal: 3), .settled(settlement), .resumed(host: "h", pid: 4),
      .stopped(cause: "signal INT"),
      .finished(totals: Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0, 1) })),
    ]
  }

  @Test func `every record reads back as it was written`() throws {
    for record in records {
      let line = record.line(at: time, previous: "00")
      let parsed = try JournalRecord.parse(line: line)
      #expect(parsed.record == record)
      #expect(parsed.at == time)
      #expect(!line.contains(0x0A))
    }
  }

  @Test func `the chain accepts its own lines and no other`() throws {
    let hash: @Sendable ([UInt8]) -> String = { SHA256.hash($0).hex }
    var writing = JournalChain(hash: hash)
    var lines: [[UInt8]] = []
    for record in records {
      let line = record.line(at: time, previous: writing.head)
      writing.advance(over: line)
      lines.append(line)
    }
    var reading = JournalChain(hash: hash)
    for line in lines { _ = try reading.accept(line) }
    #expect(reading.head == writing.head)

    for index in lines.indices.dropLast() {
      var broken = JournalChain(hash: hash)
      var changed = lines
      changed.remove(at: index)
      #expect(throws: JournalRecord.Damage.self) {
        for line in changed { _ = try broken.accept(line) }
      }
    }
  }

  @Test func `a plan entry reads back as it was written`() throws {
    var entry = PlanEntry(
      target: Target(
        ordinal: 7, secretID: "a", region: "us-east-1", profile: "p", accountID: "111122223333",
        sources: [SourceLocation(file: "C:x.csv", line: 3, column: 1)],
        labels: [Label(name: "owner", value: "db;team")]),
      disposition: .cancel, reason: "rotation is on")
    entry.before = SecretState(wire: ["RotationEnabled": true, "ARN": "x"])
    entry.callerAccount = "111122223333"
    entry.actingRegion = "eu-west-1"
    entry.primaryOrdinal = 2
    #expect(PlanEntry(record: entry.record) == entry)
    #expect(PlanEntry(record: ["ordinal": 1]) == nil)
  }
}

@Suite struct RunSummaryTests {
  @Test func `totals reconcile and only proven outcomes count as good`() {
    var summary = RunSummary()
    let time = Timestamp(milliseconds: 0)
    for (index, outcome) in Outcome.allCases.enumerated() {
      let target = Target(
        ordinal: index, secretID: "s\(index)", region: "us-east-1", profile: nil, accountID: nil,
        sources: [], labels: [])
      let entry = PlanEntry(target: target, disposition: .cancel, reason: "")
      let settlement = Settlement(
        ordinal: index, outcome: outcome, reason: outcome == .skipped ? .inFlight : nil,
        startedAt: time, settledAt: time)
      summary.add(entry, outcome == .notAttempted ? nil : settlement)
    }
    #expect(summary.reconciles)
    #expect(summary.targets == Outcome.allCases.count)
    #expect(summary.notGood == 4)
    let record = summary.record(runID: "r", incident: nil, reason: nil)
    #expect(record["provenOff"] == false)
    #expect(record["outcomes"]?["unknown"] == 1)
  }
}
