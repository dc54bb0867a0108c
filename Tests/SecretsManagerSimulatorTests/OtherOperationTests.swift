import RotationCore
import SecretsManagerSimulator
import Testing

@Suite("Reading, listing and changing") struct OtherOperationTests {
  var fixture = SimulationFixture()

  @Test mutating func `absent members are left out`() throws {
    let answer = try fixture.ask("DescribeSecret", ["SecretId": "neverConfigured"]).get()
    #expect(
      answer.object?.keys == [
        "ARN", "Name", "LastChangedDate", "VersionIdsToStages", "CreatedDate",
      ])
    let empty = try fixture.ask("DescribeSecret", ["SecretId": "empty"]).get()
    #expect(empty["VersionIdsToStages"] == nil)
  }

  @Test mutating func `unknown names and other regions are not found`() throws {
    let arn = try #require(try fixture.describe("off").arn)
    for id in ["nothing", "Off", arn + "x"] {
      #expect(
        fixture.ask("DescribeSecret", ["SecretId": .string(id)]).refusal
          == Refusal(
            "ResourceNotFoundException", "Secrets Manager can't find the specified secret."))
    }
    let elsewhere = fixture.ask(
      "DescribeSecret", ["SecretId": .string(arn)], region: "eu-west-1")
    #expect(elsewhere.refusal?.code == "ResourceNotFoundException")
  }

  @Test mutating func `a partial ARN is completed unless its name looks like a whole one`() throws {
    let prefix = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
    #expect(try fixture.describe(prefix + "off").name == "off")
    #expect(try fixture.describe(prefix + "trap-abcdef-AbCdEf").name == "trap-abcdef")
    #expect(
      fixture.cancel(prefix + "trap-abcdef").refusal?.code == "ResourceNotFoundException")
  }

  @Test mutating func `another account gets in by a policy only`() throws {
    let shared = try #require(try fixture.describe("shared").arn)
    let other = try #require(try fixture.describe("off").arn)
    let account = SimulationFixture.other
    #expect(
      fixture.ask("DescribeSecret", ["SecretId": .string(shared)], account: account).refusal
        == nil)
    #expect(
      fixture.ask("DescribeSecret", ["SecretId": .string(other)], account: account).refusal?.code
        == "AccessDeniedException")
    #expect(fixture.cancel("denied").refusal?.code == "AccessDeniedException")
  }

  @Test mutating func `values are never handed out`() {
    for operation in ["GetSecretValue", "BatchGetSecretValue"] {
      #expect(
        fixture.ask(operation, ["SecretId": "off"]).refusal?.code == "AccessDeniedException")
    }
  }

  private mutating func names(_ input: JSONObject) throws -> [String] {
    var names: [String] = []
    var input = input
    for _ in 0..<100 {
      let page = try fixture.ask("ListSecrets", .object(input)).get()
      names += (page["SecretList"]?.array ?? []).compactMap { $0["Name"]?.string }
      guard let token = page["NextToken"] else { return names }
      input["NextToken"] = token
    }
    Issue.record("the list does not end")
    return names
  }

  @Test(arguments: [false, true])
  mutating func `pages join to the whole list`(emptyPages: Bool) throws {
    fixture = SimulationFixture { $0.emptyPages = emptyPages }
    let all = try names([:])
    #expect(all.count == 24)
    #expect(!all.contains("markedForDeletion"))
    #expect(try names(["MaxResults": 5]) == all)
    #expect(try names(["IncludePlannedDeletion": true]).count == 25)
    #expect(try names(["SortBy": "name", "MaxResults": 7]) == all.sorted())
    #expect(
      try names(["SortBy": "name", "SortOrder": "desc"]) == Array(all.sorted().reversed()))
  }

  @Test mutating func `filters select by prefix, negation and words`() throws {
    func filter(_ key: String, _ values: JSONValue...) -> JSONObject {
      ["Filters": [["Key": .string(key), "Values": .array(values)]]]
    }
    #expect(try names(filter("name", "step/")).count == 12)
    #expect(try names(filter("name", "Step/")).isEmpty)
    #expect(try names(filter("name", "!step/")).count == 12)
    #expect(try names(filter("name", "off", "stalled")) == ["off", "stalled"])
    #expect(try names(filter("all", "STEP 1")) == ["step/10", "step/11", "step/12"])
    #expect(try names(filter("owning-service", "rds")) == ["rds!db-1"])
    #expect(try names(filter("primary-region", "us-east-1")) == ["replicated"])
    #expect(
      fixture.ask("ListSecrets", .object(filter("rotation", "x"))).refusal?.code
        == "InvalidParameterException")
  }

  @Test mutating func `a made-up page token is refused`() {
    for token in ["x", "secrets-4-0", "versions-1-1"] {
      #expect(
        fixture.ask("ListSecrets", ["NextToken": .string(token)]).refusal?.code
          == "InvalidNextTokenException")
    }
  }

  @Test mutating func `versions are listed with their labels, deprecated ones on demand`() throws {
    let list = try fixture.ask("ListSecretVersionIds", ["SecretId": "inFlight"]).get()
    let stages = (list["Versions"]?.array ?? []).map { $0["VersionStages"]?.array?.first?.string }
    #expect(stages == ["AWSPREVIOUS", "AWSCURRENT", "AWSPENDING"])
    fixture.now = fixture.now.adding(seconds: 10)
    let later = try fixture.ask("ListSecretVersionIds", ["SecretId": "inFlight"]).get()
    #expect(later["Versions"]?.array?.count == 2)
    let all = try fixture.ask(
      "ListSecretVersionIds", ["SecretId": "inFlight", "IncludeDeprecated": true, "MaxResults": 2]
    ).get()
    #expect(all["Versions"]?.array?.count == 2)
    #expect(all["NextToken"]?.string != nil)
  }

  private mutating func update(_ stage: String, from: String?, to: String?) -> Refusal? {
    var input: JSONObject = ["SecretId": "stalled", "VersionStage": .string(stage)]
    input["RemoveFromVersionId"] = from.map(JSONValue.string)
    input["MoveToVersionId"] = to.map(JSONValue.string)
    return fixture.ask("UpdateSecretVersionStage", .object(input)).refusal
  }

  @Test mutating func `labels move by the rules`() throws {
    let state = try fixture.describe("stalled")
    let pending = try #require(state.pendingVersionID)
    let current = try #require(state.stages.first { $0.labels == ["AWSCURRENT"] }?.versionID)
    #expect(update("AWSCURRENT", from: current, to: nil)?.code == "InvalidParameterException")
    #expect(update("AWSCURRENT", from: nil, to: pending)?.code == "InvalidParameterException")
    #expect(update("AWSPENDING", from: current, to: nil)?.code == "InvalidParameterException")
    #expect(update("AWSPENDING", from: "nothing", to: nil)?.code == "ResourceNotFoundException")
    #expect(update("AWSCURRENT", from: current, to: pending) == nil)
    let moved = try fixture.describe("stalled").stages
    #expect(moved.first { $0.versionID == pending }?.labels == ["AWSPENDING", "AWSCURRENT"])
    #expect(moved.first { $0.versionID == current }?.labels == ["AWSPREVIOUS"])
    #expect(update("AWSPENDING", from: pending, to: nil) == nil)
    #expect(try fixture.describe("stalled").pendingVersionID == nil)
    #expect(update("mine", from: nil, to: current) == nil)
  }

  @Test mutating func `a created secret exists and keeps no value`() throws {
    let input: JSONValue = [
      "Name": "new/one", "SecretString": "hunter2-not-kept",
      "ClientRequestToken": "0123456789abcdef0123456789abcdef",
    ]
    let answer = try fixture.ask("CreateSecret", input).get()
    #expect(answer["VersionId"]?.string == "0123456789abcdef0123456789abcdef")
    let arn = try #require(answer["ARN"]?.string)
    #expect(try SecretARN(parsing: arn).hasSuffix)
    #expect(try fixture.describe(arn).rotationEnabled == nil)
    #expect(fixture.ask("CreateSecret", input).refusal?.code == "ResourceExistsException")
    #expect(
      fixture.ask("CreateSecret", ["Name": "a b"]).refusal?.code == "ValidationException")
    #expect(!"\(fixture.service)".contains("hunter2"))
  }

  @Test mutating func `identities and roles`() throws {
    let identity = try fixture.ask("GetCallerIdentity", [:]).get()
    #expect(identity["Account"]?.string == SimulationFixture.account)
    let answer = try fixture.ask(
      "AssumeRole",
      ["RoleArn": "arn:aws:iam::444455556666:role/ops/Breakglass", "RoleSessionName": "rotactl-1"]
    ).get()
    let key = try #require(answer["Credentials"]?["AccessKeyId"]?.string)
    #expect(key.hasPrefix("ASIA"))
    #expect(
      answer["AssumedRoleUser"]?["Arn"]?.string
        == "arn:aws:sts::444455556666:assumed-role/Breakglass/rotactl-1")
    let credential = try #require(fixture.service.credential(key))
    #expect(credential.expires == fixture.now.adding(seconds: 3600))
    #expect(
      fixture.ask(
        "AssumeRole", ["RoleArn": "arn:aws:iam::999999999999:role/x", "RoleSessionName": "ab"]
      ).refusal?.status == 403)
  }
}
