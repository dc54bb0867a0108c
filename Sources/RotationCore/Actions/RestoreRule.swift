/// Turning rotation on again exactly as it was saved, unless somebody has changed it since.
package struct RestoreRule: ActionRule {
  package init() {}

  package var outcome: Outcome { .restored }

  package func judge(_ look: Look, for entry: PlanEntry) -> Judgement {
    let state = look.state
    guard let saved = entry.saved else {
      return Judgement(.unreadable, "the plan does not hold what was saved")
    }
    if let primary = state.primaryRegion, primary != look.region {
      return Judgement(.drifted, "the secret is a replica of \(primary) now")
    }
    if state.deleted != nil { return Judgement(.drifted, "the secret is marked for deletion now") }
    guard let enabled = state.rotationEnabled else {
      return Judgement(.drifted, "rotation is not configured any more")
    }
    if enabled {
      return saved.equals(state)
        ? Judgement(.alreadyOn, "rotation is on as it was saved")
        : Judgement(.drifted, "somebody has turned rotation on with other settings")
    }
    let differences = saved.differences(from: state)
    guard differences.isEmpty else {
      return Judgement(
        .drifted, "somebody has changed \(differences.joined(separator: " and ")) since")
    }
    if let pending = state.pendingVersionID, pending != entry.clientRequestToken {
      return Judgement(
        .blocked,
        "version \(pending) is stuck in AWSPENDING, and AWS refuses to rotate until it is dropped "
          + "or promoted: see `rotactl pending`")
    }
    let next = saved.nextRotation.map { ", next was \($0.iso8601)" } ?? ""
    return Judgement(.restore, "rotation is off and was on\(next)")
  }

  package func judge(_ failure: ServiceFailure, for entry: PlanEntry) -> Judgement? {
    guard failure.code == "ResourceNotFoundException" else { return nil }
    return Judgement(
      .drifted, "there is no secret of this ARN any more: deleted, or replaced under its name")
  }

  package func change(of state: SecretState, for entry: PlanEntry) -> SecretChange? {
    guard let saved = entry.saved, let token = entry.clientRequestToken else { return nil }
    return .rotate(saved.request(secretID: entry.actingID, clientRequestToken: token))
  }

  package func isProven(by state: SecretState, for entry: PlanEntry) -> Bool {
    state.rotationEnabled == true && entry.saved?.equals(state) ?? false
  }

  package func asksForAge(of state: SecretState) -> Bool { false }
}
