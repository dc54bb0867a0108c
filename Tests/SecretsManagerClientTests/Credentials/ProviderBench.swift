import Cryptography
import Glibc
import Locking
import RotationCore
import TestSupport

@testable import SecretsManagerClient

/// A home in a temporary folder and a scripted world around one source of credentials.
final class ProviderBench: Sendable {
  static let moment = Timestamp(milliseconds: 1_795_457_501_000)

  let home: TemporaryDirectory
  private let environment: [String: String]
  private let config: String
  private let answer: @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>
  private let asked = Locked<[HTTPRequest]>([])
  private let told = Locked<[String]>([])

  init(
    _ config: String, environment: [String: String] = [:],
    answer: @escaping @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure> = {
      .failure(.unreachable($0.url))
    }
  ) throws {
    home = try TemporaryDirectory()
    self.config = config
    var whole = ["HOME": home.path, "PATH": "/usr/bin:/bin"]
    whole.merge(environment) { $1 }
    self.environment = whole
    self.answer = answer
  }

  var requests: [HTTPRequest] { asked.with { $0 } }
  var warnings: [String] { told.with { $0 } }

  func context(
    explicitProfile: String? = nil, now: Timestamp = ProviderBench.moment,
    options: ClientOptions = ClientOptions()
  ) throws -> CredentialContext {
    CredentialContext(
      configuration: AWSConfiguration(
        environment: environment,
        config: try ConfigurationFile(parsing: config, path: "config"),
        credentials: ConfigurationFile()),
      explicitProfile: explicitProfile, options: options, clock: { now }, sleep: { _ in },
      exchange: { request in
        self.asked.with { $0.append(request) }
        return await self.answer(request)
      }, warn: { text in self.told.with { $0.append(text) } })
  }

  /// The permissions of a file, such as 0o600.
  static func mode(_ path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }
}
