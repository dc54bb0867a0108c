import RotationCore
import TestSupport
import Testing

/// AWS's numbers of the adaptive mode, run against our pure values.
@Suite(.enabled(if: Conformance.has("retry-adaptive"), "\(Conformance.absence)"))
struct AdaptiveConformanceTests {
  private func file() throws -> JSONValue {
    try JSONValue(parsing: Conformance.bytes("retry-adaptive/adaptive.json"))
  }

  private func isNear(_ value: Double, _ expected: Double?, _ tolerance: Double = 1e-6) -> Bool {
    expected.map { abs(value - $0) <= tolerance } ?? false
  }

  @Test func `the cubic rate falls and climbs as published`() throws {
    let sequences = try file()["cubic"]?.array ?? []
    #expect(sequences.count == 2)
    for sequence in sequences {
      let given = sequence["given"]
      var cubic = CubicRate(
        maximum: given?["last_max_rate"]?.double ?? 0,
        lastThrottle: given?["last_throttle_time"]?.double ?? 0)
      var rate = 0.0
      let steps = sequence["cases"]?.array ?? []
      let again = sequence["botocore_calculated_rate"]?.array ?? []
      #expect(steps.count == again.count && steps.count > 6)
      for (step, second) in zip(steps, again) {
        let time = try #require(step["timestamp"]?.double)
        rate =
          step["response"]?.string == "throttle"
          ? cubic.throttled(rate: rate, at: time) : cubic.rate(at: time)
        #expect(isNear(rate, step["calculated_rate"]?.double))
        #expect(isNear(rate, second.double))
      }
    }
  }

  /// smithy-rs and Go do not move the last maximum when they throttle in their test of this
  /// sequence, so their numbers differ from the AWS CLI's after it.
  @Test func `numbers of SDKs that keep the old maximum are not ours`() throws {
    let other = try file()["cubic_success_2_smithy_rs_and_go_values"]?["values"]?.array ?? []
    let ours = try file()["cubic"]?.array?.last?["botocore_calculated_rate"]?.array ?? []
    let differing = zip(other, ours).filter { !isNear($0.double ?? 0, $1.double) }
    #expect(other.count == 8 && differing.count == 4)
  }

  @Test func `the constants of the cubic rate are AWS's`() throws {
    let constants = try file()["cubic_constants"]
    var cubic = CubicRate(maximum: 10, lastThrottle: 0)
    #expect(isNear(cubic.recovery, constants?["start"]?["k"]?.double, 1e-12))
    let lowered = cubic.throttled(rate: 8, at: 0)
    #expect(isNear(lowered, constants?["error_at_rate_8"]?["new_rate"]?.double, 1e-12))
    #expect(isNear(cubic.recovery, constants?["error_at_rate_8"]?["k"]?.double, 1e-12))
    var other = CubicRate(lastThrottle: 0, beta: 0.6)
    let sixth = other.throttled(rate: 10, at: 0)
    #expect(isNear(sixth, constants?["beta_0.6_from_10"]?.double, 1e-12))
  }

  @Test(arguments: [("published", 1e-6), ("botocore", 1e-12)])
  func `the send rate follows the published sequence`(name: String, tolerance: Double) throws {
    let steps = try file()["end_to_end"]?[name]?.array ?? []
    #expect(steps.count == 17)
    var rate = AdaptiveRate(now: 0)
    for step in steps {
      let time = try #require(step["timestamp"]?.double)
      rate.answered(throttled: step["response"]?.string == "throttle", at: time)
      #expect(isNear(rate.measured, step["measured_tx_rate"]?.double, tolerance))
      #expect(isNear(rate.rate, step["new_token_bucket_rate"]?.double, tolerance))
      #expect(rate.isEnabled == (time >= 2))
    }
  }

  @Test func `the meter measures as botocore's does`() throws {
    let cases = try file()["rate_clocker"]?.array ?? []
    #expect(cases.count == 5)
    for row in cases {
      var meter = RateMeter(now: 0)
      let after = row["rate_after_each"]?.array?.map { $0.double }
      for (index, time) in (row["timestamps"]?.array ?? []).enumerated() {
        meter.record(at: time.double ?? 0)
        if let after { #expect(isNear(meter.rate, after[index], 1e-9)) }
      }
      if let expected = row["expected_rate"]?.double {
        #expect(isNear(meter.rate, expected, row["tolerance"]?.double ?? 1e-9))
      }
    }
  }

  @Test func `no rate runs ahead of twice what was measured`() throws {
    let rule = try #require(file()["max_rate_rule"])
    let bounded = AdaptiveRate.bounded(
      rule["cubic_says"]?.double ?? 0, measured: rule["measured"]?.double ?? 0)
    #expect(bounded == rule["expected_new_rate"]?.double)
  }

  @Test func `the tokens are botocore's`() throws {
    let cases = try #require(file()["token_bucket"])
    let blocking = try #require(cases["blocking"])
    let clock = blocking["clock"]?.array?.compactMap(\.double) ?? []
    var tokens = SendTokens(rate: blocking["max_rate"]?.double ?? 0, now: clock[0])
    let waits = clock.dropFirst().map { tokens.take(at: $0) }
    #expect(waits.map { $0 == 0 } == [true, false, true, true])

    let least = try #require(cases["min_rate"])
    var slow = SendTokens(rate: 1, minimumRate: least["min_rate"]?.double ?? 0, now: 0)
    slow.setRate(least["set_max_rate"]?.double ?? 0, at: 0)
    #expect(slow.rate == least["expected_rate"]?.double)
    #expect(slow.capacity == least["expected_capacity"]?.double)

    let half = try #require(cases["capacity_at_least_one"])
    var small = SendTokens(rate: 10, now: 0)
    small.setRate(half["set_max_rate"]?.double ?? 0, at: 0)
    #expect(small.rate == half["expected_rate"]?.double)
    #expect(small.capacity == half["expected_capacity"]?.double)

    let wanted = cases["nonblocking_too_much"]?["acquire"]?.double ?? 0
    var ten = SendTokens(rate: 10, now: 0)
    let early = ten.take(wanted, at: 0)
    let later = ten.take(wanted, at: 1)
    #expect(early > 0 && later > 0)
  }
}
