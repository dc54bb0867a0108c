import RotationCore
import Testing

@Suite struct TokenBucketTests {
  @Test func `a burst leaves at once and the rest at the rate`() {
    var bucket = TokenBucket(rate: 40, burst: 2, now: 0)
    let waits = (0..<6).map { _ in bucket.take(at: 0) }
    #expect(waits == [0, 0, 0.025, 0.05, 0.075, 0.1])
  }

  @Test func `no more than the burst gathers in a pause`() {
    var bucket = TokenBucket(rate: 10, burst: 2, now: 0)
    _ = bucket.take(at: 0)
    _ = bucket.take(at: 0)
    #expect(bucket.take(at: 1000) == 0)
    #expect(bucket.take(at: 1000) == 0)
    #expect(bucket.take(at: 1000) > 0)
  }

  @Test func `the pace holds for hours without drift`() {
    var bucket = TokenBucket(rate: 40, burst: 2, now: 0)
    var time = 0.0
    for _ in 0..<1_000_000 { time += bucket.take(at: time) }
    #expect(abs(time - (1_000_000 - 2) / 40) < 0.001)
  }

  @Test func `a bucket without a pace lets everything leave at once`() {
    var bucket = TokenBucket(rate: .infinity, burst: 2, now: 0)
    let waits = (0..<10_000).map { _ in bucket.take(at: 1) }
    #expect(waits.allSatisfy { $0 == 0 })
    bucket.setRate(10, at: 1)
    let next = bucket.take(at: 1)
    #expect(next <= 0.1)
  }

  @Test func `a lower rate stretches what was promised`() {
    var bucket = TokenBucket(rate: 10, burst: 1, now: 0)
    #expect(bucket.take(at: 0) == 0)
    bucket.setRate(5, at: 0)
    #expect(bucket.take(at: 0) == 0.2)
  }
}

@Suite struct RetryPolicyTests {
  private func failure(_ code: String, _ status: Int?) -> ServiceFailure {
    ServiceFailure(kind: .service, code: code, message: "", httpStatus: status)
  }

  @Test(arguments: ["ThrottlingException", "TooManyRequestsException", "SlowDown"])
  func `a throttling code is one whatever the status`(code: String) {
    #expect(RetryPolicy.verdict(on: failure(code, 400)) == .throttling)
  }

  @Test(arguments: [500, 502, 503, 504])
  func `a gateway status is transient whatever the code`(status: Int) {
    #expect(RetryPolicy.verdict(on: failure("X", status)) == .transient)
  }

  @Test func `429 without a known code is final`() {
    #expect(RetryPolicy.verdict(on: failure("Weird", 429)) == .final)
  }

  @Test func `refusals and certificate failures are final`() {
    #expect(RetryPolicy.verdict(on: failure("AccessDeniedException", 400)) == .final)
    #expect(
      RetryPolicy.verdict(on: ServiceFailure(kind: .tls, code: "TLS", message: "")) == .final)
  }

  @Test func `the backoff doubles to twenty seconds`() {
    func delay(_ attempt: Int, _ verdict: RetryPolicy.Verdict) -> Double {
      RetryPolicy().delaySeconds(
        afterAttempt: attempt, verdict: verdict, hintMilliseconds: nil, unit: 1)
    }
    #expect((1...4).map { delay($0, .transient) } == [0.05, 0.1, 0.2, 0.4])
    #expect((1...6).map { delay($0, .throttling) } == [1, 2, 4, 8, 16, 20])
    #expect(delay(60, .transient) == 20)
  }

  @Test(arguments: [(1500, 1.5), (0, 1.0), (60_000, 6.0), (-5, 1.0)])
  func `a hint counts between the backoff and five seconds more`(hint: Int, expected: Double) {
    let delay = RetryPolicy().delaySeconds(
      afterAttempt: 1, verdict: .throttling, hintMilliseconds: hint, unit: 1)
    #expect(delay == expected)
  }

  @Test func `the quota allows 35 transient retries and then none`() {
    var quota = RetryQuota()
    let taken = (0..<40).filter { _ in quota.take(RetryPolicy.cost(of: .transient)) }
    #expect(taken.count == 35)
    quota.succeeded(lastCost: 14)
    let again = quota.take(14)
    #expect(again)
  }
}
