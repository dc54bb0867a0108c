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
extension AWSConfiguration {
  /// AWS_REGION, AWS_DEFAULT_REGION, then the profile's `region`.
  package func region(ofProfile profile: String?) -> String? {
    environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"]
      ?? value("region", ofProfile: profile)
  }

  /// The configured endpoint of a service; nil for AWS's own.
  ///
  /// - Throws: when the profile names a `[services]` section that does not exist.
  package func endpointURL(
    _ service: EndpointService, profile: String?
  ) throws(ConfigurationError) -> String? {
    guard !flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", profile)
    else { return nil }
    if let url = environment["AWS_ENDPOINT_URL_\(service.variableSuffix)"]
      ?? environment["AWS_ENDPOINT_URL"]
    {
      return url
    }
    if let name = value("services", ofProfile: profile) {
      guard let section = services[name] else {
        throw ConfigurationError(
          code: "InvalidConfigError",
          message: "The profile is configured to use the services section but the \"\(name)\" "
            + "services configuration does not exist.")
      }
      if let url = section[service.configurationKey]?["endpoint_url"], !url.isEmpty { return url }
    }
    return value("endpoint_url", ofProfile: profile)
  }

  package func usesFIPS(profile: String?) -> Bool {
    flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", profile)
  }

  package func usesDualStack(profile: String?) -> Bool {
    flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint", profile)
  }

  /// AWS_CA_BUNDLE, the profile's `ca_bundle`, then REQUESTS_CA_BUNDLE; `~` expanded.
  package func caBundle(profile: String?) -> String? {
    let path =
      environment["AWS_CA_BUNDLE"] ?? value("ca_bundle", ofProfile: profile)
      ?? environment["REQUESTS_CA_BUNDLE"]
    return path.map { AWSConfiguration.expand($0, environment) }
  }

  package func retrySettings(profile: String?) throws(ConfigurationError) -> RetrySettings {
    let mode = environment["AWS_RETRY_MODE"] ?? value("retry_mode", ofProfile: profile)
    if let mode, mode != "standard", mode != "adaptive" {
      throw ConfigurationError(
        code: "InvalidRetryModeError",
        message: "Invalid value provided to \"mode\": \"\(mode)\" must be one of: "
          + "\"standard\" or \"adaptive\"")
    }
    let text = environment["AWS_MAX_ATTEMPTS"] ?? value("max_attempts", ofProfile: profile)
    guard let text else { return RetrySettings(mode: mode ?? "standard", maximumAttempts: 3) }
    guard let attempts = Int(text) else {
      throw ConfigurationError(
        code: "InvalidMaxAttempts",
        message: "invalid literal for int() with base 10: '\(text)'")
    }
    guard attempts >= 1 else {
      throw ConfigurationError(
        code: "InvalidMaxAttempts",
        message: "Value provided to \"max_attempts\": \(attempts) must be an integer greater than "
          + "or equal to one.")
    }
    return RetrySettings(mode: mode ?? "standard", maximumAttempts: attempts)
  }

  /// Only `true`, in any case of letters, is true.
  private func flag(_ variable: String, _ key: String, _ profile: String?) -> Bool {
    (environment[variable] ?? value(key, ofProfile: profile))?.lowercased() == "true"
  }

  /// The proxy for a URL of that scheme and host; nil for a direct connection.
  ///
  /// As in the CLI: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, the lower-case names first; NO_PROXY is
  /// a list of host suffixes or `*`.
  package func proxy(scheme: String, host: String) -> String? {
    func variable(_ name: String) -> String? { environment[name] ?? environment[name.uppercased()] }
    guard let proxy = variable("\(scheme)_proxy") else { return nil }
    let authority = host.lowercased()
    let name =
      authority.hasPrefix("[")
      ? String(authority.dropFirst().prefix { $0 != "]" })
      : String(authority.prefix { $0 != ":" })
    for entry in (variable("no_proxy") ?? "").split(separator: ",") {
      var suffix = TextTrimming.trim(entry).lowercased()
      if suffix == "*" { return nil }
      if suffix.hasPrefix(".") { suffix.removeFirst() }
      guard !suffix.isEmpty else { continue }
      for candidate in [name, authority]
      where candidate == suffix || candidate.hasSuffix(".\(suffix)") {
        return nil
      }
    }
    return proxy.contains("://") ? proxy : "http://\(proxy)"
  }
}
