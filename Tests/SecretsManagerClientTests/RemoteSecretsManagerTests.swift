import Locking
import RotationCore
import SecretsManagerClient
import Testing

/// The client as a whole, against a scripted server.
@Suite struct Remote {
  private static let moment = Timestamp(milliseconds: 1_795_457_501_000)
  private let attempt = AttemptNumber(
    number: 2, maximum: 3, invocationID: "6a3e5e1c-7c0f-4c52-9a55-3c1b2f6d1a11")
  private let site = CallSite(profile: nil, region: "eu-west-1")

  private func client(
    _ server: ScriptedServer, environment extra: [String: String] = [:],
    configure: (inout ClientOptions) -> Void = { _ in },
    clock: @escaping @Sendable () -> Timestamp = { Remote.moment }
  ) throws -> RemoteSecretsManager {
    var environment = [
      "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hush-hush",
      "AWS_SESSION_TOKEN": "session-token", "AWS_CONFIG_FILE": "/nonexistent",
      "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_ENDPOINT_URL": server.url,
      "AWS_EC2_METADATA_DISABLED": "true",
    ]
    environment.merge(extra) { $1 }
    var options = ClientOptions()
    options.userAgentSuffix = "md/command#run"
    configure(&options)
    return try RemoteSecretsManager(environment: environment, options: options, clock: clock)
  }

  private func failure<T>(_ reply: AttemptReply<T>) throws -> ServiceFailure {
    guard case .failure(let failure) = reply.result else {
      Issue.record("succeeded")
      throw ScriptedServer.SetupError()
    }
    return failure
  }

  @Test func `a cancelling call looks on the wire as AWS documents it`() async throws {
    let server = try ScriptedServer { _ in
      .json(
        #"{"ARN":"arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf","Name":"db"}"#,
        headers: "x-amzn-RequestId: 11111111-2222-3333-4444-555555555555\r\n")
    }
    defer { server.stop() }
    let lines = Locked<[String]>([])
    let client = try client(server) { options in
      options.debug = { line in lines.with { $0.append(line) } }
    }
    let reply = await client.cancelRotateSecret("db", at: site, attempt: attempt)
    let cancelled = try reply.result.get()
    #expect(cancelled.name == "db")
    #expect(cancelled.versionID == nil)
    #expect(reply.httpStatus == 200)
    #expect(reply.requestID == "11111111-2222-3333-4444-555555555555")
    let request = try #require(server.requests.first)
    #expect(request.body == #"{"SecretId":"db"}"#)
    let expected = [
      "Host": "127.0.0.1:\(server.port)", "X-Amz-Target": "secretsmanager.CancelRotateSecret",
      "Content-Type": "application/x-amz-json-1.1", "X-Amz-Security-Token": "session-token",
      "User-Agent": "rotactl/0 ua/2.1 os/linux lang/swift#6 cfg/retry-mode#standard md/command#run",
      "Accept-Encoding": "identity", "X-Amz-Date": Remote.moment.basic,
      "amz-sdk-invocation-id": attempt.invocationID, "amz-sdk-request": "attempt=2; max=3",
    ]
    for (name, value) in expected { #expect(request.header(name) == value) }
    let authorization = try #require(request.header("Authorization"))
    #expect(authorization.contains("/eu-west-1/secretsmanager/aws4_request, SignedHeaders="))
    #expect(
      authorization.contains(
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,"))
    let printed = lines.with { $0.joined() }
    #expect(printed.contains("CancelRotateSecret"))
    for secret in ["hush-hush", "session-token", "AKIDEXAMPLE", "Signature"] {
      #expect(!printed.contains(secret))
    }
  }

  @Test func `what switches rotation on again never asks for a rotation now`() async throws {
    let server = try ScriptedServer { _ in .json(#"{"ARN":"arn:x","Name":"db"}"#) }
    defer { server.stop() }
    let client = try client(server)
    var request = RotationRequest(secretID: "db", clientRequestToken: attempt.invocationID)
    request.lambdaARN = "arn:aws:lambda:eu-west-1:123456789012:function:rotate"
    request.rules = ["ScheduleExpression": "rate(10 days)", "Duration": "3h"]
    #expect(
      try await client.rotateSecret(request, at: site, attempt: attempt).result.get().name == "db")
    let change = StageChange(secretID: "db", stage: "AWSCURRENT", removeFrom: "old", moveTo: "new")
    _ = try await client.updateSecretVersionStage(change, at: site, attempt: attempt).result.get()
    let sent = server.requests
    #expect(
      sent.map { $0.header("X-Amz-Target") } == [
        "secretsmanager.RotateSecret", "secretsmanager.UpdateSecretVersionStage",
      ])
    #expect(
      sent.map(\.body) == [
        #"{"SecretId":"db","ClientRequestToken":"6a3e5e1c-7c0f-4c52-9a55-3c1b2f6d1a11","#
          + #""RotationLambdaARN":"arn:aws:lambda:eu-west-1:123456789012:function:rotate","#
          + #""RotationRules":{"ScheduleExpression":"rate(10 days)","Duration":"3h"},"#
          + #""RotateImmediately":false}"#,
        #"{"SecretId":"db","VersionStage":"AWSCURRENT","RemoveFromVersionId":"old","#
          + #""MoveToVersionId":"new"}"#,
      ])
  }

  @Test(arguments: [
    ("not json", "<html>"), ("an array", "[]"), ("nothing", ""), ("no ARN", "{}"),
    ("a text as flag", #"{"ARN":"arn:x","RotationEnabled":"false"}"#),
  ])
  func `a 200 that describes nothing is malformed`(_ what: String, _ body: String) async throws {
    let server = try ScriptedServer { _ in .json(body) }
    defer { server.stop() }
    let reply = try await client(server).describeSecret("db", at: site, attempt: attempt)
    let failure = try failure(reply)
    #expect(failure.kind == .malformed)
    #expect(failure.leavesDoubt)
  }

  @Test func `a listing asks for what is wanted and reads one page`() async throws {
    let server = try ScriptedServer { request in
      request.body.contains("NextToken")
        ? .json(#"{"SecretList":[],"NextToken":""}"#)
        : .json(
          #"{"SecretList":[{"ARN":"arn:x","Name":"db","RotationEnabled":true,"#
            + #""Tags":[{"Key":"team","Value":"pay"}],"Description":"d"},"#
            + #"{"ARN":"arn:y","RotationEnabled":null}],"NextToken":"t1"}"#)
    }
    defer { server.stop() }
    let client = try client(server)
    var request = ListSecretsRequest(
      filters: [SecretListFilter(key: .tagKey, values: ["team", "!old"])],
      includesPlannedDeletion: true, pageSize: 100, sortBy: .name, isDescending: true)
    let page = try await client.listSecrets(request, at: site, attempt: attempt).result.get()
    #expect(page.nextToken == "t1")
    #expect(page.secrets.map(\.state.arn) == ["arn:x", "arn:y"])
    #expect(page.secrets.map(\.state.rotationEnabled) == [true, nil])
    #expect(page.secrets[0].tags == [Label(name: "team", value: "pay")])
    #expect(page.secrets[0].description == "d")
    request.nextToken = page.nextToken
    let last = try await client.listSecrets(request, at: site, attempt: attempt).result.get()
    #expect(last == SecretListPage(secrets: [], nextToken: nil))
    let sent = server.requests
    #expect(sent[0].header("X-Amz-Target") == "secretsmanager.ListSecrets")
    #expect(
      sent[0].body == #"{"IncludePlannedDeletion":true,"MaxResults":100,"#
        + #""Filters":[{"Key":"tag-key","Values":["team","!old"]}],"#
        + #""SortOrder":"desc","SortBy":"name"}"#)
    #expect(sent[1].body.contains(#""NextToken":"t1""#))
  }

  @Test(arguments: [
    "{}", #"{"SecretList":{}}"#, #"{"SecretList":[{"Name":"db"}]}"#,
    #"{"SecretList":["db"]}"#, #"{"SecretList":[{"ARN":"arn:x","RotationEnabled":"no"}]}"#,
    #"{"SecretList":[],"NextToken":7}"#,
  ])
  func `a page that would hide secrets is malformed`(_ body: String) async throws {
    let server = try ScriptedServer { _ in .json(body) }
    defer { server.stop() }
    let reply = try await client(server).listSecrets(
      ListSecretsRequest(), at: site, attempt: attempt)
    #expect(try failure(reply).kind == .malformed)
  }

  @Test func `a service's error keeps code, message, status and hints`() async throws {
    let server = try ScriptedServer { _ in
      .json(
        #"{"__type":"ThrottlingException","message":"Rate exceeded"}"#,
        status: "400 Bad Request",
        headers: "x-amzn-RequestId: abc\r\nx-amz-retry-after: 1500\r\n")
    }
    defer { server.stop() }
    let reply = try await client(server).cancelRotateSecret("db", at: site, attempt: attempt)
    let failure = try failure(reply)
    #expect(
      failure
        == ServiceFailure(
          kind: .service, code: "ThrottlingException", message: "Rate exceeded", httpStatus: 400,
          requestID: "abc", retryAfterMilliseconds: 1500))
  }

  @Test func `a skewed clock is corrected for the next attempt`() async throws {
    let server = try ScriptedServer { request in
      if request.header("X-Amz-Date") == Remote.moment.basic {
        return .json(
          #"{"__type":"InvalidSignatureException","message":"Signature expired"}"#,
          status: "400 Bad Request", headers: "Date: Sun, 06 Nov 2033 08:49:37 GMT\r\n")
      }
      return .json(#"{"ARN":"arn:x","RotationEnabled":true}"#)
    }
    defer { server.stop() }
    let client = try client(server)
    let first = try failure(await client.describeSecret("db", at: site, attempt: attempt))
    #expect(first.isClockSkew)
    let second = await client.describeSecret("db", at: site, attempt: attempt)
    #expect(try second.result.get().rotationEnabled == true)
    #expect(server.requests.last?.header("X-Amz-Date") == "20331106T084937Z")
  }

  @Test func `the caller's identity comes from STS's XML`() async throws {
    let server = try ScriptedServer { _ in
      .json(
        "<?xml version=\"1.0\"?><GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/"
          + "2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/a&amp;b</Arn>"
          + "<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
          + "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
          + "</GetCallerIdentityResponse>")
    }
    defer { server.stop() }
    let reply = try await client(server).callerIdentity(at: site, attempt: attempt)
    #expect(
      try reply.result.get()
        == CallerIdentity(
          accountID: "123456789012", arn: "arn:aws:iam::123456789012:user/a&b", userID: "AIDA"))
    let request = try #require(server.requests.first)
    #expect(request.body == "Action=GetCallerIdentity&Version=2011-06-15")
    #expect(request.header("X-Amz-Target") == nil)
  }

  @Test func `the endpoint option is Secrets Manager's alone`() async throws {
    let secrets = try ScriptedServer { _ in .json("{}") }
    let tokens = try ScriptedServer { _ in .json("nonsense", status: "500 Oops") }
    defer {
      secrets.stop()
      tokens.stop()
    }
    let url = secrets.url
    let client = try client(tokens) { $0.endpointURL = url }
    _ = await client.cancelRotateSecret("db", at: site, attempt: attempt)
    let failure = try failure(await client.callerIdentity(at: site, attempt: attempt))
    #expect(failure.code == "500")
    #expect(failure.message == "nonsense")
    #expect(secrets.requests.count == 1)
    #expect(tokens.requests.count == 1)
  }

  @Test func `an unsigned call carries no keys`() async throws {
    let server = try ScriptedServer { _ in .json("{}") }
    defer { server.stop() }
    let client = try client(server, environment: ["AWS_ACCESS_KEY_ID": ""]) {
      $0.noSignRequest = true
    }
    _ = try await client.cancelRotateSecret("db", at: site, attempt: attempt).result.get()
    #expect(server.requests.first?.header("Authorization") == nil)
  }

  @Test func `what cannot be sent says why`() async throws {
    let server = try ScriptedServer { _ in .json("{}") }
    defer { server.stop() }
    let keyless = try client(server, environment: ["AWS_ACCESS_KEY_ID": ""])
    let none = try failure(await keyless.describeSecret("db", at: site, attempt: attempt))
    #expect(none.code == "NoCredentials")
    #expect(none.kind == .credentials)
    #expect(none.message.contains("\n  env: AWS_ACCESS_KEY_ID is not set\n"))
    let client = try client(server)
    let unknown = CallSite(profile: "nosuch", region: "eu-west-1")
    #expect(
      try failure(await client.describeSecret("db", at: unknown, attempt: attempt)).message
        == "The config profile (nosuch) could not be found")
    let nowhere = CallSite(profile: nil, region: "us east")
    #expect(
      try failure(await client.describeSecret("db", at: nowhere, attempt: attempt)).message
        == "Provided region_name 'us east' doesn't match a supported format.")
    #expect(server.requests.isEmpty)
  }
}
