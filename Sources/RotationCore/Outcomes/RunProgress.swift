/// How far a run is, as a snapshot for the console.
package struct RunProgress: Sendable, Hashable {
  /// The stages that take time, in their order.
  package enum Stage: String, Sendable, Hashable {
    case reading, preflight, listing, describing, cancelling, restoring, relabelling, bundling
  }

  package var stage = Stage.reading
  /// Targets (or entries, while reading) that this stage has finished.
  package var done = 0
  /// Nil while it is not known.
  package var total: Int?
  package var outcomes: [Outcome: Int] = [:]
  /// HTTP exchanges since the run began.
  package var attempts = 0
  /// Answers that refused for rate.
  package var throttles = 0
  /// Targets that wait for a rotation in flight to finish.
  package var waiting = 0
  /// Quotas that the run has to do with; 0 until that is known.
  package var lanes = 0
  /// Those of them whose changes the operator holds back.
  package var pausedLanes = 0
  /// The least time that the quota allows for what is left, in seconds; nil while unknown.
  package var remainingSeconds: Double?

  package init() {}
}
