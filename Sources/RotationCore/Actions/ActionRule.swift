/// What one action asks of a secret: a pure judge of states, with no clock and no calls.
package protocol ActionRule: Sendable {
  /// What a target settles as once its change is proven.
  var outcome: Outcome { get }

  /// What a state calls for.
  func judge(_ look: Look, for entry: PlanEntry) -> Judgement

  /// What it calls for that there is no state; nil where the failure is the whole story.
  func judge(_ failure: ServiceFailure, for entry: PlanEntry) -> Judgement?

  /// The change of a target whose state calls for one; nil when the plan does not hold what the
  /// change needs.
  func change(of state: SecretState, for entry: PlanEntry) -> SecretChange?

  /// Whether a state shows that the change has happened.
  func isProven(by state: SecretState, for entry: PlanEntry) -> Bool

  /// Whether it matters when the pending version of such a state was made.
  func asksForAge(of state: SecretState) -> Bool
}

extension ActionRule {
  package func judge(_ failure: ServiceFailure, for entry: PlanEntry) -> Judgement? { nil }
}

/// A secret as it was seen, and what the eye needs beside its state.
package struct Look: Sendable {
  package let state: SecretState
  /// The region that was asked.
  package let region: String
  /// When the pending version was made; nil when that is not known.
  package let pendingCreatedAt: Timestamp?
  package let now: Timestamp

  package init(
    _ state: SecretState, region: String, pendingCreatedAt: Timestamp?, now: Timestamp
  ) {
    self.state = state
    self.region = region
    self.pendingCreatedAt = pendingCreatedAt
    self.now = now
  }

  /// Whether the pending version may belong to a rotation that is still running.
  ///
  /// An unknown age counts as young, because waiting is the safe mistake.
  package var isPendingYoung: Bool {
    guard let created = pendingCreatedAt else { return true }
    return now.seconds(since: created) < Decision.inFlightLimitSeconds
  }

  var pendingSince: String { pendingCreatedAt.map { ", begun \($0.iso8601)" } ?? "" }
}

/// What a state calls for, and why.
package struct Judgement: Sendable, Hashable {
  package let disposition: Disposition
  /// One sentence without a final stop.
  package let reason: String

  package init(_ disposition: Disposition, _ reason: String) {
    self.disposition = disposition
    self.reason = reason
  }
}

/// A change of one secret, as one call of the service.
package enum SecretChange: Sendable, Hashable {
  case cancelRotation(secretID: String)
  case rotate(RotationRequest)
  case moveStage(StageChange)

  package var operation: ServiceOperation {
    switch self {
    case .cancelRotation: .cancelRotateSecret
    case .rotate: .rotateSecret
    case .moveStage: .updateSecretVersionStage
    }
  }
}

extension SecretsManagerService {
  /// One attempt of a change.
  package func carryOut(
    _ change: SecretChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    switch change {
    case .cancelRotation(let secretID):
      await cancelRotateSecret(secretID, at: site, attempt: attempt)
    case .rotate(let request): await rotateSecret(request, at: site, attempt: attempt)
    case .moveStage(let change):
      await updateSecretVersionStage(change, at: site, attempt: attempt)
    }
  }
}
