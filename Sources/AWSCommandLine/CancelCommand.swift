internal import OutputFormats
internal import JMESPath
internal import RotationCore

/// Reads the command line of `secretsmanager cancel-rotate-secret` as the AWS CLI does.
package enum CancelCommand {
  package static let service = "secretsmanager"
  package static let operation = "cancel-rotate-secret"

  /// Whether the words are meant for this command: they name the service, or nearly, or ask for its
  /// prompt, and begin with none of the tool's own commands.
  ///
  /// The own commands are looked up only where the first word is not the service.
  package static func isAddressed(
    by words: [String], ownCommands: @autoclosure () -> [String]
  ) -> Bool {
    guard let first = words.first else { return false }
    if first == service { return true }
    guard !ownCommands().contains(first) else { return false }
    return words.contains(service) || words.contains("--cli-auto-prompt")
      || !CloseMatches.matches(for: first, in: [service]).isEmpty
  }

  /// Reads the words that follow the program's name.
  ///
  /// `isPrompted`: whether they come from the interactive prompt, which is not asked for
  /// again.
  package static func read(
    _ words: [String], in environment: CommandEnvironment, isPrompted: Bool = false
  ) -> CommandOutcome {
    var reader = CancelCommandReader(environment: environment, isPrompted: isPrompted)
    do throws(CommandFailure) {
      return try reader.read(words)
    } catch {
      // The partial mode asks where others complain.
      let isAsked = reader.promptMode == .partial && error.exitCode == CommandFailure.parameterCode
      return isAsked ? .prompt : .failed(error, reader.errorFormat)
    }
  }

  static let globalArguments: [Argument] = [
    Argument(name: "--debug", kind: .flag),
    Argument(name: "--endpoint-url", kind: .value),
    Argument(name: "--no-verify-ssl", kind: .flag),
    Argument(name: "--no-paginate", kind: .flag),
    Argument(
      name: "--output", kind: .value,
      choices: ["json", "text", "table", "yaml", "yaml-stream", "off"]),
    Argument(name: "--query", kind: .value),
    Argument(name: "--profile", kind: .value),
    Argument(name: "--region", kind: .value),
    Argument(name: "--version", kind: .version),
    Argument(name: "--color", kind: .value, choices: ["on", "off", "auto"]),
    Argument(name: "--no-sign-request", kind: .flag),
    Argument(name: "--ca-bundle", kind: .value),
    Argument(name: "--cli-read-timeout", kind: .value),
    Argument(name: "--cli-connect-timeout", kind: .value),
    Argument(name: "--cli-binary-format", kind: .value, choices: ["base64", "raw-in-base64-out"]),
    Argument(name: "--no-cli-pager", kind: .flag),
    Argument(name: "--cli-auto-prompt", kind: .flag),
    Argument(name: "--no-cli-auto-prompt", kind: .flag),
    Argument(
      name: "--cli-error-format", kind: .value, choices: ErrorFormat.allCases.map(\.rawValue)),
  ]

  /// The command's own; whether `--secret-id` must be there depends on the others.
  static let operationArguments: [Argument] = [
    Argument(name: "--secret-id", kind: .value),
    Argument(name: "--cli-input-json", kind: .value),
    Argument(name: "--cli-input-yaml", kind: .value),
    Argument(
      name: "--generate-cli-skeleton", kind: .optionalValue("input"),
      choices: ["input", "output", "yaml-input"]),
    Argument(name: "help", kind: .optionalWord),
  ]
}

/// One pass over a command line, check by check in the AWS CLI's order.
struct CancelCommandReader {
  let environment: CommandEnvironment
  /// How a failure met now is to be printed.
  private(set) var errorFormat = ErrorFormat.enhanced
  /// Off until the mode is known.
  private(set) var promptMode = PromptMode.off
  private let isPrompted: Bool

  init(environment: CommandEnvironment, isPrompted: Bool) {
    self.environment = environment
    self.isPrompted = isPrompted
  }

  mutating func read(_ words: [String]) throws(CommandFailure) -> CommandOutcome {
    let firstPass = CancelCommand.globalArguments.filter {
      $0.name == "--profile" || $0.name == "--debug"
    }
    guard try parse(words, with: firstPass, usage: Usage.firstPass) != nil else {
      return version
    }
    // A profile that does not exist is found out later, unless an option names another.
    let settings = environment.settings(nil)
    if !isPrompted { promptMode = try mode(words, settings) }
    if promptMode == .full { return .prompt }
    errorFormat = format(option: nil, settings)
    let main = CancelCommand.globalArguments + [word("command", [CancelCommand.service, "help"])]
    guard let parsed = try parse(words, with: main) else { return version }
    let profileSettings = environment.settings(nonempty(parsed.values["--profile"]))
    // The options are checked before their profile is looked at.
    let chosenFormat = parsed.values["--cli-error-format"]
    errorFormat = format(option: chosenFormat, settings)
    var options = try globalOptions(parsed, profileSettings)
    errorFormat = format(option: chosenFormat, profileSettings)
    options.errorFormat = errorFormat
    options.promptMode = promptMode
    try checkTimestamps(profileSettings)
    if parsed.values["command"] == "help" { return page(ManualPages.overview) }
    return try readService(parsed.extras, options)
  }

  private var version: CommandOutcome {
    .finished(
      standardOutput: Array("rotactl/\(environment.version) secretsmanager/2017-10-17\n".utf8))
  }

  private func page(_ text: String) -> CommandOutcome {
    .finished(standardOutput: Array(text.utf8))
  }

  private func nonempty(_ text: String?) -> String? { text?.isEmpty == true ? nil : text }

  private func word(_ name: String, _ choices: [String]) -> Argument {
    Argument(name: name, kind: .word, choices: choices, isRequired: true)
  }

  /// - Returns: nil when the version is asked for.
  private func parse(
    _ words: [String], with arguments: [Argument], usage: String = Usage.text
  ) throws(CommandFailure) -> ParsedArguments? {
    do throws(ArgumentMistake) {
      return try ArgumentParser(arguments: arguments).parse(words)
    } catch {
      switch error {
      case .versionAsked: return nil
      case .usage(let message): throw CommandFailure(usageMistake: message, usage: usage)
      }
    }
  }

  private func mode(
    _ words: [String], _ settings: CommandSettings?
  ) throws(CommandFailure) -> PromptMode {
    let on = words.contains("--cli-auto-prompt")
    let off = words.contains("--no-cli-auto-prompt")
    guard !on || !off else {
      throw CommandFailure(
        parameter: "Both --cli-auto-prompt and --no-cli-auto-prompt cannot be specified at the "
          + "same time.")
    }
    if off || words.contains("help") || words.contains("--version") { return .off }
    let configured =
      settings.map { environment.variables["AWS_CLI_AUTO_PROMPT"] ?? $0.autoPrompt ?? "off" }
      ?? "off"
    return on ? .full : PromptMode(rawValue: configured.lowercased()) ?? .off
  }

  private func format(option: String?, _ settings: CommandSettings?) -> ErrorFormat {
    if let option { return ErrorFormat(rawValue: option) ?? .enhanced }
    if let variable = environment.variables["AWS_CLI_ERROR_FORMAT"] {
      return ErrorFormat(rawValue: variable.lowercased()) ?? .enhanced
    }
    // The AWS CLI falls back to the legacy format where it cannot read the profile.
    guard let settings else { return .legacy }
    return settings.errorFormat.flatMap { ErrorFormat(rawValue: $0.lowercased()) } ?? .enhanced
  }

  private func globalOptions(
    _ parsed: ParsedArguments, _ settings: CommandSettings?
  ) throws(CommandFailure) -> GlobalOptions {
    var options = GlobalOptions()
    if let text = parsed.values["--query"] { options.query = try query(text) }
    options.endpointURL = parsed.values["--endpoint-url"]
    if let url = options.endpointURL { try EndpointOption.check(url) }
    options.noSignRequest = parsed.flags.contains("--no-sign-request")
    options.verifySSL = !parsed.flags.contains("--no-verify-ssl")
    options.caBundle = parsed.values["--ca-bundle"]
    options.readTimeout = try timeout(parsed.values["--cli-read-timeout"])
    options.connectTimeout = try timeout(parsed.values["--cli-connect-timeout"])
    options.profile = nonempty(parsed.values["--profile"])
    options.region = parsed.values["--region"]
    options.output = parsed.values["--output"]
    options.color = parsed.values["--color"] ?? "auto"
    options.debug = parsed.flags.contains("--debug")
    options.noPager = parsed.flags.contains("--no-cli-pager")
    options.noPaginate = parsed.flags.contains("--no-paginate")
    let binary = parsed.values["--cli-binary-format"] ?? settings?.binaryFormat ?? "base64"
    guard binary == "base64" || binary == "raw-in-base64-out" else {
      throw CommandFailure(general: DisplayText.nested(.string(binary)))
    }
    options.binaryFormat = binary
    return options
  }

  private func checkTimestamps(_ settings: CommandSettings?) throws(CommandFailure) {
    guard let format = settings?.timestampFormat, format != "wire", format != "iso8601" else {
      return
    }
    throw CommandFailure(
      configuration: "Configuration",
      "Unknown cli_timestamp_format value: \(format), valid values are \"wire\" or \"iso8601\"")
  }

  private func query(_ text: String) throws(CommandFailure) -> JMESPathExpression {
    do throws(JMESPathError) {
      return try JMESPathExpression(text)
    } catch {
      throw CommandFailure(parameter: "Bad value for --query \(text): \(error)")
    }
  }

  private func timeout(_ text: String?) throws(CommandFailure) -> Int? {
    guard let text else { return 60 }
    guard let seconds = PythonInteger.parse(text) else {
      throw CommandFailure(
        general: "invalid literal for int() with base 10: \(DisplayText.nested(.string(text)))")
    }
    return seconds == 0 ? nil : seconds
  }

  private func readService(
    _ words: [String], _ options: GlobalOptions
  ) throws(CommandFailure) -> CommandOutcome {
    let choices = [word("operation", [CancelCommand.operation, "help"])]
    guard let parsed = try parse(words, with: choices) else { return version }
    if parsed.values["operation"] == "help" { return page(ManualPages.service) }
    return try readOperation(parsed.extras, options)
  }

  private func readOperation(
    _ words: [String], _ options: GlobalOptions
  ) throws(CommandFailure) -> CommandOutcome {
    guard words != ["help"] else { return page(ManualPages.operation) }
    let arguments = CancelCommand.operationArguments.map { argument in
      var argument = argument
      argument.isRequired = argument.name == "--secret-id" && isSecretRequired(words)
      return argument
    }
    guard let parsed = try parse(words, with: arguments) else { return version }
    let stray = parsed.values["help"]
    if stray == "help" { return page(ManualPages.operation) }
    // The AWS CLI names a stray word last, and passes over an empty one.
    let unknown = parsed.extras + [stray].compactMap(nonempty)
    guard unknown.isEmpty else { throw CommandFailure(unknownOptions: unknown) }
    let reader = ParameterReader(environment: environment)
    let request = CancelRequest(options: options, parameters: try reader.parameters(parsed))
    switch parsed.values["--generate-cli-skeleton"] {
    case nil: return .request(request)
    case "input": return page(Skeleton.input)
    case "yaml-input": return page(Skeleton.yamlInput)
    default:
      _ = try request.validatedInput()
      return page(Skeleton.output)
    }
  }

  /// The input options free from `--secret-id`, but only where they are spelt out as words.
  private func isSecretRequired(_ words: [String]) -> Bool {
    if words.contains("--cli-input-json") || words.contains("--cli-input-yaml") { return false }
    guard let index = words.firstIndex(of: "--generate-cli-skeleton") else { return true }
    return index + 1 < words.count && words[index + 1] == "output"
  }
}
