package import Cryptography
package import RotationCore

/// One frozen set of keys that signs a request: never printed, the secret wiped when let go.
package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  package let accessKeyID: String
  package let secretAccessKey: SecretBytes
  /// Nil for long-term keys.
  package let sessionToken: String?
  /// Nil for keys that do not end.
  package let expiration: Timestamp?
  /// The account as the source of the keys names it.
  package let accountID: String?
  /// The provider that found the keys, in the words of `aws configure list`; empty before a chain
  /// has answered.
  package var source = ""
  /// Names the secret in the cache of signing keys without holding it.
  let fingerprint: SHA256Digest

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
    expiration: Timestamp? = nil, accountID: String? = nil
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = SecretBytes(Array(secretAccessKey.utf8))
    self.sessionToken = sessionToken.flatMap { $0.isEmpty ? nil : $0 }
    self.expiration = expiration
    self.accountID = accountID
    fingerprint = SHA256.hash(secretAccessKey)
  }

  package var description: String { "<redacted>" }
  package var debugDescription: String { "<redacted>" }
}

extension Credentials {
  /// A failure for credentials that had ended already when they were handed out.
  func refusingEnded(_ now: Timestamp) -> Result<Credentials, ServiceFailure> {
    guard let expiration, expiration <= now else { return .success(self) }
    return .failure(.endedCredentials)
  }
}

extension ServiceFailure {
  /// In the AWS CLI's words.
  static let endedCredentials = ServiceFailure.local(
    "ExpiredCredentials",
    "Credentials were refreshed, but the refreshed credentials are still expired.")
}
