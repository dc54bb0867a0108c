internal import Cryptography
internal import RotationCore

/// A sign-in to IAM Identity Center, which one token stands for.
struct IdentityCenterSession: Sendable, Hashable {
  /// The name of the `[sso-session]` section; nil for the legacy form, all of it in the profile.
  let name: String?
  let startURL: String
  /// Where the portal is; empty stands for the region of the call, as in the CLI.
  let region: String
  /// The profile that asks, for messages.
  let profile: String

  init(name: String?, startURL: String, region: String, profile: String) {
    self.name = name
    self.startURL = startURL
    self.region = region
    self.profile = profile
  }

  /// Reads the section that a profile's `sso_session` names; nil when it names none.
  init?(of profile: String, in configuration: AWSConfiguration) throws(ConfigurationError) {
    guard let name = configuration.profiles[profile]?["sso_session"] else { return nil }
    let start = "The profile \"\(profile)\" is configured to use the SSO token provider but "
    guard let section = configuration.ssoSessions[name], !section.isEmpty else {
      throw IdentityCenterSettings.invalid(
        "\(start)the \"\(name)\" sso_session configuration does not exist.")
    }
    guard let startURL = section["sso_start_url"], let region = section["sso_region"] else {
      let missing = ["sso_start_url", "sso_region"].filter { section[$0] == nil }
      throw IdentityCenterSettings.invalid(
        "\(start)is missing the following configuration: "
          + "[\(missing.map { "'\($0)'" }.joined(separator: ", "))].")
    }
    self.init(name: name, startURL: startURL, region: region, profile: profile)
  }

  /// What the CLI calls the token in its messages.
  var label: String { name ?? startURL }

  /// The token's file below a home.
  func tokenPath(home: String) -> String {
    "\(home)/.aws/sso/cache/\(SHA1.hex(of: label)).json"
  }

  func request(
    _ service: EndpointService, _ method: String, _ path: String, _ headers: [HTTPHeader],
    _ body: [UInt8], _ context: CredentialContext, region callRegion: String
  ) throws(ServiceFailure) -> HTTPRequest {
    // The endpoint, trust and proxy are those of the profile that was asked for, even where the
    // keys below come from one that it names as its source.
    let site = CallSite(
      profile: context.explicitProfile, region: region.isEmpty ? callRegion : region)
    let identity = HTTPHeader("Accept-Encoding", "identity")
    return try context.preparation.plain(
      service, method, path, [identity] + headers, body, site
    ).get()
  }
}

/// The keys of a profile that gets its credentials from IAM Identity Center.
struct IdentityCenterSettings: Sendable, Hashable {
  let session: IdentityCenterSession
  let accountID: String
  let roleName: String

  /// Puts profile and section together; nil for a profile that does not use Identity Center.
  ///
  /// As in the CLI a key counts as set when it is written, even without a value.
  init?(of profile: String, in configuration: AWSConfiguration) throws(ConfigurationError) {
    var values = configuration.profiles[profile] ?? [:]
    guard values["sso_role_name"] != nil || values["sso_account_id"] != nil else { return nil }
    let name = values["sso_session"]
    if let name {
      guard let section = configuration.ssoSessions[name] else {
        throw IdentityCenterSettings.invalid(
          "The specified sso-session does not exist: \"\(name)\"")
      }
      try IdentityCenterSettings.merge(section, into: &values)
    }
    let required = ["sso_role_name", "sso_account_id", "sso_start_url", "sso_region"]
    guard let roleName = values["sso_role_name"], let accountID = values["sso_account_id"],
      let startURL = values["sso_start_url"], let region = values["sso_region"]
    else {
      let missing = required.filter { values[$0] == nil }.joined(separator: ", ")
      throw IdentityCenterSettings.invalid(
        "The profile \"\(profile)\" is configured to use SSO but is missing required "
          + "configuration: \(missing)")
    }
    self.accountID = accountID
    self.roleName = roleName
    session = IdentityCenterSession(
      name: name, startURL: startURL, region: region, profile: profile)
  }

  private static func merge(
    _ section: [String: String], into values: inout [String: String]
  ) throws(ConfigurationError) {
    for key in section.keys.sorted() {
      let value = section[key] ?? ""
      if let own = values[key], own != value {
        throw invalid(
          "The value for \(key) is inconsistent between profile (\(own)) and sso-session "
            + "(\(value)).")
      }
      values[key] = value
    }
  }

  static func invalid(_ message: String) -> ConfigurationError {
    ConfigurationError(code: "InvalidConfigError", message: message)
  }

  /// The name of the role's credentials in the CLI's store: SHA-1 of compact JSON, keys sorted.
  var cacheKey: String {
    let last =
      session.name.map { ("sessionName", $0) } ?? ("startUrl", session.startURL)
    let members = [("accountId", accountID), ("roleName", roleName), last]
    let text = members.map { "\"\($0.0)\":\(PythonJSON.quoted($0.1))" }.joined(separator: ",")
    return SHA1.hex(of: "{\(text)}")
  }

  /// The portal's path and query for the role's credentials.
  var credentialsPath: String {
    "/federation/credentials?role_name=\(PercentEncoding.encode(roleName))"
      + "&account_id=\(PercentEncoding.encode(accountID))"
  }
}
