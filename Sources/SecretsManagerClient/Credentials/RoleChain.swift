package import RotationCore

/// One AssumeRole call of a chain.
package struct RoleHop: Sendable, Hashable {
  package let profile: String
  package let roleARN: String
  package let externalID: String?
  /// The device whose code the call must carry.
  package let mfaSerial: String?
  package let durationSeconds: Int?
  /// Nil where the profile names none.
  package let sessionName: String?

  /// What the AWS CLI refuses before it asks STS, in its order and words.
  package var problem: ServiceFailure? {
    CallParameters.problem([
      .length("RoleSessionName", sessionName, atLeast: 2),
      .length("ExternalId", externalID, atLeast: 2),
      .length("SerialNumber", mfaSerial, atLeast: 9),
      .value("DurationSeconds", durationSeconds, atLeast: 900),
      .length("RoleArn", roleARN, atLeast: 20),
    ])
  }
}

/// The values of `credential_source`.
package enum NamedSource: String, Sendable, Hashable {
  case environment = "Environment"
  case instanceMetadata = "Ec2InstanceMetadata"
  case container = "EcsContainer"
}

/// The roles that a profile asks for and where the first keys come from; pure, no call is made.
package struct RoleChain: Sendable, Hashable {
  package enum Source: Sendable, Hashable {
    /// A profile with keys of its own.
    case profile(String)
    /// `credential_source`
    case named(NamedSource)
  }

  package let source: Source
  /// In the order of the calls.
  package let hops: [RoleHop]

  /// Follows `source_profile` from a profile that has a `role_arn`, as botocore does.
  package init(
    of profile: String, in profiles: [String: [String: String]]
  ) throws(ConfigurationError) {
    var hops: [RoleHop] = []
    var visited = [profile]
    var name = profile
    while true {
      let values = profiles[name] ?? [:]
      hops.append(RoleChain.hop(name, values))
      let source = values["source_profile"]
      let credentialSource = values["credential_source"]
      if let kind = credentialSource {
        guard source == nil else {
          throw RoleChain.invalid(
            "The profile \"\(name)\" contains both source_profile and credential_source.")
        }
        self.source = try RoleChain.source(kind, name)
        break
      }
      guard let next = source else {
        throw ConfigurationError(
          code: "PartialCredentials",
          message: "Partial credentials found in assume-role, missing: source_profile or "
            + "credential_source")
      }
      guard let nextValues = profiles[next] else {
        throw RoleChain.invalid(
          "The source_profile \"\(next)\" referenced in the profile \"\(name)\" does not exist.")
      }
      let hasKeys = RoleChain.hasKeys(nextValues)
      if visited.contains(next), next != name || !hasKeys {
        throw ConfigurationError(
          code: "InfiniteLoopConfigError",
          message: "Infinite loop in credential configuration detected. Attempting to load from "
            + "profile \(next) which has already been visited. Visited profiles: "
            + "[\(visited.map { "'\($0)'" }.joined(separator: ", "))]")
      }
      visited.append(next)
      if hasKeys || !RoleChain.isRole(nextValues) {
        self.source = .profile(next)
        break
      }
      name = next
    }
    self.hops = hops.reversed()
  }

  private static func invalid(_ message: String) -> ConfigurationError {
    ConfigurationError(code: "InvalidConfigError", message: message)
  }

  private static func source(
    _ kind: String, _ profile: String
  ) throws(ConfigurationError) -> Source {
    guard let named = NamedSource(rawValue: kind) else {
      throw invalid(
        "The credential source \"\(kind)\" referenced in profile \"\(profile)\" is not valid.")
    }
    return .named(named)
  }

  private static func hop(_ profile: String, _ values: [String: String]) -> RoleHop {
    RoleHop(
      profile: profile, roleARN: values["role_arn"] ?? "", externalID: values["external_id"],
      mfaSerial: values["mfa_serial"],
      durationSeconds: values["duration_seconds"].flatMap(wholeNumber),
      sessionName: values["role_session_name"].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// A number as Python's `int` reads it: blanks around, a sign, underscores between digits.
  private static func wholeNumber(_ text: String) -> Int? {
    let digits = TextTrimming.trim(text)
    guard digits.contains("_") else { return Int(digits) }
    let parts = digits.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.allSatisfy({ $0.last?.isNumber == true }) else { return nil }
    return parts.dropFirst().allSatisfy({ $0.first?.isNumber == true })
      ? Int(parts.joined()) : nil
  }

  /// Whether a profile's own keys stand before its role when it is a source.
  package static func hasKeys(_ values: [String: String]) -> Bool {
    values["aws_access_key_id"] != nil || values["aws_secret_access_key"] != nil
  }

  /// Whether a profile asks for a role by the keys of another source.
  package static func isRole(_ values: [String: String]) -> Bool {
    values["role_arn"] != nil && values["web_identity_token_file"] == nil
  }
}
