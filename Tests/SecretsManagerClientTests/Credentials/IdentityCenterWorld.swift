import Glibc
import Locking
import RotationCore
import TestSupport

@testable import SecretsManagerClient

/// A home with files of IAM Identity Center, a clock that is set by hand, and scripted answers.
final class IdentityCenterWorld: Sendable {
  typealias Answer = @Sendable (HTTPRequest) -> Result<HTTPResponse, TransportFailure>

  private struct State: Sendable {
    var now: Timestamp
    var requests: [HTTPRequest] = []
    var warnings: [String] = []
    var sleeps: [Double] = []
    var answer: Answer
  }

  /// The moment 2026-11-24T04:00:00Z.
  static let moment = Timestamp(milliseconds: 1_795_492_800_000)
  static let startURL = "https://d-abc.awsapps.com/start"
  static let sessionFile = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json"
  static let legacyFile = ".aws/sso/cache/22f00c6461897f7c3e293d9d99f86e5efed957dd.json"
  static let sessionKey = "04a8a9c1f62bb95116825ede281fd51760d32f65"

  static let config = """
    [profile ops]
    sso_session = my-sso
    sso_account_id = 123456789012
    sso_role_name = Ops
    [profile audit]
    sso_session = my-sso
    sso_account_id = 123456789012
    sso_role_name = Audit
    [profile legacy]
    sso_start_url = https://d-abc.awsapps.com/start
    sso_region = eu-west-1
    sso_account_id = 123456789012
    sso_role_name = Ops
    [sso-session my-sso]
    sso_region = us-east-1
    sso_start_url = https://d-abc.awsapps.com/start
    sso_registration_scopes = sso:account:access
    """

  private let folder: TemporaryDirectory
  private let state: Locked<State>
  let configuration: AWSConfiguration
  let tokens = TokenRefresher()

  init(
    config: String = IdentityCenterWorld.config, environment: [String: String] = [:],
    answer: @escaping Answer = { .success(IdentityCenterWorld.role($0)) }
  ) throws {
    folder = try TemporaryDirectory()
    configuration = AWSConfiguration(
      environment: environment.merging(["HOME": folder.path]) { $1 },
      config: try ConfigurationFile(parsing: config, path: "config"),
      credentials: ConfigurationFile())
    state = Locked(State(now: Self.moment, answer: answer))
  }

  var home: String { folder.path }
  var requests: [HTTPRequest] { state.with { $0.requests } }
  var warnings: [String] { state.with { $0.warnings } }
  var sleeps: [Double] { state.with { $0.sleeps } }
  var now: Timestamp { state.with { $0.now } }
  func pass(seconds: Double) { state.with { $0.now = $0.now.adding(seconds: seconds) } }
  func answer(_ answer: @escaping Answer) { state.with { $0.answer = answer } }

  var context: CredentialContext { context(asked: nil) }

  /// - `profile`: the one that was asked for, where it is not the one whose keys are read.
  func context(asked profile: String?) -> CredentialContext {
    CredentialContext(
      configuration: configuration, explicitProfile: profile, options: ClientOptions(),
      clock: { self.now }, sleep: { seconds in self.state.with { $0.sleeps.append(seconds) } },
      exchange: { request in
        let answer = self.state.with { state in
          state.requests.append(request)
          return state.answer
        }
        // Lets others come in while the answer is on its way.
        for _ in 0..<100 { await Task.yield() }
        return answer(request)
      },
      warn: { text in self.state.with { $0.warnings.append(text) } })
  }

  func ask(_ profile: String) async -> ProviderAnswer {
    await IdentityCenterProvider(context, profile: profile, tokens: tokens)
      .credentials(region: "us-west-2")
  }

  /// The failure's message; a record of what came instead otherwise.
  func problem(_ profile: String) async -> ServiceFailure {
    switch await ask(profile) {
    case .found: .local("found", "found")
    case .notConfigured(let reason): .local("notConfigured", reason)
    case .failed(let failure): failure
    }
  }

  // MARK: - Files

  func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
    chmod(try folder.write(name, text), mode)
  }

  func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: try folder.read(name)) }

  func mode(_ name: String) -> mode_t {
    var status = stat()
    return stat("\(home)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
  }

  /// Writes the session's token, which ends after so many seconds.
  func token(
    endsAfter seconds: Double, refreshable: Bool = true, registration: String = "2027-01-01"
  ) throws {
    var document: JSONObject = [
      "accessToken": "old-token", "expiresAt": .string(Self.time(seconds)), "extra": "kept",
    ]
    if refreshable {
      document["clientId"] = "client"
      document["clientSecret"] = "hush"
      document["registrationExpiresAt"] = .string("\(registration)T00:00:00Z")
      document["refreshToken"] = "old-refresh"
    }
    try write(Self.sessionFile, JSONValue.object(document).compact)
  }

  /// A moment so many seconds after the start, as the token files write it.
  static func time(_ seconds: Double) -> String {
    "\(moment.adding(seconds: seconds).iso8601.prefix(19))Z"
  }

  // MARK: - Answers

  static func json(
    _ text: String, status: Int = 200, code: String? = nil
  ) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: code.map { [HTTPHeader("x-amzn-ErrorType", $0)] } ?? [],
      body: Array(text.utf8))
  }

  /// A role's keys for a GET, a new token for a POST.
  static func role(_ request: HTTPRequest) -> HTTPResponse {
    guard request.method == "GET" else {
      return json(
        #"{"accessToken":"new-token","expiresIn":28800,"refreshToken":"new-refresh"}"#)
    }
    let end = moment.adding(seconds: 36_000.123).milliseconds
    return json(
      #"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"sso-secret","#
        + #""sessionToken":"sso-token","expiration":\#(end)}}"#)
  }
}
