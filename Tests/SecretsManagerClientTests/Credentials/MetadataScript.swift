import Cryptography
import Locking
import RotationCore

@testable import SecretsManagerClient

/// A metadata service that is a closure, and a record of what was asked of it.
final class MetadataScript: Sendable {
  private struct State: Sendable {
    var requests: [HTTPRequest] = []
    var sleeps: [Double] = []
    var warnings: [String] = []
  }

  typealias Answer = Result<HTTPResponse, TransportFailure>

  static let moment = Timestamp(milliseconds: 1_795_457_501_000)
  static let later = moment.adding(seconds: 6 * 3600)

  private let state = Locked(State())
  private let answer: @Sendable (_ request: HTTPRequest, _ number: Int) -> Answer

  /// - `answer`: gets the request and its number, counted from 1.
  init(_ answer: @escaping @Sendable (HTTPRequest, Int) -> Answer) { self.answer = answer }

  /// One answer for all requests.
  convenience init(_ status: Int, _ body: String) {
    self.init { _, _ in MetadataScript.answer(status, body) }
  }

  var requests: [HTTPRequest] { state.with { $0.requests } }
  var sleeps: [Double] { state.with { $0.sleeps } }
  var warnings: [String] { state.with { $0.warnings } }
  var lines: [String] { requests.map { "\($0.method) \($0.url)" } }

  static func answer(_ status: Int, _ body: String) -> Answer {
    .success(HTTPResponse(status: status, body: Array(body.utf8)))
  }

  /// An answer with keys; fields that are given replace those of it, nil takes one away.
  static func keys(_ changes: [String: JSONValue?] = [:]) -> String {
    var fields: [(String, JSONValue)] = [
      ("Code", "Success"), ("AccessKeyId", "ASIASCRIPT"), ("SecretAccessKey", "hush-hush"),
      ("Token", "session"), ("Expiration", .string(later.iso8601)),
    ]
    for (name, value) in changes {
      fields.removeAll { $0.0 == name }
      if let value { fields.append((name, value)) }
    }
    let object = JSONObject(fields.map { JSONObject.Member(key: $0.0, value: $0.1) })
    return String(decoding: JSONValue.object(object).compactBytes, as: UTF8.self)
  }

  func context(
    _ environment: [String: String], config: String = "", profile: String? = nil,
    now: @escaping @Sendable () -> Timestamp = { MetadataScript.moment }
  ) throws -> CredentialContext {
    CredentialContext(
      configuration: AWSConfiguration(
        environment: environment,
        config: try ConfigurationFile(parsing: config, path: "config"),
        credentials: ConfigurationFile()),
      explicitProfile: profile, options: ClientOptions(), clock: now,
      sleep: { seconds in self.state.with { $0.sleeps.append(seconds) } },
      exchange: { request in
        let number = self.state.with { state -> Int in
          state.requests.append(request)
          return state.requests.count
        }
        return self.answer(request, number)
      },
      warn: { text in self.state.with { $0.warnings.append(text) } })
  }
}

extension ProviderAnswer {
  var found: Credentials? { if case .found(let value) = self { value } else { nil } }
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
  func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
