import RotationCore
import Testing

@Suite struct SavedRotationTests {
  private let token = "6a3e5e1c-7c0f-4c52-9a55-3c1b2f6d1a11"
  private let lambda = "arn:aws:lambda:us-east-1:111122223333:function:rotate"
  private let role = "arn:aws:iam::111122223333:role/external"

  private func body(_ wire: JSONValue) -> JSONValue {
    SavedRotation(of: SecretState(wire: wire)).request(secretID: "s", clientRequestToken: token)
      .body
  }

  @Test func `a function is sent with its rules and never asked to run now`() {
    #expect(
      body(["RotationLambdaARN": .string(lambda), "RotationRules": ["AutomaticallyAfterDays": 30]])
        == [
          "SecretId": "s", "ClientRequestToken": .string(token), "RotateImmediately": false,
          "RotationLambdaARN": .string(lambda), "RotationRules": ["AutomaticallyAfterDays": 30],
        ])
  }

  @Test func `days that AWS computed from a schedule are not sent back`() {
    let rules: JSONValue = [
      "ScheduleExpression": "cron(0 8 1 * ? *)", "AutomaticallyAfterDays": 31, "Duration": "3h",
    ]
    #expect(
      body(["RotationLambdaARN": .string(lambda), "RotationRules": rules])["RotationRules"]
        == ["ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"])
  }

  @Test func `a secret that a service rotates has no function`() {
    let sent = body(["OwningService": "rds", "RotationRules": ["AutomaticallyAfterDays": 7.0]])
    #expect(sent["RotationLambdaARN"] == nil)
    #expect(sent["RotationRules"] == ["AutomaticallyAfterDays": 7])
    let state = SecretState(wire: ["OwningService": "rds"])
    #expect(SavedRotation(of: state).kind == .managed)
    #expect(body(["OwningService": "rds"])["RotationRules"] == nil)
  }

  @Test func `an external secret takes its metadata and role along`() {
    let metadata: JSONValue = [["Key": "a", "Value": "1"], ["Key": "b", "Value": "2"]]
    let wire: JSONValue = [
      "Type": "SalesforceClientSecret", "ExternalSecretRotationMetadata": metadata,
      "ExternalSecretRotationRoleArn": .string(role),
      "RotationRules": ["AutomaticallyAfterDays": 30],
    ]
    let sent = body(wire)
    #expect(sent["ExternalSecretRotationMetadata"] == metadata)
    #expect(sent["ExternalSecretRotationRoleArn"] == .string(role))
    #expect(sent["RotationLambdaARN"] == nil)
    let saved = SavedRotation(of: SecretState(wire: wire))
    #expect(saved.kind == .external)
    #expect(SavedRotation(record: saved.record) == saved)
    var turned = wire.object ?? JSONObject()
    turned["ExternalSecretRotationMetadata"] = [
      ["Key": "b", "Value": "2"], ["Key": "a", "Value": "1"],
    ]
    #expect(saved.equals(SecretState(wire: .object(turned))))
    turned["ExternalSecretRotationMetadata"] = [["Key": "a", "Value": "1"]]
    #expect(!saved.equals(SecretState(wire: .object(turned))))
  }

  @Test func `rules are equal by what counts`() {
    func saved(_ rules: JSONValue) -> SavedRotation {
      SavedRotation(of: SecretState(wire: ["RotationRules": rules]))
    }
    func state(_ rules: JSONValue) -> SecretState { SecretState(wire: ["RotationRules": rules]) }
    #expect(
      saved(["ScheduleExpression": "rate(10 days)", "AutomaticallyAfterDays": 10])
        .equals(state(["ScheduleExpression": "rate(10 days)"])))
    #expect(saved(["AutomaticallyAfterDays": 30]).equals(state(["AutomaticallyAfterDays": 3.0E1])))
    #expect(!saved(["AutomaticallyAfterDays": 30]).equals(state(["AutomaticallyAfterDays": 31])))
    #expect(
      !saved(["AutomaticallyAfterDays": 30, "Duration": "3h"])
        .equals(state(["AutomaticallyAfterDays": 30])))
  }

  @Test func `the file of a run holds only what it turned off`() throws {
    var entry = PlanEntry(
      target: Target(
        ordinal: 3, secretID: "db", region: "eu-west-1", profile: "p", accountID: nil, sources: [],
        labels: []), disposition: .cancel, reason: "")
    entry.callerAccount = "111122223333"
    entry.actingRegion = "us-east-1"
    entry.actingID = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"
    entry.before = SecretState(
      wire: ["RotationEnabled": true, "RotationRules": ["AutomaticallyAfterDays": 9]])
    let time = Timestamp(milliseconds: 1_795_457_501_000)
    var settlement = Settlement(
      ordinal: 3, outcome: .cancelled, startedAt: time, settledAt: time)
    settlement.before = SecretState(
      wire: ["RotationEnabled": true, "RotationRules": ["AutomaticallyAfterDays": 8]])
    let line = try #require(RestoreFile.line(for: entry, settlement))
    #expect(line["secretId"]?.string == entry.actingID)
    #expect(line["region"] == "us-east-1")
    #expect(line["rotateSecret"]?["RotationRules"] == ["AutomaticallyAfterDays": 8])
    #expect(line["rotateSecret"]?["RotateImmediately"] == false)
    for outcome in Outcome.allCases where outcome != .cancelled {
      settlement.outcome = outcome
      #expect(RestoreFile.line(for: entry, settlement) == nil)
    }
    #expect(RestoreFile.line(for: entry, nil) == nil)
  }
}
