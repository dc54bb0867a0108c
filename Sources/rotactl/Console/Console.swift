// The console's rules:
//  1. Results go to standard output, talk goes to standard error; nothing else writes to either.
//  2. `error:`, `warning:` and `hint:` are the only prefixes, in lower case, without a final stop.
//  3. A failure is printed and counted by the same call; the exit status comes from the count.
//  4. Colour never carries meaning: only on a terminal, off by NO_COLOR, ruled by --color.
//  5. At most one live area, on a terminal, below all lines; a line never mixes with it.
//  6. A closed pipe silences its stream and ends neither the run nor the process.
//  7. Text from outside is shown with its control characters spelled out.
//  8. --quiet silences talk, never errors, warnings, or results; --debug adds lines.
//  9. With --json standard output holds JSON alone, each document with a type and a version.
// 10. A lock guards both streams; writing is in order, from any thread.

internal import Locking
internal import RotationCore

/// The one way to the terminal and the standard streams, safe from any thread.
final class Console: Sendable {
  private struct State {
    var outputOpen = true
    var errorOpen = true
    /// Lines of the live area that stand on the terminal now.
    var drawn: [String] = []
    /// Questions that stand on the terminal; nothing is drawn below them.
    var questions = 0
    var failures = 0
    var status: ExitStatus?
  }

  private let surroundings: Surroundings
  private let state = Locked(State())
  /// Colours for standard output.
  let outputStyle: Style
  /// Colours for standard error.
  let errorStyle: Style
  let isQuiet: Bool
  let isDebug: Bool

  init(
    _ surroundings: Surroundings, color: ColorMode = .auto, isQuiet: Bool = false,
    isDebug: Bool = false
  ) {
    self.surroundings = surroundings
    self.isQuiet = isQuiet
    self.isDebug = isDebug
    outputStyle = Style.decide(
      color, isTerminal: surroundings.outputIsTerminal, environment: surroundings.environment)
    errorStyle = Style.decide(
      color, isTerminal: surroundings.errorIsTerminal, environment: surroundings.environment)
  }

  /// Whether a live area can be shown.
  var hasLiveTerminal: Bool {
    surroundings.errorIsTerminal && surroundings.environment["TERM"] != "dumb"
  }
  var width: Int { max(20, surroundings.width()) }
  var now: Double { surroundings.now() }

  // MARK: Results

  /// Writes text and a newline to standard output.
  ///
  /// - Returns: false once standard output is closed; a listing may end then, a run goes on.
  @discardableResult
  func result(_ text: String) -> Bool {
    state.with { state in
      guard state.outputOpen else { return false }
      let sharesScreen = surroundings.outputIsTerminal && !state.drawn.isEmpty
      let drawn = state.drawn
      if sharesScreen { erase(&state) }
      state.outputOpen = surroundings.writeOutput(Array((text + "\n").utf8))
      if sharesScreen { draw(drawn, &state) }
      return state.outputOpen
    }
  }

  /// Writes bytes as they are to standard output.
  ///
  /// - Returns: false once standard output is closed.
  @discardableResult
  func result(bytes: [UInt8]) -> Bool {
    state.with { state in
      guard state.outputOpen else { return false }
      if surroundings.outputIsTerminal { erase(&state) }
      state.outputOpen = surroundings.writeOutput(bytes)
      return state.outputOpen
    }
  }

  /// Writes one JSON document as one line to standard output.
  @discardableResult
  func result(_ value: JSONValue) -> Bool { result(value.compact) }

  // MARK: Talk

  /// Tells the operator something; silenced by `--quiet`.
  func say(_ text: String) {
    if !isQuiet { line(text) }
  }

  /// `warning: …`; the exit status does not change.
  func warn(_ text: String, hint: String? = nil) {
    var lines = errorStyle.yellow("warning:") + " " + HumanText.printable(text)
    if let hint { lines += "\n" + errorStyle.bold("hint:") + " " + HumanText.printable(hint) }
    line(lines)
  }

  /// A line for whoever looks for a fault; shown with `--debug` only.
  func debug(_ text: @autoclosure () -> String) {
    if isDebug { line(errorStyle.dim("debug: " + HumanText.printable(text()))) }
  }

  /// Prints a failure and counts it.
  func fail(_ diagnostic: Diagnostic) {
    let text = diagnostic.text(style: errorStyle)
    state.with { state in
      state.failures += 1
      if state.status == nil { state.status = diagnostic.status }
      writeLine(text, &state)
    }
  }

  /// How many failures were printed.
  var failures: Int { state.with { $0.failures } }

  /// The status of the first failure that was printed, `success` where there was none.
  var status: ExitStatus { state.with { $0.status ?? .success } }

  /// Writes whole lines to standard error, whatever `--quiet` says.
  func line(_ text: String) {
    state.with { writeLine(text, &$0) }
  }

  /// Writes text without a newline to standard error, for a question.
  func prompt(_ text: String) {
    state.with { state in
      erase(&state)
      writeError(text, &state)
    }
  }

  /// Keeps the live area away while a question stands on the terminal.
  func asking<R: Sendable>(_ question: () async -> R) async -> R {
    state.with { state in
      erase(&state)
      state.questions += 1
    }
    let answer = await question()
    state.with { $0.questions -= 1 }
    return answer
  }

  // MARK: The live area

  /// Replaces the live area; without a terminal nothing happens.
  ///
  /// Lines are cut to the terminal's width.
  func showLive(_ lines: [String]) {
    guard hasLiveTerminal else { return }
    state.with { state in
      guard state.questions == 0, state.drawn != lines else { return }
      erase(&state)
      draw(lines, &state)
    }
  }

  /// Takes the live area away.
  func endLive() {
    state.with { erase(&$0) }
  }

  private func writeLine(_ text: String, _ state: inout State) {
    let drawn = state.drawn
    erase(&state)
    writeError(text + "\n", &state)
    draw(drawn, &state)
  }

  private func erase(_ state: inout State) {
    guard !state.drawn.isEmpty else { return }
    // The cursor rests at the end of the last line: to its start, up to the first, clear below.
    let up = state.drawn.count > 1 ? "\u{1B}[\(state.drawn.count - 1)A" : ""
    state.drawn = []
    writeError("\r\(up)\u{1B}[J", &state)
  }

  private func draw(_ lines: [String], _ state: inout State) {
    guard !lines.isEmpty, state.errorOpen else { return }
    // One column stays free, so that no terminal wraps the line.
    let limit = width - 1
    writeError(lines.map { HumanText.cut($0, to: limit) }.joined(separator: "\n"), &state)
    state.drawn = lines
  }

  private func writeError(_ text: String, _ state: inout State) {
    guard state.errorOpen else { return }
    state.errorOpen = surroundings.writeError(Array(text.utf8))
  }
}
