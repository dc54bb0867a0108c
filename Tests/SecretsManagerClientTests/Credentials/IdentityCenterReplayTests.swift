import Cryptography
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

/// The cases of aws-credential-chain that are about IAM Identity Center.
@Suite(.enabled(if: CredentialReplay.isThere, "\(Conformance.absence)"))
struct IdentityCenterCases {
  private func answer(_ replay: CredentialReplay) async throws -> ProviderAnswer {
    let context = try replay.context()
    let provider = IdentityCenterProvider(
      context, profile: context.profile, tokens: TokenRefresher())
    return await provider.credentials(region: "us-east-1")
  }

  @Test(arguments: [
    "default-credential-provider-chain/e2e_fips_and_dual_stack_sso",
    "default-credential-provider-chain/sso_assume_role", "profile-provider/sso_credentials",
    "profile-provider/sso_override_global_env_url",
  ]) func `credentials and requests are the CLI's`(name: String) async throws {
    let replay = try CredentialReplay(name)
    guard case .found(let found) = try await answer(replay) else {
      Issue.record("nothing found")
      return
    }
    let wanted = try #require(replay.oracle["credentials"])
    #expect(found.accessKeyID == wanted["access_key_id"]?.string)
    let secret = found.secretAccessKey.withBytes { String(decoding: $0, as: UTF8.self) }
    #expect(secret == wanted["secret_access_key"]?.string)
    #expect(found.sessionToken == wanted["session_token"]?.string)
    #expect(found.accountID == wanted["account_id"]?.string)
    let end = replay.sdkResult["Ok"]?["expiry"]?.int
    #expect(found.expiration.map { Int($0.milliseconds / 1000) } == end)
    #expect(replay.requestLines == replay.oracleRequestLines)
    #expect(
      replay.requests.first?.token == replay.recorded.first?.headers["x-amz-sso_bearer_token"])
  }

  @Test func `a missing token file is the CLI's error`() async throws {
    let replay = try CredentialReplay("default-credential-provider-chain/sso_no_token_file")
    guard case .failed(let failure) = try await answer(replay) else {
      Issue.record("no failure")
      return
    }
    #expect(failure.code == replay.oracle["error"]?.string)
    #expect(failure.message == replay.oracle["message"]?.string)
    #expect(replay.requests.isEmpty)
  }

  /// The oracle goes on with retries here; one exchange is one attempt of ours, and the failure
  /// is one that the attempts' loop repeats.
  @Test func `a server error is worth another attempt`() async throws {
    let replay = try CredentialReplay("default-credential-provider-chain/sso_server_error")
    guard case .failed(let failure) = try await answer(replay) else {
      Issue.record("no failure")
      return
    }
    #expect(failure.kind == .connect)
    #expect(replay.requestLines == Array(replay.oracleRequestLines.prefix(1)))
  }

  /// The oracle went on to the instance metadata: nothing here is for this source.
  @Test(arguments: [
    "profile-provider/invalid_sso_credentials_config", "profile-provider/sso_token",
  ]) func `a session without a role is left to other sources`(name: String) async throws {
    let replay = try CredentialReplay(name)
    guard case .notConfigured = try await answer(replay) else {
      Issue.record("not passed over")
      return
    }
    #expect(replay.requests.isEmpty)
  }

  @Test(arguments: ["profile_keys", "profile_keys_case_insensitive", "profile_name"])
  func `tokens are found`(name: String) async throws {
    let replay = try CredentialReplay("default-token-provider-chain/\(name)")
    let context = try replay.context()
    let session = try #require(
      try IdentityCenterSession(of: context.profile, in: context.configuration))
    let token = try await TokenRefresher().token(for: session, context, region: "us-east-1").get()
    #expect(token.accessToken == replay.sdkResult["Ok"]?["token"]?.string)
    let end = replay.sdkResult["Ok"]?["expiration"]?.string
    #expect(token.expiration == end.flatMap { Timestamp(iso8601: $0) })
    #expect(replay.requests.isEmpty)
  }
}
