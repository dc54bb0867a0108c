import RotationCore
import SecretsManagerSimulator

/// One account in two regions with a secret in every state, and a service that is asked directly.
struct SimulationFixture {
  static let start = Timestamp(milliseconds: 1_795_457_501_123)
  static let account = "111122223333"
  static let other = "444455556666"

  var service: SimulatedService
  var now = SimulationFixture.start

  init(_ adjust: (inout Scenario) -> Void = { _ in }) {
    var scenario = SimulationFixture.scenario
    adjust(&scenario)
    service = SimulatedService(scenario: scenario, started: SimulationFixture.start)
  }

  static var scenario: Scenario {
    var scenario = Scenario()
    scenario.accounts = [
      SimulatedAccount(accountID: account, profiles: ["payments"]),
      SimulatedAccount(accountID: other, profiles: ["platform"]),
    ]
    func template(_ name: String, _ state: SecretTemplate.State) -> SecretTemplate {
      SecretTemplate(name: name, accountIDs: [account], regions: ["us-east-1"], state: state)
    }
    var replicated = template("replicated", .rotating)
    replicated.replicas = ["eu-west-1"]
    var rds = template("rds!db-1", .rotating)
    rds.owningService = "rds"
    var managed = template("managed", .rotating)
    managed.owningService = "redshift"
    var trap = template("trap-abcdef", .rotating)
    trap.suffix = "AbCdEf"
    var shared = template("shared", .rotating)
    shared.sharedWith = [other]
    var denied = template("denied", .rotating)
    denied.denied = true
    var stepped = template("step/{n}", .rotating)
    stepped.count = 12
    stepped.nextRotation = .after(seconds: 3600)
    stepped.nextRotationStepSeconds = 60
    scenario.secrets =
      SecretTemplate.State.allCases.map { template($0.rawValue, $0) }
      + [replicated, rds, managed, trap, shared, denied, stepped]
    return scenario
  }

  mutating func ask(
    _ operation: String, _ input: JSONValue, account: String = SimulationFixture.account,
    region: String = "us-east-1"
  ) -> ServiceAnswer {
    exchange(operation, input, account: account, region: region).answer
  }

  mutating func exchange(
    _ operation: String, _ input: JSONValue, account: String = SimulationFixture.account,
    region: String = "us-east-1"
  ) -> Exchange {
    let endpoint: SimulatedEndpoint =
      ["GetCallerIdentity", "AssumeRole"].contains(operation) ? .sts : .secretsManager
    return service.exchange(
      ServiceRequest(
        endpoint: endpoint, operation: operation, input: input,
        caller: SimulatedAccount(accountID: account, profiles: []).user, region: region), now: now)
  }

  mutating func describe(_ name: String, region: String = "us-east-1") throws -> SecretState {
    SecretState(wire: try ask("DescribeSecret", ["SecretId": .string(name)], region: region).get())
  }

  mutating func cancel(_ name: String, region: String = "us-east-1") -> ServiceAnswer {
    ask("CancelRotateSecret", ["SecretId": .string(name)], region: region)
  }
}

extension Result where Failure == Refusal {
  /// The refusal; nil for success.
  var refusal: Refusal? {
    if case .failure(let refusal) = self { refusal } else { nil }
  }
}
