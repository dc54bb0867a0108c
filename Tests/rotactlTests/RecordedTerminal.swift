import Locking
@testable import rotactl

/// A console whose streams, width and clock a test holds in its hands.
final class RecordedTerminal: Sendable {
  private struct State {
    var output: [UInt8] = []
    var error: [UInt8] = []
    var now = 100.0
    var outputOpen = true
    var errorOpen = true
    var writes = 0
  }
  private let state = Locked(State())

  var output: String { state.with { String(decoding: $0.output, as: UTF8.self) } }
  var error: String { state.with { String(decoding: $0.error, as: UTF8.self) } }
  var writes: Int { state.with { $0.writes } }
  var now: Double {
    get { state.with { $0.now } }
    set { state.with { $0.now = newValue } }
  }

  func closeOutput() { state.with { $0.outputOpen = false } }
  func closeError() { state.with { $0.errorOpen = false } }

  func surroundings(
    outputIsTerminal: Bool = false, errorIsTerminal: Bool = false, width: Int = 80,
    environment: [String: String] = [:]
  ) -> Surroundings {
    Surroundings(
      writeOutput: { [state] bytes in
        state.with { state in
          state.writes += 1
          if state.outputOpen { state.output += bytes }
          return state.outputOpen
        }
      },
      writeError: { [state] bytes in
        state.with { state in
          state.writes += 1
          if state.errorOpen { state.error += bytes }
          return state.errorOpen
        }
      },
      outputIsTerminal: outputIsTerminal, errorIsTerminal: errorIsTerminal, width: { width },
      now: { [self] in now }, environment: environment)
  }

  /// What a person sees of standard error: text, and the three movements that the console uses.
  var screen: [String] {
    var lines: [[Character]] = [[]]
    var row = 0
    var column = 0
    var rest = Array(error)[...]
    while let character = rest.popFirst() {
      switch character {
      case "\r": column = 0
      case "\n", "\r\n":
        row += 1
        column = 0
        if row == lines.count { lines.append([]) }
      case "\u{1B}":
        let sequence = rest.prefix { !$0.isLetter }
        rest = rest.dropFirst(sequence.count)
        let final = rest.popFirst()
        if final == "A" { row -= Int(String(sequence.dropFirst())) ?? 1 }
        if final == "J" {
          lines[row].removeLast(max(0, lines[row].count - column))
          lines.removeLast(lines.count - row - 1)
        }
      default:
        if column < lines[row].count {
          lines[row][column] = character
        } else {
          lines[row].append(character)
        }
        column += 1
      }
    }
    return lines.map { String($0) }
  }
}
