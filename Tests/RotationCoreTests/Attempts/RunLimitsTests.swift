import RotationCore
import Testing

@Suite struct RunLimitsTests {
  private let paris = LaneID(account: "111122223333", region: "eu-west-3")
  private let ohio = LaneID(account: "111122223333", region: "us-east-2")
  private let other = LaneID(account: "444455556666", region: "us-east-2")

  private func pattern(_ text: String) throws -> LanePattern {
    try #require(LanePattern(parsing: text))
  }

  @Test(arguments: ["", "/", "*", "1111/us-east-1", "111122223333/", "111122223333/*/x", "*/US"])
  func `what is no account and region is no pattern`(text: String) {
    #expect(LanePattern(parsing: text) == nil)
  }

  @Test func `the rate that names most counts, and an account more than a region`() throws {
    let limits = ConfiguredLimits(
      rate: 40, burst: 2,
      laneRates: [
        .init(try pattern("111122223333/us-east-2"), rate: 5),
        .init(try pattern("*/us-east-2"), rate: 9), .init(try pattern("111122223333/*"), rate: 20),
        .init(try pattern("111122223333/*"), rate: 21),
      ])
    #expect(limits.limits(of: ohio).rate == 5)
    #expect(limits.limits(of: paris).rate == 21)
    #expect(limits.limits(of: other).rate == 9)
    #expect(limits.limits(of: LaneID(account: "unknown", region: "eu-west-1")).rate == 40)
  }

  @Test func `the last change counts and replaces what it covers`() throws {
    let configured = LaneLimits(rate: 40, burst: 2)
    var limits = RunLimits()
    limits.add(.init(try pattern("111122223333/us-east-2"), rate: 5, isPaused: true))
    limits.add(.init(.all, rate: 30))
    #expect(limits.changes.count == 2)
    #expect(limits.limits(of: ohio, configured: configured).rate == 30)
    #expect(limits.limits(of: ohio, configured: configured).isPaused)
    #expect(!limits.limits(of: paris, configured: configured).isPaused)
    limits.add(.init(.all, isPaused: false))
    #expect(limits.changes.map(\.lanes) == [.all, .all])
    #expect(limits.limits(of: ohio, configured: configured) == LaneLimits(rate: 30, burst: 2))
  }

  @Test func `limits are read back as they were written`() throws {
    var limits = RunLimits()
    limits.concurrency = 7
    limits.add(.init(try pattern("*/us-east-2"), rate: 0.5, burst: 3, isPaused: true))
    limits.add(.init(.all, isPaused: false))
    #expect(RunLimits(record: limits.record) == limits)
  }

  @Test(arguments: [
    #"{"schema":"rotactl.limits/2","changes":[]}"#, #"{"schema":"rotactl.limits/1"}"#,
    #"{"schema":"rotactl.limits/1","changes":[],"concurrency":0}"#,
    #"{"schema":"rotactl.limits/1","changes":[{"account":"x","region":"*","rate":1}]}"#,
    #"{"schema":"rotactl.limits/1","changes":[{"account":"*","region":"*","rate":0}]}"#,
    #"{"schema":"rotactl.limits/1","changes":[{"account":"*","region":"*","paused":1}]}"#,
  ])
  func `a record that nobody wrote is refused`(text: String) throws {
    #expect(RunLimits(record: try JSONValue(parsing: text)) == nil)
  }

  @Test func `a lane that is lowered by throttles stays lowered when its rate is raised`() {
    var pace = LanePace(rate: 40, burst: 1, now: 0)
    for step in 0..<200 { _ = pace.leave(due: Double(step) / 40, at: Double(step) / 40) }
    pace.answered(throttled: true, sentAt: 4.9, at: 5)
    let lowered = pace.rate
    #expect(lowered < 40)
    pace.configure(rate: 60, burst: 1, at: 5)
    #expect(pace.rate == lowered)
    pace.configure(rate: 10, burst: 1, at: 5)
    #expect(pace.rate == 10)
    pace.configure(rate: 30, burst: 1, at: 5)
    #expect(pace.rate == 30)
  }
}
