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
  package var canonicalRequest: String { String(decoding: canonicalBytes, as: UTF8.self) }
  package var stringToSign: String { String(decoding: signedBytes, as: UTF8.self) }
  fileprivate let canonicalBytes: [UInt8]
  fileprivate let signedBytes: [UInt8]
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

  private struct DerivedKey: Sendable {
    let bytes: SecretBytes
    let signer: HMACKey
  }

  /// At most 64 keys, then all are dropped.
  private let keys = Locked<[KeyName: DerivedKey]>([:])

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
      !$0.isNamed("x-amz-date") && !$0.isNamed("x-amz-security-token")
    }
    headers.append(HTTPHeader("X-Amz-Date", stamp))
    if let token = credentials.sessionToken {
      headers.append(HTTPHeader("X-Amz-Security-Token", token))
    }
    let (canonical, names) = canonicalRequest(input, headers, path)
    let scope = "\(date)/\(region)/\(service)/aws4_request"
    var text = Array("AWS4-HMAC-SHA256\n".utf8)
    text.reserveCapacity(192)
    for part in [stamp, "\n", scope, "\n", SHA256.hash(canonical).hex] {
      text.append(contentsOf: part.utf8)
    }
    let key = derivedKey(credentials, date: date, region: region, service: service)
    let signature = key.signer.hex(text)
    return SigV4Signature(
      canonicalBytes: canonical, signedBytes: text, signature: signature,
      authorization: "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
        + "SignedHeaders=\(names), Signature=\(signature)",
      headers: headers)
  }

  /// - Returns: the canonical request, and the names of the signed headers joined by `;`.
  private func canonicalRequest(
    _ input: SigningInput, _ headers: [HTTPHeader], _ path: CanonicalPath
  ) -> ([UInt8], names: String) {
    var canonical: [UInt8] = []
    canonical.reserveCapacity(1024)
    func add(_ line: String) {
      canonical.append(contentsOf: line.utf8)
      canonical.append(UInt8(ascii: "\n"))
    }
    add(input.method)
    add(CanonicalForm.path(input.path, path))
    add(CanonicalForm.query(input.query))
    let (lines, names) = CanonicalForm.headers(headers)
    add(lines)
    add(names)
    canonical.append(contentsOf: (input.bodyHash ?? SHA256.hash(input.body)).hex.utf8)
    return (canonical, names)
  }

  /// The derived key, from the cache where it is there.
  package func signingKey(
    _ credentials: Credentials, date: String, region: String, service: String
  ) -> SecretBytes {
    derivedKey(credentials, date: date, region: region, service: service).bytes
  }

  private func derivedKey(
    _ credentials: Credentials, date: String, region: String, service: String
  ) -> DerivedKey {
    let name = KeyName(
      secret: credentials.fingerprint, date: date, region: region, service: service)
    if let known = keys.with({ $0[name] }) { return known }
    var key = credentials.secretAccessKey.withBytes { Array("AWS4".utf8) + Array($0) }
    for part in [date, region, service, "aws4_request"] {
      key = HMAC.sha256(key: key, Array(part.utf8))
    }
    let bytes = SecretBytes(key)
    let derived = DerivedKey(bytes: bytes, signer: HMACKey(bytes))
    keys.with { keys in
      if keys.count >= 64 { keys.removeAll() }
      keys[name] = derived
    }
    return derived
  }
}
