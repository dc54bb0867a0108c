import RotationCore
import SecretsManagerSimulator
import Testing

@Suite("Cancelling and rotating") struct RotationOperationTests {
  var fixture = SimulationFixture()

  @Test mutating func `a cancel switches rotation off and keeps what was configured`() throws {
    let before = try fixture.describe("rotating")
    #expect(before.rotationEnabled == true)
    #expect(before.nextRotation != nil)
    fixture.now = fixture.now.adding(seconds: 5)
    let answer = try fixture.cancel("rotating").get()
    #expect(answer["Name"]?.string == "rotating")
    #expect(answer["VersionId"] == nil)
    let after = try fixture.describe("rotating")
    #expect(after.rotationEnabled == false)
    #expect(after.nextRotation == nil)
    #expect(after.rotationLambdaARN == before.rotationLambdaARN)
    #expect(after.rotationRules == before.rotationRules)
    #expect(after.lastChanged == fixture.now)
    #expect(after.stages.map(\.labels) == before.stages.map(\.labels))
  }

  @Test mutating func `a repeated cancel succeeds and changes nothing`() throws {
    let before = try fixture.describe("off")
    fixture.now = fixture.now.adding(seconds: 5)
    #expect(fixture.cancel("off").refusal == nil)
    #expect(try fixture.describe("off") == before)
  }

  @Test(arguments: ["neverConfigured", "empty"])
  mutating func `a cancel of what was never configured is refused`(name: String) throws {
    #expect(try fixture.describe(name).rotationEnabled == nil)
    let refusal = try #require(fixture.cancel(name).refusal)
    #expect(refusal.code == "InvalidRequestException")
    #expect(refusal.status == 400)
  }

  @Test mutating func `a secret marked for deletion refuses with the recorded text`() throws {
    #expect(try fixture.describe("markedForDeletion").deleted != nil)
    #expect(
      fixture.cancel("markedForDeletion").refusal
        == Refusal(
          "InvalidRequestException",
          "You can't perform this operation on the secret because it was marked for deletion."))
  }

  @Test mutating func `a replica refuses and shows what its primary does`() throws {
    let replica = try fixture.describe("replicated", region: "eu-west-1")
    #expect(replica.primaryRegion == "us-east-1")
    #expect(replica.rotationEnabled == true)
    let refusal = try #require(fixture.cancel("replicated", region: "eu-west-1").refusal)
    #expect(refusal.code == "InvalidParameterException")
    #expect(refusal.message.hasPrefix("Operation not permitted on a replica secret."))
    #expect(fixture.cancel("replicated").refusal == nil)
    #expect(try fixture.describe("replicated", region: "eu-west-1").rotationEnabled == false)
    #expect(try fixture.describe("replicated").replicaRegions == ["eu-west-1"])
  }

  @Test mutating func `services other than RDS keep their secrets to themselves`() throws {
    #expect(fixture.cancel("rds!db-1").refusal == nil)
    #expect(try fixture.describe("rds!db-1").rotationLambdaARN == nil)
    let refusal = try #require(fixture.cancel("managed").refusal)
    #expect(refusal.message.contains("managed by an AWS service"))
  }

  @Test mutating func `a rotation in flight finishes when its time has come`() throws {
    let pending = try #require(try fixture.describe("inFlight").pendingVersionID)
    fixture.now = fixture.now.adding(seconds: 7.9)
    #expect(try fixture.describe("inFlight").pendingVersionID == pending)
    fixture.now = fixture.now.adding(seconds: 0.1)
    let after = try fixture.describe("inFlight")
    #expect(after.pendingVersionID == nil)
    #expect(after.stages.first { $0.versionID == pending }?.labels == ["AWSCURRENT"])
    #expect(after.lastRotated == fixture.now)
    #expect(after.nextRotation == fixture.now.adding(seconds: 30 * 86_400))
  }

  @Test mutating func `a cancel leaves the version in flight pending for ever`() throws {
    let pending = try #require(try fixture.describe("inFlight").pendingVersionID)
    let answer = try fixture.cancel("inFlight").get()
    #expect(answer["VersionId"]?.string == pending)
    fixture.now = fixture.now.adding(seconds: 86_400)
    #expect(try fixture.describe("inFlight").pendingVersionID == pending)
  }

  @Test mutating func `a stalled rotation does not end`() throws {
    fixture.now = fixture.now.adding(seconds: 3600)
    #expect(try fixture.describe("stalled").pendingVersionID != nil)
  }

  @Test mutating func `a rotation begins by itself when its date comes`() throws {
    fixture.now = fixture.now.adding(seconds: 3601)
    #expect(try fixture.describe("step/01").pendingVersionID != nil)
    #expect(try fixture.describe("step/02").pendingVersionID == nil)
  }

  @Test mutating func `stale reads show the old state for a while`() throws {
    fixture = SimulationFixture { $0.staleReadsMilliseconds = 1500 }
    #expect(fixture.cancel("rotating").refusal == nil)
    #expect(try fixture.describe("rotating").rotationEnabled == true)
    fixture.now = fixture.now.adding(seconds: 1.5)
    #expect(try fixture.describe("rotating").rotationEnabled == false)
  }

  private static let token = "0123456789abcdef0123456789abcdef"

  private mutating func rotate(_ name: String, _ more: JSONObject) -> ServiceAnswer {
    var input: JSONObject = [
      "SecretId": .string(name), "ClientRequestToken": .string(RotationOperationTests.token),
    ]
    input.members += more.members
    return fixture.ask("RotateSecret", .object(input))
  }

  @Test mutating func `rotating demands a token on the raw protocol`() throws {
    #expect(
      fixture.ask("RotateSecret", ["SecretId": "off"]).refusal?.message
        == "You must provide a ClientRequestToken value. We recommend a UUID-type value.")
  }

  @Test mutating func `rotating begins at once unless told otherwise`() throws {
    #expect(rotate("off", [:]).refusal == nil)
    let after = try fixture.describe("off")
    #expect(after.rotationEnabled == true)
    #expect(after.pendingVersionID == RotationOperationTests.token)
    fixture = SimulationFixture()
    #expect(rotate("off", ["RotateImmediately": false]).refusal == nil)
    let quiet = try fixture.describe("off")
    #expect(quiet.rotationEnabled == true)
    #expect(quiet.pendingVersionID == nil)
    #expect(quiet.nextRotation != nil)
  }

  @Test mutating func `a token that took effect does so once`() throws {
    let off: JSONObject = ["RotateImmediately": false]
    #expect(rotate("off", off).refusal == nil)
    #expect(fixture.cancel("off").refusal == nil)
    #expect(rotate("off", off).refusal == nil)
    #expect(try fixture.describe("off").rotationEnabled == false)
    let rotations = fixture.service.log.records.filter { $0.operation == "RotateSecret" }
    #expect(rotations.map(\.tookEffect) == [true, false])
  }

  @Test mutating func `days are computed from a schedule of whole days`() throws {
    func rules(_ text: String) -> JSONObject {
      ["RotateImmediately": false, "RotationRules": ["ScheduleExpression": .string(text)]]
    }
    #expect(rotate("off", rules("rate(10 days)")).refusal == nil)
    #expect(try fixture.describe("off").rotationRules?["AutomaticallyAfterDays"]?.int == 10)
    fixture = SimulationFixture()
    #expect(rotate("off", rules("cron(0 8 1 * ? *)")).refusal == nil)
    #expect(try fixture.describe("off").rotationRules?["AutomaticallyAfterDays"] == nil)
  }

  @Test mutating func `rotating refuses what cannot be`() throws {
    #expect(
      rotate("neverConfigured", [:]).refusal?.message
        == "No Lambda rotation function ARN is associated with this secret.")
    #expect(
      rotate("stalled", [:]).refusal?.message
        == "A previous rotation isn't complete. That rotation will be reattempted.")
    let both: JSONValue = ["AutomaticallyAfterDays": 3, "ScheduleExpression": "rate(3 days)"]
    #expect(
      rotate("off", ["RotationRules": both]).refusal?.message
        == "You cannot specify both rotation frequency and schedule expression together.")
    for rules: JSONValue in [
      ["AutomaticallyAfterDays": 0], ["ScheduleExpression": "rate(3 hours)"],
      ["ScheduleExpression": "cron(5 1 * * ? *)"], ["Duration": "30h"],
    ] {
      #expect(
        rotate("off", ["RotationRules": rules]).refusal?.code == "InvalidParameterException")
    }
    #expect(
      rotate("off", ["RotationRules": ["ScheduleExpression": "cron(0 1 * * ? *)"]]).refusal == nil)
  }
}
