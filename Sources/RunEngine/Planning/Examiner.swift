package import RotationCore

/// Looks at targets, and only looks: it holds a reader, which has no call that changes anything.
package struct Examiner<Reader: SecretsManagerReader>: Sendable {
  package let reader: Reader
  package let loop: AttemptLoop
  private let pacers: PacerRegistry
  private let identities: [String?: ProfileIdentity]
  private let rule: any ActionRule
  private let width: Int

  /// - Parameters:
  ///   - reader: the service.
  ///   - loop: how calls are paced and repeated.
  ///   - pacers: shared with the run that may follow.
  ///   - identities: of every profile that targets name.
  ///   - action: what the targets are judged for.
  ///   - width: how many targets are looked at together.
  package init(
    reader: Reader, loop: AttemptLoop, pacers: PacerRegistry,
    identities: [String?: ProfileIdentity], action: RunAction = .cancel, width: Int
  ) {
    rule = action.rule
    self.reader = reader
    self.loop = loop
    self.pacers = pacers
    self.identities = identities
    self.width = max(1, width)
  }

  /// A plan entry for each target, in the same order.
  package func examine(_ targets: [Target]) async -> [PlanEntry] {
    await examine(
      targets.map { PlanEntry(target: $0, disposition: .notExamined, reason: "") })
  }

  /// The same for targets of which the plan must hold something from elsewhere.
  package func examine(_ targets: [PlanEntry]) async -> [PlanEntry] {
    let cursor = Cursor(count: targets.count)
    return await withTaskGroup(of: [(Int, PlanEntry)].self) { group in
      for _ in 0..<min(width, targets.count) {
        group.addTask {
          var entries: [(Int, PlanEntry)] = []
          while let index = cursor.next() {
            entries.append((index, await examine(targets[index])))
            loop.board.advance()
          }
          return entries
        }
      }
      var all: [(Int, PlanEntry)] = []
      for await part in group { all.append(contentsOf: part) }
      return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func examine(_ draft: PlanEntry) async -> PlanEntry {
    let target = draft.target
    let identity = identities[target.profile]
    func entry(_ disposition: Disposition, _ reason: String) -> PlanEntry {
      var entry = draft
      entry.disposition = disposition
      entry.reason = reason
      return entry
    }
    if let refusal = target.refusal { return entry(.refused, refusal) }
    if let failure = identity?.failure {
      var entry = entry(
        .refused, "the credentials of \(Examiner.name(target.profile)) cannot be used")
      entry.failure = failure
      return entry
    }
    if loop.stop.isStopped { return entry(.unreadable, "not looked at: stopped before its turn") }
    var entry = await look(
      at: draft, region: target.region, id: target.secretID, caller: identity?.accountID)
    if let primary = entry.before?.primaryRegion, primary != target.region,
      let arn = entry.before?.arn.flatMap({ try? SecretARN(parsing: $0) })
    {
      let replica = entry.before
      entry = await look(
        at: draft, region: primary, id: arn.inRegion(primary).text, caller: identity?.accountID)
      if entry.before == nil { entry.before = replica }
      entry.reason = "replica of \(primary), where the change is made: \(entry.reason)"
    }
    return entry
  }

  private static func name(_ profile: String?) -> String {
    profile.map { "profile '\($0)'" } ?? "the default profile"
  }

  /// One look at a secret where it is acted on.
  private func look(
    at draft: PlanEntry, region: String, id: String, caller: String?
  ) async -> PlanEntry {
    let target = draft.target
    var entry = draft
    entry.disposition = .unreadable
    entry.callerAccount = caller
    entry.actingRegion = region
    entry.actingID = id
    let site = CallSite(profile: target.profile, region: region)
    let lane = LaneID(account: caller ?? "unknown", region: region)
    let pacer = pacers.pacer(for: lane)
    var attempts: [AttemptRecord] = []
    let result = await loop.persistentCall(
      .describeSecret, profile: site.profile, pacer: pacer, attempts: &attempts
    ) { attempt in
      await reader.checkedState(of: id, at: site, attempt: attempt)
    }
    switch result {
    case .failure(let failure):
      entry.failure = failure
      entry.reason = "DescribeSecret failed: \(failure.code)"
      if let judgement = rule.judge(failure, for: entry) {
        entry.disposition = judgement.disposition
        entry.reason = judgement.reason
      }
    case .success(let state):
      entry.before = state
      entry.actingID = state.arn ?? id
      if caller == nil, let arn = state.arn.flatMap({ try? SecretARN(parsing: $0) }) {
        entry.callerAccount = arn.accountID
      }
      if let pending = state.pendingVersionID, rule.asksForAge(of: state) {
        entry.pendingCreatedAt = await createdAt(
          pending, of: entry.actingID, at: site, pacer: pacer)
      }
      let judgement = rule.judge(
        Look(
          state, region: region, pendingCreatedAt: entry.pendingCreatedAt,
          now: loop.clock.serviceNow()),
        for: entry)
      entry.disposition = judgement.disposition
      entry.reason = judgement.reason
    }
    return entry
  }

  /// When a version was made; nil when that cannot be found out.
  package func createdAt(
    _ versionID: String, of id: String, at site: CallSite, pacer: LanePacer
  ) async -> Timestamp? {
    var attempts: [AttemptRecord] = []
    let result = await loop.persistentCall(
      .listSecretVersionIDs, profile: site.profile, pacer: pacer, attempts: &attempts
    ) { attempt in
      await reader.listSecretVersionIDs(id, at: site, attempt: attempt)
    }
    guard case .success(let versions) = result else { return nil }
    return versions.first { $0.versionID == versionID }?.createdAt
  }
}
