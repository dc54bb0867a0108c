import RotationCore
import TestSupport
import Testing

/// AWS's retry specification and botocore's tables, run against our pure values.
@Suite(.enabled(if: Conformance.has("retry-standard"), "\(Conformance.absence)"))
struct RetryConformanceTests {
  /// The numbers before 2026: cost 5 and base 1 s for every fault.
  ///
  /// Only a case without a retry
  /// comes out the same by the numbers of 2026.
  private static let sameBeforeAndAfter2026 = ["No retries at all if retry quota is 0"]

  /// The code is in both of botocore's lists; one failure has one verdict here, and throttling is
  /// looked at first, as botocore does for cost and backoff.
  private static let inBothLists = "PriorRequestNotComplete"

  /// botocore reads these from a service's model; no error of Secrets Manager or STS is so marked.
  private static let modelled = [
    "ModeledThrottlingError", "ModeledRetryableError", "ErrorCodeRetryable",
  ]

  private func file(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Conformance.bytes("retry-standard/\(name)"))
  }

  private static func failure(_ response: JSONValue?) -> ServiceFailure? {
    guard let status = response?["status_code"]?.double, status != 200 else { return nil }
    var failure = ServiceFailure(
      kind: .service, code: response?["error_code"]?.string ?? "", message: "",
      httpStatus: Int(status))
    failure.retryAfterMilliseconds = response?["headers"]?["x-amz-retry-after"]?.string
      .flatMap(RetryPolicy.hintMilliseconds(header:))
    return failure
  }

  /// One caller of the specification's cases.
  private struct Caller {
    let policy: RetryPolicy
    var attempt = 1
    var lastCost: Int?

    init(_ given: JSONValue?) {
      policy = RetryPolicy(
        maximumAttempts: given?["max_attempts"]?.double.map { Int($0) } ?? 3,
        longestBackoff: given?["max_backoff_time"]?.double ?? 20)
    }

    mutating func receive(
      _ response: JSONValue?, _ quota: inout RetryQuota
    ) -> (outcome: String, delay: Double?) {
      guard let failure = RetryConformanceTests.failure(response) else {
        quota.succeeded(lastCost: lastCost)
        (attempt, lastCost) = (1, nil)
        return ("success", nil)
      }
      let decision = policy.decision(
        after: failure, verdict: RetryPolicy.verdict(on: failure), attempt: attempt, quota: &quota,
        unit: 1)
      switch decision {
      case .retry(let delay, let cost):
        attempt += 1
        lastCost = cost
        return ("retry_request", delay)
      case .stop(.attemptsExhausted): return ("max_attempts_exceeded", nil)
      case .stop(.quotaExhausted): return ("retry_quota_exceeded", nil)
      case .stop(.final): return ("fail_request", nil)
      }
    }
  }

  private func quota(_ given: JSONValue?) -> RetryQuota {
    RetryQuota(available: given?["initial_retry_tokens"]?.double.map { Int($0) } ?? 500)
  }

  /// What differs in one step; the delay counts only where a retry follows.
  private func differences(
    _ expected: JSONValue?, _ got: (outcome: String, delay: Double?), _ quota: RetryQuota
  ) -> [String] {
    var found: [String] = []
    if expected?["outcome"]?.string != got.outcome { found.append("outcome \(got.outcome)") }
    if let left = expected?["retry_quota"]?.double, Int(left) != quota.available {
      found.append("quota \(quota.available)")
    }
    if let delay = got.delay, let wanted = expected?["delay"]?.double, abs(delay - wanted) > 1e-9 {
      found.append("delay \(delay)")
    }
    return found
  }

  private func differences(_ scenario: JSONValue) -> [String] {
    var caller = Caller(scenario["given"])
    var quota = quota(scenario["given"])
    return (scenario["responses"]?.array ?? []).flatMap { step in
      let got = caller.receive(step["response"], &quota)
      return differences(step["expected"], got, quota)
    }
  }

  @Test(arguments: [
    ("cases", 12), ("multi_invocation", 1), ("long_polling_not_applicable_to_secretsmanager", 5),
  ])
  func `every case of 2026 comes out as specified`(group: String, count: Int) throws {
    let cases = try file("sep-standard-2026.json")[group]?.array ?? []
    #expect(cases.count == count)
    for scenario in cases {
      #expect(differences(scenario) == [], "\(scenario["name"]?.string ?? "")")
    }
  }

  @Test func `callers of one quota share it`() throws {
    let scenario = try #require(file("sep-standard-2026.json")["multi_threaded"]?.array?.first)
    let threads = (scenario["threads"]?.array ?? []).map { ($0.array ?? [])[...] }
    var rest = threads
    var callers = threads.map { _ in Caller(scenario["given"]) }
    var quota = quota(scenario["given"])
    // The only order of the two threads in which the expected quotas follow from each other.
    for thread in [0, 0, 1, 1, 0] {
      let next = rest[thread].popFirst()
      let step = try #require(next)
      let got = callers[thread].receive(step["response"], &quota)
      #expect(differences(step["expected"], got, quota) == [])
    }
    #expect(scenario["expected_final_quota"]?.double == Double(quota.available))
  }

  @Test func `the numbers before 2026 differ in every case but one`() throws {
    let cases = try file("sep-standard.json")["cases"]?.array ?? []
    #expect(cases.count == 6)
    let same = cases.filter { differences($0).isEmpty }.compactMap { $0["name"]?.string }
    #expect(same == Self.sameBeforeAndAfter2026)
  }

  private func verdict(_ row: JSONValue) -> RetryPolicy.Verdict {
    let kind: ServiceFailure.Kind =
      switch row["error"]?["client_exception"]?.string {
      case "ConnectionError": .connect
      case .some: .lost
      case nil: .service
      }
    guard row["status"]?.double != 200 else { return .final }
    return RetryPolicy.verdict(
      on: ServiceFailure(
        kind: kind, code: row["error"]?.string ?? "", message: "",
        httpStatus: row["status"]?.double.map { Int($0) }))
  }

  @Test func `botocore's tables of codes and statuses are ours`() throws {
    let tables = try file("botocore-retryable-tables.json")
    let throttling = tables["throttling_checker"]?.array ?? []
    #expect(throttling.count == 19)
    for row in throttling {
      #expect((verdict(row) == .throttling) == row["retryable"]?.bool, "\(row)")
    }
    let transient = tables["transient_checker"]?.array ?? []
    #expect(transient.count == 14)
    for row in transient {
      let expected: RetryPolicy.Verdict =
        row["error"]?.string == Self.inBothLists ? .throttling : .transient
      #expect((verdict(row) == expected) == row["retryable"]?.bool, "\(row)")
    }
    let marked = tables["modeled_checker"]?.array ?? []
    #expect(marked.count == 5)
    for row in marked where row["status"]?.double != nil {
      let isDivergence = Self.modelled.contains(row["error"]?.string ?? "")
      #expect((verdict(row) != .final) == (row["retryable"]?.bool == true && !isDivergence))
    }
  }

  @Test func `botocore's numbers for backoff, attempts and quota are ours`() throws {
    let tables = try file("botocore-retryable-tables.json")
    func delays(_ verdict: RetryPolicy.Verdict, _ count: Int) -> [Double] {
      (1...count).map {
        RetryPolicy().delaySeconds(
          afterAttempt: $0, verdict: verdict, hintMilliseconds: nil, unit: 1)
      }
    }
    let before = tables["backoff_with_random_1"]?["attempts_1_to_9"]?.array?.compactMap(\.double)
    #expect(delays(.throttling, 9) == before)
    let now = tables["backoff_2026_with_random_1"]?["attempts_1_to_11"]?.array?
      .compactMap(\.double)
    #expect(zip(delays(.transient, 11), now ?? []).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(now?.count == 11)
    for (attempt, goesOn) in [(1, true), (2, true), (3, false)] {
      #expect(tables["max_attempts_3"]?[String(attempt)]?.bool == goesOn)
      var quota = RetryQuota()
      let failure = ServiceFailure(kind: .lost, code: "", message: "")
      let decision = RetryPolicy(maximumAttempts: 3).decision(
        after: failure, verdict: .transient, attempt: attempt, quota: &quota, unit: 0)
      #expect((decision != .stop(.attemptsExhausted)) == goesOn)
    }
    let costs = tables["quota"]?["cost_2026"]
    #expect(costs?["default"]?.double == Double(RetryPolicy.cost(of: .transient)))
    #expect(costs?["throttling"]?.double == Double(RetryPolicy.cost(of: .throttling)))
    #expect(tables["quota"]?["initial"]?.double == Double(RetryQuota().available))
    for row in tables["retry_after_2026"]?.array ?? [] {
      let hint = row["x-amz-retry-after"]?.string.flatMap(RetryPolicy.hintMilliseconds(header:))
      let delay = RetryPolicy().delaySeconds(
        afterAttempt: 1, verdict: .transient, hintMilliseconds: hint, unit: 1)
      #expect(abs(delay - (row["expected_delay"]?.double ?? -1)) < 1e-9, "\(row)")
    }
  }

  @Test func `botocore's quota cases leave what ours leaves`() throws {
    let cases = try file("botocore-retryable-tables.json")["quota"]?["cases"]?.array ?? []
    #expect(cases.count == 5)
    for row in cases {
      var quota = RetryQuota(capacity: 50)
      for step in row["ops"]?.array ?? [] {
        let words = step.array ?? []
        let amount = Int(words[1].double ?? 0)
        if words[0].string == "acquire" {
          let taken = quota.take(amount)
          #expect(taken == words[2].bool)
        } else {
          quota.succeeded(lastCost: amount)
        }
      }
      #expect(row["left_of_50"]?.double == Double(quota.available))
    }
  }
}

@Suite struct RetryVerdictTests {
  private func failure(_ code: String, _ status: Int = 400) -> ServiceFailure {
    ServiceFailure(kind: .service, code: code, message: "", httpStatus: status)
  }

  @Test func `an unreachable identity provider passes at STS only`() {
    let found = failure("IDPCommunicationError")
    #expect(RetryPolicy.verdict(on: found, service: .sts) == .transient)
    #expect(RetryPolicy.verdict(on: found, of: .getCallerIdentity) == .transient)
    #expect(RetryPolicy.verdict(on: found, of: .cancelRotateSecret) == .final)
    #expect(RetryPolicy.verdict(on: found) == .final)
  }

  @Test func `a full secret is no throttle`() {
    let found = failure("LimitExceededException")
    #expect(RetryPolicy.verdict(on: found, operation: "UpdateSecretVersionStage") == .final)
    #expect(RetryPolicy.verdict(on: found, of: .cancelRotateSecret) == .throttling)
  }

  @Test(arguments: [400, 500])
  func `an internal error of the service passes whatever its status`(status: Int) {
    #expect(RetryPolicy.verdict(on: failure("InternalServiceError", status)) == .transient)
  }

  @Test(arguments: [429, 501, 505, 509, 403])
  func `a status that AWS does not name is final`(status: Int) {
    #expect(RetryPolicy.verdict(on: failure("Other", status)) == .final)
  }

  @Test func `a refused clock and an expired token are told apart`() {
    #expect(failure("InvalidSignatureException").isClockSkew)
    #expect(failure("RequestTimeTooSkewed").isClockSkew)
    #expect(!failure("ExpiredTokenException").isClockSkew)
    #expect(failure("ExpiredTokenException").isExpiredToken)
    #expect(!ServiceFailure(kind: .lost, code: "ExpiredToken", message: "").isExpiredToken)
  }
}
