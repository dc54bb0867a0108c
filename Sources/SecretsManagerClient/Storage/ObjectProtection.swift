package import RotationCore

/// How an object is to be encrypted and kept.
package struct ObjectProtection: Sendable, Hashable {
  package enum Encryption: Sendable, Hashable {
    /// As the bucket says.
    case ofBucket
    /// By keys of S3 itself.
    case aes256
    /// By a key of KMS; nil for the account's own key for S3.
    case kms(keyID: String?)
  }

  package enum LockMode: String, Sendable, Hashable, CaseIterable {
    /// Whoever has the right to can still remove the object.
    case governance = "GOVERNANCE"
    /// Nobody can, until the time has come.
    case compliance = "COMPLIANCE"
  }

  package struct Retention: Sendable, Hashable {
    package let mode: LockMode
    package let until: Timestamp

    package init(mode: LockMode, until: Timestamp) {
      self.mode = mode
      self.until = until
    }
  }

  package var encryption = Encryption.ofBucket
  package var retention: Retention?
  package var legalHold = false
  /// The account that must own the bucket; nil to take any.
  package var expectedOwner: String?

  package init() {}

  /// The headers of PutObject and CreateMultipartUpload.
  ///
  /// Source: Amazon S3 API Reference, PutObject.
  var headers: [HTTPHeader] {
    var headers: [HTTPHeader] = []
    switch encryption {
    case .ofBucket: break
    case .aes256: headers.append(HTTPHeader("x-amz-server-side-encryption", "AES256"))
    case .kms(let keyID):
      headers.append(HTTPHeader("x-amz-server-side-encryption", "aws:kms"))
      if let keyID {
        headers.append(HTTPHeader("x-amz-server-side-encryption-aws-kms-key-id", keyID))
      }
    }
    if let retention {
      headers.append(HTTPHeader("x-amz-object-lock-mode", retention.mode.rawValue))
      headers.append(
        HTTPHeader("x-amz-object-lock-retain-until-date", retention.until.iso8601))
    }
    if legalHold { headers.append(HTTPHeader("x-amz-object-lock-legal-hold", "ON")) }
    return headers
  }
}

/// What HeadObject says about an object.
package struct ObjectFacts: Sendable, Hashable {
  /// In bytes; of the part where one was asked for.
  package var size: Int
  package var etag: String?
  /// Base64 of SHA-256; followed by `-N` for an object of N parts, and then over their hashes.
  package var checksumSHA256: String?
  /// Whether the checksum is said to be over the parts' hashes, however it is written.
  package var isComposite: Bool
  /// Told where one part was asked for.
  package var parts: Int?
  package var versionID: String?
  package var encryption: String?
  package var kmsKeyID: String?
  package var lockMode: String?
  package var retainUntil: Timestamp?
  package var legalHold: String?
  package var lastModified: String?

  /// The retention as far as the head tells it.
  package var retention: ObjectProtection.Retention? {
    guard let mode = lockMode.flatMap(ObjectProtection.LockMode.init(rawValue:)), let retainUntil
    else { return nil }
    return ObjectProtection.Retention(mode: mode, until: retainUntil)
  }
}

/// What a finished upload answers.
package struct ObjectReceipt: Sendable, Hashable {
  package var etag: String?
  package var checksumSHA256: String?
  package var versionID: String?
}

/// A part that S3 has taken.
package struct PartReceipt: Sendable, Hashable {
  /// From 1.
  package let number: Int
  package let etag: String
  /// Base64 of the part's SHA-256.
  package let checksumSHA256: String

  package init(number: Int, etag: String, checksumSHA256: String) {
    self.number = number
    self.etag = etag
    self.checksumSHA256 = checksumSHA256
  }
}
