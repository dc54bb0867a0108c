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

  /// An answer with keys; fields that are given replace those of it.
  static func keys(_ changes: [String: JSONValue] = [:], without missing: String = "") -> String {
    var fields: [(String, JSONValue)] = [
      ("Code", "Success"), ("AccessKeyId", "ASIASCRIPT"), ("SecretAccessKey", "hush-hush"),
      ("Token", "session"), ("Expiration", .string(later.iso8601)),
    ]
    fields.removeAll { $0.0 == missing || changes[$0.0] != nil }
    fields += changes.map { ($0.key, $0.value) }
    return JSONValue.object(JSONObject(fields.map { .init(key: $0.0, value: $0.1) })).compact
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
