/// What a run does to its targets.
///
/// Plan, guards, lanes, journal, reports and bundle are the same for all; what a state calls for,
/// the change, and its proof are the ``rule``'s.
package enum RunAction: String, Sendable, Hashable, CaseIterable {
  /// Rotation off.
  case cancel
  /// Rotation on again as an earlier run found it, without rotating now.
  case restore
  /// AWSPENDING off a version that is stuck with it.
  case dropPending
  /// AWSCURRENT onto a version that is stuck with AWSPENDING.
  case promotePending

  package var rule: any ActionRule {
    switch self {
    case .cancel: CancelRule()
    case .restore: RestoreRule()
    case .dropPending: PendingRule(promotes: false)
    case .promotePending: PendingRule(promotes: true)
    }
  }

  /// Changes a second and lane where the operator says nothing.
  ///
  /// Each RotateSecret makes AWS invoke a function, so putting rotation back goes slower.
  package var defaultRate: Double { self == .restore ? 10 : 40 }
}

/// How people read an action; each is a part of a sentence.
extension RunAction {
  /// As in `Turn rotation off for 12 secrets?`.
  package var question: String {
    switch self {
    case .cancel: "Turn rotation off for"
    case .restore: "Turn rotation on again, without rotating now, for"
    case .dropPending: "Take AWSPENDING off the stuck version of"
    case .promotePending: "Make the stuck AWSPENDING version the current one of"
    }
  }

  /// The first words of a run in which everything is proven.
  package var allDone: String {
    switch self {
    case .cancel: "ALL OFF"
    case .restore: "ALL ON AGAIN"
    case .dropPending: "ALL DROPPED"
    case .promotePending: "ALL PROMOTED"
    }
  }

  /// What is said of targets that do not allow exit status 0.
  package var unproven: String {
    switch self {
    case .cancel: "not proven off"
    case .restore: "not proven on as before"
    case .dropPending: "not proven free of a stuck version"
    case .promotePending: "not proven promoted"
    }
  }

  /// What a proven run leaves, as in `no rotation is left on`.
  package var whatHolds: String {
    switch self {
    case .cancel: "no rotation is left on"
    case .restore: "each rotation is on as it was saved"
    case .dropPending: "no version is stuck in AWSPENDING"
    case .promotePending: "each stuck version has become the current one"
    }
  }
}

extension RunAction {
  /// The stage of the progress in which its changes are made.
  package var stage: RunProgress.Stage {
    switch self {
    case .cancel: .cancelling
    case .restore: .restoring
    case .dropPending, .promotePending: .relabelling
    }
  }
}
