/// What a target's present state calls for.
package enum Disposition: String, Sendable, Hashable, CaseIterable {
  /// Rotation is on: turn it off.
  case cancel
  /// Rotation was switched off before.
  case alreadyOff
  /// Rotation was never configured.
  case neverConfigured
  /// A replica whose primary is acted on through another target.
  case replica
  /// The secret is marked for deletion; the service refuses changes.
  case markedForDeletion
  /// A rotation is running now; cancelling could strand a half-made password.
  case inFlight
  /// The same secret as an earlier target, seen only once its ARN was known.
  case duplicate
  /// A guard or the routing of accounts refuses this target; nothing is called.
  case refused
  /// DescribeSecret did not answer with a state.
  case unreadable
  /// Offline preview: the state was not looked at.
  case notExamined
  /// Rotation is off and was on: turn it on as it was.
  case restore
  /// Rotation is on as it was saved.
  case alreadyOn
  /// Somebody has changed the secret since, in what matters to the action.
  case drifted
  /// A version that is stuck in AWSPENDING keeps AWS from rotating.
  case blocked
  /// A version is stuck in AWSPENDING: take the label off.
  case dropPending
  /// A version is stuck in AWSPENDING: make it the current one.
  case promotePending
  /// No version is stuck in AWSPENDING.
  case nothingPending
}

extension Disposition {
  /// Whether it calls for a change at once.
  package var isChange: Bool {
    switch self {
    case .cancel, .restore, .dropPending, .promotePending: true
    default: false
    }
  }

  /// What a target settles as without a change; nil where one is called for, now or later.
  package var settlement: (outcome: Outcome, reason: OutcomeReason?)? {
    switch self {
    case .cancel, .restore, .dropPending, .promotePending, .inFlight, .notExamined: nil
    case .alreadyOff: (.alreadyOff, nil)
    case .neverConfigured: (.neverConfigured, nil)
    case .alreadyOn: (.alreadyOn, nil)
    case .nothingPending: (.nothingPending, nil)
    case .replica: (.mergedIntoPrimary, nil)
    case .markedForDeletion: (.skipped, .markedForDeletion)
    case .duplicate: (.skipped, .duplicate)
    case .drifted: (.skipped, .drifted)
    case .blocked: (.skipped, .pendingBlocks)
    case .refused: (.failed, .refused)
    case .unreadable: (.failed, .service)
    }
  }
}

/// How a rotation that is running now is to be treated.
package enum InFlightPolicy: String, Sendable, Hashable, CaseIterable {
  /// Re-read until it has finished, other targets go on meanwhile.
  case wait
  case skip
  /// Cancel at once, with the risk that design and reports explain.
  case cancel
}

/// The rule that turns a secret's state into a disposition; no clock, no calls.
package enum Decision {
  /// Four Lambda steps of at most 15 minutes each: an AWSPENDING older than this is stalled.
  ///
  /// Source: AWS Secrets Manager user guide, "Rotation function"; AWS Lambda quotas.
  package static let inFlightLimitSeconds = 3600.0

  /// What the present state of a secret calls for.
  ///
  /// - `state`: what DescribeSecret answered.
  /// - `region`: the region that was asked.
  /// - `pendingCreatedAt`: when the AWSPENDING version was made; nil when that is not known, which
  ///   counts as in flight because waiting is the safe mistake.
  /// - `now`: the present.
  package static func disposition(
    of state: SecretState, region: String, pendingCreatedAt: Timestamp?, now: Timestamp
  ) -> Disposition {
    if let primary = state.primaryRegion, primary != region { return .replica }
    if state.deleted != nil { return .markedForDeletion }
    guard let enabled = state.rotationEnabled else { return .neverConfigured }
    guard enabled else { return .alreadyOff }
    guard state.pendingVersionID != nil else { return .cancel }
    if let created = pendingCreatedAt, now.seconds(since: created) >= inFlightLimitSeconds {
      return .cancel
    }
    return .inFlight
  }
}
