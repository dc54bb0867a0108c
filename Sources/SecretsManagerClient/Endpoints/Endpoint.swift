/// Why no endpoint could be made of the settings.
package enum EndpointError: Error, Sendable, Hashable {
  case missingRegion
  /// The text that was given as a region.
  case invalidRegion(String)
  case missingScheme(String)
  case invalidURL(String)
  /// FIPS or dual-stack together with a custom endpoint.
  case conflict(String)

  /// The AWS CLI's sentence.
  package var message: String {
    switch self {
    case .missingRegion:
      "You must specify a region. You can also configure your region by running \"aws configure\"."
    case .invalidRegion(let text):
      "Provided region_name '\(EndpointError.oneLine(text))' doesn't match a supported format."
    case .missingScheme(let text):
      "Bad value for --endpoint-url \"\(text)\": scheme is missing.  Must be of the form "
        + "http://<hostname>/ or https://<hostname>/"
    case .invalidURL(let text): Endpoint.complaint(about: text)
    case .conflict(let what):
      "Invalid Configuration: \(what) and custom endpoint are not supported"
    }
  }

  /// A region as it was written, unless it could disturb a terminal or fill it.
  private static func oneLine(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy {
      $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
    }
    return isPlain && text.unicodeScalars.count <= 80 ? text : TextTrimming.excerpt(text, 80)
  }
}

/// The services that are called.
package enum EndpointService: String, Sendable, Hashable, CaseIterable {
  case secretsManager = "secretsmanager"
  case sts
  /// IAM Identity Center's portal, which hands out a role's credentials.
  case sso
  /// IAM Identity Center's OIDC service, which refreshes its tokens.
  case ssoOIDC = "sso-oidc"
  /// The service behind `aws login`.
  case signin
  /// The archive that bundles are uploaded to; see ``BucketEndpoint`` for the hosts of buckets.
  case s3

  /// The name in `AWS_ENDPOINT_URL_<NAME>`.
  package var variableSuffix: String { configurationKey.uppercased() }
  /// The name in a `[services]` section.
  package var configurationKey: String {
    switch self {
    case .secretsManager: "secrets_manager"
    case .sts: "sts"
    case .sso: "sso"
    case .ssoOIDC: "sso_oidc"
    case .signin: "signin"
    case .s3: "s3"
    }
  }
}

/// A place that requests are sent to, and the region that they are signed for.
package struct Endpoint: Sendable, Hashable {
  /// `https` or `http`.
  package let scheme: String
  /// The value of the `Host` header: lower case, the port only where it is not the scheme's own.
  package let host: String
  /// Begins with a slash.
  package let path: String
  package let signingRegion: String

  package var url: String { "\(scheme)://\(host)\(path)" }

  /// The URL without a path that is only a slash, as the rule sets write it.
  package var canonicalURL: String { path == "/" ? "\(scheme)://\(host)" : url }

  /// Resolves a service's endpoint; see the AWS endpoint rule sets of 2017-10-17 (Secrets
  /// Manager) and 2011-06-15 (STS).
  ///
  /// `override` is a configured endpoint URL, which beats everything else.
  package static func resolve(
    _ service: EndpointService, region: String?, fips: Bool = false, dualStack: Bool = false,
    override: String? = nil
  ) throws(EndpointError) -> Endpoint {
    var fips = fips
    var name = region ?? ""
    if !name.isEmpty, !isRegion(name) { throw .invalidRegion(name) }
    if let plain = withoutFIPSMark(name) {
      name = plain
      // The mark chooses a host name; a given endpoint has one.
      fips = fips || override == nil
    }
    if let override {
      if fips { throw .conflict("FIPS") }
      if dualStack { throw .conflict("Dualstack") }
      return try Endpoint(url: override, signingRegion: name)
    }
    guard !name.isEmpty else { throw .missingRegion }
    guard isRegion(name) else { throw .invalidRegion(name) }
    if service == .sts, name == "aws-global", !fips, !dualStack {
      return Endpoint(host: "sts.amazonaws.com", signingRegion: "us-east-1")
    }
    let host = hostName(service, name, fips: fips, dualStack: dualStack)
    return Endpoint(host: host, signingRegion: name)
  }

  private static func hostName(
    _ service: EndpointService, _ region: String, fips: Bool, dualStack: Bool
  ) -> String {
    let partition = Partition(of: region)
    let prefix = service.rawValue + (fips ? "-fips" : "")
    switch service {
    case .sts:
      if fips, !dualStack, partition.name == "aws-us-gov" { return "sts.\(region).amazonaws.com" }
      return "\(prefix).\(region).\(dualStack ? partition.dualStackSuffix : partition.suffix)"
    case .secretsManager:
      // These partitions serve IPv6 on the ordinary names.
      let ordinary =
        ["aws", "aws-us-gov"].contains(partition.name) || (partition.name == "aws-cn" && !fips)
      let suffix = dualStack && !ordinary ? partition.dualStackSuffix : partition.suffix
      return "\(prefix).\(region).\(suffix)"
    case .sso, .ssoOIDC:
      let name = service == .sso ? "portal.sso" : "oidc"
      let isPlain = !fips || (!dualStack && partition.name == "aws-us-gov")
      let suffix = dualStack ? partition.dualStackSuffix : partition.suffix
      return "\(name)\(isPlain ? "" : "-fips").\(region).\(suffix)"
    case .s3:
      return "\(prefix)\(dualStack ? ".dualstack" : "").\(region).\(partition.suffix)"
    case .signin: return signInHost(region, partition, fips: fips, dualStack: dualStack)
    }
  }

  /// The sign-in pages have domains of their own, which know no dual stack.
  private static func signInHost(
    _ region: String, _ partition: Partition, fips: Bool, dualStack: Bool
  ) -> String {
    let mark = fips ? "-fips" : ""
    let domain =
      switch partition.name {
      case "aws": "aws.amazon.com"
      case "aws-cn": "amazonaws.cn"
      case "aws-us-gov": "amazonaws-us-gov.com"
      case "aws-iso": "c2shome.ic.gov"
      case "aws-iso-b": "sc2shome.sgov.gov"
      case "aws-iso-e": "csphome.adc-e.uk"
      case "aws-iso-f": "csphome.hci.ic.gov"
      case "aws-eusc": "amazonaws-eusc.eu"
      default: partition.suffix
      }
    if dualStack { return "signin\(mark).\(region).\(partition.dualStackSuffix)" }
    if fips, region == "us-gov-west-1" { return "signin-fips.\(domain)" }
    if fips, partition.name != "aws-us-gov" {
      return "signin-fips.\(region).\(partition.suffix)"
    }
    return "\(region).signin\(mark).\(domain)"
  }

  private init(host: String, signingRegion: String) {
    self.init(scheme: "https", host: host, path: "/", signingRegion: signingRegion)
  }

  /// The parts as they are; nothing is checked.
  init(scheme: String, host: String, path: String, signingRegion: String) {
    self.scheme = scheme
    self.host = host
    self.path = path
    self.signingRegion = signingRegion
  }

  /// The old pseudo regions `fips-R` and `R-fips`.
  private static func withoutFIPSMark(_ region: String) -> String? {
    if region.hasPrefix("fips-") { return String(region.dropFirst(5)) }
    if region.hasSuffix("-fips") { return String(region.dropLast(5)) }
    return nil
  }

  /// A host label: 1 to 63 letters, digits and hyphens, no hyphen at an end, not only digits.
  package static func isRegion(_ text: String) -> Bool {
    guard HostName.isLabel(text) else { return false }
    return !text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}

/// The names that belong to a partition; the table of AWS's partitions.json.
struct Partition {
  let name: String
  let suffix: String
  let dualStackSuffix: String

  private static let suffixes: [String: (String, String)] = [
    "aws": ("amazonaws.com", "api.aws"),
    "aws-cn": ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    "aws-us-gov": ("amazonaws.com", "api.aws"),
    "aws-eusc": ("amazonaws.eu", "api.amazonwebservices.eu"),
    "aws-iso": ("c2s.ic.gov", "api.aws.ic.gov"),
    "aws-iso-b": ("sc2s.sgov.gov", "api.aws.scloud"),
    "aws-iso-e": ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    "aws-iso-f": ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
  ]

  /// How the names of a partition's regions begin; a word and a number follow.
  ///
  /// The partition `aws` needs no line, since it takes all names that fit nowhere.
  private static let beginnings = [
    ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-de-", "aws-eusc"),
    ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"), ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
  ]

  init(of region: String) {
    let found = Partition.beginnings.first { beginning, _ in
      region.hasPrefix(beginning) && Partition.isWordAndNumber(region.dropFirst(beginning.count))
    }
    let isGlobal = region.hasPrefix("aws-") && region.hasSuffix("-global")
    let global = isGlobal ? String(region.dropLast("-global".count)) : "aws"
    name = found?.1 ?? (Partition.suffixes[global] == nil ? "aws" : global)
    (suffix, dualStackSuffix) = Partition.suffixes[name] ?? ("amazonaws.com", "api.aws")
  }

  private static func isWordAndNumber(_ text: Substring) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty
      && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
