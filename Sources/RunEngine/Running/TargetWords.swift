internal import RotationCore

/// What the report of a target says beside its outcome: risks, leftovers, and the next command.
struct TargetWords: Sendable {
  let action: RunAction
  /// The run as an operator names it in a command.
  let run: String

  /// The state that a change has not moved.
  var unchanged: String {
    switch action {
    case .cancel: "rotation is still on"
    case .restore: "rotation is not on as it was saved"
    case .dropPending: "the version still carries AWSPENDING"
    case .promotePending: "the version is still not the current one"
    }
  }

  /// Before a change of a secret with an unfinished rotation; nil where there is none.
  func pending(_ disposition: Disposition, _ look: Look) -> TargetWarning? {
    guard action == .cancel, look.state.pendingVersionID != nil else { return nil }
    let since = look.pendingCreatedAt.map { " since \($0.iso8601)" } ?? ""
    guard disposition == .inFlight else {
      return TargetWarning(
        .stalledRotation, "a rotation had been stuck\(since)", next: "rotactl pending \(run)")
    }
    return TargetWarning(
      .cancelledInFlight,
      "a rotation was running\(since) and was cancelled; its next step is refused from now on, so "
        + "that the database may have the new password while AWSCURRENT has the old one: compare "
        + "the two", next: "rotactl pending \(run)")
  }

  /// A rotation that was left to run.
  func running(_ look: Look) -> TargetWarning {
    let pending = look.state.pendingVersionID ?? "unknown"
    let since =
      look.pendingCreatedAt.map { " since \($0.iso8601)" }
      ?? " for a time that ListSecretVersionIds did not tell"
    if action == .cancel {
      return TargetWarning(
        .rotationRunning,
        "version \(pending) has been in the making\(since); rotation functions refuse their next "
          + "step once rotation is off, which can leave the new password in the database and the "
          + "old one in AWSCURRENT", next: TargetWords.describe(look.state, region: look.region))
    }
    return TargetWarning(
      .rotationRunning,
      "version \(pending) has been in AWSPENDING\(since), less than an hour as far as is known: its "
        + "rotation may still finish", next: TargetWords.describe(look.state, region: look.region))
  }

  /// A version that keeps rotation from being put back.
  func blocked(_ state: SecretState) -> TargetWarning {
    TargetWarning(
      .leftoverPending,
      "version \(state.pendingVersionID ?? "unknown") carries AWSPENDING and blocks rotation: drop "
        + "the label or promote the version, then restore again", next: "rotactl pending \(run)")
  }

  /// What a person should know once a change is proven.
  func after(_ entry: PlanEntry, _ state: SecretState) -> [TargetWarning] {
    var warnings: [TargetWarning] = []
    let asked = entry.target.secretID
    if let arn = state.arn, SecretARN.looksLikeARN(asked), asked != arn,
      entry.actingRegion == entry.target.region
    {
      warnings.append(
        TargetWarning(.otherARN, "the manifest asked for \(asked), a part of the ARN that answered")
      )
    }
    if let owner = state.arn.flatMap({ try? SecretARN(parsing: $0) })?.accountID,
      let caller = entry.callerAccount, owner != caller
    {
      warnings.append(
        TargetWarning(.crossAccount, "owned by account \(owner), changed by account \(caller)"))
    }
    return action == .cancel ? warnings + leftovers(state) : warnings
  }

  private func leftovers(_ state: SecretState) -> [TargetWarning] {
    var warnings: [TargetWarning] = []
    if let pending = state.pendingVersionID {
      warnings.append(
        TargetWarning(
          .leftoverPending,
          "version \(pending) still carries AWSPENDING and blocks the next rotation",
          next: "rotactl pending \(run)"))
    }
    if let service = state.owningService {
      warnings.append(
        TargetWarning(.reEnabler, "managed by \(service), which may switch rotation on again"))
    }
    for tag in state.ownerTags.prefix(3) {
      warnings.append(
        TargetWarning(.reEnabler, "tag \(tag.name) says that another tool owns this secret"))
    }
    return warnings
  }

  /// A name with blanks or quotes cannot stand in an ARN, so that none needs quoting.
  private static func describe(_ state: SecretState, region: String) -> String? {
    state.arn.map {
      "aws secretsmanager describe-secret --secret-id \($0) --region \(region) "
        + "--query VersionIdsToStages"
    }
  }
}
