/// How the process ends, for scripts: one meaning a number, the same for every command.
///
/// README's table and the section in each command's help are made from these cases. The drop-in
/// for the AWS CLI's command has that tool's numbers and does not use this type.
enum ExitStatus: Int32, Sendable, Hashable, CaseIterable {
  case success = 0
  case internalError = 1
  case usage = 2
  case finishedWithFailures = 3
  case stoppedByThreshold = 4
  case refused = 5
  case preflight = 6
  case planHasChanges = 7
  case deadline = 10
  case transient = 75
  case interrupted = 130
  case terminated = 143

  /// What the number says, in one line without a final stop.
  var meaning: String {
    switch self {
    case .success: "every target settled well"
    case .internalError: "internal error"
    case .usage: "usage or manifest invalid, nothing was called"
    case .finishedWithFailures: "finished, with failed or unknown targets"
    case .stoppedByThreshold: "stopped by the failure threshold or a canary, resumable"
    case .refused:
      "refused by a guard: wrong account, not confirmed, stale plan, cap exceeded, frozen"
    case .preflight: "credentials or preflight"
    case .planHasChanges: "the plan has changes, only with --detailed-exitcode"
    case .deadline: "deadline reached, resumable"
    case .transient: "transient, run again"
    case .interrupted: "interrupted (INT), resumable"
    case .terminated: "terminated (TERM), resumable"
    }
  }

  /// The section at the end of each command's help.
  static var helpSection: String {
    let rows = allCases.map { status in
      let number = String(status.rawValue)
      let padding = String(repeating: " ", count: max(0, 5 - number.count))
      return padding + number + "  " + status.meaning
    }
    return """
      Every option can be given as an environment variable: --in-flight is ROTACTL_IN_FLIGHT. \
      What is typed beats the environment; lists are separated by commas.

      EXIT STATUS
      \(rows.joined(separator: "\n"))
      Take any other number as a failure.
      """
  }

  /// The table of README, header included, without a final newline.
  static var markdownTable: String {
    let rows = allCases.map { "| \($0.rawValue) | \($0.meaning) |" }
    return (["| status | meaning |", "|---|---|"] + rows).joined(separator: "\n")
  }
}
