/// How failed attempts are repeated, as configured.
package struct RetrySettings: Sendable, Hashable {
  /// `standard` or `adaptive`.
  package var mode: String
  /// The first attempt included.
  package var maximumAttempts: Int

  package init(mode: String, maximumAttempts: Int) {
    self.mode = mode
    self.maximumAttempts = maximumAttempts
  }
}

/// Settings with AWS's precedence: environment, profile, default.
///
/// An empty variable or key counts as not set, unless the setting says otherwise.
extension AWSConfiguration {
  /// A variable, else the profile's key.
  package func setting(_ variable: String, _ key: String, _ profile: String?) -> String? {
    self.variable(variable) ?? value(key, ofProfile: profile)
  }

  /// Only `true`, in any case of letters, is true.
  func flag(_ variable: String, _ key: String, _ profile: String?) -> Bool {
    setting(variable, key, profile)?.lowercased() == "true"
  }

  /// AWS_REGION, AWS_DEFAULT_REGION, then the profile's `region`.
  package func region(ofProfile profile: String?) -> String? {
    variable("AWS_REGION") ?? setting("AWS_DEFAULT_REGION", "region", profile)
  }

  package func usesFIPS(profile: String?) -> Bool {
    flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", profile)
  }

  package func usesDualStack(profile: String?) -> Bool {
    flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", profile)
  }

  /// AWS_RETRY_MODE and AWS_MAX_ATTEMPTS, then `retry_mode` and `max_attempts`.
  package func retrySettings(profile: String?) throws(ConfigurationError) -> RetrySettings {
    let attempts = try integer("AWS_MAX_ATTEMPTS", "max_attempts", profile, "InvalidMaxAttempts")
    if let attempts, attempts < 1 {
      throw ConfigurationError(
        code: "InvalidMaxAttempts",
        message: "Value provided to \"max_attempts\": \(attempts) must be an integer greater than "
          + "or equal to one.")
    }
    let mode = setting("AWS_RETRY_MODE", "retry_mode", profile) ?? "standard"
    guard mode == "standard" || mode == "adaptive" else {
      throw ConfigurationError(
        code: "InvalidRetryModeError",
        message: "Invalid value provided to \"mode\": \"\(mode)\" must be one of: "
          + "\"standard\" or \"adaptive\"")
    }
    return RetrySettings(mode: mode, maximumAttempts: attempts ?? 3)
  }

  func integer(
    _ variable: String, _ key: String, _ profile: String?, _ code: String
  ) throws(ConfigurationError) -> Int? {
    guard let text = setting(variable, key, profile) else { return nil }
    guard let number = PythonText.integer(text) else {
      throw ConfigurationError(
        code: code, message: "invalid literal for int() with base 10: '\(text)'")
    }
    return number
  }

  /// AWS_CA_BUNDLE, the profile's `ca_bundle`, then REQUESTS_CA_BUNDLE; `~` expanded.
  ///
  /// Nil also for a blank value, which ``checkCABundle(profile:)`` refuses.
  package func caBundle(profile: String?) -> String? {
    guard let path = givenCABundle(profile), !PythonText.trim(path).isEmpty else { return nil }
    return AWSConfiguration.expand(path, givenEnvironment)
  }

  /// Refuses a bundle that is set to nothing or to blanks, as the CLI does since 2.36.6.
  package func checkCABundle(profile: String?) throws(ConfigurationError) {
    guard let path = givenCABundle(profile) else { return }
    try AWSConfiguration.checkCABundle(path)
  }

  /// Refuses a blank path, whoever gave it.
  static func checkCABundle(_ path: String) throws(ConfigurationError) {
    guard PythonText.trim(path).isEmpty else { return }
    throw ConfigurationError(
      code: "InvalidConfigError",
      message: "Invalid CA bundle: the configured value (ca_bundle, AWS_CA_BUNDLE, "
        + "REQUESTS_CA_BUNDLE, or verify) resolved to an empty or whitespace-only string. Provide "
        + "a valid path to a CA bundle file.")
  }

  private func givenCABundle(_ profile: String?) -> String? {
    givenEnvironment["AWS_CA_BUNDLE"] ?? profiles[profileName(profile)]?["ca_bundle"]
      ?? givenEnvironment["REQUESTS_CA_BUNDLE"]
  }

  // MARK: - Endpoints

  /// The configured endpoint of a service; nil for AWS's own.
  ///
  /// The service's variable, AWS_ENDPOINT_URL, the profile's `[services]` section, and its
  /// `endpoint_url`. Throws when the profile names a `[services]` section that does not exist or
  /// is empty, and for a URL that cannot be one.
  package func endpointURL(
    _ service: EndpointService, profile: String?
  ) throws(ConfigurationError) -> String? {
    guard !flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", profile),
      let url = try configuredURL(service, profile)
    else { return nil }
    // Only the option has its own sentence for a text without a scheme.
    guard Endpoint.hasScheme(url) else {
      throw ConfigurationError(code: "InvalidEndpoint", message: "Invalid endpoint: \(url)")
    }
    return url
  }

  private func configuredURL(
    _ service: EndpointService, _ profile: String?
  ) throws(ConfigurationError) -> String? {
    if let url = environment["AWS_ENDPOINT_URL_\(service.variableSuffix)"]
      ?? environment["AWS_ENDPOINT_URL"]
    {
      return url
    }
    if let name = profiles[profileName(profile)]?["services"] {
      guard let section = services[name], !section.isEmpty else {
        throw ConfigurationError(
          code: "InvalidConfigError",
          message: "The profile is configured to use the services section but the \"\(name)\" "
            + "services configuration does not exist.")
      }
      if let text = section[service.configurationKey] {
        guard let settings = ConfigurationFile.nested(text) else {
          throw ConfigurationError(
            code: "InvalidConfigError",
            message: "The key \"\(service.configurationKey)\" of the services section \"\(name)\" "
              + "holds no settings.")
        }
        if let url = settings["endpoint_url"], !url.isEmpty { return url }
      }
    }
    return value("endpoint_url", ofProfile: profile).flatMap { $0.isEmpty ? nil : $0 }
  }

  // MARK: - User agent

  /// AWS_SDK_UA_APP_ID or `sdk_ua_app_id`, fit for the header `User-Agent`.
  package func userAgentAppID(profile: String?) -> String? {
    setting("AWS_SDK_UA_APP_ID", "sdk_ua_app_id", profile)
      .flatMap { $0.isEmpty ? nil : AWSConfiguration.userAgentText($0, allowsHash: true) }
  }

  /// AWS_EXECUTION_ENV, fit for the header `User-Agent`.
  package var executionEnvironment: String? {
    environment["AWS_EXECUTION_ENV"].map {
      AWSConfiguration.userAgentText($0, allowsHash: true)
    }
  }

  /// Replaces what may not stand in a part of the header by hyphens.
  private static func userAgentText(_ text: String, allowsHash: Bool) -> String {
    let others = "!$%&'*+-.^_`|~," + (allowsHash ? "#" : "")
    var result = ""
    for scalar in text.unicodeScalars {
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || isDigit(scalar))
      let isAllowed = isPlain || others.unicodeScalars.contains(scalar)
      result.unicodeScalars.append(isAllowed ? scalar : "-")
    }
    return result
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    (0x30...0x39).contains(scalar.value)
  }
}
