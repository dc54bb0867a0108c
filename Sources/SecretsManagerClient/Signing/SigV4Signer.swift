internal import Locking
package import Cryptography
package import RotationCore

/// The parts of a request that a signature covers.
package struct SigningInput: Sendable {
  package var method: String
  /// The path as it goes on the wire, percent-encoded or not; empty counts as `/`.
  package var path: String
  /// What follows the `?`, as it goes on the wire; empty for none.
  package var query: String
  /// Headers that are sent and signed.
  ///
  /// `X-Amz-Date`, the token and `Authorization` are added by
  /// the signer; those that must not be signed are left out of the signature.
  package var headers: [HTTPHeader]
  package var body: [UInt8]
  /// Of ``body``, where it is known already.
  package var bodyHash: SHA256Digest?

  package init(
    method: String, path: String, query: String = "", headers: [HTTPHeader], body: [UInt8],
    bodyHash: SHA256Digest? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.bodyHash = bodyHash
  }
}

/// A signature and the texts that led to it.
package struct SigV4Signature: Sendable {
  package let canonicalRequest: String
  package let stringToSign: String
  /// 64 hexadecimal digits.
  package let signature: String
  /// The value of the `Authorization` header.
  package let authorization: String
  /// The signed headers, in the order given, with `X-Amz-Date` and the token added.
  package let headers: [HTTPHeader]
}

/// How the path of a request stands in its canonical form.
package enum CanonicalPath: Sendable, Hashable {
  /// Dot segments and doubled slashes removed, then encoded once more.
  case normalized
  /// Encoded once more, else as it goes on the wire.
  case encodedAgain
  /// As it goes on the wire: S3, whose keys may hold anything.
  case asSent
}

/// AWS Signature Version 4 in headers.
///
/// Derived keys are kept, since deriving one takes four HMACs and a run signs a million requests
/// on one day in a few regions.
///
/// Reference: AWS IAM User Guide, "Create a signed AWS API request".
package final class SigV4Signer: Sendable {
  private struct KeyName: Hashable, Sendable {
    let secret: SHA256Digest
    let date: String
    let region: String
    let service: String
  }

  /// At most 64 keys, then all are dropped.
  private let keys = Locked<[KeyName: SecretBytes]>([:])

  package init() {}

  /// Signs for a moment; each attempt must be signed anew, with the time at which it leaves.
  ///
  /// `time` is the clock of the service as far as it is known.
  package func sign(
    _ input: SigningInput, credentials: Credentials, region: String, service: String,
    at time: Timestamp, path: CanonicalPath = .normalized
  ) -> SigV4Signature {
    let stamp = time.basic
    let date = String(stamp.prefix(8))
    var headers = input.headers.filter {
      !["x-amz-date", "x-amz-security-token"].contains($0.name.lowercased())
    }
    headers.append(HTTPHeader("X-Amz-Date", stamp))
    if let token = credentials.sessionToken {
      headers.append(HTTPHeader("X-Amz-Security-Token", token))
    }
    let (canonicalHeaders, names) = CanonicalForm.headers(headers)
    let canonical = [
      input.method, CanonicalForm.path(input.path, path), CanonicalForm.query(input.query),
      canonicalHeaders, names, (input.bodyHash ?? SHA256.hash(input.body)).hex,
    ].joined(separator: "\n")
    let scope = "\(date)/\(region)/\(service)/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(SHA256.hash(canonical).hex)"
    let key = signingKey(credentials, date: date, region: region, service: service)
    let signature = key.withBytes { Hex.text(HMAC.sha256(key: Array($0), Array(text.utf8))) }
    return SigV4Signature(
      canonicalRequest: canonical, stringToSign: text, signature: signature,
      authorization: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
        + "SignedHeaders=\(names), Signature=\(signature)",
      headers: headers)
  }

  /// The derived key, from the cache where it is there.
  package func signingKey(
    _ credentials: Credentials, date: String, region: String, service: String
  ) -> SecretBytes {
    let name = KeyName(
      secret: credentials.fingerprint, date: date, region: region, service: service)
    if let known = keys.with({ $0[name] }) { return known }
    var key = credentials.secretAccessKey.withBytes { Array("AWS4".utf8) + Array($0) }
    for part in [date, region, service, "aws4_request"] {
      key = HMAC.sha256(key: key, Array(part.utf8))
    }
    let derived = SecretBytes(key)
    keys.with { keys in
      if keys.count >= 64 { keys.removeAll() }
      keys[name] = derived
    }
    return derived
  }
}
