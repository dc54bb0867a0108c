internal import DurableFiles
internal import Glibc
internal import RotationCore

/// The credentials of an ECS task or an EKS pod, from the agent that the environment names.
///
/// Reference: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
struct ContainerProvider: CredentialProvider {
  let name = "container-role"
  let context: CredentialContext

  private static let attempts = 3
  private static let limitSeconds: Double = 2
  private static let pauseSeconds: Double = 1
  private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
  private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
  private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
  private static let tokenFile = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

  /// Hosts that may be asked without TLS, besides the loopback addresses.
  private static let hosts = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"]

  /// What the environment asks for.
  private struct Target {
    let variable: String
    let url: MetadataURL

    /// Ends an error's text.
    var origin: String { url.host == nil ? "(\(variable))" : "(\(variable): \(url.text))" }

    func named(_ failure: ServiceFailure) -> ServiceFailure {
      failure.adding(origin)
    }
  }

  func credentials(region: String) async -> ProviderAnswer {
    let environment = context.configuration.environment
    let target: Target
    if let path = environment[Self.relative] {
      target = Target(
        variable: Self.relative, url: MetadataURL("http://169.254.170.2\(path)"))
    } else if let text = context.configuration.variable(Self.full) {
      target = Target(variable: Self.full, url: MetadataURL(text))
    } else {
      return .notConfigured("\(Self.relative) and \(Self.full) are not set")
    }
    do throws(ServiceFailure) {
      let authorization = try authorization()
      try ContainerProvider.check(target)
      // Keys that have ended already are asked for once more, as an agent may be late.
      for _ in 0..<2 {
        let keys = try await keys(target, authorization)
        if keys.expiration > context.clock() {
          return .found(keys.credentials(until: keys.expiration))
        }
      }
      throw .local(
        "CredentialRetrievalError",
        "Credentials were refreshed, but the refreshed credentials are still expired. "
          + target.origin)
    } catch {
      return .failed(error)
    }
  }

  // MARK: - What to ask

  /// Without TLS only the machine itself and AWS's own addresses may be asked.
  private static func check(_ target: Target) throws(ServiceFailure) {
    let url = target.url
    let host = url.host ?? ""
    guard !host.isEmpty, url.scheme == "https" || isLoopback(host) || hosts.contains(host) else {
      throw .local(
        "InvalidConfigError",
        "Unsupported host '\(host.isEmpty ? "None" : TextTrimming.excerpt(host))'.  Can only "
          + "retrieve metadata from a loopback address or one of these hosts: "
          + hosts.joined(separator: ", ")
      ).adding(target.origin)
    }
    if let obstacle = url.obstacle {
      throw .local("InvalidConfigError", obstacle).adding(target.origin)
    }
  }

  /// 127.0.0.0/8 and ::1, in any way that an address may be written.
  private static func isLoopback(_ host: String) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, host, &bytes) == 1 { return bytes[0] == 127 }
    guard inet_pton(AF_INET6, host, &bytes) == 1 else { return false }
    return bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
  }

  /// The value of `Authorization`; a file's is read each time, as it is replaced while we run.
  private func authorization() throws(ServiceFailure) -> String? {
    let environment = context.configuration.environment
    let value: String
    let variable: String
    if let path = environment[Self.tokenFile] {
      variable = Self.tokenFile
      value = try ContainerProvider.content(of: path)
    } else if let text = environment[Self.token] {
      variable = Self.token
      value = text
    } else {
      return nil
    }
    guard !value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else {
      throw .local(
        "InvalidConfigError", "Auth token value is not a legal header value"
      ).adding("(\(variable))")
    }
    return value
  }

  private static func content(of path: String) throws(ServiceFailure) -> String {
    func failure(_ reason: String) -> ServiceFailure {
      .local("CredentialRetrievalError", "\(reason): '\(path)'").adding("(\(tokenFile))")
    }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try DurableFile.read(path, atMost: 64 << 10)
    } catch {
      throw failure("[Errno \(error.code)] \(String(cString: strerror(error.code)))")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw failure("The authorization token is not UTF-8 text")
    }
    return text
  }

  // MARK: - Asking

  /// A try that gave no JSON.
  private struct Miss: Error {
    /// In the AWS CLI's words; without the URL, which is added at the end.
    let failure: ServiceFailure
    /// False for what the AWS CLI does not try again either.
    let isRepeated: Bool

    init(_ failure: ServiceFailure, isRepeated: Bool) {
      self.failure = failure
      self.isRepeated = isRepeated
    }

    /// One that is tried again, told as trouble with the service.
    init(_ kind: ServiceFailure.Kind, _ reason: String) {
      failure = ContainerProvider.failure("Error retrieving metadata: \(reason)", kind)
      isRepeated = true
    }
  }

  private static func failure(_ reason: String, _ kind: ServiceFailure.Kind) -> ServiceFailure {
    ServiceFailure(
      kind: kind, code: "CredentialRetrievalError",
      message: "Error when retrieving credentials from container-role: \(reason)")
  }

  private func keys(
    _ target: Target, _ authorization: String?
  ) async throws(ServiceFailure) -> MetadataKeys {
    let answer = try await answer(target, authorization)
    do throws(MetadataKeys.Problem) {
      return try MetadataKeys(answer)
    } catch {
      switch error {
      case .missing(let field):
        throw target.named(
          ContainerProvider.failure("the answer has no \(field)", .credentials))
      case .unreadableExpiration(let text):
        throw target.named(
          .local(
            "CredentialRetrievalError",
            "Unknown string format: \(TextTrimming.excerpt(text, 40))"))
      }
    }
  }

  private func answer(
    _ target: Target, _ authorization: String?
  ) async throws(ServiceFailure) -> JSONValue {
    var headers = [HTTPHeader("Accept", "application/json")]
    if let authorization { headers.append(HTTPHeader("Authorization", authorization)) }
    let request = MetadataRequest.make(
      "GET", target.url, headers, limitSeconds: Self.limitSeconds, context)
    var attempt = 1
    while true {
      do throws(Miss) {
        return try ContainerProvider.json(await context.exchange(request), hiding: authorization)
      } catch {
        guard error.isRepeated, attempt < Self.attempts else {
          throw target.named(error.failure)
        }
      }
      attempt += 1
      await context.sleep(Self.pauseSeconds)
    }
  }

  private static func json(
    _ result: Result<HTTPResponse, TransportFailure>, hiding token: String?
  ) throws(Miss) -> JSONValue {
    switch result {
    case .failure(let failure) where failure.kind == .connect || failure.kind == .lost:
      throw Miss(
        .connect,
        "Received error when attempting to retrieve container metadata: \(failure.message)")
    case .failure(let failure): throw Miss(ServiceFailure(failure), isRepeated: false)
    case .success(let response) where response.status != 200:
      let excerpt = MetadataRequest.excerpt(response.body, hiding: token)
      throw Miss(
        response.status >= 500 || response.status == 429 ? .connect : .credentials,
        "Received non 200 response \(response.status) from container metadata: \(excerpt)")
    case .success(let response):
      guard let value = try? JSONValue(parsing: response.body) else {
        throw Miss(
          .credentials, "Unable to parse JSON returned from container metadata services")
      }
      return value
    }
  }
}
