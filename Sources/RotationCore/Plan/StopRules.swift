/// When a run, or a lane of it, ends before all its targets are settled.
package struct StopRules: Sendable, Hashable {
  /// Failures that the run puts up with; nil for any number.
  package var maximumFailures: FailureLimit?
  /// Failures that a lane puts up with; the other lanes go on.
  package var maximumLaneFailures: FailureLimit?
  /// So many changes of each lane must be proven before any further one begins; 0 for none.
  package var canary = 0
  package var regionOrder = RegionOrder()

  package init() {}
}
