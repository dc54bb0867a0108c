import RotationCore
import Testing

@Suite struct RuleTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)
  private let lambda: JSONValue = "arn:aws:lambda:us-east-1:111122223333:function:rotate"

  private func entry(_ edit: (inout PlanEntry) -> Void = { _ in }) -> PlanEntry {
    var entry = PlanEntry(
      target: Target(
        ordinal: 0, secretID: "s", region: "us-east-1", profile: nil, accountID: nil, sources: [],
        labels: []), disposition: .notExamined, reason: "")
    entry.saved = SavedRotation(
      of: SecretState(
        wire: ["RotationLambdaARN": lambda, "RotationRules": ["AutomaticallyAfterDays": 30]]))
    entry.clientRequestToken = "6a3e5e1c-7c0f-4c52-9a55-3c1b2f6d1a11"
    edit(&entry)
    return entry
  }

  private func look(_ wire: JSONValue, pendingAge: Double? = nil) -> Look {
    Look(
      SecretState(wire: wire), region: "us-east-1",
      pendingCreatedAt: pendingAge.map { now.adding(seconds: -$0) }, now: now)
  }

  private func restore(_ more: JSONObject, _ entry: PlanEntry? = nil) -> Disposition {
    var wire: JSONObject = [
      "RotationEnabled": false, "RotationLambdaARN": lambda,
      "RotationRules": ["AutomaticallyAfterDays": 30],
    ]
    for member in more.members { wire[member.key] = member.value }
    return RestoreRule().judge(look(.object(wire)), for: entry ?? self.entry()).disposition
  }

  @Test func `what is still as the cancel left it is restored`() {
    #expect(restore([:]) == .restore)
    #expect(restore(["RotationRules": .null]) == .restore)
  }

  @Test func `what somebody else has changed is left alone`() {
    let changed: [JSONObject] = [
      ["RotationEnabled": true, "RotationRules": ["AutomaticallyAfterDays": 7]],
      ["RotationEnabled": .null], ["RotationRules": ["AutomaticallyAfterDays": 7]],
      ["RotationLambdaARN": "arn:aws:lambda:us-east-1:111122223333:function:other"],
      ["DeletedDate": 1_700_000_000], ["PrimaryRegion": "eu-west-1"],
      ["ExternalSecretRotationRoleArn": "arn:aws:iam::111122223333:role/x"],
    ]
    for change in changed { #expect(restore(change) == .drifted, "\(change)") }
    let missing = ServiceFailure(
      kind: .service, code: "ResourceNotFoundException", message: "", httpStatus: 400)
    #expect(RestoreRule().judge(missing, for: entry())?.disposition == .drifted)
    let denied = ServiceFailure(
      kind: .service, code: "AccessDeniedException", message: "", httpStatus: 400)
    #expect(RestoreRule().judge(denied, for: entry()) == nil)
  }

  @Test func `rotation that is on as it was is a good end`() {
    #expect(restore(["RotationEnabled": true]) == .alreadyOn)
  }

  @Test func `a stuck version blocks and our own does not`() {
    #expect(
      restore(["VersionIdsToStages": ["a": ["AWSCURRENT"], "b": ["AWSPENDING"]]]) == .blocked)
    #expect(restore(["VersionIdsToStages": ["a": ["AWSCURRENT", "AWSPENDING"]]]) == .restore)
    #expect(
      restore([
        "VersionIdsToStages": [
          "a": ["AWSCURRENT"], "6a3e5e1c-7c0f-4c52-9a55-3c1b2f6d1a11": ["AWSPENDING"],
        ]
      ]) == .restore)
  }

  @Test func `a restore is proven by rotation being on with all that was saved`() {
    let rule = RestoreRule()
    let on: JSONObject = [
      "RotationEnabled": true, "RotationLambdaARN": lambda,
      "RotationRules": ["AutomaticallyAfterDays": 30],
    ]
    #expect(rule.isProven(by: SecretState(wire: .object(on)), for: entry()))
    for (key, value): (String, JSONValue) in [
      ("RotationEnabled", false), ("RotationLambdaARN", .null),
      ("RotationRules", ["AutomaticallyAfterDays": 31]),
    ] {
      var other = on
      other[key] = value
      #expect(!rule.isProven(by: SecretState(wire: .object(other)), for: entry()))
    }
  }

  private let stuck: JSONValue = [
    "RotationEnabled": false, "VersionIdsToStages": ["v1": ["AWSCURRENT"], "v2": ["AWSPENDING"]],
  ]

  @Test func `only a stuck version is dropped or promoted`() {
    func judge(_ wire: JSONValue, age: Double?) -> Disposition {
      PendingRule(promotes: true).judge(
        look(wire, pendingAge: age), for: entry { $0.before = nil }
      ).disposition
    }
    #expect(judge(stuck, age: 3600) == .promotePending)
    #expect(judge(stuck, age: 3599) == .inFlight)
    #expect(judge(stuck, age: nil) == .inFlight)
    #expect(judge(["VersionIdsToStages": ["v1": ["AWSCURRENT"]]], age: nil) == .nothingPending)
    #expect(
      judge(["VersionIdsToStages": ["v1": ["AWSCURRENT", "AWSPENDING"]]], age: 1) == .nothingPending
    )
    #expect(judge(["DeletedDate": 1_700_000_000], age: nil) == .markedForDeletion)
  }

  @Test func `another version than the planned one is left alone`() {
    let planned = entry {
      $0.before = SecretState(wire: ["VersionIdsToStages": ["v9": ["AWSPENDING"]]])
    }
    let judgement = PendingRule(promotes: false).judge(look(stuck, pendingAge: 9999), for: planned)
    #expect(judgement.disposition == .drifted)
  }

  @Test func `each change names the versions that it was judged by`() {
    let state = SecretState(wire: stuck)
    let planned = entry { $0.before = state }
    #expect(
      PendingRule(promotes: false).change(of: state, for: planned)
        == .moveStage(StageChange(secretID: "s", stage: "AWSPENDING", removeFrom: "v2")))
    #expect(
      PendingRule(promotes: true).change(of: state, for: planned)
        == .moveStage(
          StageChange(secretID: "s", stage: "AWSCURRENT", removeFrom: "v1", moveTo: "v2")))
    let promoted = SecretState(
      wire: ["VersionIdsToStages": ["v2": ["AWSPENDING", "AWSCURRENT"], "v1": ["AWSPREVIOUS"]]])
    #expect(PendingRule(promotes: true).isProven(by: promoted, for: planned))
    #expect(!PendingRule(promotes: false).isProven(by: promoted, for: planned))
    let dropped = SecretState(wire: ["VersionIdsToStages": ["v1": ["AWSCURRENT"]]])
    #expect(PendingRule(promotes: false).isProven(by: dropped, for: planned))
    #expect(!PendingRule(promotes: true).isProven(by: dropped, for: planned))
  }

  @Test func `plans carry their action and none is taken for a cancel`() throws {
    var header = PlanHeader(
      createdAt: now, toolVersion: "t", offline: false, incident: nil, reason: nil, manifests: [])
    #expect(PlanHeader(record: header.record)?.action == .cancel)
    #expect(header.record["action"] == nil)
    header.action = .restore
    header.source = .init(runID: "r", planSHA256: "ab", path: "reports/r")
    header.staggerSeconds = 7200
    #expect(PlanHeader(record: header.record) == header)
    var record = try #require(header.record.object)
    record["action"] = "rotateEverything"
    #expect(PlanHeader(record: .object(record)) == nil)
    let restored = entry { $0.disposition = .restore }
    #expect(PlanEntry(record: restored.record) == restored)
  }
}
