/// What the words of the command mean, short enough to stand beside them in a list.
enum PromptNotes {
  static func of(_ word: String) -> String { notes[word] ?? "" }

  private static let notes = [
    CancelCommand.service: "AWS Secrets Manager",
    CancelCommand.operation: "turn off the rotation of one secret",
    "help": "the manual page",
    "--secret-id": "name or ARN of the secret",
    "--cli-input-json": "the parameters as JSON, or file://PATH",
    "--cli-input-yaml": "the parameters as YAML, or file://PATH",
    "--generate-cli-skeleton": "print a sample, make no call",
    "--debug": "log to standard error",
    "--endpoint-url": "URL to send the request to",
    "--no-verify-ssl": "do not check certificates",
    "--no-paginate": "no effect on this command",
    "--output": "form of the output",
    "--query": "JMESPath expression for the output",
    "--profile": "profile of the configuration files",
    "--region": "region of the secret",
    "--color": "colour of tables",
    "--no-sign-request": "send without credentials",
    "--ca-bundle": "file of certificates to trust",
    "--cli-read-timeout": "seconds, 0 for no limit",
    "--cli-connect-timeout": "seconds, 0 for no limit",
    "--cli-binary-format": "no effect on this command",
    "--no-cli-pager": "no pager for the output",
    "--cli-error-format": "form of errors",
  ]
}
