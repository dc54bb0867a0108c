import Cryptography
import RotationCore
import SecretsManagerClient
import Testing

@Suite struct SigV4 {
  private let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

  @Test func `the published key chain comes out`() {
    let credentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret)
    let key = SigV4Signer().signingKey(
      credentials, date: "20260102", region: "us-east-1", service: "secretsmanager")
    #expect(
      key.withBytes { Hex.text($0) }
        == "36a22c378104200a0777273c00aeca4543c6aaaa2be2d42d8a6d59cf9f4c6c85")
  }

  @Test(arguments: [
    (
      "https://secretsmanager.us-east-1.amazonaws.com", nil,
      "d56ac503eb6feedb0e24b049bd9512eb911494748841a14ec2add17702ea1d6e"
    ),
    (
      "https://secretsmanager.us-east-1.amazonaws.com", "SESSIONTOKEN/abc+def==",
      "70f8604c71d91b0a4aea8d7c8d179228fbd96307cca3d0a0740e29f10b547d08"
    ),
    (
      "http://127.0.0.1:5599", nil,
      "99e5a449ecc5a6cf24b0d49e02a2e5e66bbb0d14f27c8c7dbad0210d654d0f8c"
    ),
    (
      "https://vpce-x.secretsmanager.us-east-1.vpce.amazonaws.com/base/", nil,
      "aae239b40fc5bdace91976e6b4fe0b8ebe51d4ef4e2010f608399b9cc540a18a"
    ),
  ])
  func `cancelling calls get the reference signature`(
    _ url: String, _ token: String?, _ expected: String
  ) throws {
    let endpoint = try Endpoint(url: url, signingRegion: "us-east-1")
    let credentials = Credentials(
      accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token)
    let input = SigningInput(
      method: "POST", path: endpoint.path,
      headers: [
        HTTPHeader("Host", endpoint.host),
        HTTPHeader("X-Amz-Target", "secretsmanager.CancelRotateSecret"),
        HTTPHeader("Content-Type", "application/x-amz-json-1.1"),
        HTTPHeader("User-Agent", "never signed"),
      ], body: Array(#"{"SecretId":"prod/db/password"}"#.utf8))
    let signer = SigV4Signer()
    let time = try #require(Timestamp(iso8601: "2026-01-02T03:04:05Z"))
    for _ in 0..<2 {
      let signature = signer.sign(
        input, credentials: credentials, region: "us-east-1", service: "secretsmanager", at: time)
      #expect(signature.signature == expected)
    }
  }

  @Test func `an STS call gets the reference signature`() throws {
    let time = try #require(Timestamp(iso8601: "2026-01-02T03:04:05Z"))
    let signature = SigV4Signer().sign(
      SigningInput(
        method: "POST", path: "/",
        headers: [
          HTTPHeader("Host", "sts.us-east-1.amazonaws.com"),
          HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ], body: STSAnswer.form("GetCallerIdentity")),
      credentials: Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret),
      region: "us-east-1", service: "sts", at: time)
    #expect(
      signature.signature == "b57eccc771c57ff3d2d1121eb0768f9b5a596f1e2aa97e452275256232edfb15")
  }

  @Test func `credentials never print their keys`() {
    let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "tok")
    var dumped = ""
    dump(credentials, to: &dumped)
    #expect("\(credentials)" == "<redacted>")
    #expect(String(reflecting: credentials) == "<redacted>")
    #expect(!dumped.contains("hush"))
  }

  /// A raw request of the suites, split into the signer's input.
  private func parse(_ raw: String) -> SigningInput {
    let text = raw.replacing("\r\n", with: "\n")
    let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
    let lines = parts[0].split(separator: "\n", omittingEmptySubsequences: false)
    let first = lines[0]
    let space = first.firstIndex(of: " ") ?? first.endIndex
    var target = first[space...].dropFirst()
    if let last = target.ranges(of: " HTTP/").last { target = target[..<last.lowerBound] }
    var headers: [HTTPHeader] = []
    for line in lines.dropFirst() where !line.isEmpty {
      if line.hasPrefix(" "), let last = headers.popLast() {
        headers.append(HTTPHeader(last.name, last.value + " " + line.drop { $0 == " " }))
      } else if let colon = line.firstIndex(of: ":") {
        headers.append(
          HTTPHeader(String(line[..<colon]), String(line[line.index(after: colon)...])))
      }
    }
    let mark = target.firstIndex(of: "?") ?? target.endIndex
    return SigningInput(
      method: String(first[..<space]), path: String(target[..<mark]),
      query: String(target[mark...].dropFirst()), headers: headers,
      body: Array((parts.count > 1 ? String(parts[1]) : "").utf8))
  }

  /// Cases of aws-c-auth that are signed otherwise than this signer needs to.
  private static let divergences: [String: String] = [
    "post-sts-header-after": "the token is added after signing; this signer always signs it",
    "post-x-www-form-urlencoded": "Content-Length is signed there; the AWS CLI never signs it",
    "post-x-www-form-urlencoded-parameters": "the same",
  ]

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `the signing suite of aws-c-auth comes out`() throws {
    let folder = "sigv4-aws-c-auth/v4"
    var run = 0
    for name in try ConformanceFiles.names(in: folder) where Self.divergences[name] == nil {
      let context = try ConformanceFiles.json("\(folder)/\(name)/context.json")
      var input = parse(try ConformanceFiles.text("\(folder)/\(name)/request.txt"))
      if context["sign_body"]?.bool == true {
        input.headers.append(
          HTTPHeader("X-Amz-Content-Sha256", SHA256.hash(input.body).hex))
      }
      let keys = try #require(context["credentials"])
      let time = try #require(context["timestamp"]?.string.flatMap(Timestamp.init(iso8601:)))
      let result = SigV4Signer().sign(
        input,
        credentials: Credentials(
          accessKeyID: keys["access_key_id"]?.string ?? "",
          secretAccessKey: keys["secret_access_key"]?.string ?? "",
          sessionToken: keys["token"]?.string),
        region: context["region"]?.string ?? "", service: context["service"]?.string ?? "",
        at: time, path: context["normalize"]?.bool ?? true ? .normalized : .encodedAgain)
      let canonical = try ConformanceFiles.text("\(folder)/\(name)/header-canonical-request.txt")
      let signature = try ConformanceFiles.text("\(folder)/\(name)/header-signature.txt")
      #expect(result.canonicalRequest == canonical.replacing("\r\n", with: "\n"), "\(name)")
      #expect(result.signature == signature, "\(name)")
      run += 1
    }
    #expect(run >= 35)
  }

  /// Cases of botocore's suite that do not apply.
  private static let botocoreDivergences: [String: String] = [
    "normalize-path/get-space": "the request line holds a blank; botocore skips it",
    "post-sts-token/post-sts-header-after": "the token is added after signing",
  ]

  private func caseFolders(_ folder: String) throws -> [String] {
    try ConformanceFiles.names(in: folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      guard let inside = try? ConformanceFiles.names(in: path) else { return [] }
      return inside.contains { $0.hasSuffix(".req") } ? [path] : try caseFolders(path)
    }
  }

  @Test(.enabled(if: ConformanceFiles.isThere, "the shared conformance data is not here"))
  func `the signing suite of botocore comes out`() throws {
    let root = "sigv4-botocore/aws4_testsuite"
    let time = try #require(Timestamp(iso8601: "2015-08-30T12:36:00Z"))
    var run = 0
    for folder in try caseFolders(root) {
      let short = String(folder.dropFirst(root.count + 1))
      guard Self.botocoreDivergences[short] == nil else { continue }
      let name = try #require(short.split(separator: "/").last)
      func text(_ ending: String) throws -> String {
        try ConformanceFiles.text("\(folder)/\(name).\(ending)").replacing("\r\n", with: "\n")
      }
      let input = parse(try text("req"))
      // One case gives the token beside the request; the signed request always shows it.
      let token = parse(try text("sreq")).headers.first {
        $0.name.lowercased() == "x-amz-security-token"
      }
      let result = SigV4Signer().sign(
        input,
        credentials: Credentials(
          accessKeyID: "AKIDEXAMPLE", secretAccessKey: secret, sessionToken: token?.value),
        region: "us-east-1", service: "service", at: time)
      #expect(result.canonicalRequest == (try text("creq")), "\(short)")
      #expect(result.stringToSign == (try text("sts")), "\(short)")
      #expect(result.authorization == (try text("authz")), "\(short)")
      run += 1
    }
    #expect(run >= 30)
  }
}
