internal import Locking
internal import RotationCore

/// Shows a run's progress on the console; safe from any thread, cheap to call often.
final class ProgressDisplay: Sendable {
  private let console: Console
  private let machine: Locked<ProgressMachine>
  private let mode: ProgressMode

  /// Makes a display; a mode of nil stands for `auto`.
  ///
  /// That is a bar on a terminal, else a line every five seconds. A bar that was asked for where
  /// there is no terminal becomes lines too.
  init(_ console: Console, mode: ProgressMode?) {
    self.console = console
    let wanted = mode ?? .bar
    self.mode = wanted == .bar && !console.hasLiveTerminal ? .plain : wanted
    machine = Locked(ProgressMachine(mode: self.mode))
  }

  func update(_ progress: RunProgress) {
    machine.with { machine in perform(machine.take(progress, now: console.now)) }
  }

  /// Takes the bar away, or writes the last line.
  func finish() {
    machine.with { machine in
      perform(machine.finish(now: console.now))
      console.endLive()
    }
  }

  private func perform(_ action: ProgressMachine.Action) {
    switch action {
    case .nothing: break
    case .draw(let lines): console.showLive(lines)
    case .line(let text): console.line(text)
    }
  }
}
