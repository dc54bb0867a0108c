/// How many failures a run, or one lane of it, puts up with.
///
/// `failed` and `unknown` count as failures. A count of 0 tolerates none: the first one stops; a
/// count of N stops at failure N + 1. A percentage is of the targets that have settled in this
/// session and called for a change or failed, and is first judged at ``percentFloor`` of them,
/// except for 0 %, which like a count of 0 tolerates none.
package enum FailureLimit: Sendable, Hashable {
  case count(Int)
  /// From 0 to 100.
  case percent(Double)

  /// So many targets must have settled before a percentage is judged.
  package static let percentFloor = 20

  /// Whether the run or lane has to stop.
  ///
  /// - `failures`: of the `settled` ones.
  package func isExceeded(failures: Int, settled: Int) -> Bool {
    guard failures > 0 else { return false }
    switch self {
    case .count(let allowed): return failures > allowed
    case .percent(let allowed):
      if allowed <= 0 { return true }
      guard settled >= FailureLimit.percentFloor else { return false }
      return Double(failures) * 100 > allowed * Double(settled)
    }
  }
}

/// Counts what settles and tells when a limit is exceeded.
package struct FailureTally: Sendable, Hashable {
  package let limit: FailureLimit?
  package private(set) var settled = 0
  package private(set) var failures = 0
  private var hasTripped = false

  package init(_ limit: FailureLimit?) { self.limit = limit }

  /// - Returns: true once, when this outcome exceeds the limit.
  package mutating func add(_ outcome: Outcome) -> Bool {
    settled += 1
    if outcome == .failed || outcome == .unknown { failures += 1 }
    guard let limit, !hasTripped, limit.isExceeded(failures: failures, settled: settled) else {
      return false
    }
    hasTripped = true
    return true
  }
}

extension FailureLimit: CustomStringConvertible {
  package var description: String {
    switch self {
    case .count(let count): String(count)
    case .percent(let percent): "\(JSONNumber(percent).literal)%"
    }
  }
}
