internal import Locking
internal import Synchronization

/// Tells everything that runs to take nothing new, and why.
///
/// A lane has a signal of its own below the run's: it is stopped by both.
package final class StopSignal: Sendable {
  /// What ends a run before all its targets are settled.
  package enum Cause: Int, Sendable, CaseIterable {
    case interrupt = 1
    case terminate
    case deadline
    case threshold
    /// A canary was not proven off.
    case canary
    /// A freeze file appeared.
    case freeze
    /// The journal cannot be written; no further change may leave.
    case journal

    package var name: String {
      switch self {
      case .interrupt: "signal INT"
      case .terminate: "signal TERM"
      case .deadline: "deadline"
      case .threshold: "failure threshold"
      case .canary: "canary not proven off"
      case .freeze: "freeze file"
      case .journal: "journal cannot be written"
      }
    }
  }

  private struct State {
    var cause: Cause?
    var detail: String?
    /// The first lane that stopped alone.
    var laneCause: (cause: Cause, detail: String?)?
  }

  private let state = Locked(State())
  private let flag = Atomic<Bool>(false)
  private let parent: StopSignal?

  package init() { parent = nil }

  private init(below parent: StopSignal) { self.parent = parent }

  /// A signal for one lane.
  package func lane() -> StopSignal { StopSignal(below: self) }

  /// Only the first cause counts.
  ///
  /// - `detail`: what exactly happened, for the record.
  package func stop(_ cause: Cause, detail: String? = nil) {
    let isFirst = state.with { state in
      guard state.cause == nil else { return false }
      state.cause = cause
      state.detail = detail
      return true
    }
    guard isFirst else { return }
    flag.store(true, ordering: .sequentiallyConsistent)
    parent?.state.with { state in
      if state.laneCause == nil { state.laneCause = (cause, detail) }
    }
  }

  /// Why this was stopped; of a lane's signal also why the run was.
  package var cause: Cause? { state.with { $0.cause } ?? parent?.cause }
  package var isStopped: Bool { flag.load(ordering: .relaxed) || parent?.isStopped ?? false }

  /// Why the run as a whole, or else one of its lanes, came to an early end.
  package var ending: (cause: Cause, detail: String?)? {
    state.with { state in
      if let cause = state.cause { return (cause, state.detail) }
      return state.laneCause
    }
  }

  /// Waits, looking at the signal at least four times a second.
  ///
  /// - Returns: false when the wait ended because of a stop or a cancelled task.
  package func wait(_ seconds: Double, on clock: RunClock) async -> Bool {
    let end = clock.elapsed() + seconds
    while !isStopped, !Task.isCancelled {
      let left = end - clock.elapsed()
      if left <= 0 { return true }
      await clock.sleep(min(left, 0.25))
    }
    return false
  }
}
