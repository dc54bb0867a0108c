import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite struct CredentialsOfACommand {
  private static let keys = #""AccessKeyId":"AKID","SecretAccessKey":"hush""#

  private func answer(
    _ command: String, _ more: String = "", limit: Double = 600
  ) async throws -> ProviderAnswer {
    let bench = try ProviderBench("[profile ops]\ncredential_process = \(command)\n\(more)")
    var provider = ProcessProvider(context: try bench.context(), profile: "ops")
    provider.limitSeconds = limit
    provider.leadsGroup = true
    return await provider.credentials(region: "eu-west-1")
  }

  private func answer(to document: String, _ more: String = "") async throws -> ProviderAnswer {
    let folder = try TemporaryDirectory()
    let path = try folder.write("answer.json", document)
    let answer = try await answer("cat '\(path)'", more)
    return withExtendedLifetime(folder) { answer }
  }

  private func said(_ what: String) -> String {
    "Error when retrieving credentials from custom-process: \(what) (credential_process of the "
      + "profile \"ops\")"
  }

  @Test func `a profile without the key is passed over`() async throws {
    let bench = try ProviderBench("[profile ops]\nregion = x\n")
    for profile in ["ops", "absent"] {
      let provider = ProcessProvider(context: try bench.context(), profile: profile)
      #expect(await provider.credentials(region: "eu-west-1").absence != nil)
    }
  }

  @Test func `all members are read`() async throws {
    let answer = try await answer(
      to: "{\"Version\":1,\(Self.keys),\"SessionToken\":\"t\","
        + "\"Expiration\":\"2099-01-01T00:00:00+01:00\",\"AccountId\":\"123456789012\"}\n",
      "aws_account_id = 999999999999\n")
    let found = try #require(answer.found)
    #expect(found.accessKeyID == "AKID")
    #expect(found.plainSecret == "hush")
    #expect(found.sessionToken == "t")
    #expect(found.expiration?.iso8601 == "2098-12-31T23:00:00.000Z")
    #expect(found.accountID == "123456789012")
  }

  @Test(arguments: ["1", "1.0", "true"])
  func `keys alone do, and the account is the profile's`(_ version: String) async throws {
    let answer = try await answer(
      to: "{\(Self.keys),\"Version\":\(version)}", "aws_account_id = 999999999999\n")
    let found = try #require(answer.found)
    #expect(found.sessionToken == nil)
    #expect(found.expiration == nil)
    #expect(found.accountID == "999999999999")
  }

  /// The sentences up to the bracket are those of AWS CLI 2.36.7.
  @Test(arguments: [
    ("\"Version\":2", "2"), ("\"Version\":\"1\"", "1"), ("\"Version\":null", "None"),
    ("\"Version\":false", "False"), ("\"Other\":1", "<Version key not provided>"),
  ])
  func `other versions are refused`(_ member: String, _ shown: String) async throws {
    let answer = try await answer(to: "{\(member),\(Self.keys)}")
    #expect(
      answer.failure?.message
        == said(
          "Unsupported version '\(shown)' for credential process provider, supported versions: 1"))
    #expect(answer.failure?.code == "CredentialRetrievalError")
    #expect(answer.failure?.kind == .credentials)
  }

  @Test(arguments: [
    (#"{"Version":1,"SecretAccessKey":"s"}"#, "Missing required key in response: 'AccessKeyId'"),
    (#"{"Version":1,"AccessKeyId":"a"}"#, "Missing required key in response: 'SecretAccessKey'"),
    ("garbage hush", "the output is not JSON"), ("", "the output is not JSON"),
    ("[1]", "the output is an array, not an object"),
    (
      "{\"Version\":1,\(keys),\"Expiration\":\"foo\"}",
      "the Expiration in the response is not a time"
    ),
    (
      "{\"Version\":1,\(keys),\"Expiration\":\"2020-01-01T00:00:00Z\"}",
      "Credentials were refreshed, but the refreshed credentials are still expired."
    ),
  ])
  func `an unusable answer is told without its text`(
    _ document: String, _ what: String
  ) async throws {
    #expect(try await answer(to: document).failure?.message == said(what))
  }

  @Test(arguments: [
    ("/bin/sh -c 'echo \" no  luck\" >&2; exit 3'", "no  luck"),
    ("/bin/sh -c 'echo secret; exit 3'", "the command ended with exit status 3"),
    ("/bin/sh -c 'kill -9 $$'", "the command was ended by signal 9 (SIGKILL)"),
    ("/no/such/thing secret", "the command cannot be started: No such file or directory"),
    ("/etc/passwd secret", "the command cannot be started: Permission denied"),
    ("echo 'secret", "No closing quotation"),
    ("''", "the command cannot be started: No such file or directory"),
    ("", "the command is empty"),
    ("head -c 2000000 /dev/zero", "the command printed more than 1048576 bytes and was killed"),
  ])
  func `a failed command is told without its line and its output`(
    _ command: String, _ what: String
  ) async throws {
    #expect(try await answer(command).failure?.message == said(what))
  }

  @Test func `a command that hangs is ended`() async throws {
    let answer = try await answer("sleep 1000", limit: 0.25)
    #expect(
      answer.failure?.message == said("the command did not end within 0.25 seconds and was killed"))
  }

  @Test(
    .enabled(if: CredentialReplay.isThere, "\(Conformance.absence)"),
    arguments: [
      // botocore has no shell, as we have none: the pipe goes to echo as an argument.
      ("credential_process", "the output is not JSON"),
      ("credential_process_account_id_fallback", "the output is not JSON"),
      ("credential_process_failure", "the command cannot be started: No such file or directory"),
      ("credential_process_invalid", "the output is not JSON"),
    ])
  func `recorded commands fail where the AWS CLI fails`(
    _ name: String, _ what: String
  ) async throws {
    let replay = try CredentialReplay("profile-provider/\(name)")
    let provider = ProcessProvider(context: try replay.context(), profile: "default")
    let answer = await provider.credentials(region: "us-east-1")
    #expect(replay.oracle["error"] != nil)
    #expect(answer.failure?.message.contains(": \(what) (") == true)
  }
}
