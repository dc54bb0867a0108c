/// How the metadata service of EC2 is reached.
package struct MetadataSettings: Sendable, Hashable {
  /// AWS_EC2_METADATA_DISABLED; there is no key for it.
  package var isDisabled: Bool
  /// The URL to ask; a configured one beats the mode.
  package var endpoint: String
  /// `ipv4` or `ipv6`.
  package var mode: String
  package var isVersion1Disabled: Bool
  package var timeoutSeconds: Int
  /// The first attempt included.
  package var attempts: Int
}

extension AWSConfiguration {
  /// Refuses what ``metadataSettings(profile:)`` refuses; the AWS CLI does so before any call.
  package func checkMetadata(profile: String?) throws(ConfigurationError) {
    _ = try metadataSettings(profile: profile)
  }

  /// The settings AWS_EC2_METADATA_… and AWS_METADATA_SERVICE_…, then the profile's keys.
  ///
  /// Throws for a mode other than IPv4 and IPv6, a URL that is none, and a number that is none.
  package func metadataSettings(
    profile: String?
  ) throws(ConfigurationError) -> MetadataSettings {
    let timeout = try integer(
      "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", profile, "ValueError")
    let attempts = try integer(
      "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", profile, "ValueError")
    let mode = try metadataMode(profile)
    return MetadataSettings(
      isDisabled: environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true",
      endpoint: try metadataEndpoint(profile, mode), mode: mode,
      isVersion1Disabled: flag("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled", profile),
      timeoutSeconds: timeout ?? 1, attempts: attempts ?? 1)
  }

  private func metadataMode(_ profile: String?) throws(ConfigurationError) -> String {
    let key = "ec2_metadata_service_endpoint_mode"
    guard let mode = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", key, profile) else {
      return flag("AWS_IMDS_USE_IPV6", "imds_use_ipv6", profile) ? "ipv6" : "ipv4"
    }
    let lower = mode.lowercased()
    guard lower == "ipv4" || lower == "ipv6" else {
      throw ConfigurationError(
        code: "InvalidIMDSEndpointModeError",
        message: "Invalid EC2 Instance Metadata endpoint mode: \(mode) Valid endpoint modes "
          + "(case-insensitive): ('ipv4', 'ipv6').")
    }
    return lower
  }

  private func metadataEndpoint(
    _ profile: String?, _ mode: String
  ) throws(ConfigurationError) -> String {
    let key = "ec2_metadata_service_endpoint"
    guard let url = setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", key, profile), !url.isEmpty else {
      return mode == "ipv6" ? "http://[fd00:ec2::254]/" : "http://169.254.169.254/"
    }
    guard Endpoint.isValidURL(url) else {
      throw ConfigurationError(
        code: "InvalidIMDSEndpointError",
        message: "Invalid endpoint EC2 Instance Metadata endpoint: \(url)")
    }
    return url
  }
}
