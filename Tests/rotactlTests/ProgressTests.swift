import RotationCore
import Testing

@testable import rotactl

@Suite struct `Progress` {
  private func progress(_ done: Int, of total: Int?, attempts: Int = 0) -> RunProgress {
    var progress = RunProgress()
    progress.stage = .cancelling
    progress.done = done
    progress.total = total
    progress.attempts = attempts
    return progress
  }

  @Test func `the bar says stage, share, outcomes, traffic and time left`() {
    var machine = ProgressMachine(mode: .bar)
    #expect(
      machine.take(progress(0, of: 1000), now: 0)
        == .draw(["cancelling [------------------------] 0%  0 / 1,000"]))
    var later = progress(250, of: 1000, attempts: 500)
    later.outcomes = [.cancelled: 240, .failed: 10]
    later.throttles = 3
    later.waiting = 2
    #expect(
      machine.take(later, now: 10)
        == .draw([
          "cancelling [######------------------] 25%  250 / 1,000  ETA 30s",
          "  cancelled 240, failed 10", "  50 calls/s, throttled 3, waiting 2",
        ]))
  }

  @Test func `a pause is said, and no time is promised`() {
    var machine = ProgressMachine(mode: .plain)
    _ = machine.take(progress(0, of: 1000), now: 0)
    var paused = progress(500, of: 1000, attempts: 500)
    paused.lanes = 2
    paused.pausedLanes = 2
    #expect(machine.take(paused, now: 10) == .line("cancelling 500 / 1,000; paused; 50 calls/s"))
    paused.pausedLanes = 1
    #expect(
      machine.take(paused, now: 20) == .line("cancelling 500 / 1,000; 1 lane paused; 25 calls/s"))
  }

  @Test func `the quota is a floor of the time left`() {
    var machine = ProgressMachine(mode: .plain)
    var first = progress(0, of: 1000)
    first.remainingSeconds = 25
    #expect(machine.take(first, now: 0) == .line("cancelling 0 / 1,000; ETA 25s"))
    var second = progress(900, of: 1000, attempts: 900)
    second.remainingSeconds = 60
    #expect(
      machine.take(second, now: 10)
        == .line("cancelling 900 / 1,000; 90 calls/s; ETA 1m 0s"))
  }

  @Test func `the bar is drawn at most ten times a second, lines every five seconds`() {
    var bar = ProgressMachine(mode: .bar)
    #expect(bar.take(progress(1, of: 9), now: 0) != .nothing)
    #expect(bar.take(progress(2, of: 9), now: 0.05) == .nothing)
    #expect(bar.take(progress(3, of: 9), now: 0.11) != .nothing)
    var plain = ProgressMachine(mode: .plain)
    #expect(plain.take(progress(1, of: 9), now: 0) == .line("cancelling 1 / 9"))
    #expect(plain.take(progress(2, of: 9), now: 4.9) == .nothing)
    #expect(plain.take(progress(3, of: 9), now: 5) != .nothing)
  }

  @Test func `a new stage is shown at once and measured anew`() {
    var machine = ProgressMachine(mode: .plain)
    _ = machine.take(progress(1, of: 9, attempts: 5), now: 0)
    var next = RunProgress()
    next.stage = .bundling
    #expect(machine.take(next, now: 0.01) == .line("bundling 0"))
  }

  @Test func `the last snapshot is written once and only once`() {
    var machine = ProgressMachine(mode: .plain)
    _ = machine.take(progress(1, of: 9), now: 0)
    #expect(machine.finish(now: 1) == .nothing)
    _ = machine.take(progress(9, of: 9), now: 2)
    #expect(machine.finish(now: 2) != .nothing)
    #expect(machine.finish(now: 3) == .nothing)
  }

  @Test func `JSON progress has a type and a version on each line`() throws {
    var machine = ProgressMachine(mode: .json)
    var snapshot = progress(3, of: 9, attempts: 4)
    snapshot.remainingSeconds = 1.25
    guard case .line(let line) = machine.take(snapshot, now: 0) else {
      Issue.record("no line")
      return
    }
    let value = try JSONValue(parsing: line)
    #expect(value["type"] == "progress")
    #expect(value["version"] == 1)
    #expect(value["stage"] == "cancelling")
    #expect(value["total"] == 9)
    #expect(value["outcomes"]?["unknown"] == 0)
    #expect(value["remainingSeconds"] == 2)
    #expect(value["callsPerSecond"] == nil)
  }

  @Test func `almost all is never 100 per cent`() {
    var machine = ProgressMachine(mode: .bar)
    guard case .draw(let lines) = machine.take(progress(999_999, of: 1_000_000), now: 0) else {
      Issue.record("nothing drawn")
      return
    }
    #expect(lines[0].contains(" 99%"))
  }

  @Test func `an hour of frequent snapshots keeps the speed right`() {
    var machine = ProgressMachine(mode: .json)
    var last = ""
    for step in 0...36_000 {
      let action = machine.take(
        progress(step * 4, of: 1_000_000, attempts: step * 8), now: Double(step) / 10)
      if case .line(let line) = action { last = line }
    }
    #expect(last.contains("\"callsPerSecond\":80,"))
    // 856,000 targets at 40 a second; rounded up, so the last bit of the division may show.
    let remaining = (try? JSONValue(parsing: last))?["remainingSeconds"]?.int ?? 0
    #expect((21_400...21_401).contains(remaining))
  }

  @Test func `on a terminal the bar leaves nothing behind`() {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings(errorIsTerminal: true))
    let display = ProgressDisplay(console, mode: nil)
    display.update(progress(1, of: 9))
    console.say("a line")
    terminal.now += 1
    display.update(progress(2, of: 9, attempts: 7))
    #expect(
      terminal.screen == [
        "a line", "cancelling [#####-------------------] 22%  2 / 9  ETA 7s", "  7 calls/s",
      ])
    display.finish()
    #expect(terminal.screen == ["a line", ""])
  }

  @Test func `without a terminal auto and bar write lines, none writes nothing`() {
    for mode in [nil, ProgressMode.bar] {
      let terminal = RecordedTerminal()
      ProgressDisplay(Console(terminal.surroundings()), mode: mode).update(progress(1, of: 9))
      #expect(terminal.error == "cancelling 1 / 9\n")
    }
    let terminal = RecordedTerminal()
    let display = ProgressDisplay(Console(terminal.surroundings()), mode: ProgressMode.none)
    display.update(progress(1, of: 9))
    display.finish()
    #expect(terminal.error.isEmpty)
  }
}
