import RotationCore
import RunEngine
import TestSupport
import Testing

@Suite struct AttemptLoopTests {
  static func failure(_ code: String, _ status: Int) -> ServiceFailure {
    ServiceFailure(kind: .service, code: code, message: "", httpStatus: status)
  }

  static func clock(_ time: VirtualTime) -> RunClock {
    RunClock(
      now: { EngineHarness.start.adding(seconds: time.elapsed) }, elapsed: { time.elapsed },
      sleep: { await time.sleep($0) })
  }

  static func loop(
    _ time: VirtualTime, stop: StopSignal = StopSignal(),
    policies: @escaping @Sendable (String?) -> RetryPolicy = { _ in RetryPolicy() }
  ) -> AttemptLoop {
    AttemptLoop(
      policies: policies, clock: clock(time), limit: ConcurrencyLimit(64), stop: stop,
      board: ProgressBoard(), unit: { 0.999 })
  }

  /// What a single call came to when the service gave these answers in turn, the last one for ever.
  struct Single: Sendable {
    var result: Result<Int, ServiceFailure>
    var attempts: [AttemptRecord]
    var numbers: [AttemptNumber]
    var elapsed: Double

    var failure: ServiceFailure? {
      if case .failure(let failure) = result { failure } else { nil }
    }
  }

  private func single(
    _ answers: [ServiceFailure?], profile: String? = nil,
    policies: @escaping @Sendable (String?) -> RetryPolicy = { _ in RetryPolicy() }
  ) async throws -> Single {
    let time = VirtualTime()
    let loop = Self.loop(time, policies: policies)
    return try await time.run {
      let pacer = LanePacer.unpaced(LaneID(account: "a", region: "us-east-1"), now: 0)
      var attempts: [AttemptRecord] = []
      var rest = answers[...]
      var numbers: [AttemptNumber] = []
      let result = await loop.call(
        .cancelRotateSecret, profile: profile, pacer: pacer, attempts: &attempts
      ) { number -> AttemptReply<Int> in
        numbers.append(number)
        let answer = rest.count > 1 ? rest.removeFirst() : rest.first
        return AttemptReply(answer.flatMap { $0 }.map { .failure($0) } ?? .success(1))
      }
      return Single(
        result: result, attempts: attempts, numbers: numbers, elapsed: time.elapsed)
    }
  }

  private let broken = AttemptLoopTests.failure("InternalServiceError", 500)
  private let throttled = AttemptLoopTests.failure("ThrottlingException", 400)
  private let denied = AttemptLoopTests.failure("AccessDeniedException", 400)

  @Test func `three attempts that fail tell of two retries`() async throws {
    let call = try await single([broken])
    #expect(call.failure?.exhaustedRetries == 2)
    #expect(call.numbers.map(\.number) == [1, 2, 3])
    #expect(call.numbers.allSatisfy { $0.maximum == 3 })
    #expect(Set(call.numbers.map(\.invocationID)).count == 1)
    #expect(call.attempts.map(\.retryDelayMilliseconds) == [50, 100, nil])
  }

  @Test func `a throttled call waits a second and then two`() async throws {
    let call = try await single([throttled, throttled, nil])
    #expect(call.failure == nil)
    #expect(call.attempts.map(\.retryDelayMilliseconds) == [999, 1998, nil])
    #expect(abs(call.elapsed - 2.997) < 1e-6)
  }

  @Test func `a final failure tells of exhausted attempts only when none was left`() async throws {
    let first = try await single([denied])
    #expect(first.failure != nil && first.failure?.exhaustedRetries == nil)
    #expect(first.numbers.count == 1)
    let last = try await single([broken, broken, denied])
    #expect(last.failure?.code == "AccessDeniedException")
    #expect(last.failure?.exhaustedRetries == 2)
    let only = try await single([denied], policies: { _ in RetryPolicy(maximumAttempts: 1) })
    #expect(only.failure?.exhaustedRetries == 0)
  }

  @Test func `each profile has its own settings`() async throws {
    let policies: @Sendable (String?) -> RetryPolicy = { profile in
      profile == "patient" ? RetryPolicy(maximumAttempts: 5) : RetryPolicy()
    }
    let patient = try await single([broken], profile: "patient", policies: policies)
    let plain = try await single([broken], policies: policies)
    #expect(patient.numbers.count == 5 && patient.failure?.exhaustedRetries == 4)
    #expect(plain.numbers.count == 3)
  }

  @Test func `a refused clock is repaired once outside the count unless told otherwise`()
    async throws
  {
    let skewed = Self.failure("InvalidSignatureException", 403)
    let repaired = try await single([skewed])
    #expect(repaired.numbers.count == 2)
    let plain = try await single([skewed], policies: { _ in RetryPolicy(repairsOnce: false) })
    #expect(plain.numbers.count == 1)
  }

  @Test func `the quota of a lane ends retries and successes give it back`() async throws {
    let time = VirtualTime()
    let loop = Self.loop(time)
    let broken = broken
    let counts = try await time.run {
      let pacer = LanePacer.unpaced(LaneID(account: "a", region: "us-east-1"), now: 0)
      var counts: [Int] = []
      for index in 0..<38 {
        var attempts: [AttemptRecord] = []
        let result = await loop.call(.cancelRotateSecret, pacer: pacer, attempts: &attempts) { _ in
          AttemptReply<Int>(index < 20 || index == 37 ? .failure(broken) : .success(1))
        }
        if case .failure(let failure) = result {
          #expect((failure.exhaustedRetries == nil) == (attempts.count < 3))
        }
        counts.append(attempts.count)
      }
      return counts
    }
    // 500 allows 35 retries at 14: 17 calls with two, one with one. Then 10 are left, and 17
    // successes add one each.
    #expect(Array(counts.prefix(20)) == Array(repeating: 3, count: 17) + [2, 1, 1])
    #expect(counts.last == 2)
  }

  @Test func `the adaptive rate holds back the retries of its own mode only`() async throws {
    func elapsed(_ mode: RetryMode) async throws -> Double {
      try await single(
        [throttled, throttled, throttled, nil],
        policies: { _ in RetryPolicy(mode: mode, maximumAttempts: 6) }
      ).elapsed
    }
    let standard = try await elapsed(.standard)
    let adaptive = try await elapsed(.adaptive)
    #expect(abs(standard - 6.993) < 1e-6)
    // At half a token a second each send waits up to two seconds.
    #expect(adaptive > standard && adaptive < standard + 6)
  }
}
