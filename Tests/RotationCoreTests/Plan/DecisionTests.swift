import RotationCore
import Testing

@Suite struct DecisionTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)

  private func state(_ wire: JSONValue) -> SecretState { SecretState(wire: wire) }

  private func decide(_ wire: JSONValue, pendingAge: Double? = nil) -> Disposition {
    Decision.disposition(
      of: state(wire), region: "us-east-1",
      pendingCreatedAt: pendingAge.map { now.adding(seconds: -$0) }, now: now)
  }

  @Test func `rotation that is on is cancelled`() {
    #expect(decide(["RotationEnabled": true]) == .cancel)
  }

  @Test func `false and absent are told apart`() {
    #expect(decide(["RotationEnabled": false]) == .alreadyOff)
    #expect(decide([:]) == .neverConfigured)
    #expect(decide(["RotationEnabled": nil]) == .neverConfigured)
  }

  @Test func `AWSPENDING beside AWSCURRENT is no rotation in flight`() {
    let wire: JSONValue = [
      "RotationEnabled": true, "VersionIdsToStages": ["v1": ["AWSCURRENT", "AWSPENDING"]],
    ]
    #expect(decide(wire, pendingAge: 5) == .cancel)
  }

  @Test(arguments: [(0.0, Disposition.inFlight), (3599, .inFlight), (3600, .cancel)])
  func `an AWSPENDING older than an hour is stalled`(age: Double, expected: Disposition) {
    let wire: JSONValue = [
      "RotationEnabled": true,
      "VersionIdsToStages": ["v1": ["AWSCURRENT"], "v2": ["AWSPENDING"]],
    ]
    #expect(decide(wire, pendingAge: age) == expected)
  }

  @Test func `an AWSPENDING of unknown age counts as in flight`() {
    #expect(
      decide(["RotationEnabled": true, "VersionIdsToStages": ["v2": ["AWSPENDING"]]]) == .inFlight)
  }

  @Test func `a replica is known by its primary region and the primary is not`() {
    #expect(decide(["RotationEnabled": true, "PrimaryRegion": "eu-west-1"]) == .replica)
    #expect(decide(["RotationEnabled": true, "PrimaryRegion": "us-east-1"]) == .cancel)
  }

  @Test func `a secret marked for deletion is left alone`() {
    #expect(decide(["RotationEnabled": true, "DeletedDate": 1_700_000_000]) == .markedForDeletion)
  }

  @Test func `a state reads back from its record as it was`() {
    let wire: JSONValue = [
      "ARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf", "Name": "a",
      "RotationEnabled": true, "RotationRules": ["AutomaticallyAfterDays": 30],
      "NextRotationDate": 1_763_921_688.123, "LastRotatedDate": 1.763921688123E9,
      "VersionIdsToStages": ["v1": ["AWSCURRENT"]], "OwningService": "rds",
      "Tags": [["Key": "aws:cloudformation:stack-name", "Value": "x"], ["Key": "team"]],
      "Unknown": ["a": 1],
    ]
    let first = state(wire)
    #expect(first.nextRotation == first.lastRotated)
    #expect(first.ownerTags.map(\.name) == ["aws:cloudformation:stack-name"])
    #expect(SecretState(record: first.record).record == first.record)
  }
}
