internal import Cryptography
internal import RotationCore

/// What a run is for, and what its plan holds beside the manifests.
struct RunPurpose: Sendable {
  var action = RunAction.cancel
  /// The run that this one puts right.
  var source: PlanHeader.Source?
  /// Whether secrets whose rotation runs are left alone.
  var skipsInFlight = false
  /// Seconds over which each lane's changes are spread.
  var staggerSeconds: Double?
  /// Stands in the plan for a manifest that was made of an earlier run.
  var manifestPath: String?
  /// Of the earlier run; nil where the manifests say everything.
  var memory: EarlierRun.Memory?

  func draft(of target: Target) throws -> PlanEntry {
    try memory?.draft(of: target)
      ?? PlanEntry(target: target, disposition: .notExamined, reason: "")
  }
}

/// ClientRequestToken: names one change of one secret, so that it can be sent again.
enum RequestToken {
  /// A UUID of chance.
  static func new() -> String { SecureRandom.uuid() }
}
