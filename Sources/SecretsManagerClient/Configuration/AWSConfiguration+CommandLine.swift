/// Settings of the command line itself, which the drop-in command needs.
extension AWSConfiguration {
  /// AWS_DEFAULT_OUTPUT, then `output`, then `json`; the name is not checked.
  package func outputFormat(profile: String?) -> String {
    setting("AWS_DEFAULT_OUTPUT", "output", profile) ?? "json"
  }

  /// AWS_CLI_ERROR_FORMAT, then `cli_error_format`, then `enhanced`; the name is not checked.
  package func errorFormat(profile: String?) -> String {
    setting("AWS_CLI_ERROR_FORMAT", "cli_error_format", profile) ?? "enhanced"
  }

  /// The profile's `cli_timestamp_format`, else `iso8601`; the name is not checked.
  package func timestampFormat(profile: String?) -> String {
    value("cli_timestamp_format", ofProfile: profile) ?? "iso8601"
  }

  /// The profile's `cli_binary_format`, else `base64`; the name is not checked.
  package func binaryFormat(profile: String?) -> String {
    value("cli_binary_format", ofProfile: profile) ?? "base64"
  }

  /// AWS_CLI_AUTO_PROMPT, then `cli_auto_prompt`, then `off`; in lower case.
  package func autoPrompt(profile: String?) -> String {
    setting("AWS_CLI_AUTO_PROMPT", "cli_auto_prompt", profile)?.lowercased() ?? "off"
  }

  /// AWS_PAGER, `cli_pager`, PAGER, then `less`; nil when the first that is set is empty.
  package func pager(profile: String?) -> String? {
    let chosen =
      givenEnvironment["AWS_PAGER"] ?? profiles[profileName(profile)]?["cli_pager"]
      ?? givenEnvironment["PAGER"] ?? "less"
    return chosen.isEmpty ? nil : chosen
  }
}
