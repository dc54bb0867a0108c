import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// Looking at accounts and regions of the simulator in this process.
@Suite struct DiscoveryTests {
  private static let a = "111122223333"
  private static let b = "444455556666"

  private static func scenario(_ adjust: (inout Scenario) -> Void = { _ in }) -> Scenario {
    var scenario = Scenario()
    scenario.accounts = [
      SimulatedAccount(accountID: a, profiles: ["one", "two"]),
      SimulatedAccount(accountID: b, profiles: ["three"]),
    ]
    func template(_ name: String, _ state: SecretTemplate.State, _ count: Int) -> SecretTemplate {
      var template = SecretTemplate(
        name: name, accountIDs: [a, b], regions: ["us-east-1", "eu-west-1"], state: state)
      template.count = count
      return template
    }
    var replicated = SecretTemplate(
      name: "rep/x", accountIDs: [a], regions: ["us-west-2"], state: .rotating)
    replicated.replicas = ["us-east-1", "eu-west-1"]
    scenario.secrets = [
      template("zeta/{n}", .rotating, 130), template("alpha/{n}", .off, 40),
      template("mid/{n}", .neverConfigured, 60), replicated,
    ]
    scenario.emptyPages = true
    adjust(&scenario)
    return scenario
  }

  private func find(
    _ selection: SecretSelection, harness: EngineHarness,
    profiles: [String?] = ["one", "two", "three"],
    regions: DiscoveryLane.Regions = .init(names: ["us-east-1", "eu-west-1"], areAll: false),
    confirms: Bool = false
  ) async throws -> (secrets: [DiscoveredSecret], lanes: [LanePopulation]) {
    try await harness.time.run {
      let identities = await Preflight(reader: harness.service, loop: harness.loop).identities(
        of: profiles.map { CallSite(profile: $0, region: "us-east-1") })
      let lanes = DiscoveryLane.lanes(of: profiles, identities: identities) { _ in regions }
      var secrets: [DiscoveredSecret] = []
      let found = try await Discovery(
        reader: harness.service, loop: harness.loop, pacers: harness.pacers,
        prefix: harness.folder.path + "/found", width: 8
      ).find(selection, in: lanes, confirms: confirms) { secrets.append($0) }
      return (secrets, found)
    }
  }

  private var rotating: SecretSelection {
    var selection = SecretSelection()
    selection.rotating = true
    return selection
  }

  @Test func `all accounts and regions are listed to the end, in one order`() async throws {
    let harness = try EngineHarness(Self.scenario())
    let (secrets, lanes) = try await find(rotating, harness: harness)
    let keys = secrets.map { [$0.arn.accountID, $0.arn.region, $0.name] }
    #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
    // Four places, and a primary that is known from its replicas alone.
    #expect(secrets.count == 4 * 130 + 1)
    #expect(lanes.count == 4)
    #expect(lanes.allSatisfy { $0.status == .listed && $0.reconciles })
    #expect(lanes.map(\.seen) == [231, 231, 230, 230])
    #expect(lanes[2].excluded == [.rotationOff: 40, .neverConfigured: 60])
    // Empty pages stand between, and each page is asked for once.
    #expect(lanes.allSatisfy { $0.pages == 5 })
    #expect(harness.service.calls.count { $0.operation == "ListSecrets" } == 20)
    #expect(lanes[0].profile == "one" && lanes[0].otherProfiles == ["two"])
  }

  @Test func `a replica is shown once, as its primary`() async throws {
    let harness = try EngineHarness(Self.scenario())
    var selection = SecretSelection()
    selection.include = [try NamePattern(parsing: "rep/*")]
    let (secrets, lanes) = try await find(selection, harness: harness, profiles: ["one"])
    #expect(secrets.map(\.arn.region) == ["us-west-2"])
    #expect(secrets.first?.seenIn == "eu-west-1")
    #expect(lanes.map(\.selected) == [1, 0])
    #expect(lanes[1].excluded[.replica] == 1)
    #expect(lanes[0].replicasForPrimary == 1)
    let again = try EngineHarness(Self.scenario())
    let (whole, everywhere) = try await find(
      selection, harness: again, profiles: ["one"],
      regions: .init(names: ["us-east-1", "us-west-2", "eu-west-1"], areAll: false))
    #expect(whole.map(\.seenIn) == [nil])
    #expect(everywhere.map { $0.excluded[.replica] ?? 0 } == [1, 1, 0])
    #expect(everywhere.allSatisfy { $0.reconciles })
  }

  @Test func `a denied region is unknown and the rest is complete`() async throws {
    let harness = try EngineHarness(
      Self.scenario {
        $0.faults = [
          FaultRule(
            kind: .accessDenied, trigger: .probability(1), operations: ["ListSecrets"],
            accountID: Self.b, region: "eu-west-1")
        ]
      })
    let (secrets, lanes) = try await find(rotating, harness: harness)
    #expect(lanes.map(\.status) == [.listed, .listed, .unknown, .listed])
    #expect(lanes[2].failure?.code == "AccessDeniedException")
    #expect(secrets.count == 3 * 130 + 1)
  }

  @Test func `a second profile of the account stands in for one that is refused`() async throws {
    let harness = try EngineHarness(Self.scenario())
    let identity = ProfileIdentity.known(
      CallerIdentity(accountID: Self.a, arn: "arn:aws:iam::\(Self.a):user/x", userID: "u"))
    let lanes = DiscoveryLane.lanes(
      of: ["nobody", "two"], identities: ["nobody": identity, "two": identity]
    ) { _ in .init(names: ["us-east-1"], areAll: false) }
    #expect(lanes.count == 1)
    let found = try await harness.time.run {
      try await Discovery(
        reader: harness.service, loop: harness.loop, pacers: harness.pacers,
        prefix: harness.folder.path + "/found", width: 8
      ).find(rotating, in: lanes) { #expect($0.profile == "two") }
    }
    #expect(found.map(\.status) == [.listed])
    #expect(found[0].profile == "two" && found[0].otherProfiles == ["nobody"])
  }

  @Test func `of all regions the ones that know nobody are not enabled`() async throws {
    let harness = try EngineHarness(
      Self.scenario { $0.accounts[0].regions = ["us-east-1", "us-west-2"] })
    let (_, lanes) = try await find(
      rotating, harness: harness, profiles: ["one"],
      regions: .init(names: Region.all(in: "aws"), areAll: true))
    #expect(lanes.count == 34)
    #expect(lanes.count { $0.status == .listed } == 2)
    #expect(lanes.count { $0.status == .notEnabled } == 32)
    // A region that was named is expected to answer.
    let again = try EngineHarness(Self.scenario { $0.accounts[0].regions = ["us-east-1"] })
    let (_, named) = try await find(
      rotating, harness: again, profiles: ["one"],
      regions: .init(names: ["us-east-1", "eu-west-1"], areAll: false))
    #expect(named.map(\.status) == [.unknown, .listed])
  }

  @Test func `a listing that loses its token is begun anew and counts once`() async throws {
    let harness = try EngineHarness(
      Self.scenario {
        $0.emptyPages = false
        $0.faults = [
          FaultRule(kind: .invalidNextToken, trigger: .firstAttempts(2), region: "us-east-1")
        ]
      })
    let (secrets, lanes) = try await find(rotating, harness: harness, profiles: ["three"])
    #expect(secrets.count == 260)
    #expect(Set(secrets.map(\.arn.text)).count == 260)
    #expect(lanes.map(\.restarts) == [0, 1])
    #expect(lanes.allSatisfy { $0.seen == 230 && $0.reconciles && $0.status == .listed })
  }

  @Test func `a token that is refused for ever ends the listing as unknown`() async throws {
    let harness = try EngineHarness(
      Self.scenario {
        $0.faults = [
          FaultRule(kind: .invalidNextToken, trigger: .probability(1), region: "us-east-1")
        ]
      })
    let (_, lanes) = try await find(rotating, harness: harness, profiles: ["three"])
    #expect(lanes.map(\.status) == [.listed, .unknown])
    #expect(lanes[1].failure?.code == "InvalidNextTokenException")
    #expect(lanes[1].restarts == 5)
  }

  @Test func `throttles and faults on the way lose no secret`() async throws {
    let harness = try EngineHarness(
      Self.scenario {
        $0.faults = [
          FaultRule(kind: .throttle, trigger: .probability(0.2)),
          FaultRule(kind: .reset, trigger: .probability(0.1)),
          FaultRule(kind: .garbage200, trigger: .probability(0.1)),
        ]
      })
    let (secrets, lanes) = try await find(rotating, harness: harness)
    #expect(secrets.count == 4 * 130 + 1)
    #expect(lanes.allSatisfy { $0.status == .listed && $0.reconciles })
  }

  @Test func `a stale listing is set right by DescribeSecret`() async throws {
    let harness = try EngineHarness(Self.scenario { $0.staleListingSeconds = 300 })
    func change(_ name: String, on: Bool) throws {
      try harness.service.change([
        "secret": .string(name), "account": .string(Self.b), "region": "us-east-1",
        "rotationEnabled": .bool(on),
      ])
    }
    try change("zeta/001", on: false)
    try change("alpha/01", on: true)
    let regions = DiscoveryLane.Regions(names: ["us-east-1"], areAll: false)
    let (stale, _) = try await find(
      rotating, harness: harness, profiles: ["three"], regions: regions)
    #expect(stale.contains { $0.name == "zeta/001" })
    #expect(!stale.contains { $0.name == "alpha/01" })
    let (fresh, lanes) = try await find(
      rotating, harness: harness, profiles: ["three"], regions: regions, confirms: true)
    #expect(!fresh.contains { $0.name == "zeta/001" })
    #expect(fresh.contains { $0.name == "alpha/01" })
    #expect(fresh.allSatisfy { $0.isConfirmed == true })
    #expect(lanes[0].reconciles && lanes[0].unconfirmed == 0)
    #expect(harness.service.calls.allSatisfy { !$0.tookEffect })
  }

  @Test func `what cannot be described stays selected and is counted`() async throws {
    let harness = try EngineHarness(
      Self.scenario {
        $0.faults = [
          FaultRule(
            kind: .accessDenied, trigger: .probability(1), operations: ["DescribeSecret"],
            secret: "arn:*")
        ]
      })
    let (secrets, lanes) = try await find(
      rotating, harness: harness, profiles: ["three"],
      regions: .init(names: ["us-east-1"], areAll: false), confirms: true)
    #expect(secrets.count == 130 && secrets.allSatisfy { $0.isConfirmed == false })
    #expect(lanes[0].unconfirmed == 130)
    #expect(Population(selection: rotating, lanes: lanes).hasUnknown)
  }

  @Test func `a stop leaves what was not listed as unknown`() async throws {
    let harness = try EngineHarness(Self.scenario())
    harness.stop.stop(.interrupt)
    let (secrets, lanes) = try await find(rotating, harness: harness)
    #expect(secrets.isEmpty)
    #expect(lanes.allSatisfy { $0.status != .listed })
  }
}

@Suite struct RecordSorterTests {
  @Test(arguments: [1, 200, 1 << 20])
  func `records come in the order of their keys, however little fits in memory`(
    limit: Int
  ) throws {
    let folder = try TemporaryDirectory()
    let sorter = RecordSorter(prefix: folder.path + "/s", memoryLimit: limit)
    var random = SeededRandom(seed: 11)
    var expected: [RecordSorter.Record] = []
    for number in 0..<300 {
      let key = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let record = RecordSorter.Record(key: key, payload: Array("\(number)\n".utf8))
      expected.append(record)
      try sorter.add(record)
    }
    var found: [RecordSorter.Record] = []
    try RecordSorter.merge(try sorter.finish()) { found.append($0) }
    #expect(Set(found) == Set(expected) && found.count == expected.count)
    let keys = found.map(\.key)
    #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
  }
}
