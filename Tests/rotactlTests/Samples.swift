import RotationCore

/// Targets, plans and settlements that several suites share.
enum Samples {
  static let now = Timestamp(milliseconds: 1_795_456_800_000)  // 2026-11-23T18:00:00.000Z

  static func entry(
    _ ordinal: Int, _ name: String, _ disposition: Disposition, account: String = "111122223333",
    region: String = "eu-west-1", profile: String? = nil, reason: String = "because",
    nextIn seconds: Double? = nil
  ) -> PlanEntry {
    let target = Target(
      ordinal: ordinal, secretID: name, region: region, profile: profile, accountID: nil,
      sources: [SourceLocation(file: "m.csv", line: ordinal + 2, column: 1)], labels: [])
    var entry = PlanEntry(target: target, disposition: disposition, reason: reason)
    entry.callerAccount = account
    if let seconds {
      var state = SecretState()
      state.rotationEnabled = true
      state.nextRotation = now.adding(seconds: seconds)
      entry.before = state
    }
    return entry
  }

  static func overview(_ entries: [PlanEntry]) -> PlanOverview {
    var overview = PlanOverview(now: now)
    for entry in entries { overview.add(entry) }
    return overview
  }

  static func settlement(
    _ ordinal: Int, _ outcome: Outcome, reason: OutcomeReason? = nil, message: String = "",
    failure: ServiceFailure? = nil
  ) -> Settlement {
    var settlement = Settlement(
      ordinal: ordinal, outcome: outcome, reason: reason, message: message,
      startedAt: now, settledAt: now.adding(seconds: 4))
    settlement.failure = failure
    settlement.attempts = [
      AttemptRecord(
        operation: .describeSecret, number: 1, startedAt: now, durationMilliseconds: 12)
    ]
    return settlement
  }
}
