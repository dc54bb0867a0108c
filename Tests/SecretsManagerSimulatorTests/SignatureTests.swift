import RotationCore
import SecretsManagerSimulator
import Testing

/// Vectors made with botocore's signer and a second, independent implementation.
@Suite("Signature check") struct SignatureTests {
  private static let now = Timestamp(iso8601: "2026-01-02T03:04:05Z")
  private static let body = Array(#"{"SecretId":"prod/db/password"}"#.utf8)

  struct Vector: Sendable {
    var host = "secretsmanager.us-east-1.amazonaws.com"
    var target = "/"
    var token: String?
    var signature: String
  }

  static let vectors = [
    Vector(signature: "d56ac503eb6feedb0e24b049bd9512eb911494748841a14ec2add17702ea1d6e"),
    Vector(
      token: "SESSIONTOKEN/abc+def==",
      signature: "70f8604c71d91b0a4aea8d7c8d179228fbd96307cca3d0a0740e29f10b547d08"),
    Vector(
      host: "127.0.0.1:5599",
      signature: "99e5a449ecc5a6cf24b0d49e02a2e5e66bbb0d14f27c8c7dbad0210d654d0f8c"),
    Vector(
      host: "vpce-x.secretsmanager.us-east-1.vpce.amazonaws.com", target: "/base/",
      signature: "aae239b40fc5bdace91976e6b4fe0b8ebe51d4ef4e2010f608399b9cc540a18a"),
  ]

  private func message(_ vector: Vector, date: String = "20260102T030405Z") -> HTTPMessage {
    let signed =
      "content-type;host;x-amz-date;"
      + (vector.token == nil ? "" : "x-amz-security-token;") + "x-amz-target"
    var headers = [
      ("Host", vector.host), ("Content-Type", "application/x-amz-json-1.1"),
      ("X-Amz-Target", "secretsmanager.CancelRotateSecret"), ("X-Amz-Date", date),
      (
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/secretsmanager/aws4_request, "
          + "SignedHeaders=\(signed), Signature=\(vector.signature)"
      ),
    ]
    if let token = vector.token { headers.append(("X-Amz-Security-Token", token)) }
    return HTTPMessage(
      method: "POST", target: vector.target, headers: headers, body: SignatureTests.body)
  }

  private func verify(
    _ message: HTTPMessage, at now: Timestamp? = SignatureTests.now, token: String? = nil,
    expires: Timestamp? = nil
  ) throws -> Result<SigV4Verifier.Verified, Refusal> {
    let now = try #require(now)
    let pair = SimulatedCredential(
      accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      sessionToken: token, expires: expires,
      caller: SimulatedAccount(accountID: "111122223333", profiles: []).user)
    return Result { () throws(Refusal) in
      try SigV4Verifier.verify(message, now: now) { $0 == "AKIDEXAMPLE" ? pair : nil }
    }
  }

  @Test(arguments: vectors) func `a good signature passes`(vector: Vector) throws {
    let verified = try verify(message(vector), token: vector.token).get()
    #expect(verified.region == "us-east-1")
    #expect(verified.caller.accountID == "111122223333")
  }

  @Test func `changed bytes are refused`() throws {
    var changed = message(SignatureTests.vectors[0])
    changed.body.append(32)
    #expect(try verify(changed).refusal?.code == "InvalidSignatureException")
  }

  @Test func `five minutes are the tolerance`() throws {
    let good = message(SignatureTests.vectors[0])
    let now = try #require(SignatureTests.now)
    #expect(try verify(good, at: now.adding(seconds: 300)).refusal == nil)
    let late = try #require(try verify(good, at: now.adding(seconds: 301)).refusal)
    #expect(late.code == "InvalidSignatureException")
    #expect(
      late.message
        == "Signature expired: 20260102T030405Z is now earlier than 20260102T030406Z "
        + "(20260102T030906Z - 5 min.)")
    let early = try verify(good, at: now.adding(seconds: -301)).refusal
    #expect(early?.message.hasPrefix("Signature not yet current:") == true)
  }

  @Test func `tokens must fit and live`() throws {
    let now = try #require(SignatureTests.now)
    let vector = SignatureTests.vectors[1]
    let text = "The security token included in the request is invalid."
    #expect(
      try verify(message(vector), token: nil).refusal
        == Refusal("UnrecognizedClientException", text))
    #expect(try verify(message(vector), token: "other").refusal?.message == text)
    #expect(
      try verify(message(vector), token: vector.token, expires: now).refusal?.code
        == "ExpiredTokenException")
  }

  @Test func `a request without a signature is refused`() throws {
    let bare = HTTPMessage(
      method: "POST", target: "/",
      headers: [("X-Amz-Target", "secretsmanager.DescribeSecret")], body: [])
    #expect(try verify(bare).refusal?.code == "MissingAuthenticationTokenException")
    let sts = HTTPMessage(method: "POST", target: "/", headers: [("Host", "x")], body: [])
    #expect(
      try verify(sts).refusal
        == Refusal(
          "MissingAuthenticationToken", "Request is missing Authentication Token", status: 403))
  }

  @Test func `dates of HTTP`() throws {
    let now = try #require(Timestamp(iso8601: "2026-11-23T18:11:41Z"))
    #expect(HTTPDate.text(now) == "Mon, 23 Nov 2026 18:11:41 GMT")
  }
}
