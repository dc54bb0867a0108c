internal import Cryptography
package import RotationCore

/// Checks Signature Version 4 as the services do.
///
/// Written from the published algorithm and sharing nothing but hashing with any signer, so that
/// a signer's mistake is not repeated here. Source: AWS, "Create a signed AWS API request".
package struct SigV4Verifier: Sendable {
  /// How far a signature's date may lie from the server's clock, in seconds.
  package static let toleranceSeconds = 300.0

  /// What a good signature proves.
  package struct Verified: Sendable, Hashable {
    package let caller: CallerIdentity
    package let region: String
    package let endpoint: SimulatedEndpoint
  }

  /// The parts of an Authorization header.
  struct Authorization: Sendable, Hashable {
    let accessKeyID: String
    let date: String
    let region: String
    let service: String
    let signedHeaders: [String]
    let signature: String

    var scope: String { "\(date)/\(region)/\(service)/aws4_request" }

    init?(parsing text: String) {
      let algorithm = "AWS4-HMAC-SHA256"
      guard text.hasPrefix(algorithm + " ") else { return nil }
      var fields: [String: String] = [:]
      for part in text.dropFirst(algorithm.count + 1).split(separator: ",") {
        let pair = part.split(separator: "=", maxSplits: 1)
        guard pair.count == 2 else { return nil }
        fields[String(pair[0].drop { $0 == " " })] = String(pair[1])
      }
      guard let credential = fields["Credential"], let headers = fields["SignedHeaders"],
        let signature = fields["Signature"]
      else { return nil }
      let scope = credential.split(separator: "/", omittingEmptySubsequences: false)
      guard scope.count == 5, scope[4] == "aws4_request", !scope[2].isEmpty else { return nil }
      accessKeyID = String(scope[0])
      date = String(scope[1])
      region = String(scope[2])
      service = String(scope[3])
      signedHeaders = headers.split(separator: ";").map(String.init)
      self.signature = signature
    }
  }

  /// The service that a request is for, before it is known whether it is well signed.
  package static func endpoint(of message: HTTPMessage) -> SimulatedEndpoint {
    if let authorization = message.header("Authorization").flatMap(Authorization.init(parsing:)),
      let endpoint = SimulatedEndpoint(rawValue: authorization.service)
    {
      return endpoint
    }
    return message.header("X-Amz-Target") == nil ? .sts : .secretsManager
  }

  /// Checks a request; throws the refusal in the words of the service that was called.
  ///
  /// Dates and expiries are held against `now`, the time by the service's clock; `credential`
  /// finds a key pair by its access key id.
  package static func verify(
    _ message: HTTPMessage, now: Timestamp, credential: (String) -> SimulatedCredential?
  ) throws(Refusal) -> Verified {
    let endpoint = endpoint(of: message)
    let wording = Wording(endpoint: endpoint)
    guard let header = message.header("Authorization") else { throw wording.missing }
    guard let authorization = Authorization(parsing: header) else {
      throw wording.incomplete(
        "Authorization header requires Credential, SignedHeaders, Signature.")
    }
    guard let date = message.header("X-Amz-Date"), let signed = timestamp(basic: date) else {
      throw wording.incomplete(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    }
    guard let pair = credential(authorization.accessKeyID) else { throw wording.unknownKey }
    guard pair.sessionToken == message.header("X-Amz-Security-Token") else {
      throw wording.unknownKey
    }
    guard authorization.service == endpoint.rawValue, authorization.date == date.prefix(8),
      Region.isValid(authorization.region)
    else {
      throw wording.mismatch(
        "Credential should be scoped to a valid region and correct service: '\(endpoint.rawValue)'."
      )
    }
    guard abs(signed.seconds(since: now)) <= toleranceSeconds else {
      throw wording.date(signed: signed, server: now)
    }
    for name in mustBeSigned(message) where !authorization.signedHeaders.contains(name) {
      throw wording.mismatch(
        "'\(name)' must be a 'SignedHeader' in the AWS Authorization header.")
    }
    let expected = signature(
      message, authorization: authorization, date: date, secret: pair.secretAccessKey)
    guard expected == authorization.signature else {
      throw wording.mismatch(
        "The request signature we calculated does not match the signature you provided. Check "
          + "your AWS Secret Access Key and signing method. Consult the service documentation for "
          + "details.")
    }
    if let expires = pair.expires, expires <= now { throw .expiredToken }
    return Verified(caller: pair.caller, region: authorization.region, endpoint: endpoint)
  }

  /// `host` and every `x-amz-` header that was sent.
  private static func mustBeSigned(_ message: HTTPMessage) -> [String] {
    ["host"] + message.headers.map { $0.name.lowercased() }.filter { $0.hasPrefix("x-amz-") }
  }

  static func signature(
    _ message: HTTPMessage, authorization: Authorization, date: String, secret: String
  ) -> String {
    let canonical = SHA256.hash(canonicalRequest(message, signed: authorization.signedHeaders)).hex
    let text = "AWS4-HMAC-SHA256\n\(date)\n\(authorization.scope)\n\(canonical)"
    var key = Array("AWS4\(secret)".utf8)
    for part in [authorization.date, authorization.region, authorization.service, "aws4_request"] {
      key = HMAC.sha256(key: key, Array(part.utf8))
    }
    return Hex.text(HMAC.sha256(key: key, Array(text.utf8)))
  }

  static func canonicalRequest(_ message: HTTPMessage, signed: [String]) -> String {
    var lines = [message.method, canonicalPath(message.path), canonicalQuery(message.query)]
    for name in signed {
      let values = message.headers.filter { $0.name.lowercased() == name }
        .map { $0.value.split(separator: " ").joined(separator: " ") }
      lines.append("\(name):\(values.joined(separator: ","))")
    }
    lines.append("")
    lines.append(signed.joined(separator: ";"))
    lines.append(SHA256.hash(message.body).hex)
    return lines.joined(separator: "\n")
  }

  /// What was sent, encoded once more: only S3 signs its path as it is.
  private static func canonicalPath(_ path: String) -> String {
    var text = ""
    for byte in path.utf8 {
      if isUnreserved(byte) || byte == UInt8(ascii: "/") {
        text.unicodeScalars.append(UnicodeScalar(byte))
      } else {
        text += "%" + Hex.text([byte]).uppercased()
      }
    }
    return text.isEmpty ? "/" : text
  }

  private static func canonicalQuery(_ query: String) -> String {
    query.split(separator: "&").map { $0.contains("=") ? String($0) : $0 + "=" }
      .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.joined(separator: "&")
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || "-._~".utf8.contains(byte)
  }

  /// Reads `20261123T181141Z`.
  static func timestamp(basic text: String) -> Timestamp? {
    let c = Array(text)
    guard c.count == 16, c[8] == "T", c[15] == "Z" else { return nil }
    return Timestamp(
      iso8601: "\(String(c[0...3]))-\(String(c[4...5]))-\(String(c[6...7]))T"
        + "\(String(c[9...10])):\(String(c[11...12])):\(String(c[13...14]))Z")
  }
}

/// The codes and statuses in which each service words the same refusals.
private struct Wording {
  let endpoint: SimulatedEndpoint

  private var isSTS: Bool { endpoint == .sts }

  var missing: Refusal {
    isSTS
      ? Refusal(
        "MissingAuthenticationToken", "Request is missing Authentication Token", status: 403)
      : Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
  }

  var unknownKey: Refusal {
    Refusal(
      isSTS ? "InvalidClientTokenId" : "UnrecognizedClientException",
      "The security token included in the request is invalid.", status: isSTS ? 403 : 400)
  }

  func incomplete(_ message: String) -> Refusal {
    Refusal(isSTS ? "IncompleteSignature" : "IncompleteSignatureException", message)
  }

  func mismatch(_ message: String) -> Refusal {
    Refusal(
      isSTS ? "SignatureDoesNotMatch" : "InvalidSignatureException", message,
      status: isSTS ? 403 : 400)
  }

  func date(signed: Timestamp, server: Timestamp) -> Refusal {
    mismatch(Refusal.signatureDate(signed: signed, server: server).message)
  }
}

extension Refusal {
  /// The refusal of a date too far from the server's clock, with both in its message.
  static func signatureDate(signed: Timestamp, server: Timestamp) -> Refusal {
    let early = signed < server
    let bound = server.adding(seconds: early ? -300 : 300).basic
    return Refusal(
      "InvalidSignatureException",
      early
        ? "Signature expired: \(signed.basic) is now earlier than \(bound) (\(server.basic) - 5 "
          + "min.)"
        : "Signature not yet current: \(signed.basic) is still later than \(bound) "
          + "(\(server.basic) + 5 min.)")
  }
}
