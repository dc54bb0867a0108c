internal import Locking
package import RotationCore

/// Counts failures of a run and of its lanes, and stops whichever exceeds its limit.
package final class FailureWatch: Sendable {
  private let tally: Locked<FailureTally>
  private let rules: StopRules
  private let stop: StopSignal

  package init(_ rules: StopRules, stop: StopSignal) {
    self.rules = rules
    self.stop = stop
    tally = Locked(FailureTally(rules.maximumFailures))
  }

  /// The counter of one lane, below the run's.
  struct Lane: Sendable {
    fileprivate let id: LaneID
    fileprivate let tally: Locked<FailureTally>
    let stop: StopSignal
  }

  func lane(_ id: LaneID) -> Lane {
    Lane(id: id, tally: Locked(FailureTally(rules.maximumLaneFailures)), stop: stop.lane())
  }

  /// Takes note of a target that the plan alone settled: only its failure counts.
  func planned(_ outcome: Outcome) {
    guard outcome == .failed || outcome == .unknown else { return }
    count(outcome)
  }

  /// Takes note of a target of a lane that called for a change, or failed.
  func settled(_ outcome: Outcome, in lane: Lane) {
    count(outcome)
    guard let excess = FailureWatch.excess(lane.tally, outcome) else { return }
    lane.stop.stop(
      .threshold,
      detail: FailureWatch.words(excess, "--max-lane-failures", "lane \(lane.id)"))
  }

  private func count(_ outcome: Outcome) {
    guard let excess = FailureWatch.excess(tally, outcome) else { return }
    stop.stop(.threshold, detail: FailureWatch.words(excess, "--max-failures", "the run"))
  }

  private static func excess(_ tally: Locked<FailureTally>, _ outcome: Outcome) -> FailureTally? {
    tally.with { tally in tally.add(outcome) ? tally : nil }
  }

  private static func words(_ tally: FailureTally, _ option: String, _ what: String) -> String {
    "\(tally.failures) failed or unknown of \(tally.settled) settled exceed "
      + "\(option) \(tally.limit?.description ?? "") of \(what)"
  }
}
