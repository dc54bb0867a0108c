import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport
import Testing

/// A plan that was saved, the world that moved on, and the run.
@Suite struct SavedPlanRunTests {
  private let account = "111122223333"

  private func harness(_ templates: [SecretTemplate]) throws -> EngineHarness {
    var scenario = Scenario()
    scenario.accounts = [SimulatedAccount(accountID: account, profiles: ["default"])]
    scenario.secrets = templates
    var harness = try EngineHarness(scenario)
    harness.isSaved = true
    return harness
  }

  private func secret(_ name: String, _ state: SecretTemplate.State = .rotating) -> SecretTemplate {
    SecretTemplate(name: name, accountIDs: [account], regions: ["us-east-1"], state: state)
  }

  private func change(_ harness: EngineHarness, _ body: JSONValue) throws {
    try harness.service.change(body)
  }

  @Test func `what changed since the plan is skipped and named, all else is done`() async throws {
    let names = ["kept", "off", "begun", "deleted", "on", "still-off", "never"]
    let harness = try harness(
      names.prefix(4).map { secret($0) } + [
        secret("on", .off), secret("still-off", .off), secret("never", .neverConfigured),
      ])
    let targets = harness.targets(names.map { ($0, "us-east-1", nil) })
    try await harness.time.run {
      let plan = try await harness.plan(targets)
      for (name, edit) in [
        ("off", ["rotationEnabled": false]), ("begun", ["beginRotation": true]),
        ("deleted", ["markedForDeletion": true]), ("on", ["rotationEnabled": true]),
      ] as [(String, JSONObject)] {
        var body: JSONObject = [
          "secret": .string(name), "account": .string(account), "region": "us-east-1",
        ]
        body.members += edit.members
        try change(harness, .object(body))
      }
      try await harness.execute(targets, sha256: plan.sha256)
    }
    let settled = try harness.settlements()
    #expect(settled[0]?.outcome == .cancelled)
    for ordinal in 1...4 {
      #expect(settled[ordinal]?.outcome == .skipped, "\(names[ordinal])")
      #expect(settled[ordinal]?.reason == .drifted)
      #expect(settled[ordinal]?.isGood == false)
    }
    #expect(settled[1]?.message == "not as in the plan: rotation was on, is off")
    #expect(settled[2]?.message.contains("AWSPENDING was none") == true)
    #expect(settled[3]?.message.contains("deletion was not scheduled") == true)
    #expect(settled[4]?.message == "not as in the plan: rotation was off, is on")
    #expect(settled[1]?.before?.rotationEnabled == true)
    #expect(settled[1]?.after?.rotationEnabled == false)
    #expect(settled[5]?.outcome == .alreadyOff)
    #expect(settled[6]?.outcome == .neverConfigured)
    #expect(harness.cancelCalls.count == 1)
  }

  @Test func `a rotation that the plan saw at work is waited for and then cancelled`() async throws
  {
    var running = secret("running", .inFlight)
    running.finishesAfterSeconds = 30
    let harness = try harness([running])
    let settled = try await harness.run(harness.targets([("running", "us-east-1", nil)]))
    #expect(settled[0]?.outcome == .cancelled)
    #expect(settled[0]?.reason == nil)
  }

  @Test func `without a saved plan the present state decides`() async throws {
    var harness = try harness([secret("a", .off)])
    harness.isSaved = false
    let fixed = harness
    let targets = fixed.targets([("a", "us-east-1", nil)])
    try await fixed.time.run {
      let plan = try await fixed.plan(targets)
      try await fixed.execute(targets, sha256: plan.sha256)
    }
    #expect(try fixed.settlements()[0]?.outcome == .alreadyOff)
    // Looked at once, for the plan.
    #expect(fixed.service.calls.count { $0.operation == "DescribeSecret" } == 1)
  }
}
