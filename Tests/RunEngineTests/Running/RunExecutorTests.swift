import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

@Suite struct RunExecutorTests {
  private let account = "111122223333"

  private func scenario(_ edit: (inout Scenario) -> Void) -> Scenario {
    var scenario = Scenario()
    scenario.accounts = [SimulatedAccount(accountID: account, profiles: ["default"])]
    edit(&scenario)
    return scenario
  }

  private func secret(
    _ name: String, _ state: SecretTemplate.State = .rotating, region: String = "us-east-1"
  ) -> SecretTemplate {
    SecretTemplate(name: name, accountIDs: [account], regions: [region], state: state)
  }

  @Test func `each state settles as its own outcome`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        scenario.secrets = [
          secret("on"), secret("off", .off), secret("never", .neverConfigured),
          secret("deleted", .markedForDeletion), secret("stalled", .stalled),
        ]
      })
    let names = ["on", "off", "never", "deleted", "stalled", "missing"]
    let settled = try await harness.run(
      harness.targets(names.map { ($0, "us-east-1", nil) }))
    #expect(
      (0..<names.count).map { settled[$0]?.outcome } == [
        .cancelled, .alreadyOff, .neverConfigured, .skipped, .cancelled, .failed,
      ])
    #expect(settled[5]?.failure?.code == "ResourceNotFoundException")
    #expect(settled[4]?.warnings.map(\.code).contains(.stalledRotation) == true)
    #expect(settled[4]?.warnings.map(\.code).contains(.leftoverPending) == true)
    #expect(Set(harness.cancelCalls.compactMap(\.secretID)).count == 2)
  }

  @Test func `a rotation in flight is waited for while others go on`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var running = secret("running", .inFlight)
        running.finishesAfterSeconds = 30
        scenario.secrets = [running, secret("on")]
      })
    let settled = try await harness.run(
      harness.targets([("running", "us-east-1", nil), ("on", "us-east-1", nil)]))
    #expect(settled[0]?.outcome == .cancelled)
    #expect(settled[1]?.outcome == .cancelled)
    let waited = settled[0].map { $0.settledAt.seconds(since: $0.startedAt) } ?? 0
    #expect(waited >= 27 && waited < 60)
    let other = settled[1].map { $0.settledAt.seconds(since: $0.startedAt) } ?? 99
    #expect(other < 2)
    #expect(settled[0]?.warnings.isEmpty == true)
  }

  @Test func `waiting has an end`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var running = secret("running", .inFlight)
        running.finishesAfterSeconds = 3000
        scenario.secrets = [running]
      })
    let settled = try await harness.run(
      harness.targets([("running", "us-east-1", nil)]), timeout: 60)
    #expect(settled[0]?.outcome == .skipped)
    #expect(settled[0]?.reason == .inFlight)
    #expect(settled[0]?.isGood == false)
    #expect(harness.cancelCalls.isEmpty)
  }

  @Test(arguments: [InFlightPolicy.skip, .cancel])
  func `a rotation in flight is skipped or cancelled as asked`(policy: InFlightPolicy) async throws
  {
    let harness = try EngineHarness(
      scenario { $0.secrets = [secret("running", .inFlight)] })
    let settled = try await harness.run(
      harness.targets([("running", "us-east-1", nil)]), inFlight: policy)
    #expect(settled[0]?.outcome == (policy == .skip ? .skipped : .cancelled))
    #expect(harness.cancelCalls.count == (policy == .skip ? 0 : 1))
    if policy == .cancel {
      #expect(settled[0]?.warnings.map(\.code).contains(.cancelledInFlight) == true)
    }
  }

  @Test func `a lane never exceeds its pace and another lane has its own`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var many = secret("db-{n}")
        many.count = 200
        many.regions = ["us-east-1", "eu-west-1"]
        scenario.secrets = [many]
      })
    let list = ["us-east-1", "eu-west-1"].flatMap { region in
      (1...200).map { number -> (String, String, String?) in
        let digits = String(number)
        return (
          "db-" + String(repeating: "0", count: 3 - digits.count) + digits, region, nil
        )
      }
    }
    let settled = try await harness.run(harness.targets(list))
    #expect(settled.values.filter { $0.outcome == .cancelled }.count == 400)
    for region in ["us-east-1", "eu-west-1"] {
      let times = harness.cancelCalls.filter { $0.region == region }.map(\.time).sorted()
      #expect(times.count == 200)
      // 40 a second, a burst of 2, and at most 20 ms of lateness.
      let crowded = times.indices.filter { index in
        index + 43 < times.count && times[index + 43].seconds(since: times[index]) < 1
      }
      #expect(crowded.isEmpty)
      let span = times.last.map { $0.seconds(since: times[0]) } ?? 0
      #expect(span < 6)
    }
  }

  @Test func `a target listed with its replica is acted on once in the primary region`()
    async throws
  {
    let harness = try EngineHarness(
      scenario { scenario in
        var primary = secret("shared", region: "us-east-1")
        primary.replicas = ["eu-west-1", "ap-southeast-2"]
        scenario.secrets = [primary]
      })
    let settled = try await harness.run(
      harness.targets([
        ("shared", "eu-west-1", nil), ("shared", "ap-southeast-2", nil),
        ("shared", "us-east-1", nil),
      ]))
    #expect(
      (0..<3).map { settled[$0]?.outcome } == [.mergedIntoPrimary, .mergedIntoPrimary, .cancelled])
    #expect(settled[0]?.primaryOrdinal == 2)
    #expect(harness.cancelCalls.map(\.region) == ["us-east-1"])
  }

  @Test func `replicas alone still turn their primary off`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var primary = secret("shared", region: "us-east-1")
        primary.replicas = ["eu-west-1", "ap-southeast-2"]
        scenario.secrets = [primary]
      })
    let settled = try await harness.run(
      harness.targets([("shared", "eu-west-1", nil), ("shared", "ap-southeast-2", nil)]))
    #expect((0..<2).map { settled[$0]?.outcome } == [.cancelled, .mergedIntoPrimary])
    #expect(harness.cancelCalls.map(\.region) == ["us-east-1"])
  }

  @Test func `name and ARN of one secret are settled once`() async throws {
    let harness = try EngineHarness(scenario { $0.secrets = [secret("on")] })
    let arn = try #require(harness.service.secrets.first?.arn).text
    let settled = try await harness.run(
      harness.targets([("on", "us-east-1", nil), (arn, "us-east-1", nil)]))
    #expect(settled[0]?.outcome == .cancelled)
    #expect(settled[1]?.reason == .duplicate)
    #expect(harness.cancelCalls.count == 1)
  }

  @Test func `the soonest rotation of a lane goes first`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        scenario.secrets = [("late", 9000.0), ("soon", 60), ("middle", 500)].map { name, seconds in
          var template = secret(name)
          template.nextRotation = .after(seconds: seconds)
          return template
        }
      }, rate: 1)
    _ = try await harness.run(
      harness.targets(["late", "soon", "middle"].map { ($0, "us-east-1", nil) }))
    let order = harness.cancelCalls.compactMap(\.secretID)
    #expect(order.map { $0.contains("soon") }.first == true)
    #expect(order.map { $0.contains("late") }.last == true)
  }

  @Test func `a stale read after the cancel is read again until it proves`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        scenario.secrets = [secret("on")]
        scenario.staleReadsMilliseconds = 3000
      })
    let settled = try await harness.run(harness.targets([("on", "us-east-1", nil)]))
    #expect(settled[0]?.outcome == .cancelled)
    #expect(harness.cancelCalls.count == 1)
  }

  @Test func `every fault at ten in a hundred still ends in the truth`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var many = secret("db-{n}")
        many.count = 300
        scenario.secrets = [many]
        scenario.faults = [
          .throttle, .internalError, .unavailable, .reset, .cutBody, .garbage200, .html,
          .expiredToken,
        ].map { FaultRule(kind: $0, trigger: .probability(0.0125)) }
        scenario.faults.append(
          FaultRule(kind: .reset, trigger: .probability(0.02), strikesAfter: true))
      })
    let names = harness.service.secrets.map(\.name)
    let targets = harness.targets(names.map { ($0, "us-east-1", nil) })
    let settled = try await harness.run(targets)
    #expect(settled.count == 300)
    #expect(settled.values.allSatisfy { $0.outcome == .cancelled })
    #expect(harness.service.secrets.allSatisfy { $0.rotationEnabled == false })
  }

  @Test func `a service that answers slowly costs no pace`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var many = secret("db-{n}")
        many.count = 400
        scenario.secrets = [many]
        scenario.faults = [
          FaultRule(kind: .slow(milliseconds: 400), trigger: .probability(1))
        ]
      })
    let names = harness.service.secrets.map(\.name)
    let settled = try await harness.run(
      harness.targets(names.map { ($0, "us-east-1", nil) }), laneWorkers: 1024)
    #expect(settled.values.allSatisfy { $0.outcome == .cancelled })
    let times = harness.cancelCalls.map(\.time).sorted()
    // Three calls of 0.4 s each want 48 workers to keep 40 a second; the first 8 double twice.
    let span = times.last.map { $0.seconds(since: times[0]) } ?? 99
    #expect(span < 400.0 / 40 + 2.5)
  }

  @Test func `a lane that waits for its pace looks at few targets ahead`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var many = secret("db-{n}")
        many.count = 200
        scenario.secrets = [many]
      }, rate: 2)
    let names = harness.service.secrets.map(\.name)
    let settled = try await harness.run(
      harness.targets(names.map { ($0, "us-east-1", nil) }), laneWorkers: 1024)
    #expect(settled.values.allSatisfy { $0.outcome == .cancelled })
    // Eight workers have looked at the next targets; nobody has looked at those behind them.
    let first = harness.cancelCalls.map(\.time).min() ?? EngineHarness.start
    let looks = harness.service.calls.filter {
      $0.operation == "DescribeSecret" && $0.time.seconds(since: first) <= 0
    }
    #expect(looks.count <= 200 + 16)
  }

  @Test func `planning alone makes no mutating call`() async throws {
    let harness = try EngineHarness(
      scenario { $0.secrets = [secret("on"), secret("running", .inFlight)] })
    let targets = harness.targets([("on", "us-east-1", nil), ("running", "us-east-1", nil)])
    let result = try await harness.time.run { try await harness.plan(targets) }
    #expect(result.overview.count(.cancel) == 1)
    #expect(result.overview.count(.inFlight) == 1)
    let operations = Set(harness.service.calls.map(\.operation))
    #expect(operations == ["GetCallerIdentity", "DescribeSecret", "ListSecretVersionIds"])
  }

  @Test func `a partial ARN and a foreign owner are named in the report`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        scenario.accounts.append(
          SimulatedAccount(accountID: "444455556666", profiles: ["platform"]))
        var shared = secret("mail/relay")
        shared.suffix = "Kp4TzR"
        shared.sharedWith = ["444455556666"]
        scenario.secrets = [shared]
      })
    let partial = "arn:aws:secretsmanager:us-east-1:\(account):secret:mail/relay"
    let settled = try await harness.run(harness.targets([(partial, "us-east-1", "platform")]))
    #expect(settled[0]?.outcome == .cancelled)
    #expect(settled[0]?.warnings.map(\.code) == [.otherARN, .crossAccount])
  }

  @Test func `a run without faults makes the calls that its plan predicts`() async throws {
    let harness = try EngineHarness(
      scenario { $0.secrets = [secret("on"), secret("also"), secret("off", .off)] })
    let targets = harness.targets(["on", "also", "off"].map { ($0, "us-east-1", nil) })
    let predicted = try await harness.time.run {
      let plan = try await harness.plan(targets)
      try await harness.execute(targets, sha256: plan.sha256)
      return plan.overview.predictedCalls
    }
    let made = harness.service.calls.filter { $0.operation != "GetCallerIdentity" }
    #expect(made.count == predicted)
  }

  @Test func `an unknown profile fails its own targets only`() async throws {
    let harness = try EngineHarness(scenario { $0.secrets = [secret("on")] })
    let settled = try await harness.run(
      harness.targets([("on", "us-east-1", "nosuch"), ("on", "us-east-1", nil)]))
    #expect(settled[0]?.outcome == .failed)
    #expect(settled[0]?.reason == .preflight)
    #expect(settled[1]?.outcome == .cancelled)
  }

  @Test func `a stop leaves the rest untouched and a second run finishes it`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var many = secret("db-{n}")
        many.count = 100
        scenario.secrets = [many]
      })
    let targets = harness.targets(harness.service.secrets.map { ($0.name, "us-east-1", nil) })
    try await harness.runStopped(targets, after: 1)
    let first = try harness.settlements().count
    #expect(first > 10 && first < 100)
    #expect(harness.cancelCalls.count == first)

    let state = try JournalReader.read(harness.journalPath)
    let again = EngineHarness(resuming: harness)
    try await again.time.run { try await again.execute(targets, sha256: state.planSHA256) }
    #expect(try again.settlements().count == 100)
    #expect(try again.settlements().values.allSatisfy { $0.outcome == .cancelled })
    #expect(Set(again.cancelCalls.compactMap(\.secretID)).count == 100)
    #expect(again.cancelCalls.count == 100)
  }

  @Test func `a stop amid faults fails nothing that a second run can finish`() async throws {
    let harness = try EngineHarness(
      scenario { scenario in
        var many = secret("db-{n}")
        many.count = 100
        scenario.secrets = [many]
        scenario.faults = [
          FaultRule(kind: .throttle, trigger: .probability(0.15)),
          FaultRule(kind: .internalError, trigger: .probability(0.15)),
        ]
      })
    let targets = harness.targets(harness.service.secrets.map { ($0.name, "us-east-1", nil) })
    try await harness.runStopped(targets, after: 1)
    #expect(
      try harness.settlements().values.allSatisfy { [.cancelled, .unknown].contains($0.outcome) })
    let state = try JournalReader.read(harness.journalPath)
    let again = EngineHarness(resuming: harness)
    try await again.time.run { try await again.execute(targets, sha256: state.planSHA256) }
    #expect(try again.settlements().values.filter { $0.outcome == .cancelled }.count == 100)
    #expect(harness.service.secrets.allSatisfy { $0.rotationEnabled == false })
  }
}
