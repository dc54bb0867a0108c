import Cryptography
import RotationCore

@testable import SecretsManagerClient

// Short ways to look at what a provider said and sent.

extension ProviderAnswer {
  var found: Credentials? { if case .found(let value) = self { value } else { nil } }
  /// Why the source has nothing to say.
  var absence: String? { if case .notConfigured(let reason) = self { reason } else { nil } }
  var failure: ServiceFailure? { if case .failed(let failure) = self { failure } else { nil } }
}

extension Credentials {
  /// The secret as text, for comparisons.
  var plainSecret: String {
    secretAccessKey.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}

extension HTTPRequest {
  /// Of a call to the portal of IAM Identity Center.
  var token: String? { headers.first { $0.name == "x-amz-sso_bearer_token" }?.value }
  var text: String { String(decoding: body, as: UTF8.self) }

  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
