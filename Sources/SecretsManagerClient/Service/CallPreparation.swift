internal import RotationCore

/// Puts settings and options together into a request that is ready to be signed.
struct CallPreparation {
  private let settings: AWSConfiguration
  private let options: ClientOptions

  init(_ settings: AWSConfiguration, _ options: ClientOptions) {
    self.settings = settings
    self.options = options
  }

  func prepare(
    _ service: EndpointService, _ operation: String, _ body: [UInt8], _ site: CallSite,
    _ attempt: AttemptNumber
  ) -> Result<OutgoingCall, ServiceFailure> {
    let endpoint: Endpoint
    let trust: CertificateTrust
    do {
      endpoint = try self.endpoint(service, site)
      trust = try self.trust(site.profile)
    } catch {
      return .failure(error)
    }
    let headers =
      service == .sts
      ? [HTTPHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
      : [
        HTTPHeader("X-Amz-Target", "secretsmanager.\(operation)"),
        HTTPHeader("Content-Type", "application/x-amz-json-1.1"),
      ]
    return .success(
      OutgoingCall(
        service: service, endpoint: endpoint, headers: headers, body: body,
        trust: trust,
        proxy: settings.proxy(scheme: endpoint.scheme, host: endpoint.host),
        credentials: nil, attempt: attempt, userAgent: userAgent(site.profile), label: operation))
  }

  /// A request of another service than the signed two, with the profile's trust and proxy.
  ///
  /// - `path`: begins with a slash, the query included.
  func plain(
    _ service: EndpointService, _ method: String, _ path: String, _ headers: [HTTPHeader],
    _ body: [UInt8], _ site: CallSite
  ) -> Result<HTTPRequest, ServiceFailure> {
    let endpoint: Endpoint
    let trust: CertificateTrust
    do {
      endpoint = try self.endpoint(service, site)
      trust = try self.trust(site.profile)
    } catch {
      return .failure(error)
    }
    let base = endpoint.path == "/" ? "" : endpoint.sentPath
    return .success(
      HTTPRequest(
        method: method, url: "\(endpoint.scheme)://\(endpoint.host)\(base)\(path)",
        headers: [
          HTTPHeader("Host", endpoint.host), HTTPHeader("User-Agent", userAgent(site.profile)),
          HTTPHeader(SignedCaller.attemptHeader, "attempt=1"),
        ] + headers, body: body,
        trust: trust,
        proxy: settings.proxy(scheme: endpoint.scheme, host: endpoint.host)))
  }

  /// What the service logs about the caller; ASCII without anything secret.
  ///
  /// Source: AWS SDKs and Tools, the user agent header 2.1.
  func userAgent(_ profile: String?) -> String {
    let mode = (try? settings.retrySettings(profile: profile))?.mode ?? "standard"
    var parts = ["rotactl/\(options.productVersion)", "ua/2.1", "os/linux", "lang/swift#6"]
    if let environment = settings.executionEnvironment { parts.append("exec-env/\(environment)") }
    parts.append("cfg/retry-mode#\(mode)")
    if !options.userAgentSuffix.isEmpty { parts.append(options.userAgentSuffix) }
    if let name = settings.userAgentAppID(profile: profile) { parts.append("app/\(name)") }
    return parts.joined(separator: " ")
  }

  func endpoint(
    _ service: EndpointService, _ site: CallSite
  ) throws(ServiceFailure) -> Endpoint {
    if let missing = settings.missingProfile(site.profile) {
      throw ServiceFailure.local(missing.code, missing.message)
    }
    var override = service == options.endpointService ? options.endpointURL : nil
    do {
      if override == nil {
        override = try settings.endpointURL(service, profile: site.profile)
      }
    } catch {
      throw ServiceFailure.local(error.code, error.message)
    }
    do throws(EndpointError) {
      // An empty region that counts is signed for as it is; only a given endpoint has a name then.
      let isUsable = settings.countsEmpty && override != nil
      guard !site.region.isEmpty || isUsable else { throw EndpointError.missingRegion }
      // The CLI drops FIPS and dual-stack silently where a URL is given.
      return try Endpoint.resolve(
        service, region: site.region,
        fips: override == nil && settings.usesFIPS(profile: site.profile),
        dualStack: override == nil && settings.usesDualStack(profile: site.profile),
        override: override)
    } catch {
      let code =
        switch error {
        case .missingRegion: "NoRegion"
        case .invalidRegion: "InvalidRegion"
        case .missingScheme, .invalidURL, .conflict: "InvalidEndpoint"
        }
      throw ServiceFailure.local(code, error.message)
    }
  }

  /// Whether an option, the environment or the profile names the service's endpoint.
  func isEndpointGiven(_ service: EndpointService, _ site: CallSite) -> Bool {
    service == options.endpointService && options.endpointURL != nil
      || (try? settings.endpointURL(service, profile: site.profile)) ?? nil != nil
  }

  /// As in the CLI, a bundle that is set to nothing or to blanks stops the call, on http also.
  func trust(_ profile: String?) throws(ServiceFailure) -> CertificateTrust {
    guard options.verifySSL else { return .unverified }
    do {
      if let path = options.caBundle {
        try AWSConfiguration.checkCABundle(path)
        return .bundle(path: AWSConfiguration.expand(path, settings.environment))
      }
      try settings.checkCABundle(profile: profile)
    } catch {
      throw ServiceFailure.local(error.code, error.message)
    }
    return settings.caBundle(profile: profile).map { .bundle(path: $0) } ?? .system
  }
}
