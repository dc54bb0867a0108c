internal import RotationCore

/// One AssumeRole call of a chain.
package struct RoleHop: Sendable, Hashable {
  package let profile: String
  package let roleARN: String
  package let externalID: String?
  package let durationSeconds: Int?
  package let sessionName: String?
}

/// The roles that a profile asks for and where the first keys come from; pure, no call is made.
package struct RoleChain: Sendable, Hashable {
  package enum Source: Sendable, Hashable {
    /// A profile with keys of its own.
    case profile(String)
    /// `credential_source = Environment`
    case environment
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
      hops.append(try RoleChain.hop(name, values))
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
      let hasKeys =
        nextValues["aws_access_key_id"] != nil || nextValues["aws_secret_access_key"] != nil
      if visited.contains(next), next != name || !hasKeys {
        throw ConfigurationError(
          code: "InfiniteLoopConfigError",
          message: "Infinite loop in credential configuration detected. Attempting to load from "
            + "profile \(next) which has already been visited. Visited profiles: "
            + "[\(visited.map { "'\($0)'" }.joined(separator: ", "))]")
      }
      visited.append(next)
      if hasKeys || nextValues["role_arn"] == nil || nextValues["web_identity_token_file"] != nil {
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
    switch kind {
    case "Environment": return .environment
    case "Ec2InstanceMetadata", "EcsContainer":
      throw ConfigurationError(
        code: "UnsupportedCredentials",
        message: "credential_source = \(kind) in the profile \"\(profile)\" is not supported in "
          + "this version")
    default:
      throw invalid(
        "The credential source \"\(kind)\" referenced in the profile \"\(profile)\" is not valid.")
    }
  }

  private static func hop(
    _ profile: String, _ values: [String: String]
  ) throws(ConfigurationError) -> RoleHop {
    if values["mfa_serial"] != nil {
      throw ConfigurationError(
        code: "UnsupportedCredentials",
        message: "mfa_serial in the profile \"\(profile)\" is not supported in this version")
    }
    return RoleHop(
      profile: profile, roleARN: values["role_arn"] ?? "", externalID: values["external_id"],
      durationSeconds: values["duration_seconds"].flatMap { Int($0) },
      sessionName: values["role_session_name"])
  }
}
