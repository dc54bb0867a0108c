/// Mending a version that is stuck in AWSPENDING: the label comes off, or the version becomes the
/// current one.
///
/// Which of the two is right depends on what the database accepts and cannot be known from labels.
package struct PendingRule: ActionRule {
  /// Whether the version becomes the current one; else its label is dropped.
  package let promotes: Bool

  package init(promotes: Bool) { self.promotes = promotes }

  package var outcome: Outcome { promotes ? .promoted : .labelRemoved }

  package func judge(_ look: Look, for entry: PlanEntry) -> Judgement {
    let state = look.state
    if let primary = state.primaryRegion, primary != look.region {
      return Judgement(.replica, "a replica of \(primary)")
    }
    if state.deleted != nil {
      return Judgement(.markedForDeletion, "marked for deletion; the service refuses changes")
    }
    let planned = entry.before?.pendingVersionID
    guard let pending = state.pendingVersionID else {
      return Judgement(.nothingPending, "no version is stuck in AWSPENDING")
    }
    if let planned, planned != pending {
      return Judgement(.drifted, "AWSPENDING is on version \(pending) now, not on \(planned)")
    }
    guard !look.isPendingYoung else {
      return Judgement(
        .inFlight,
        "version \(pending) is less than an hour old and may be of a rotation that runs"
          + look.pendingSince)
    }
    let since = look.pendingCreatedAt.map { " since \($0.iso8601)" } ?? ""
    let stuck = "version \(pending) has been stuck in AWSPENDING\(since)"
    let goesOn = state.rotationEnabled == true ? "; rotation is on and may make another" : ""
    return Judgement(promotes ? .promotePending : .dropPending, stuck + goesOn)
  }

  package func change(of state: SecretState, for entry: PlanEntry) -> SecretChange? {
    guard let pending = state.pendingVersionID else { return nil }
    guard promotes else {
      return .moveStage(
        StageChange(secretID: entry.actingID, stage: "AWSPENDING", removeFrom: pending))
    }
    return .moveStage(
      StageChange(
        secretID: entry.actingID, stage: "AWSCURRENT", removeFrom: state.currentVersionID,
        moveTo: pending))
  }

  package func isProven(by state: SecretState, for entry: PlanEntry) -> Bool {
    guard let planned = entry.before?.pendingVersionID else { return false }
    let labels = state.stages.first { $0.versionID == planned }?.labels ?? []
    return promotes ? labels.contains("AWSCURRENT") : !labels.contains("AWSPENDING")
  }

  package func asksForAge(of state: SecretState) -> Bool { state.pendingVersionID != nil }
}
