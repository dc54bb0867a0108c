internal import ArgumentParser
internal import AWSCommandLine
internal import Glibc
internal import JMESPath
internal import LineEditing
internal import OutputFormats
internal import RotationCore
internal import SecretsManagerClient

/// `rotactl secretsmanager cancel-rotate-secret`: the AWS CLI's command, its words, bytes and exit
/// codes.
///
/// It makes one call, like the original, and proves nothing afterwards; `rotactl run` does.
struct DropIn: Sendable {
  let environment: [String: String]
  let streams: CommandStreams

  /// Whether the words are meant for this command and not for one of our own.
  static func isMeant(by words: [String]) -> Bool {
    CancelCommand.isAddressed(by: words, ownCommands: ownCommands)
  }

  private static var ownCommands: [String] {
    Rotactl.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
  }

  /// Runs the command to its end.
  ///
  /// - Returns: the AWS CLI's exit code.
  func run(_ words: [String]) async -> Int32 {
    leaveOnInterrupt()
    let settings: AWSConfiguration
    do {
      settings = try AWSConfiguration.load(environment: environment, countsEmpty: true)
    } catch {
      return fail(CommandFailure(.other(DropIn.plain(error))), .enhanced)
    }
    let status = await follow(CancelCommand.read(words, in: commandEnvironment(settings)), settings)
    return if let status { status } else { await prompt(words, settings) }
  }

  /// - Returns: nil where the prompt is to ask.
  private func follow(_ outcome: CommandOutcome, _ settings: AWSConfiguration) async -> Int32? {
    switch outcome {
    case .finished(let bytes):
      streams.output(bytes)
      return 0
    case .failed(let failure, let format): return fail(failure, format)
    case .request(let request): return await run(request, settings)
    case .prompt: return nil
    }
  }

  /// Asks for the command line and runs it; what is wrong in it can be mended and run again.
  private func prompt(_ words: [String], _ settings: AWSConfiguration) async -> Int32 {
    guard isatty(STDIN_FILENO) == 1 else {
      streams.error(Array("Warning: Input is not a terminal (fd=0).\n".utf8))
      return fail(CommandFailure(.other("")), .enhanced)
    }
    let prompt = AutoPrompt(environment: environment, settings: settings)
    var beginning = AutoPrompt.beginning(words)
    while true {
      let answer: LineEditor.Answer
      do {
        answer = try await prompt.line(beginning)
      } catch {
        return fail(error, .enhanced)
      }
      guard case .line(let text) = answer else { return DropIn.interrupted }
      beginning = text
      let line = PromptWords(text)
      if let problem = line.problem {
        _ = fail(CommandFailure(.other(problem)), .enhanced)
        continue
      }
      guard !line.all.isEmpty else { continue }
      let outcome = CancelCommand.read(
        line.all, in: commandEnvironment(settings), isPrompted: true)
      let status = await follow(outcome, settings)
      if let status, status != CommandFailure.parameterCode { return status }
    }
  }

  private static let interrupted: Int32 = 130

  /// The AWS CLI's sentence, which names the file and not the place in it.
  private static func plain(_ error: ConfigurationError) -> String {
    for mark in [" (line ", " (in [", " (not UTF-8"] {
      guard let place = error.message.firstRange(of: mark) else { continue }
      return String(error.message[..<place.lowerBound])
    }
    return error.message
  }

  private func commandEnvironment(_ settings: AWSConfiguration) -> CommandEnvironment {
    CommandEnvironment(
      variables: environment, version: ToolVersion.text,
      settings: { profile in
        guard settings.missingProfile(profile) == nil else { return nil }
        return CommandSettings(
          errorFormat: settings.value("cli_error_format", ofProfile: profile),
          autoPrompt: settings.value("cli_auto_prompt", ofProfile: profile),
          binaryFormat: settings.value("cli_binary_format", ofProfile: profile),
          timestampFormat: settings.value("cli_timestamp_format", ofProfile: profile))
      })
  }

  /// - Returns: nil where the parameters are wrong and the prompt is to ask.
  private func run(_ request: CancelRequest, _ settings: AWSConfiguration) async -> Int32? {
    let answer: JSONValue
    do {
      answer = try await CommandCall(
        request: request, settings: settings, environment: environment, streams: streams
      ).answer()
    } catch {
      if request.options.promptMode == .partial, error.exitCode == CommandFailure.parameterCode {
        return nil
      }
      return fail(error, request.options)
    }
    let printer = ResultPrinter(
      options: request.options, settings: settings, environment: environment, streams: streams)
    do {
      return try printer.show(answer)
    } catch {
      return fail(error, request.options)
    }
  }

  private func fail(_ failure: CommandFailure, _ options: GlobalOptions) -> Int32 {
    fail(failure, options.errorFormat, color: options.color)
  }

  private func fail(
    _ failure: CommandFailure, _ format: ErrorFormat, color: String = "auto"
  ) -> Int32 {
    let isColored = color == "on" || (color == "auto" && streams.errorIsTerminal)
    let style = OutputStyle(
      format: .json, operationName: "error", color: isColored ? .cells : .none,
      isTerminal: streams.errorIsTerminal, terminalWidth: streams.width)
    streams.error(failure.standardError(format, style))
    return failure.exitCode
  }

  /// Ctrl-C ends the command at once, as it ends the AWS CLI: a line end, and 130.
  private func leaveOnInterrupt() {
    signal(SIGINT) { _ in
      var end = UInt8(ascii: "\n")
      _ = write(STDOUT_FILENO, &end, 1)
      _exit(130)
    }
  }
}

/// The standard streams of the command, as bytes.
struct CommandStreams: Sendable {
  let outputIsTerminal: Bool
  let errorIsTerminal: Bool
  /// Columns of the terminal; 80 where there is none.
  let width: Int

  static func ofProcess() -> CommandStreams {
    var size = winsize()
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let isKnown =
      isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return CommandStreams(
      outputIsTerminal: isTerminal, errorIsTerminal: isatty(STDERR_FILENO) == 1,
      width: isKnown ? Int(size.ws_col) : 80)
  }

  func output(_ bytes: [UInt8]) { CommandStreams.write(bytes, to: STDOUT_FILENO) }
  func error(_ bytes: [UInt8]) { CommandStreams.write(bytes, to: STDERR_FILENO) }

  /// A reader that went away is not told apart from one that listens.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    bytes.withUnsafeBytes { raw in
      var done = 0
      while done < raw.count {
        let count = Glibc.write(descriptor, raw.baseAddress?.advanced(by: done), raw.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        done += count
      }
    }
  }
}
