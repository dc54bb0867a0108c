import Locking
import RotationCore
import TestSupport

@testable import SecretsManagerClient

/// One case of the suite aws-credential-chain: its files laid out, its recorded answers served.
///
/// Answers are handed out strictly in the order of the recording, whatever is asked; after the
/// last one nobody can be reached. That is how the suite's own `awscli-oracle.json` was made.
final class CredentialReplay: Sendable {
  /// An exchange as it was recorded.
  struct Recorded: Sendable {
    let method: String
    let url: String
    /// Names in lower case.
    let headers: [String: String]
    var body: String
    var response: HTTPResponse
  }

  private struct State: Sendable {
    var requests: [HTTPRequest] = []
    var sleeps: [Double] = []
    var warnings: [String] = []
  }

  static let suite = "aws-credential-chain"
  static var isThere: Bool { Conformance.has(suite) }

  /// Lies before the end of all recorded credentials.
  static let moment = Timestamp(milliseconds: 1_230_768_000_000)

  /// Such as `default-credential-provider-chain/ecs_credentials`.
  let name: String
  /// HOME and all variables that name a file of the case point into ``root``.
  let environment: [String: String]
  let recorded: [Recorded]
  /// `result` of the case: `Ok` with the credentials, or `ErrorContains`; what an SDK should do.
  let sdkResult: JSONValue
  /// What the AWS CLI's engine did: `credentials`, or `error` and `message`; and `http_requests`.
  let oracle: JSONValue
  private let folder: TemporaryDirectory
  private let state = Locked(State())

  struct Malformed: Error { let name: String }

  init(_ name: String) throws {
    func json(_ file: String) throws -> JSONValue {
      try JSONValue(parsing: try Conformance.bytes("\(CredentialReplay.suite)/\(file)"))
    }
    self.name = name
    folder = try TemporaryDirectory()
    let files = try CredentialReplay.layOut("\(CredentialReplay.suite)/\(name)/fs", in: folder)
    var environment: [String: String] = [:]
    for member in try json("\(name)/env.json").object?.members ?? [] {
      guard let value = member.value.string else { throw Malformed(name: name) }
      let isPath = member.key == "HOME" || member.key.hasSuffix("_FILE") || files.contains(value)
      environment[member.key] = isPath && value.hasPrefix("/") ? folder.path + value : value
    }
    self.environment = environment
    recorded = try CredentialReplay.exchanges(of: json("\(name)/http-traffic.json"))
    sdkResult = try json("\(name)/test-case.json")["result"] ?? .null
    oracle = try json("awscli-oracle.json")["cases"]?[name]?["awscli"] ?? .null
  }

  /// The folder that stands for the case's root of files.
  var root: String { folder.path }
  var requests: [HTTPRequest] { state.with { $0.requests } }
  var sleeps: [Double] { state.with { $0.sleeps } }
  var warnings: [String] { state.with { $0.warnings } }

  /// The requests as the oracle lists them: method, a blank, the URL.
  var requestLines: [String] { requests.map { "\($0.method) \($0.url)" } }
  var oracleRequestLines: [String] {
    (oracle["http_requests"]?.array ?? []).map {
      "\($0["method"]?.string ?? "") \($0["url"]?.string ?? "")"
    }
  }

  /// What the sources of credentials get of this case.
  func context(
    explicitProfile: String? = nil, now: Timestamp = CredentialReplay.moment
  ) throws -> CredentialContext {
    CredentialContext(
      configuration: try AWSConfiguration.load(environment: environment),
      explicitProfile: explicitProfile, options: ClientOptions(), clock: { now },
      sleep: { seconds in self.state.with { $0.sleeps.append(seconds) } },
      exchange: { self.answer($0) },
      warn: { text in self.state.with { $0.warnings.append(text) } })
  }

  private func answer(_ request: HTTPRequest) -> Result<HTTPResponse, TransportFailure> {
    let index = state.with { state -> Int in
      state.requests.append(request)
      return state.requests.count - 1
    }
    guard index < recorded.count else { return .failure(.unreachable(request.url)) }
    return .success(recorded[index].response)
  }

  /// Copies the case's files; paths in them that name a file of the case are moved along.
  ///
  /// - Returns: the paths as the case names them.
  private static func layOut(
    _ source: String, in folder: TemporaryDirectory
  ) throws -> Set<String> {
    let paths = walk(source, "")
    for path in paths {
      var text = String(decoding: try Conformance.bytes(source + path), as: UTF8.self)
      for other in paths {
        text = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
          line.hasSuffix("= \(other)")
            ? line.dropLast(other.count) + folder.path + other : String(line)
        }.joined(separator: "\n")
      }
      try folder.write(String(path.dropFirst()), text)
    }
    return Set(paths)
  }

  private static func walk(_ top: String, _ path: String) -> [String] {
    Conformance.list(top + path).flatMap { name -> [String] in
      let below = walk(top, "\(path)/\(name)")
      return below.isEmpty ? ["\(path)/\(name)"] : below
    }
  }

  private static func exchanges(of traffic: JSONValue) throws -> [Recorded] {
    var byConnection: [(id: Int, exchange: Recorded)] = []
    for event in traffic["events"]?.array ?? [] {
      guard let id = event["connection_id"]?.int, let action = event["action"] else { continue }
      if let request = action["Request"]?["request"] {
        byConnection.append(
          (
            id,
            Recorded(
              method: request["method"]?.string ?? "", url: request["uri"]?.string ?? "",
              headers: fields(request["headers"]), body: "", response: HTTPResponse(status: 0))
          ))
        continue
      }
      guard let index = byConnection.lastIndex(where: { $0.id == id }) else { continue }
      if let response = action["Response"]?["response"]?["Ok"] {
        byConnection[index].exchange.response.status = response["status"]?.int ?? 0
        // Bodies were edited after the recording, so their recorded length is wrong.
        byConnection[index].exchange.response.headers =
          fields(response["headers"]).filter { $0.key != "content-length" }
          .map { HTTPHeader($0.key, $0.value) }
      } else if let data = action["Data"], let text = data["data"]?["Utf8"]?.string {
        if data["direction"]?.string == "Response" {
          byConnection[index].exchange.response.body += Array(text.utf8)
        } else {
          byConnection[index].exchange.body += text
        }
      }
    }
    return byConnection.map(\.exchange)
  }

  private static func fields(_ value: JSONValue?) -> [String: String] {
    var fields: [String: String] = [:]
    for member in value?.object?.members ?? [] {
      fields[member.key.lowercased()] = member.value.array?.first?.string
    }
    return fields
  }
}

extension TransportFailure {
  /// Nobody listens at that URL; the AWS CLI's words.
  static func unreachable(_ url: String) -> TransportFailure {
    TransportFailure(
      kind: .connect, code: "EndpointConnectionError",
      message: "Could not connect to the endpoint URL: \"\(url)\"")
  }

  /// The request was sent and nothing came back in time; the AWS CLI's words.
  static func silent(_ url: String) -> TransportFailure {
    TransportFailure(
      kind: .lost, code: "ReadTimeoutError", message: "Read timeout on endpoint URL: \"\(url)\"")
  }
}
