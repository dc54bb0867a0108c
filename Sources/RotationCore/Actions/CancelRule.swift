/// Turning rotation off.
package struct CancelRule: ActionRule {
  package init() {}

  package var outcome: Outcome { .cancelled }

  package func judge(_ look: Look, for entry: PlanEntry) -> Judgement {
    let state = look.state
    let disposition = Decision.disposition(
      of: state, region: look.region, pendingCreatedAt: look.pendingCreatedAt, now: look.now)
    let reason =
      switch disposition {
      case .cancel where state.pendingVersionID != nil:
        "rotation is on; a rotation begun \(look.pendingCreatedAt?.iso8601 ?? "earlier") is stalled"
      case .cancel:
        state.nextRotation.map { "rotation is on, next at \($0.iso8601)" } ?? "rotation is on"
      case .alreadyOff: "rotation is already off"
      case .neverConfigured: "rotation was never configured"
      case .replica: "a replica of \(state.primaryRegion ?? "another region")"
      case .markedForDeletion: "marked for deletion; the service refuses changes"
      case .inFlight: "a rotation is running now\(look.pendingSince)"
      default: ""
      }
    return Judgement(disposition, reason)
  }

  package func change(of state: SecretState, for entry: PlanEntry) -> SecretChange? {
    .cancelRotation(secretID: entry.actingID)
  }

  package func isProven(by state: SecretState, for entry: PlanEntry) -> Bool {
    state.rotationEnabled != true
  }

  package func asksForAge(of state: SecretState) -> Bool {
    state.rotationEnabled == true && state.pendingVersionID != nil
  }
}
