internal import Locking
internal import RunEngine

/// Shows a board's counters ten times a second until it is stopped.
final class ProgressLoop: Sendable {
  private let display: ProgressDisplay
  private let board: ProgressBoard
  private let isPaused = Locked(false)
  private let task: Locked<Task<Void, Never>?> = Locked(nil)

  init(_ board: ProgressBoard, _ console: Console, mode: ProgressMode?) {
    self.board = board
    display = ProgressDisplay(console, mode: mode)
    proceed()
  }

  /// Takes the progress away, for a question or a result.
  func pause() {
    isPaused.with { $0 = true }
    display.finish()
  }

  func proceed() {
    isPaused.with { $0 = false }
    task.with { task in
      guard task == nil else { return }
      // Ends with `stop`, which every owner calls on its way out.
      task = Task { [board, display, isPaused] in
        while !Task.isCancelled {
          isPaused.with { if !$0 { display.update(board.snapshot) } }
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
    }
  }

  func stop() {
    pause()
    task.with { $0?.cancel() }
  }
}
