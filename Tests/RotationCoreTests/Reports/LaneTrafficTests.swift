import RotationCore
import TestSupport
import Testing

@Suite struct LaneTrafficTests {
  private static let start = Timestamp(milliseconds: 1_795_457_520_000)

  private func attempt(
    _ operation: ServiceOperation, at seconds: Double, code: String? = nil
  ) -> AttemptRecord {
    var record = AttemptRecord(
      operation: operation, number: 1, startedAt: LaneTrafficTests.start.adding(seconds: seconds),
      durationMilliseconds: 10)
    record.errorCode = code
    return record
  }

  @Test func `calls, changes, refusals and the peak are counted`() {
    var traffic = LaneTraffic()
    for index in 0..<10 {
      traffic.add(attempt(.cancelRotateSecret, at: 3 + Double(index) / 10))
    }
    traffic.add(attempt(.cancelRotateSecret, at: 70, code: "ThrottlingException"))
    traffic.add(attempt(.describeSecret, at: 1))
    #expect(traffic.calls == 12)
    #expect(traffic.changes == 11)
    #expect(traffic.throttled == 1)
    #expect(traffic.peakPerSecond == 10)
    #expect(traffic.firstCallAt == LaneTrafficTests.start.adding(seconds: 1))
    #expect(traffic.lastCallAt == LaneTrafficTests.start.adding(seconds: 70))
  }

  @Test func `the summary tells each lane and the minutes of its changes`() throws {
    let target = Target(
      ordinal: 0, secretID: "a", region: "us-east-1", profile: nil, accountID: nil, sources: [],
      labels: [])
    var entry = PlanEntry(target: target, disposition: .cancel, reason: "on")
    entry.callerAccount = "111122223333"
    var settlement = Settlement(
      ordinal: 0, outcome: .cancelled, startedAt: LaneTrafficTests.start,
      settledAt: LaneTrafficTests.start)
    settlement.attempts = [
      attempt(.cancelRotateSecret, at: 0, code: "ThrottlingException"),
      attempt(.cancelRotateSecret, at: 61), attempt(.describeSecret, at: 62),
    ]
    var summary = RunSummary()
    summary.add(entry, settlement)
    let lane = try #require(
      summary.record(runID: "r", incident: nil, reason: nil)["lanes"]?.array?.first)
    #expect(lane["account"] == "111122223333")
    #expect(lane["calls"] == 3)
    #expect(lane["throttled"] == 1)
    #expect(lane["stepSeconds"] == 60)
    let timeline = try #require(lane["timeline"]?.array)
    #expect(timeline.map { $0["changes"]?.int } == [1, 1])
    #expect(timeline.map { $0["throttled"]?.int } == [1, 0])
  }

  @Test(arguments: 1...20)
  func `the counts do not depend on the order of the calls`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let span = Double(1 << Int.random(in: 4...36, using: &random))
    let attempts = (0..<300).map { _ in
      attempt(.cancelRotateSecret, at: Double.random(in: -span...span, using: &random))
    }
    var first = LaneTraffic()
    for attempt in attempts { first.add(attempt) }
    var second = LaneTraffic()
    for attempt in attempts.shuffled(using: &random) { second.add(attempt) }
    #expect(first == second)
    #expect(first.peakPerSecond >= 1)
  }

  @Test func `the peak of a run of days is that of its one busiest second`() {
    var traffic = LaneTraffic()
    for second in stride(from: 0, to: 3 * 86_400, by: 60) {
      traffic.add(attempt(.cancelRotateSecret, at: Double(second)))
    }
    for index in 0..<42 {
      traffic.add(attempt(.cancelRotateSecret, at: 100_000 + Double(index) / 42))
    }
    #expect(traffic.peakPerSecond == 42)
  }

  @Test func `steps widen instead of becoming more`() {
    var histogram = TimeHistogram(width: 60, limit: 60)
    for hour in 0..<48 {
      histogram.add(
        at: LaneTrafficTests.start.adding(seconds: Double(hour) * 3600), isCall: true,
        throttled: false)
    }
    #expect(histogram.timeline.count <= 60)
    #expect(histogram.timeline.reduce(0) { $0 + $1.count.calls } == 48)
  }
}
