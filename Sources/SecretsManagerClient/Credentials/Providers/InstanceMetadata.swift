internal import RotationCore

/// How the instance metadata service is to be asked, if at all.
struct InstanceMetadataSettings: Sendable, Hashable {
  /// The service's URL, with a final slash.
  let base: String
  let limitSeconds: Int
  let attempts: Int
  let isDisabled: Bool
  /// Requests without a token are forbidden.
  let needsToken: Bool

  /// Reads environment and profile.
  ///
  /// The AWS CLI reports a wrong value even where it needs no metadata, so the checks come first.
  init(_ configuration: AWSConfiguration, profile: String?) throws(ConfigurationError) {
    func value(_ key: String) -> String? {
      configuration.environment["AWS_\(key.uppercased())"]
        ?? configuration.value(key, ofProfile: profile)
    }
    func flag(_ key: String) -> Bool { value(key)?.lowercased() == "true" }
    func number(_ key: String) throws(ConfigurationError) -> Int {
      guard let text = value(key) else { return 1 }
      guard let number = Int(TextTrimming.trim(text)) else {
        throw ConfigurationError(
          code: "InvalidConfigError",
          message: "invalid literal for int() with base 10: '\(text)'")
      }
      return number
    }
    limitSeconds = try number("metadata_service_timeout")
    attempts = try number("metadata_service_num_attempts")
    needsToken = flag("ec2_metadata_v1_disabled")
    isDisabled =
      configuration.environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true"
    let mode = value("ec2_metadata_service_endpoint_mode")
    guard let isIPv6 = InstanceMetadataSettings.isIPv6(mode, fallback: flag("imds_use_ipv6"))
    else {
      throw ConfigurationError(
        code: "InvalidIMDSEndpointModeError",
        message: "Invalid EC2 Instance Metadata endpoint mode: \(mode ?? "") Valid endpoint modes "
          + "(case-insensitive): ('ipv4', 'ipv6').")
    }
    let chosen =
      value("ec2_metadata_service_endpoint")
      ?? (isIPv6 ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/")
    try InstanceMetadataSettings.check(chosen)
    base = chosen.hasSuffix("/") ? chosen : "\(chosen)/"
  }

  private static func isIPv6(_ mode: String?, fallback: Bool) -> Bool? {
    switch mode?.lowercased() {
    case nil: fallback
    case "ipv4": false
    case "ipv6": true
    default: nil
    }
  }

  /// Only hosts as DNS allows them, without underscores.
  private static func check(_ endpoint: String) throws(ConfigurationError) {
    let url = MetadataURL(endpoint)
    let isHost = url.host.map { !$0.contains("_") && url.hasValidAuthority } ?? false
    guard isHost, !endpoint.contains(where: \.isNewline) else {
      throw ConfigurationError(
        code: "InvalidIMDSEndpointError",
        message: "Invalid endpoint EC2 Instance Metadata endpoint: "
          + Redaction.withoutUserInfo(endpoint))
    }
    if let obstacle = url.obstacle {
      throw ConfigurationError(code: "InvalidIMDSEndpointError", message: obstacle)
    }
  }
}

/// Version 2 of the instance metadata service, with version 1 where there is no token.
///
/// Reference: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
struct InstanceMetadata: Sendable {
  /// Why there is no answer.
  enum Absence: Error, Sendable {
    /// Nothing to be had here; the text says why in few words.
    case unavailable(String)
    /// Set up in a way that must be reported.
    case refused(ServiceFailure)
  }

  let context: CredentialContext
  let settings: InstanceMetadataSettings

  init(_ context: CredentialContext) throws(Absence) {
    self.context = context
    do throws(ConfigurationError) {
      settings = try InstanceMetadataSettings(
        context.configuration, profile: context.explicitProfile)
    } catch {
      throw .refused(.local(error.code, error.message))
    }
    guard !settings.isDisabled else {
      throw .unavailable("AWS_EC2_METADATA_DISABLED is true")
    }
    guard settings.attempts > 0 else {
      throw .unavailable("metadata_service_num_attempts is \(settings.attempts)")
    }
    guard settings.limitSeconds > 0 else {
      throw .refused(
        .local(
          "InvalidConfigError",
          "An HTTP Client raised an unhandled exception: Attempted to set connect timeout to "
            + "\(settings.limitSeconds), but the timeout cannot be set to a value less than or "
            + "equal to 0."))
    }
  }

  /// The region that this instance runs in; nil where that cannot be found out.
  static func region(context: CredentialContext) async -> String? {
    do throws(Absence) {
      let metadata = try InstanceMetadata(context)
      let zone = try await metadata.get(
        "latest/meta-data/placement/availability-zone/", token: metadata.token())
      let region = TextTrimming.trim(String(decoding: zone, as: UTF8.self)).dropLast()
      return HostName.isLabel(region) ? String(region) : nil
    } catch {
      return nil
    }
  }

  /// The token for requests of version 2; nil to go on with version 1.
  func token() async throws(Absence) -> String? {
    let request = make(
      "PUT", "latest/api/token", HTTPHeader("x-aws-ec2-metadata-token-ttl-seconds", "21600"))
    for _ in 0..<settings.attempts {
      switch await context.exchange(request) {
      case .success(let response) where response.status == 200:
        let text = TextTrimming.trim(String(decoding: response.body, as: UTF8.self))
        let isUsable = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return try isUsable ? text : withoutToken()
      case .success(let response) where response.status == 400:
        throw .unavailable("the request for a token was answered with status 400")
      case .success(let response) where [403, 404, 405].contains(response.status):
        return try withoutToken()
      case .success: continue
      case .failure(let failure) where failure.code == "ReadTimeoutError":
        return try withoutToken()
      case .failure(let failure): try InstanceMetadata.passOver(failure)
      }
    }
    return try withoutToken()
  }

  /// Agrees to version 1, unless that is forbidden.
  private func withoutToken() throws(Absence) -> String? {
    guard settings.needsToken else { return nil }
    throw .refused(
      .local(
        "MetadataRetrievalError",
        "Error retrieving metadata: Unable to retrieve token for use in IMDSv2 call and IMDSv1 "
          + "has been disabled"))
  }

  /// The body of a 200 that `isGood` accepts; anything else is tried again.
  func get(
    _ path: String, token: String?, isGood: (([UInt8]) -> Bool)? = nil
  ) async throws(Absence) -> [UInt8] {
    let request = make("GET", path, token.map { HTTPHeader("x-aws-ec2-metadata-token", $0) })
    var reason = ""
    for _ in 0..<settings.attempts {
      switch await context.exchange(request) {
      case .success(let response) where response.status != 200:
        reason = "status \(response.status) from \(request.url)"
      case .success(let response) where response.body.isEmpty:
        reason = "an empty answer from \(request.url)"
      case .success(let response):
        if isGood?(response.body) ?? true { return response.body }
        reason = "no usable answer from \(request.url)"
      case .failure(let failure):
        try InstanceMetadata.passOver(failure)
        reason = failure.message
      }
    }
    throw .unavailable(reason)
  }

  /// A service that cannot be reached is no error; refused certificates and an end of all are.
  private static func passOver(_ failure: TransportFailure) throws(Absence) {
    guard failure.kind == .connect || failure.kind == .lost else {
      throw .refused(ServiceFailure(failure))
    }
  }

  private func make(_ method: String, _ path: String, _ header: HTTPHeader?) -> HTTPRequest {
    MetadataRequest.make(
      method, MetadataURL(settings.base + path), header.map { [$0] } ?? [],
      limitSeconds: Double(settings.limitSeconds), context)
  }
}
