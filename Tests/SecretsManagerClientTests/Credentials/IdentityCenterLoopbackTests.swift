import Locking
import RotationCore
import TestSupport
import Testing

@testable import SecretsManagerClient

/// The source with the real transport and servers on the loopback.
@Suite struct IdentityCenterOnTheWire {
  private func context(
    _ world: IdentityCenterWorld, _ transport: CurlTransport
  ) -> CredentialContext {
    let plain = world.context
    return CredentialContext(
      configuration: plain.configuration, explicitProfile: nil, options: plain.options,
      clock: plain.clock, sleep: plain.sleep, exchange: { await transport.exchange($0) },
      warn: plain.warn)
  }

  private func server() throws -> ScriptedServer {
    try ScriptedServer { request in
      let method = String(request.head.prefix { $0 != " " })
      let answer = IdentityCenterWorld.role(
        HTTPRequest(method: method, url: "", headers: [], body: []))
      return .json(String(decoding: answer.body, as: UTF8.self))
    }
  }

  @Test func `refresh and role look on the wire as AWS documents them`() async throws {
    let (portal, oidc) = (try server(), try server())
    defer {
      portal.stop()
      oidc.stop()
    }
    let world = try IdentityCenterWorld(environment: [
      "AWS_ENDPOINT_URL_SSO": portal.url, "AWS_ENDPOINT_URL_SSO_OIDC": oidc.url,
    ])
    try world.token(endsAfter: 60)
    let transport = try CurlTransport(settings: TransportSettings())
    defer { transport.shutdown() }
    let context = context(world, transport)
    let codes = await withTaskGroup { group in
      for profile in ["ops", "audit"] {
        group.addTask {
          let provider = IdentityCenterProvider(
            context, profile: profile, tokens: world.tokens)
          guard case .found(let found) = await provider.credentials(region: "eu-west-1") else {
            return "nothing"
          }
          return found.accessKeyID
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(codes == ["ASIASSO", "ASIASSO"])
    #expect(oidc.requests.count == 1)
    let refresh = try #require(oidc.requests.first)
    #expect(refresh.head.hasPrefix("POST /token HTTP/1.1\r\n"))
    #expect(refresh.header("content-type") == "application/json")
    #expect(refresh.header("authorization") == nil)
    #expect(
      refresh.body
        == #"{"grantType":"refresh_token","clientId":"client","clientSecret":"hush","#
        + #""refreshToken":"old-refresh"}"#)
    let lines = portal.requests.map { String($0.head.prefix { !$0.isNewline }) }
    #expect(
      lines.sorted() == [
        "GET /federation/credentials?role_name=Audit&account_id=123456789012 HTTP/1.1",
        "GET /federation/credentials?role_name=Ops&account_id=123456789012 HTTP/1.1",
      ])
    for request in portal.requests {
      #expect(request.header("x-amz-sso_bearer_token") == "new-token")
      #expect(request.header("authorization") == nil)
      #expect(request.header("host") == "127.0.0.1:\(portal.port)")
      #expect(request.body.isEmpty)
    }
  }

  @Test func `a portal that nobody serves is named`() async throws {
    let port = try ScriptedServer.closedPort()
    let world = try IdentityCenterWorld(environment: [
      "AWS_ENDPOINT_URL_SSO": "http://127.0.0.1:\(port)"
    ])
    try world.token(endsAfter: 7200)
    let transport = try CurlTransport(settings: TransportSettings())
    defer { transport.shutdown() }
    let provider = IdentityCenterProvider(
      context(world, transport), profile: "ops", tokens: world.tokens)
    guard case .failed(let failure) = await provider.credentials(region: "eu-west-1") else {
      Issue.record("no failure")
      return
    }
    #expect(failure.kind == .connect)
    #expect(
      failure.message
        == "Could not connect to the endpoint URL: \"http://127.0.0.1:\(port)/federation/credentials"
        + "?role_name=Ops&account_id=123456789012\"")
  }
}
