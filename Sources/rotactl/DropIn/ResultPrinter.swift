internal import AWSCommandLine
internal import JMESPath
internal import OutputFormats
internal import RotationCore
internal import SecretsManagerClient

/// Puts the answer through `--query` and `--output`, and through the pager on a terminal.
struct ResultPrinter: Sendable {
  let options: GlobalOptions
  let settings: AWSConfiguration
  let environment: [String: String]
  let streams: CommandStreams

  /// - Returns: the exit code.
  /// - Throws: ``CommandFailure`` when the format is not known or the query or pager fails.
  func show(_ answer: JSONValue) throws(CommandFailure) -> Int32 {
    let name = options.output ?? settings.outputFormat(profile: options.profile)
    guard let format = OutputFormat(rawValue: name) else {
      throw CommandFailure(.unknownOutput(name))
    }
    // Nothing is shown, so nothing is asked of the answer either.
    let result = format == .off ? answer : try queried(answer)
    let pager = try Pager.start(pagerCommand, environment: environment)
    let style = OutputStyle(
      format: format, operationName: "CancelRotateSecret", color: color(isPaged: pager != nil),
      isTerminal: streams.outputIsTerminal, terminalWidth: streams.width)
    // An answer without a member prints nothing; a query's empty object is a result.
    let isSilent = options.query == nil && answer == .object(JSONObject())
    let rendered = isSilent ? nil : render(result, style)
    if let pager {
      pager.show(rendered?.bytes ?? [])
    } else {
      streams.output(rendered?.bytes ?? [])
    }
    if let failure = rendered?.failure { throw CommandFailure(.other(failure)) }
    return 0
  }

  private func queried(_ answer: JSONValue) throws(CommandFailure) -> JSONValue {
    guard let query = options.query else { return answer }
    do throws(JMESPathError) {
      return try query.search(answer)
    } catch {
      throw CommandFailure(.other("\(error)"))
    }
  }

  private var pagerCommand: String? {
    guard streams.outputIsTerminal, !options.noPager else { return nil }
    return settings.pager(profile: options.profile)
  }

  private func color(isPaged: Bool) -> OutputStyle.Color {
    let isOn = options.color == "on" || (options.color == "auto" && streams.outputIsTerminal)
    guard isOn else { return .none }
    return isPaged ? .cells : .cellsAndResets
  }
}
