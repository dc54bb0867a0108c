import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

@Suite(.enabled(if: CredentialReplay.isThere, "\(Conformance.absence)"))
struct ReplayedCredentialCases {
  @Test func `files are laid out and paths in them moved along`() throws {
    let replay = try CredentialReplay(
      "default-credential-provider-chain/web_identity_token_profile")
    let context = try replay.context()
    #expect(context.configuration.environment["HOME"] == "\(replay.root)/home")
    #expect(
      context.configuration.value("web_identity_token_file", ofProfile: nil)
        == "\(replay.root)/token.jwt")
  }

  @Test func `answers are served in their order and then nobody is there`() async throws {
    let replay = try CredentialReplay("default-credential-provider-chain/imds_default_chain_error")
    let context = try replay.context()
    let request = HTTPRequest(method: "GET", url: "http://x/", headers: [], body: [])
    let first = try await context.exchange(request).get()
    #expect(String(decoding: first.body, as: UTF8.self) == "faketoken")
    #expect(first.header("content-type") == "text/plain")
    #expect(first.header("content-length") == nil)
    #expect(try await context.exchange(request).get().status == 404)
    #expect(await context.exchange(request) == .failure(.unreachable("http://x/")))
    #expect(replay.recorded.map(\.method) == ["PUT", "GET"])
    #expect(replay.requestLines == ["GET http://x/", "GET http://x/", "GET http://x/"])
    #expect(replay.oracleRequestLines.count == 2)
  }
}
