import RotationCore
import Testing

@Suite struct StopRuleTests {
  private func trips(_ limit: FailureLimit?, _ outcomes: [Outcome]) -> Int? {
    var tally = FailureTally(limit)
    return outcomes.firstIndex { tally.add($0) }
  }

  private func outcomes(good: Int, then bad: Int) -> [Outcome] {
    Array(repeating: .cancelled, count: good) + Array(repeating: .failed, count: bad)
  }

  @Test(arguments: [(0, 0), (1, 1), (3, 3)])
  func `a count of N stops at failure N plus one`(allowed: Int, index: Int) {
    #expect(trips(.count(allowed), outcomes(good: 0, then: 10)) == index)
    #expect(trips(.count(allowed), outcomes(good: 100, then: 10)) == 100 + index)
    #expect(trips(.count(allowed), outcomes(good: 5, then: allowed)) == nil)
  }

  @Test func `failed and unknown count and nothing else does`() {
    #expect(trips(.count(0), [.cancelled, .alreadyOff, .skipped, .unknown]) == 3)
    #expect(
      trips(.count(0), [.cancelled, .alreadyOff, .neverConfigured, .mergedIntoPrimary, .skipped])
        == nil)
    #expect(trips(nil, outcomes(good: 0, then: 50)) == nil)
  }

  @Test func `it trips once`() {
    var tally = FailureTally(.count(0))
    #expect([Outcome.failed, .failed].map { tally.add($0) } == [true, false])
  }

  @Test func `a percentage is judged from twenty settled targets on`() {
    let tenPercent = FailureLimit.percent(10)
    // 19 settled, 5 failed: not judged yet; the twentieth is.
    #expect(trips(tenPercent, outcomes(good: 0, then: 5) + outcomes(good: 30, then: 0)) == 19)
    // Exactly 10 % are tolerated, more are not.
    #expect(trips(tenPercent, outcomes(good: 18, then: 2)) == nil)
    #expect(trips(tenPercent, outcomes(good: 18, then: 3)) == 20)
    #expect(trips(.percent(100), outcomes(good: 0, then: 40)) == nil)
  }

  @Test func `nought per cent tolerates none from the first target on`() {
    #expect(trips(.percent(0), [.failed]) == 0)
    #expect(trips(.percent(0), [.cancelled, .cancelled, .failed]) == 2)
  }

  @Test func `limits are written as they are typed`() {
    #expect(FailureLimit.count(3).description == "3")
    #expect(FailureLimit.percent(2.5).description == "2.5%")
    #expect(FailureLimit.percent(5).description == "5%")
  }

  @Test func `regions come in their order and the others last`() {
    let lanes = [
      ("1", "eu-west-1"), ("2", "us-east-1"), ("1", "us-east-1"), ("1", "ap-south-1"),
      ("1", "sa-east-1"),
    ].map { LaneID(account: $0.0, region: $0.1) }
    let stages = RegionOrder(["us-east-1", "af-south-1", "eu-west-1"]).stages(of: lanes)
    #expect(
      stages.map { $0.map(\.description) } == [
        ["1/us-east-1", "2/us-east-1"], ["1/eu-west-1"], ["1/ap-south-1", "1/sa-east-1"],
      ])
    #expect(RegionOrder().stages(of: lanes).map(\.count) == [5])
    #expect(RegionOrder(["us-east-1"]).stages(of: [LaneID]()).isEmpty)
  }

  @Test func `a ramp grows from one call a second to the limit`() {
    let ramp = RampUp(seconds: 100)
    #expect(ramp.rate(limit: 41, elapsed: 0) == 1)
    #expect(ramp.rate(limit: 41, elapsed: 50) == 21)
    #expect(ramp.rate(limit: 41, elapsed: 100) == 41)
    #expect(ramp.rate(limit: 41, elapsed: 1e9) == 41)
    #expect(ramp.rate(limit: 41, elapsed: -3) == 1)
    #expect(ramp.rate(limit: 0.5, elapsed: 0) == 0.5)
  }

  @Test func `a lane that ramps up sends what its ramp allows and no more`() {
    var pace = LanePace(rate: 40, burst: 1, ramp: RampUp(seconds: 60), now: 0)
    var now = 1000.0
    var sent: [Double] = []
    while now < 1061 {
      switch pace.reserve(at: now) {
      case .leave(let due):
        sent.append(due)
        now = max(now, due)
      case .ask(let wait): now += wait
      }
    }
    func count(_ from: Double, _ to: Double) -> Int {
      sent.count { $0 >= 1000 + from && $0 < 1000 + to }
    }
    #expect((1...3).contains(count(0, 1)))
    #expect((17...22).contains(count(29, 30)))
    #expect((38...41).contains(count(60, 61)))
    // The area below the line: about half of what the full rate would send.
    #expect((1150...1300).contains(count(0, 60)))
    pace.configure(rate: 10, burst: 1, at: now)
    #expect(pace.configuredRate == 10)
  }
}
