import Cryptography
import RotationCore
import TestSupport
import Testing

/// A glance at a line says the same as reading it.
@Suite struct JournalGlanceTests {
  private static let time = Timestamp(milliseconds: 1_763_921_501_123)

  private static var records: [JournalRecord] {
    var whole = Settlement(
      ordinal: 3, outcome: .failed, reason: .service, message: "it said \"no\"\n", startedAt: time,
      settledAt: time)
    whole.failure = ServiceFailure(kind: .service, code: "X", message: "ü", httpStatus: 400)
    var state = SecretState()
    state.arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-a1b2c3"
    state.rotationEnabled = true
    state.rotationRules = ["AutomaticallyAfterDays": 30, "x": [1.5, -2, [], [[:]]]]
    state.stages = [("v", ["AWSCURRENT"])]
    whole.before = state
    return [
      .opened(runID: "r", toolVersion: "t", planSHA256: "0", targets: 4),
      .settled(whole),
      .settled(Settlement(ordinal: 0, outcome: .cancelled, startedAt: time, settledAt: time)),
      .intent(
        ordinal: 1, operation: .cancelRotateSecret, region: "us-east-1", secretID: "a", attempt: 1),
      .withdrawn(ordinal: 1), .resumed(host: "h", pid: 1), .finished(totals: [.cancelled: 4]),
    ]
  }

  private func chain() -> JournalChain { JournalChain { SHA256.hash($0).hex } }

  private func facts(_ glance: JournalGlance?) -> String {
    switch glance {
    case .settled(let ordinal, let outcome, let at): "settled \(ordinal) \(outcome) \(at.iso8601)"
    case .intent(let ordinal, let at): "intent \(ordinal) \(at.iso8601)"
    case .record(let parsed):
      switch parsed.record {
      case .settled(let s): "settled \(s.ordinal) \(s.outcome) \(parsed.at.iso8601)"
      case .intent(let ordinal, _, _, _, _): "intent \(ordinal) \(parsed.at.iso8601)"
      case .finished(let totals):
        "finished \(totals.map { "\($0) \($1)" }.sorted()) \(parsed.at.iso8601)"
      default: "\(parsed.record) \(parsed.at.iso8601)"
      }
    case nil: "damage"
    }
  }

  @Test func `lines are taken as the whole reader takes them, changed ones too`() {
    var random = SeededRandom(seed: 3)
    var reading = chain()
    for record in JournalGlanceTests.records {
      let line = record.line(at: JournalGlanceTests.time, previous: reading.head)
      for attempt in 0..<3000 {
        var changed = line
        if attempt > 0 {
          let place = Int.random(in: 0..<line.count, using: &random)
          if Bool.random(using: &random) {
            changed[place] = UInt8.random(in: 0x20...0x7E, using: &random)
          } else {
            changed.remove(at: place)
          }
        }
        var (one, other) = (reading, reading)
        let read = (try? one.accept(changed)).map { JournalGlance.record($0) }
        let glanced = try? other.glance(at: changed)
        // What a settlement holds beside its outcome is the one thing that a glance passes over.
        if read == nil, case .settled = glanced { continue }
        #expect(facts(read) == facts(glanced), "\(String(decoding: changed, as: UTF8.self))")
        #expect(one.head == other.head || read == nil)
      }
      reading.advance(over: line)
    }
  }

  @Test func `a line with the wrong hash is damage`() {
    var reading = chain()
    let line = JournalGlanceTests.records[2].line(
      at: JournalGlanceTests.time, previous: String(repeating: "1", count: 64))
    #expect(throws: JournalRecord.Damage.self) { _ = try reading.glance(at: line) }
    #expect(reading.lines == 0)
  }
}
