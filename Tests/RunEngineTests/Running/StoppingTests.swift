import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// Thresholds, canaries and the order of regions, against the simulator with time moved by hand.
@Suite struct StoppingTests {
  private let account = "111122223333"

  /// So many secrets a region; those whose numbers are listed refuse the cancel.
  private func scenario(
    _ regions: [String] = ["us-east-1"], count: Int, refusing: [Int] = [],
    in refusingRegion: String = "us-east-1", accounts: [String] = ["111122223333"]
  ) -> Scenario {
    var scenario = Scenario()
    scenario.accounts = accounts.enumerated().map { index, id in
      SimulatedAccount(accountID: id, profiles: [index == 0 ? "default" : "p\(index)"])
    }
    for number in 1...count {
      for region in regions {
        var template = SecretTemplate(
          name: name(number), accountIDs: accounts, regions: [region], state: .rotating)
        // The order within a lane is that of the next rotations, and so of the numbers.
        template.nextRotation = .after(seconds: Double(number) * 86_400)
        if refusing.contains(number), region == refusingRegion {
          template.owningService = "managed.amazonaws.com"
        }
        scenario.secrets.append(template)
      }
    }
    return scenario
  }

  private func name(_ number: Int) -> String { number < 10 ? "db-0\(number)" : "db-\(number)" }

  private func targets(
    _ harness: EngineHarness, _ regions: [String] = ["us-east-1"], count: Int
  ) -> [Target] {
    harness.targets(
      regions.flatMap { region in (1...count).map { (name($0), region, nil) } })
  }

  private func rules(_ edit: (inout StopRules) -> Void) -> StopRules {
    var rules = StopRules()
    edit(&rules)
    return rules
  }

  @Test func `with no failure tolerated nothing begins after the first`() async throws {
    var harness = try EngineHarness(scenario(count: 60, refusing: [10]), rate: 10)
    harness.stopRules = rules { $0.maximumFailures = .count(0) }
    let settled = try await harness.run(targets(harness, count: 60))
    #expect(harness.stop.cause == .threshold)
    #expect(
      harness.stop.ending?.detail?.contains("exceed --max-failures 0 of the run") == true)
    let failedAt = try #require(settled[9]?.settledAt)
    // What left before the failure was known ends; nothing leaves after it.
    #expect(harness.cancelCalls.allSatisfy { $0.time <= failedAt })
    #expect(settled.count < 20)
    #expect(settled.values.count { $0.outcome == .failed } == 1)
    // The stopped run can be resumed, and its rules count anew.
    var second = EngineHarness(resuming: harness)
    second.stopRules = harness.stopRules
    let again = second
    try await again.time.run { try await again.execute(targets(again, count: 60), sha256: "") }
    let all = try again.settlements()
    #expect(all.count == 60)
    #expect(all.values.count { $0.outcome == .cancelled } == 59)
    #expect(again.stop.ending == nil)
  }

  @Test func `a bound of two lets two failures pass and stops at the third`() async throws {
    var harness = try EngineHarness(scenario(count: 60, refusing: [3, 6, 9]), rate: 5)
    harness.stopRules = rules { $0.maximumFailures = .count(2) }
    let settled = try await harness.run(targets(harness, count: 60))
    #expect(harness.stop.cause == .threshold)
    #expect(settled.values.count { $0.outcome == .failed } == 3)
    #expect(settled.count < 30)
  }

  @Test func `a lane that fails stops alone and the run counts as stopped`() async throws {
    let regions = ["us-east-1", "eu-west-1"]
    var harness = try EngineHarness(
      scenario(regions, count: 40, refusing: [2, 4], in: "us-east-1"), rate: 10)
    harness.stopRules = rules { $0.maximumLaneFailures = .count(0) }
    let settled = try await harness.run(targets(harness, regions, count: 40))
    #expect(!harness.stop.isStopped)
    #expect(harness.stop.ending?.cause == .threshold)
    #expect(harness.stop.ending?.detail?.contains("lane 111122223333/us-east-1") == true)
    #expect((40..<80).allSatisfy { settled[$0]?.outcome == .cancelled })
    #expect((0..<40).count { settled[$0] != nil } < 15)
  }

  @Test func `a target that the plan knows to fail counts before anything is changed`() async throws
  {
    var harness = try EngineHarness(scenario(count: 5))
    harness.stopRules = rules { $0.maximumFailures = .count(0) }
    let list = harness.targets(
      ((1...5).map { name($0) } + ["missing"]).map { ($0, "us-east-1", nil) })
    let settled = try await harness.run(list)
    #expect(harness.stop.cause == .threshold)
    #expect(settled.count == 1)
    #expect(harness.cancelCalls.isEmpty)
  }

  @Test func `the rest waits until every lane's canary is proven`() async throws {
    let regions = ["us-east-1", "eu-west-1"]
    var harness = try EngineHarness(scenario(regions, count: 20))
    harness.stopRules = rules { $0.canary = 2 }
    let settled = try await harness.run(targets(harness, regions, count: 20))
    #expect(settled.count == 40 && settled.values.allSatisfy { $0.outcome == .cancelled })
    let canary = [0, 1, 20, 21]
    let proven = canary.compactMap { settled[$0]?.settledAt }.max() ?? EngineHarness.start
    let others = harness.cancelCalls.filter { call in
      !["db-01", "db-02"].contains { call.secretID?.contains($0 + "-") ?? false }
    }
    #expect(others.count == 36)
    #expect(others.allSatisfy { $0.time >= proven })
  }

  @Test func `a canary that is not proven ends the run with the rest untouched`() async throws {
    let regions = ["us-east-1", "eu-west-1"]
    var harness = try EngineHarness(
      scenario(regions, count: 20, refusing: [2], in: "eu-west-1"))
    harness.stopRules = rules { $0.canary = 3 }
    let settled = try await harness.run(targets(harness, regions, count: 20))
    #expect(harness.stop.cause == .canary)
    #expect(harness.stop.ending?.detail == "target 21, db-02 in eu-west-1, is failed")
    #expect(Set(settled.keys) == [0, 1, 2, 20, 21, 22])
    #expect(Set(harness.cancelCalls.compactMap(\.secretID)).count == 6)
  }

  @Test func `regions begin in their order, each when the one before is done`() async throws {
    let regions = ["us-east-1", "eu-west-1", "ap-south-1"]
    var harness = try EngineHarness(scenario(regions, count: 10))
    harness.stopRules = rules { $0.regionOrder = RegionOrder(["eu-west-1", "us-east-1"]) }
    let settled = try await harness.run(targets(harness, regions, count: 10))
    #expect(settled.count == 30)
    func times(_ region: String) -> [Timestamp] {
      harness.cancelCalls.filter { $0.region == region }.map(\.time).sorted()
    }
    let (first, second, last) = (times("eu-west-1"), times("us-east-1"), times("ap-south-1"))
    #expect(first.count == 10 && second.count == 10 && last.count == 10)
    let begins = try #require(second.first)
    #expect(first.allSatisfy { $0 <= begins })
    let ends = try #require(second.last)
    #expect(last.allSatisfy { $0 >= ends })
  }

  @Test func `a region that was stopped keeps the next one from beginning`() async throws {
    let regions = ["us-east-1", "eu-west-1"]
    var harness = try EngineHarness(
      scenario(regions, count: 10, refusing: [1], in: "us-east-1"), rate: 5)
    harness.stopRules = rules {
      $0.maximumLaneFailures = .count(0)
      $0.regionOrder = RegionOrder(["us-east-1"])
    }
    let settled = try await harness.run(targets(harness, regions, count: 10))
    #expect(harness.stop.cause == .threshold)
    #expect(harness.stop.ending?.detail?.hasSuffix("later regions not begun") == true)
    #expect(harness.cancelCalls.allSatisfy { $0.region == "us-east-1" })
    #expect((10..<20).allSatisfy { settled[$0] == nil })
  }

  @Test func `a percentage is judged when enough has settled`() async throws {
    var harness = try EngineHarness(
      scenario(count: 60, refusing: [1, 2, 3, 4, 5, 6]), rate: 4)
    harness.stopRules = rules { $0.maximumFailures = .percent(10) }
    let settled = try await harness.run(targets(harness, count: 60))
    #expect(harness.stop.cause == .threshold)
    #expect(settled.count >= FailureLimit.percentFloor)
    #expect(settled.count < 40)
  }
}
