import Locking
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct AssumedRoles {
  private let config = """
    [profile keys]
    aws_access_key_id = AKIDKEYS
    aws_secret_access_key = hush
    [profile hub]
    role_arn = arn:aws:iam::123456789012:role/Hub
    source_profile = keys
    [profile a]
    role_arn = arn:aws:iam::123456789012:role/A
    source_profile = hub
    [profile b]
    role_arn = arn:aws:iam::123456789012:role/B
    source_profile = hub
    [profile code]
    role_arn = arn:aws:iam::123456789012:role/Ops
    source_profile = keys
    mfa_serial = arn:aws:iam::123456789012:mfa/me
    [profile code2]
    role_arn = arn:aws:iam::123456789012:role/Ops2
    source_profile = keys
    mfa_serial = arn:aws:iam::123456789012:mfa/me
    """

  @Test(arguments: [
    (
      "role_arn = \nsource_profile = keys",
      "Parameter validation failed:\nInvalid length for parameter RoleArn, value: 0, valid min "
        + "length: 20"
    ),
    (
      "role_arn = arn:aws:iam::123456789012:role/R\nsource_profile =",
      "The source_profile \"\" referenced in the profile \"p\" does not exist."
    ),
    (
      "role_arn = arn:aws:iam::123456789012:role/R\ncredential_source =",
      "The credential source \"\" referenced in profile \"p\" is not valid."
    ),
    (
      "role_arn = arn:aws:iam::123456789012:role/R\ncredential_source = environment",
      "The credential source \"environment\" referenced in profile \"p\" is not valid."
    ),
    (
      "role_arn = arn:aws:iam::123456789012:role/R\nsource_profile = keys\nduration_seconds = 5",
      "Parameter validation failed:\nInvalid value for parameter DurationSeconds, value: 5, valid "
        + "min value: 900"
    ),
    (
      "role_arn = arn:aws:iam::123456789012:role/R\nsource_profile = keys\nexternal_id = e\n"
        + "role_session_name = a",
      "Parameter validation failed:\nInvalid length for parameter RoleSessionName, value: 1, valid "
        + "min length: 2\nInvalid length for parameter ExternalId, value: 1, valid min length: 2"
    ),
    (
      "aws_access_key_id = x\naws_secret_access_key = y\nrole_arn =",
      "Partial credentials found in assume-role, missing: source_profile or credential_source"
    ),
  ])
  func `wrong settings are refused in the AWS CLI's words`(
    _ keys: String, _ message: String
  ) async throws {
    let world = try ChainWorld(config + "\n[profile p]\n" + keys + "\n")
    let result = try await world.sources().credentials(profile: "p", region: "eu-west-1")
    #expect(result.told == message)
    #expect(world.roleCalls.isEmpty)
  }

  @Test func `roles of one source ask for it once`() async throws {
    let world = try ChainWorld(config)
    let sources = try world.sources { $0.sessionName = "run" }
    let first = await sources.credentials(profile: "a", region: "eu-west-1")
    let second = await sources.credentials(profile: "b", region: "eu-west-1")
    #expect(try first.get().source == "assume-role")
    #expect(second.told == "ASIA3")
    #expect(world.roleCalls.filter { $0.contains("Hub") }.count == 1)
  }

  @Test func `the store's names are the AWS CLI's`() {
    let plain = RoleHop(
      profile: "p", roleARN: "arn:aws:iam::123456789012:role/Ops", externalID: nil,
      mfaSerial: nil, durationSeconds: nil, sessionName: nil)
    #expect(RoleStore.key(plain) == "057a49cc5a2930766df7d2cf8735a3d5a8d16b35")
    let full = RoleHop(
      profile: "p", roleARN: "arn:aws:iam::123456789012:role/Ops", externalID: "ext-1",
      mfaSerial: nil, durationSeconds: 3600, sessionName: "rotactl")
    #expect(RoleStore.key(full) == "9524a9bad994843aff7a507aef452319982be8dc")
  }

  @Test func `a stored session serves the next process and not once it was refused`() async throws {
    let world = try ChainWorld(config)
    #expect(
      try await world.sources().credentials(profile: "hub", region: "eu-west-1").told == "ASIA1")
    let sources = try world.sources()
    #expect(await sources.credentials(profile: "hub", region: "eu-west-1").told == "ASIA1")
    #expect(world.roleCalls.count == 1)
    await sources.expire(profile: "hub", accessKeyID: "ASIA1", fresh: nil)
    #expect(await sources.credentials(profile: "hub", region: "eu-west-1").told == "ASIA2")
    #expect(world.roleCalls.count == 2)
  }

  @Test func `the session of a run is named for it and stays in memory`() async throws {
    let world = try ChainWorld(config)
    let sources = try world.sources { $0.sessionName = "inc 7/é" }
    _ = await sources.credentials(profile: "hub", region: "eu-west-1")
    #expect(world.roleCalls.first?.contains("RoleSessionName=inc-7--&") == false)
    #expect(world.roleCalls.first?.hasSuffix("RoleSessionName=inc-7--") == true)
    _ = try await world.sources().credentials(profile: "hub", region: "eu-west-1")
    #expect(world.roleCalls.count == 2)
  }

  @Test func `a code is asked for once and sent`() async throws {
    let world = try ChainWorld(config) { _, number in
      .success(ChainWorld.assumed(number, minutes: 60))
    }
    let asked = Locked<[String]>([])
    let sources = try world.sources { options in
      options.sessionName = "run"
      options.mfaPrompt = { serial, profile in
        asked.with { $0.append("\(profile) \(serial)") }
        return " 123456\n"
      }
    }
    #expect(await sources.credentials(profile: "code", region: "eu-west-1").told == "ASIA1")
    #expect(world.roleCalls.first?.contains("TokenCode=123456") == true)
    #expect(world.roleCalls.first?.contains("SerialNumber=arn%3Aaws%3Aiam") == true)
    world.pass(minutes: 61)
    let late = await sources.credentials(profile: "code", region: "eu-west-1").told
    #expect(late.contains("Cannot refresh credentials: MFA token required."))
    #expect(asked.with { $0 } == ["code arn:aws:iam::123456789012:mfa/me"])
  }

  @Test func `a code that reached nobody is used again`() async throws {
    let world = try ChainWorld(config) { request, number in
      number == 1
        ? .failure(.unreachable(request.url)) : .success(ChainWorld.assumed(number, minutes: 60))
    }
    let asked = Locked(0)
    let sources = try world.sources { options in
      options.mfaPrompt = { _, _ in
        asked.with { $0 += 1 }
        return "123456"
      }
    }
    guard
      case .failure(let failure) = await sources.credentials(profile: "code", region: "eu-west-1")
    else {
      Issue.record("succeeded")
      return
    }
    #expect(failure.kind == .connect)
    #expect(await sources.credentials(profile: "code", region: "eu-west-1").told == "ASIA2")
    #expect(asked.with { $0 } == 1)
  }

  @Test func `questions for codes never overlap`() async throws {
    let world = try ChainWorld(config)
    let open = Locked((now: 0, most: 0))
    let sources = try world.sources { options in
      options.mfaPrompt = { _, _ in
        open.with {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        for _ in 0..<50 { await Task.yield() }
        open.with { $0.now -= 1 }
        return "123456"
      }
    }
    await withTaskGroup { group in
      for profile in ["code", "code2"] {
        group.addTask { _ = await sources.credentials(profile: profile, region: "eu-west-1") }
      }
    }
    #expect(open.with { $0.most } == 1)
    #expect(world.roleCalls.count == 2)
  }

  @Test func `without a terminal a needed code is an error that says how`() async throws {
    let world = try ChainWorld(config)
    let told = try await world.sources().credentials(profile: "code", region: "eu-west-1").told
    #expect(told.contains("aws sts get-caller-identity --profile code"))
    #expect(world.roleCalls.isEmpty)
  }

  @Test func `an expired source is renewed once`() async throws {
    let world = try ChainWorld(config) { _, number in
      number == 2
        ? .success(ChainWorld.refused("ExpiredToken", status: 400))
        : .success(ChainWorld.assumed(number, minutes: 60))
    }
    let sources = try world.sources()
    #expect(await sources.credentials(profile: "a", region: "eu-west-1").told == "ASIA4")
    #expect(world.roleCalls.count == 4)
  }

  @Test(
    .enabled(if: Conformance.has("aws-assume-role"), "\(Conformance.absence)"))
  func `all public cases end and fail as in the AWS CLI`() async throws {
    let oracle = try JSONValue(
      parsing: try Conformance.bytes("aws-assume-role/awscli-oracle.json"))
    let cases = oracle["cases"]?.array ?? []
    #expect(cases.count == 28)
    for test in cases { try await run(test) }
  }

  private func run(_ test: JSONValue) async throws {
    let name = "\(test["docs"]?.string ?? "")"
    var variables: [String: String] = [:]
    for member in test["env"]?.object?.members ?? [] {
      variables[member.key] = member.value.string
    }
    let roles = Locked(0)
    let world = try ChainWorld(test["config_file"]?.string ?? "", environment: variables) {
      request, _ in
      ConformingNetwork.answer(request, roles)
    }
    for file in test["files"]?.object?.members ?? [] {
      try world.folder.write(String(file.key.dropFirst()), file.value.string ?? "")
    }
    let result = try await world.sources().credentials(
      profile: test["profile"]?.string, region: "us-east-1")
    let expected = test["awscli"]
    guard case .success(let credentials) = result else {
      #expect(result.told == expected?["message"]?.string, "\(name)")
      return
    }
    #expect(
      credentials.accessKeyID == expected?["credentials"]?["access_key_id"]?.string, "\(name)")
    #expect(credentials.source == expected?["credentials"]?["method"]?.string, "\(name)")
    let calls = (expected?["calls"]?.array ?? []).compactMap { call in
      call["params"]?["RoleArn"]?.string
    }
    let asked = world.requests.with { $0 }.map { String(decoding: $0.body, as: UTF8.self) }
      .filter { $0.hasPrefix("Action=") }
    #expect(asked.count == calls.count, "\(name)")
    for (body, role) in zip(asked, calls) {
      #expect(
        "\(body)&".contains("&RoleArn=\(PercentEncoding.encode(role))&"), "\(name)")
    }
  }
}

/// What the public cases' oracle was given for a network.
enum ConformingNetwork {
  static func answer(
    _ request: HTTPRequest, _ roles: Locked<Int>
  ) -> Result<HTTPResponse, TransportFailure> {
    let body = String(decoding: request.body, as: UTF8.self)
    let end = ChainWorld.moment.adding(seconds: 3600)
    if body.hasPrefix("Action=") {
      let number = roles.with { count -> Int in
        count += 1
        return count
      }
      let action = body.dropFirst("Action=".count).prefix { $0 != "&" }
      let text =
        "<\(action)Response><\(action)Result><Credentials><AccessKeyId>ASIASTS\(number)"
        + "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        + "<Expiration>\(end.iso8601)</Expiration></Credentials></\(action)Result></\(action)Response>"
      return .success(HTTPResponse(status: 200, body: Array(text.utf8)))
    }
    let text: String
    if request.url.contains("/federation/credentials") {
      text =
        #"{"roleCredentials":{"accessKeyId":"ASIASSO1","secretAccessKey":"s","sessionToken":"t","#
        + #""expiration":\#(end.milliseconds)}}"#
    } else if request.method == "PUT" {
      text = "token"
    } else if request.url.hasSuffix("security-credentials/") {
      text = "role"
    } else {
      text =
        #"{"Code":"Success","AccessKeyId":"ASIAIMDS1","SecretAccessKey":"s","Token":"t","#
        + #""Expiration":"\#(end.iso8601)"}"#
    }
    return .success(HTTPResponse(status: 200, body: Array(text.utf8)))
  }
}
