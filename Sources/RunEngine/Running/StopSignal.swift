internal import Synchronization

/// Tells everything that runs to take nothing new, and why.
package final class StopSignal: Sendable {
  /// What ends a run before all its targets are settled.
  package enum Cause: Int, Sendable {
    case interrupt = 1
    case terminate
    case deadline
    case threshold
    /// The journal cannot be written; no further change may leave.
    case journal

    package var name: String {
      switch self {
      case .interrupt: "signal INT"
      case .terminate: "signal TERM"
      case .deadline: "deadline"
      case .threshold: "failure threshold"
      case .journal: "journal cannot be written"
      }
    }
  }

  private let raw = Atomic<Int>(0)

  package init() {}

  /// Only the first cause counts.
  package func stop(_ cause: Cause) {
    _ = raw.compareExchange(
      expected: 0, desired: cause.rawValue, ordering: .sequentiallyConsistent)
  }

  package var cause: Cause? { Cause(rawValue: raw.load(ordering: .relaxed)) }
  package var isStopped: Bool { raw.load(ordering: .relaxed) != 0 }

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
