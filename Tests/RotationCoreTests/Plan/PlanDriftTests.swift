import RotationCore
import Testing

@Suite struct PlanDriftTests {
  private func state(_ edit: (inout SecretState) -> Void = { _ in }) -> SecretState {
    var state = SecretState()
    state.arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1B2c3"
    state.name = "db"
    state.rotationEnabled = true
    state.rotationLambdaARN = "arn:aws:lambda:us-east-1:111122223333:function:f"
    state.rotationRules = ["AutomaticallyAfterDays": 30, "Duration": "2h"]
    state.stages = [("v1", ["AWSCURRENT"])]
    edit(&state)
    return state
  }

  private func entry(
    _ disposition: Disposition = .cancel, region: String = "us-east-1",
    _ edit: (inout SecretState) -> Void = { _ in }
  ) -> PlanEntry {
    var entry = PlanEntry(
      target: Target(
        ordinal: 0, secretID: "db", region: region, profile: nil, accountID: nil, sources: [],
        labels: []),
      disposition: disposition, reason: "")
    entry.before = state(edit)
    return entry
  }

  static let edits: [(String, @Sendable (inout SecretState) -> Void)] = [
    ("the ARN was", { $0.arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-zzzzzz" }),
    ("rotation was on, is off", { $0.rotationEnabled = false }),
    ("rotation was on, is never configured", { $0.rotationEnabled = nil }),
    ("its rules was", { $0.rotationRules = ["AutomaticallyAfterDays": 31, "Duration": "2h"] }),
    ("its function was", { $0.rotationLambdaARN = "arn:aws:lambda:us-east-1:1:function:g" }),
    ("its role was none, is r", { $0.externalRotationRoleARN = "r" }),
    ("its metadata was none", { $0.externalRotationMetadata = [] }),
    (
      "the version in AWSPENDING was none, is v2",
      { $0.stages = [("v1", ["AWSCURRENT"]), ("v2", ["AWSPENDING"])] }
    ),
    ("the primary region was none, is eu-west-1", { $0.primaryRegion = "eu-west-1" }),
    ("deletion was not scheduled, is scheduled", { $0.deleted = Timestamp(milliseconds: 5) }),
  ]

  @Test(arguments: edits.indices)
  func `what matters is drift and is told with both states`(index: Int) {
    let (words, edit) = PlanDriftTests.edits[index]
    let found = PlanDrift.differences(entry(), now: state(edit))
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(words) == true, "\(found)")
  }

  @Test func `dates, tags and the order of the rules are not drift`() {
    let now = state {
      $0.nextRotation = Timestamp(milliseconds: 9)
      $0.lastRotated = Timestamp(milliseconds: 8)
      $0.lastChanged = Timestamp(milliseconds: 8)
      $0.rotationRules = ["Duration": "2h", "AutomaticallyAfterDays": 30.0]
      $0.stages = [("v3", ["AWSCURRENT", "AWSPENDING"]), ("v1", ["AWSPREVIOUS"])]
    }
    #expect(PlanDrift.differences(entry(), now: now).isEmpty)
  }

  @Test func `a rotation that the plan saw at work may finish and no other may begin`() {
    let planned = entry(.inFlight) {
      $0.stages = [("v1", ["AWSCURRENT"]), ("v2", ["AWSPENDING"])]
    }
    #expect(PlanDrift.differences(planned, now: state()).isEmpty)
    let another = state { $0.stages = [("v2", ["AWSCURRENT"]), ("v3", ["AWSPENDING"])] }
    #expect(PlanDrift.differences(planned, now: another).count == 1)
  }

  @Test func `of a replica only its bond to the primary counts`() {
    let planned = entry(.replica, region: "eu-west-1") {
      $0.primaryRegion = "us-east-1"
      $0.replicaRegions = ["eu-west-1"]
    }
    let off = state {
      $0.primaryRegion = "us-east-1"
      $0.replicaRegions = ["eu-west-1", "us-west-2"]
      $0.rotationEnabled = false
    }
    #expect(PlanDrift.differences(planned, now: off).isEmpty)
    let promoted = state {
      $0.primaryRegion = "us-east-1"
      $0.replicaRegions = []
    }
    #expect(
      PlanDrift.differences(planned, now: promoted) == [
        "the replica in eu-west-1 was bound to its primary, is on its own"
      ])
  }

  @Test func `without a planned state there is nothing to compare with`() {
    var planned = entry()
    planned.before = nil
    #expect(PlanDrift.differences(planned, now: state()).isEmpty)
  }
}
