import RotationCore
import SecretsManagerSimulator
import Testing

@Suite("Faults and quotas") struct FaultAndQuotaTests {
  private static func fixture(_ rules: FaultRule...) -> SimulationFixture {
    SimulationFixture { $0.faults = rules }
  }

  @Test func `the first attempts of one secret are struck`() {
    var fixture = FaultAndQuotaTests.fixture(
      FaultRule(
        kind: .throttle, trigger: .firstAttempts(2), operations: ["CancelRotateSecret"],
        secret: "rot*"))
    #expect(
      fixture.cancel("rotating").refusal == Refusal("ThrottlingException", "Rate exceeded"))
    #expect(fixture.cancel("rotating").refusal?.code == "ThrottlingException")
    #expect(fixture.cancel("off").refusal == nil)
    #expect(fixture.cancel("rotating").refusal == nil)
    #expect(fixture.service.log.records.map(\.tookEffect) == [false, false, true, true])
  }

  @Test(arguments: [false, true])
  func `an answer can be lost before or after the operation`(after: Bool) throws {
    var fixture = FaultAndQuotaTests.fixture(
      FaultRule(
        kind: .reset, trigger: .firstAttempts(1), operations: ["CancelRotateSecret"],
        strikesAfter: after))
    let exchange = fixture.exchange("CancelRotateSecret", ["SecretId": "rotating"])
    #expect(exchange.delivery == .reset)
    #expect(exchange.status == nil)
    #expect(try fixture.describe("rotating").rotationEnabled == !after)
    #expect(fixture.service.log.records.first?.tookEffect == after)
    #expect(fixture.service.log.records.first?.fault == "reset")
  }

  @Test func `each kind has its status`() {
    let kinds: [(FaultKind, Int?)] = [
      (.throttle, 400), (.internalError, 500), (.unavailable, 503), (.slow(milliseconds: 5), 200),
      (.reset, nil), (.cutBody, 200), (.garbage200, 200), (.html, 502),
      (.clockSkew(seconds: 900), 400), (.expiredToken, 400), (.silence, nil),
      (.hugeError(bytes: 9), 500),
    ]
    for (kind, status) in kinds {
      var fixture = FaultAndQuotaTests.fixture(
        FaultRule(kind: kind, trigger: .firstAttempts(1)))
      #expect(fixture.exchange("DescribeSecret", ["SecretId": "off"]).status == status)
      #expect(fixture.exchange("DescribeSecret", ["SecretId": "off"]).status == 200)
    }
  }

  @Test func `an answer asks for a pause where the rule says so`() {
    var fixture = FaultAndQuotaTests.fixture(
      FaultRule(kind: .throttle, trigger: .firstAttempts(1), retryAfterMilliseconds: 1500))
    let struck = fixture.exchange("DescribeSecret", ["SecretId": "off"])
    #expect(struck.retryAfterMilliseconds == 1500)
    #expect(
      fixture.exchange("DescribeSecret", ["SecretId": "off"]).retryAfterMilliseconds == nil)
  }

  @Test func `a huge error has as many bytes as were asked for`() {
    var fixture = FaultAndQuotaTests.fixture(
      FaultRule(kind: .hugeError(bytes: 2_000_000), trigger: .firstAttempts(1)))
    let message = fixture.ask("DescribeSecret", ["SecretId": "off"]).refusal?.message
    #expect(message?.utf8.count == 2_000_000)
  }

  @Test func `chance repeats itself whatever the order`() {
    let rule = FaultRule(kind: .internalError, trigger: .probability(0.5))
    func struck(_ names: [String]) -> [String: Bool] {
      var fixture = FaultAndQuotaTests.fixture(rule)
      var result: [String: Bool] = [:]
      for name in names {
        let answer = fixture.ask("DescribeSecret", ["SecretId": .string(name)])
        result[name] = answer.refusal?.status == 500
      }
      return result
    }
    let names = (1...200).map { "secret-\($0)" }
    let forward = struck(names)
    #expect(forward == struck(names.reversed()))
    #expect((70...130).contains(forward.values.count { $0 }))
  }

  @Test func `rotating and cancelling share fifty a second and other groups do not`() {
    var fixture = SimulationFixture()
    var refused = 0
    for _ in 0..<60 where fixture.cancel("off").refusal?.code == "ThrottlingException" {
      refused += 1
    }
    #expect(refused == 10)
    #expect(
      fixture.ask("RotateSecret", ["SecretId": "off"]).refusal?.code == "ThrottlingException")
    #expect(fixture.ask("DescribeSecret", ["SecretId": "off"]).refusal == nil)
    #expect(
      fixture.cancel("replicated", region: "eu-west-1").refusal?.code != "ThrottlingException")
    fixture.now = fixture.now.adding(seconds: 0.02)
    #expect(fixture.cancel("off").refusal == nil)
    #expect(fixture.cancel("off").refusal?.code == "ThrottlingException")
  }

  @Test func `the peak is the most within any one second`() throws {
    var quota = Quota(limits: [.rotation: QuotaLimit(rate: 10, burst: 3)])
    let place = Place(accountID: "111122223333", region: "us-east-1")
    var admitted = 0
    for milliseconds: Int64 in [0, 100, 200, 900, 999, 1000, 1100, 5000] {
      let now = Timestamp(milliseconds: milliseconds)
      if quota.admit(.rotation, at: place, now: now) { admitted += 1 }
    }
    let usage = try #require(quota.usage.values.first)
    #expect(usage.requests == 8)
    #expect(usage.peakPerSecond == 5)
    #expect(usage.throttled == 8 - admitted)
    #expect(quota.limit(of: .describe).rate == 40_000)
  }

  @Test func `calls are logged with what was asked and answered`() {
    var fixture = SimulationFixture()
    _ = fixture.cancel("rotating")
    _ = fixture.cancel("nothing")
    let text = fixture.service.log.records.map(\.record.compact)
    #expect(
      text[0].contains(#""operation":"CancelRotateSecret","secretId":"rotating","tookEffect":true"#)
    )
    #expect(text[1].contains(#""code":"ResourceNotFoundException""#))
  }
}
