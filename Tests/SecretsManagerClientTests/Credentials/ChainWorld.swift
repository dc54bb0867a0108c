import Locking
import RotationCore
import TestSupport

@testable import SecretsManagerClient

/// A client's sources of credentials with files, a clock and a network of their own.
final class ChainWorld: Sendable {
  typealias Answer =
    @Sendable (HTTPRequest, _ number: Int) -> Result<HTTPResponse, TransportFailure>

  static let moment = Timestamp(milliseconds: 1_795_457_501_000)

  let folder: TemporaryDirectory
  let now = Locked(ChainWorld.moment)
  let requests = Locked<[HTTPRequest]>([])
  let warnings = Locked<[String]>([])
  let environment: [String: String]
  private let answer: Answer

  init(
    _ config: String, environment extra: [String: String] = [:],
    answer: @escaping Answer = ChainWorld.roles
  ) throws {
    folder = try TemporaryDirectory()
    try folder.write(
      ".aws/config",
      config.split(separator: "@ROOT@", omittingEmptySubsequences: false)
        .joined(separator: folder.path))
    self.answer = answer
    environment = ["HOME": folder.path].merging(extra) { $1 }
  }

  func sources(
    _ configure: (inout ClientOptions) -> Void = { _ in }
  ) throws -> CredentialSources {
    var options = ClientOptions()
    options.warn = { text in self.warnings.with { $0.append(text) } }
    configure(&options)
    return ChainWorld.sources(
      environment: environment,
      configuration: try AWSConfiguration.load(environment: environment), options: options,
      clock: { self.now.with { $0 } },
      exchange: { request in
        let number = self.requests.with { requests -> Int in
          requests.append(request)
          return requests.count
        }
        return self.answer(request, number)
      })
  }

  static func sources(
    environment: [String: String], configuration: AWSConfiguration, options: ClientOptions,
    clock: @escaping @Sendable () -> Timestamp,
    exchange:
      @escaping @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>
  ) -> CredentialSources {
    CredentialSources(
      configuration: configuration, options: options, clock: clock, sleep: { _ in },
      exchange: exchange,
      caller: SignedCaller(
        exchange: exchange, clock: clock, debug: nil))
  }

  /// The bodies of the calls of STS.
  var roleCalls: [String] {
    requests.with { $0 }.map { String(decoding: $0.body, as: UTF8.self) }
      .filter { $0.hasPrefix("Action=AssumeRole&") }
  }

  func pass(minutes: Double) { now.with { $0 = $0.adding(seconds: minutes * 60) } }

  /// STS, which hands out a numbered role for an hour.
  static let roles: Answer = { _, number in .success(assumed(number, minutes: 60)) }

  static func assumed(_ number: Int, minutes: Double, at start: Timestamp = moment) -> HTTPResponse
  {
    let end = start.adding(seconds: minutes * 60).iso8601
    let text =
      "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId>"
      + "<Arn>arn:aws:sts::123456789012:assumed-role/R/s</Arn></AssumedRoleUser><Credentials>"
      + "<AccessKeyId>ASIA\(number)</AccessKeyId><SecretAccessKey>s\(number)</SecretAccessKey>"
      + "<SessionToken>t\(number)</SessionToken><Expiration>\(end)</Expiration></Credentials>"
      + "</AssumeRoleResult></AssumeRoleResponse>"
    return HTTPResponse(status: 200, body: Array(text.utf8))
  }

  static func refused(_ code: String, status: Int = 403) -> HTTPResponse {
    let text =
      "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>no</Message></Error>"
      + "<RequestId>r</RequestId></ErrorResponse>"
    return HTTPResponse(status: status, body: Array(text.utf8))
  }
}

extension Result where Success == Credentials, Failure == ServiceFailure {
  /// The access key or the failure's message.
  var told: String {
    switch self {
    case .success(let credentials): credentials.accessKeyID
    case .failure(let failure): failure.message
    }
  }
}
