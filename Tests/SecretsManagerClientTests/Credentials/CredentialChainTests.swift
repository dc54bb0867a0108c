import Locking
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct CredentialChains {
  @Test func `a search without result names every source`() async throws {
    let world = try ChainWorld("", environment: ["AWS_EC2_METADATA_DISABLED": "true"])
    let sources = try world.sources()
    let result = await sources.credentials(profile: nil, region: "eu-west-1")
    guard case .failure(let failure) = result else {
      Issue.record("succeeded")
      return
    }
    #expect(failure.code == "NoCredentials")
    let lines = failure.message.split(separator: "\n").map(String.init)
    #expect(
      lines.first
        == "Unable to locate credentials. You can configure credentials by running \"aws login\".")
    let names = [
      "env", "assume-role", "assume-role-with-web-identity", "sso", "shared-credentials-file",
      "login", "custom-process", "config-file", "container-role", "iam-role",
    ]
    #expect(sources.reasons(profile: nil).map(\.name) == names)
    #expect(
      lines.dropFirst() == sources.reasons(profile: nil).map { "  \($0.name): \($0.reason)" }[...])
  }

  @Test func `the environment yields to a named profile and not to AWS_PROFILE`() async throws {
    let world = try ChainWorld(
      "[profile p]\naws_access_key_id = AKIDP\naws_secret_access_key = s\n",
      environment: [
        "AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "e", "AWS_PROFILE": "p",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent",
      ])
    let sources = try world.sources()
    #expect(await sources.credentials(profile: nil, region: "r").told == "AKIDENV")
    let named = try await sources.credentials(profile: "p", region: "r").get()
    #expect(named.accessKeyID == "AKIDP")
    #expect(named.source == "config-file")
  }

  /// Cases that end otherwise than in the AWS CLI, and why.
  static let divergences: [String: String] = [
    "default-credential-provider-chain/sso_server_error":
      "the loop of all calls repeats it; the CLI's own runs into the end of the recording"
  ]

  @Test(.enabled(if: CredentialReplay.isThere, "\(Conformance.absence)"))
  func `all recorded cases end as in the AWS CLI`() async throws {
    let oracle = try JSONValue(
      parsing: try Conformance.bytes("\(CredentialReplay.suite)/awscli-oracle.json"))
    var differing: [String] = []
    let cases = oracle["cases"]?.object?.keys ?? []
    #expect(cases.count == 47)
    for name in cases {
      if let difference = try await difference(name) { differing.append("\(name): \(difference)") }
    }
    let unexpected = differing.filter { text in
      !CredentialChains.divergences.keys.contains { text.hasPrefix("\($0): ") }
    }
    #expect(unexpected.isEmpty, "\(unexpected.joined(separator: "\n"))")
    #expect(differing.count == CredentialChains.divergences.count)
  }

  private func difference(_ name: String) async throws -> String? {
    let replay = try CredentialReplay(name)
    let expected = replay.oracle
    let context: CredentialContext
    do {
      context = try replay.context()
    } catch let error as ConfigurationError {
      return error.code == expected["error"]?.string ? nil : error.message
    }
    let sources = ChainWorld.sources(
      environment: replay.environment, configuration: context.configuration,
      options: ClientOptions(), clock: context.clock, exchange: context.exchange)
    var result = await sources.credentials(profile: nil, region: "us-east-1")
    // The CLI's calls of STS are repeated by its own loop, ours by the one of all calls.
    if case .failure(let failure) = result, failure.kind == .connect, expected["error"] == nil {
      result = await sources.credentials(profile: nil, region: "us-east-1")
    }
    guard case .success(let found) = result else {
      if expected["error"] == nil, expected["credentials"]?.object == nil { return nil }
      // Python's own errors have no counterpart in words.
      let isWorded = expected["error"]?.string?.hasPrefix("python:") == false
      guard isWorded, let message = expected["message"]?.string else {
        return expected["error"] != nil ? nil : result.told
      }
      return result.told == message ? nil : "\(result.told), not \(message)"
    }
    let told = "\(found.accessKeyID) \(found.source)"
    let keys = expected["credentials"]
    let wanted = "\(keys?["access_key_id"]?.string ?? "") \(keys?["method"]?.string ?? "")"
    return told == wanted ? nil : "\(told), not \(wanted)"
  }
}
