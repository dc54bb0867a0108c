package import RotationCore
internal import Synchronization

/// Counters that the console reads while the run writes them.
package final class ProgressBoard: Sendable {
  private final class Counter: Sendable {
    let value = Atomic<Int>(0)
    func add(_ amount: Int) { value.add(amount, ordering: .relaxed) }
    func set(_ new: Int) { value.store(new, ordering: .relaxed) }
    var now: Int { value.load(ordering: .relaxed) }
  }

  private static let stages: [RunProgress.Stage] = [
    .reading, .preflight, .listing, .describing, .cancelling, .restoring, .relabelling, .bundling,
  ]

  private let stage = Counter()
  private let done = Counter()
  private let total = Counter()
  private let attempts = Counter()
  private let throttles = Counter()
  private let waiting = Counter()
  private let lanes = Counter()
  private let pausedLanes = Counter()
  private let outcomes = Outcome.allCases.map { _ in Counter() }

  package init() { total.set(-1) }

  package func begin(_ new: RunProgress.Stage, total count: Int?) {
    done.set(0)
    total.set(count ?? -1)
    stage.set(ProgressBoard.stages.firstIndex(of: new) ?? 0)
  }

  package func advance(by amount: Int = 1) { done.add(amount) }

  package func settled(_ outcome: Outcome, count: Int = 1) {
    if let index = Outcome.allCases.firstIndex(of: outcome) { outcomes[index].add(count) }
    done.add(count)
  }

  func attempted(throttled: Bool) {
    attempts.add(1)
    if throttled { throttles.add(1) }
  }

  func waits(_ change: Int) { waiting.add(change) }

  func lanes(_ count: Int, paused: Int) {
    lanes.set(count)
    pausedLanes.set(paused)
  }

  package var snapshot: RunProgress {
    var progress = RunProgress()
    progress.stage = ProgressBoard.stages[stage.now]
    progress.done = done.now
    progress.total = total.now < 0 ? nil : total.now
    progress.attempts = attempts.now
    progress.throttles = throttles.now
    progress.waiting = waiting.now
    progress.lanes = lanes.now
    progress.pausedLanes = pausedLanes.now
    for (outcome, counter) in zip(Outcome.allCases, outcomes) where counter.now > 0 {
      progress.outcomes[outcome] = counter.now
    }
    return progress
  }
}
