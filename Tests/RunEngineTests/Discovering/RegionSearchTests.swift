import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

@Suite struct RegionSearchTests {
  private static let account = "111122223333"

  private func harness(_ adjust: (inout Scenario) -> Void = { _ in }) throws -> EngineHarness {
    var scenario = Scenario()
    var account = SimulatedAccount(accountID: Self.account, profiles: ["one"])
    account.regions = ["us-east-1", "eu-west-1", "eu-west-2"]
    scenario.accounts = [account]
    scenario.secrets = [
      SecretTemplate(
        name: "db", accountIDs: [Self.account], regions: ["eu-west-1", "eu-west-2"]),
      SecretTemplate(name: "only", accountIDs: [Self.account], regions: ["us-east-1"]),
    ]
    adjust(&scenario)
    return try EngineHarness(scenario)
  }

  private func narrow(
    _ names: [String], _ harness: EngineHarness, named: Set<Int> = []
  ) async throws -> [Target] {
    var targets: [Target] = []
    for (line, name) in names.enumerated() {
      for region in Region.all(in: "aws") {
        var target = Target(
          ordinal: targets.count, secretID: name, region: region, profile: "one", accountID: nil,
          sources: [SourceLocation(file: "t", line: line + 1, column: 1)], labels: [])
        target.isSought = true
        targets.append(target)
      }
    }
    let all = targets
    return try await harness.time.run {
      let identities = await Preflight(reader: harness.service, loop: harness.loop).identities(
        of: [CallSite(profile: "one", region: "us-east-1")])
      return await RegionSearch(
        reader: harness.service, loop: harness.loop, pacers: harness.pacers,
        identities: identities, width: 16, regionOfProfile: { _ in "us-east-1" }
      ).narrow(all, alsoNamed: named)
    }
  }

  @Test func `a name keeps the regions where it is, and one where it is nowhere`() async throws {
    let harness = try harness()
    let kept = try await narrow(["db", "only", "missing"], harness)
    #expect(
      kept.map { "\($0.secretID) \($0.region)" } == [
        "db eu-west-1", "db eu-west-2", "only us-east-1", "missing us-east-1",
      ])
    #expect(harness.service.calls.allSatisfy { !$0.tookEffect })
    // A region that is not enabled is found out by the first calls and not asked by each name.
    let strangers = harness.service.calls.count { $0.errorCode == "UnrecognizedClientException" }
    #expect(strangers < 3 * 31)
  }

  @Test func `what cannot be told stays`() async throws {
    let harness = try harness {
      $0.faults = [
        FaultRule(kind: .accessDenied, trigger: .probability(1), region: "eu-west-2")
      ]
    }
    let kept = try await narrow(["only"], harness)
    #expect(kept.map(\.region) == ["eu-west-2", "us-east-1"])
  }

  @Test func `a target that another row names too stays`() async throws {
    let kept = try await narrow(["only"], try harness(), named: [0])
    #expect(kept.map(\.region) == ["af-south-1", "us-east-1"])
  }

  @Test func `a window never cuts a name`() {
    let targets = ["a", "a", "b", "b"].enumerated().map { index, name in
      var target = Target(
        ordinal: index, secretID: name, region: "us-east-1", profile: nil, accountID: nil,
        sources: [SourceLocation(file: "t", line: 1, column: index < 2 ? 1 : 2)], labels: [])
      target.isSought = true
      return target
    }
    typealias Search = RegionSearch<InProcessService>
    #expect(Search.wholeGroups(targets, isLast: false).count == 2)
    #expect(Search.wholeGroups(targets, isLast: true).count == 4)
    #expect(Search.wholeGroups(Array(targets.prefix(2)), isLast: false).count == 2)
  }
}
