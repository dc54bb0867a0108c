import Foundation
import RotationCore
import SecretsManagerSimulator
import Testing

@Suite("Scenarios") struct ScenarioTests {
  private static func repositoryFile(_ path: String) throws -> [UInt8] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appendingPathComponent(path)))
  }

  private func problems(_ text: String) -> [String] {
    do throws(ScenarioError) {
      _ = try Scenario(parsing: Array(text.utf8))
      return []
    } catch {
      return error.problems.map(\.text)
    }
  }

  @Test func `the drill has 200 secrets over two accounts and three regions`() throws {
    let scenario = try Scenario(parsing: ScenarioTests.repositoryFile("manifests/drill.json"))
    #expect(scenario.secrets.reduce(0) { $0 + $1.total } == 200)
    #expect(Set(scenario.secrets.map(\.state)) == Set(SecretTemplate.State.allCases))
    var service = SimulatedService(scenario: scenario, started: SimulationFixture.start)
    let secrets = service.secrets(now: SimulationFixture.start)
    #expect(secrets.count { !$0.isReplica } == 200)
    #expect(Set(secrets.map(\.arn.accountID)) == ["111122223333", "444455556666"])
    #expect(Set(secrets.map(\.arn.region)) == ["us-east-1", "eu-west-1", "ap-southeast-2"])
    #expect(scenario.account(ofProfile: "platform")?.accountID == "444455556666")
  }

  @Test func `every problem is told at once with how to mend it`() {
    let found = problems(
      """
      {"schema": "x", "accounts": [{"id": "1", "profile": []}],
       "secrets": [{"name": "a", "regions": ["us-east-1"], "state": "on", "suffix": "ab"},
                   {"name": "b"}, {"regions": ["us-east-1"]}],
       "faults": [{"kind": "fire"}, {"kind": "500"}], "extra": 1}
      """)
    for place in [
      "schema:", "extra: unknown member; remove it", "accounts[0].profile:", "accounts[0].id:",
      "secrets[0].state: unknown state 'on'; use one of rotating", "secrets[0].suffix:",
      "secrets[1]: it has no region", "secrets[2]: it has no name", "faults[0].kind:",
      "faults[1]: it does not tell when to strike",
    ] {
      #expect(found.contains { $0.hasPrefix(place) }, "\(place) is missing in \(found)")
    }
  }

  @Test func `broken JSON is told with its place`() {
    #expect(problems("{\n  \"schema\": }").first?.hasPrefix("line 2, column 13:") == true)
    #expect(problems("[]").contains { $0.contains("write an object") })
  }

  @Test func `a name may exist once in a place`() {
    let found = problems(
      """
      {"schema": "rotactl.scenario/1", "accounts": [{"id": "111122223333"}],
       "secrets": [{"name": "a", "count": 2, "regions": ["us-east-1"]}]}
      """)
    #expect(
      found == [
        "secrets[0].name: a exists already in 111122223333 us-east-1; use another name; with a "
          + "count, one that holds {n}"
      ])
  }

  @Test func `a manifest seeds the same account each time`() throws {
    let arn = "arn:aws:secretsmanager:eu-west-1:777788889999:secret:team/key-AbC123"
    var targets: [Scenario.SeedTarget] = [
      ("prod/db", "us-east-1", "payments", nil), ("prod/db", "us-east-1", "payments", nil),
      ("prod/db", "us-east-1", "platform", nil), (arn, "eu-west-1", "partner", nil),
      (arn, "eu-west-1", "payments", nil), ("x", "us-east-1", "fixed", "123456789012"),
    ]
    for number in 0..<2000 { targets.append(("bulk/\(number)", "us-east-1", "payments", nil)) }
    let scenario = Scenario.seeded(from: targets)
    #expect(scenario == Scenario.seeded(from: targets))
    #expect(scenario.account(ofProfile: "payments")?.accountID == "111122223333")
    #expect(scenario.account(ofProfile: "platform")?.accountID == "444455556666")
    #expect(scenario.account(ofProfile: "partner")?.accountID == "777788889999")
    #expect(scenario.account(ofProfile: "fixed")?.accountID == "123456789012")
    #expect(scenario.secrets.count == 2004)
    var service = SimulatedService(scenario: scenario, started: SimulationFixture.start)
    let secrets = service.secrets(now: SimulationFixture.start)
    #expect(secrets.contains { $0.arn.text == arn && $0.sharedWith == ["111122223333"] })
    let rotating = scenario.secrets.count { $0.state == .rotating }
    #expect((1550...1750).contains(rotating))
    let days = secrets.compactMap(\.nextRotation).map { $0.seconds(since: SimulationFixture.start) }
    #expect(days.allSatisfy { $0 >= 0 && $0 <= 30 * 86_400 })
  }

  @Test func `configuration files name every profile and end at the simulator`() {
    let scenario = SimulationFixture.scenario
    #expect(
      scenario.awsConfigText(endpoint: "http://127.0.0.1:1").contains(
        "[profile payments]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:1\n"))
    #expect(scenario.awsCredentialsText().contains("[platform]\naws_access_key_id = AKIA"))
    #expect(scenario.awsCredentialsText().contains("[default]\n"))
  }
}
