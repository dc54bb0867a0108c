internal import AWSCommandLine
internal import SecretsManagerClient

/// Settings that mean nothing to this command and that the AWS CLI still refuses where they are
/// wrong, in its order.
struct ClientSettingChecks {
  let settings: AWSConfiguration
  let profile: String?

  private static let largestCompression = 1_048_576

  func check() throws(CommandFailure) {
    try compression()
    try checksum("request_checksum_calculation")
    try checksum("response_checksum_validation")
    try accountEndpoints()
  }

  private func value(_ key: String) -> String? {
    settings.setting("AWS_\(key.uppercased())", key, profile)
  }

  private func checksum(_ key: String) throws(CommandFailure) {
    guard let value = value(key) else { return }
    guard ["when_supported", "when_required"].contains(value.lowercased()) else {
      throw CommandFailure(
        .other(
          "Unsupported configuration value for \(key). Expected one of ('when_supported', "
            + "'when_required') but got \(value)."))
    }
  }

  private func compression() throws(CommandFailure) {
    let key = "request_min_compression_size_bytes"
    guard let value = value(key) else { return }
    guard let bytes = PythonInteger.parse(value) else {
      throw CommandFailure(
        .other(
          "Invalid value \"\(value)\" for \(key). Value must be an integer. Received "
            + "<class 'str'> instead."))
    }
    guard (1...ClientSettingChecks.largestCompression).contains(bytes) else {
      throw CommandFailure(
        .other("Invalid value \"\(value)\" for \(key). Value must be between 1 and 1048576."))
    }
  }

  private func accountEndpoints() throws(CommandFailure) {
    let key = "account_id_endpoint_mode"
    guard let value = value(key) else { return }
    guard ["preferred", "disabled", "required"].contains(value.lowercased()) else {
      throw CommandFailure(
        .other(
          "The configured value '\(value)' for '\(key)' is invalid. Valid values are: "
            + "('preferred', 'disabled', 'required')."))
    }
  }
}
