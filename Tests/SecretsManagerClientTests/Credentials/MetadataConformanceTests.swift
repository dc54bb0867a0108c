import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

/// The suite aws-metadata-endpoints, judged by what the AWS CLI's engine did.
@Suite(.enabled(if: Conformance.has("aws-metadata-endpoints"), "\(Conformance.absence)"))
struct MetadataEndpoints {
  private struct Case {
    let name: String
    let environment: [String: String]
    let config: String
    let oracle: JSONValue
    /// Settings that are an SDK's arguments, which the AWS CLI and we do not have.
    let arguments: [String]
  }

  private func cases(_ tests: String, _ oracle: String) throws -> [Case] {
    func json(_ name: String) throws -> JSONValue {
      try JSONValue(parsing: try Conformance.bytes("aws-metadata-endpoints/\(name)"))
    }
    var answers: [String: JSONValue] = [:]
    for item in try json(oracle)["cases"]?.array ?? [] {
      answers[item["docs"]?.string ?? ""] = item["awscli"]
    }
    return try (try json(tests)["tests"]?.array ?? []).map { item in
      let name = try #require(item["docs"]?.string)
      var environment: [String: String] = [:]
      for member in item["env"]?.object?.members ?? [] {
        environment[member.key] = member.value.string
      }
      return Case(
        name: name, environment: environment, config: item["fs"]?["config"]?.string ?? "",
        oracle: try #require(answers[name]),
        arguments: ["endpoint_override", "mode_override"].filter { item[$0] != nil })
    }
  }

  @Test func `a container's URL is that of the AWS CLI`() async throws {
    let cases = try cases("ecs-uri-tests.json", "ecs-awscli-oracle.json")
    #expect(cases.count == 11)
    for item in cases {
      let script = MetadataScript(200, MetadataScript.keys())
      let answer = await ContainerProvider(context: try script.context(item.environment))
        .credentials(region: "")
      if let url = item.oracle["request"]?["uri"]?.string {
        #expect(script.lines == ["GET \(url)"], "\(item.name)")
        #expect(answer.found != nil, "\(item.name)")
      } else if let message = item.oracle["message"]?.string {
        #expect(answer.failure?.message.hasPrefix(message) == true, "\(item.name)")
        #expect(script.requests.isEmpty)
      } else {
        #expect(answer.absence != nil, "\(item.name)")
      }
    }
  }

  @Test func `an instance's URL is that of the AWS CLI`() async throws {
    let cases = try cases("imds-endpoint-tests.json", "imds-awscli-oracle.json")
    #expect(cases.count == 14)
    var withArguments: [String] = []
    for item in cases {
      // The engine's answer to these is for the rest of the case, so they are judged too.
      if !item.arguments.isEmpty { withArguments.append(item.name) }
      let script = MetadataScript(400, "")
      let context = try script.context(item.environment, config: item.config)
      let answer = await InstanceMetadataProvider(context: context).credentials(region: "")
      if let url = item.oracle["token_url"]?.string {
        #expect(script.lines == ["PUT \(url)"], "\(item.name)")
      } else {
        #expect(answer.failure?.message == item.oracle["message"]?.string, "\(item.name)")
        #expect(answer.failure?.code == item.oracle["error"]?.string, "\(item.name)")
        #expect(script.requests.isEmpty, "\(item.name)")
      }
    }
    #expect(
      withArguments == [
        "explicit endpoint override", "explicit mode override",
        "environment variable overrides endpoint mode override",
      ])
  }
}

/// The cases of aws-credential-chain whose keys come from a container or an instance.
@Suite(.enabled(if: CredentialReplay.isThere, "\(Conformance.absence)"))
struct ReplayedMetadataCases {
  private static let folder = "default-credential-provider-chain"

  /// The fields that the oracle lists.
  private func compare(_ keys: Credentials, _ wanted: JSONValue, _ name: String) {
    #expect(keys.accessKeyID == wanted["access_key_id"]?.string, "\(name)")
    #expect(keys.plainSecret == wanted["secret_access_key"]?.string, "\(name)")
    #expect(keys.sessionToken == wanted["session_token"]?.string, "\(name)")
    #expect(keys.accountID == wanted["account_id"]?.string, "\(name)")
  }

  @Test(arguments: [
    "ecs_credentials", "ecs_credentials_invalid_profile", "eks_pod_identity_credentials",
  ])
  func `a container's recorded keys are found`(_ name: String) async throws {
    let replay = try CredentialReplay("\(Self.folder)/\(name)")
    let provider = ContainerProvider(context: try replay.context())
    let keys = try #require(await provider.credentials(region: "").found)
    let wanted = try #require(replay.oracle["credentials"])
    compare(keys, wanted, name)
    #expect(wanted["method"]?.string == provider.name)
    #expect(
      keys.expiration?.milliseconds == 1000 * Int64(replay.sdkResult["Ok"]?["expiry"]?.int ?? 0))
    #expect(replay.requestLines == replay.oracleRequestLines)
    for (request, recorded) in zip(replay.requests, replay.recorded) {
      for header in ["accept", "authorization"] where recorded.headers[header] != nil {
        #expect(request.header(header) == recorded.headers[header])
      }
    }
    if name.hasPrefix("eks") {
      #expect(replay.requests.first?.header("Authorization") == "sometoken")
    }
  }

  @Test func `a container's missing token file is an error before any request`() async throws {
    let replay = try CredentialReplay("\(Self.folder)/eks_pod_identity_no_token_file")
    let answer = await ContainerProvider(context: try replay.context()).credentials(region: "")
    let message = try #require(replay.oracle["message"]?.string)
    let moved = message.replacing("/token.jwt", with: "\(replay.root)/token.jwt")
    #expect(answer.failure?.message.hasPrefix(moved) == true, "\(message)")
    #expect(replay.requests.isEmpty)
  }

  @Test(arguments: ["imds_config_with_no_creds", "imds_default_chain_success"])
  func `an instance's recorded keys are found`(_ name: String) async throws {
    let replay = try CredentialReplay("\(Self.folder)/\(name)")
    let provider = InstanceMetadataProvider(context: try replay.context())
    let keys = try #require(await provider.credentials(region: "").found)
    let wanted = try #require(replay.oracle["credentials"])
    compare(keys, wanted, name)
    #expect(wanted["method"]?.string == provider.name)
    #expect(
      keys.expiration?.milliseconds == 1000 * Int64(replay.sdkResult["Ok"]?["expiry"]?.int ?? 0))
    #expect(replay.requestLines == replay.oracleRequestLines)
    #expect(replay.requestLines == replay.recorded.map { "\($0.method) \($0.url)" })
    for (request, recorded) in zip(replay.requests, replay.recorded) {
      for (header, value) in recorded.headers where header.hasPrefix("x-aws-ec2-metadata") {
        #expect(request.header(header) == value)
      }
    }
  }

  /// In imds_default_chain_retries the recording has an SDK's three attempts; the AWS CLI makes
  /// one, finds nothing, and so do we.
  @Test(arguments: [
    "\(folder)/imds_default_chain_error", "\(folder)/imds_default_chain_retries",
    "\(folder)/imds_disabled", "\(folder)/imds_no_iam_role", "\(folder)/imds_token_fail",
    "profile-provider/empty_config", "profile-provider/invalid_sso_credentials_config",
    "profile-provider/sso_token",
  ])
  func `an instance without keys is asked as the AWS CLI asks it`(_ name: String) async throws {
    let replay = try CredentialReplay(name)
    let provider = InstanceMetadataProvider(context: try replay.context())
    #expect(await provider.credentials(region: "").absence != nil)
    #expect(replay.requestLines == replay.oracleRequestLines)
  }

  /// The keys that the role is then assumed with; the role is another source's part.
  @Test func `keys for a role come from their source`() async throws {
    let container = try CredentialReplay("\(Self.folder)/ecs_assume_role")
    let first = await ContainerProvider(context: try container.context())
      .credentials(region: "").found
    #expect(first?.accessKeyID == "ASIARTEST")
    let instance = try CredentialReplay("\(Self.folder)/imds_assume_role")
    let second = await InstanceMetadataProvider(context: try instance.context())
      .credentials(region: "").found
    #expect(second?.accessKeyID == "ASIARSTSBASE")
    for replay in [container, instance] {
      #expect(replay.requestLines == Array(replay.oracleRequestLines.dropLast()))
    }
  }
}
