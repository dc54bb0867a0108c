package import RotationCore

/// Looks at targets, and only looks: it holds a reader, which has no call that changes anything.
package struct Examiner<Reader: SecretsManagerReader>: Sendable {
  package let reader: Reader
  package let loop: AttemptLoop
  private let pacers: PacerRegistry
  private let identities: [String?: ProfileIdentity]
  private let width: Int

  /// - Parameters:
  ///   - reader: the service.
  ///   - loop: how calls are paced and repeated.
  ///   - pacers: shared with the run that may follow.
  ///   - identities: of every profile that targets name.
  ///   - width: how many targets are looked at together.
  package init(
    reader: Reader, loop: AttemptLoop, pacers: PacerRegistry,
    identities: [String?: ProfileIdentity], width: Int
  ) {
    self.reader = reader
    self.loop = loop
    self.pacers = pacers
    self.identities = identities
    self.width = max(1, width)
  }

  /// A plan entry for each target, in the same order.
  package func examine(_ targets: [Target]) async -> [PlanEntry] {
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

  private func examine(_ target: Target) async -> PlanEntry {
    let identity = identities[target.profile]
    if let refusal = target.refusal {
      return PlanEntry(target: target, disposition: .refused, reason: refusal)
    }
    if let failure = identity?.failure {
      var entry = PlanEntry(
        target: target, disposition: .refused,
        reason: "the credentials of \(Examiner.name(target.profile)) cannot be used")
      entry.failure = failure
      return entry
    }
    if loop.stop.isStopped {
      return PlanEntry(
        target: target, disposition: .unreadable, reason: "not looked at: stopped before its turn")
    }
    var entry = await look(
      at: target, region: target.region, id: target.secretID, caller: identity?.accountID)
    if let primary = entry.before?.primaryRegion, primary != target.region,
      let arn = entry.before?.arn.flatMap({ try? SecretARN(parsing: $0) })
    {
      let replica = entry.before
      entry = await look(
        at: target, region: primary, id: arn.inRegion(primary).text, caller: identity?.accountID)
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
    at target: Target, region: String, id: String, caller: String?
  ) async -> PlanEntry {
    var entry = PlanEntry(target: target, disposition: .unreadable, reason: "")
    entry.callerAccount = caller
    entry.actingRegion = region
    entry.actingID = id
    let site = CallSite(profile: target.profile, region: region)
    let lane = LaneID(account: caller ?? "unknown", region: region)
    let pacer = await pacers.pacer(for: lane)
    var attempts: [AttemptRecord] = []
    let result = await loop.persistentCall(
      .describeSecret, profile: site.profile, pacer: pacer, attempts: &attempts
    ) { attempt in
      await reader.describeSecret(id, at: site, attempt: attempt)
    }
    switch result {
    case .failure(let failure):
      entry.failure = failure
      entry.reason = "DescribeSecret failed: \(failure.code)"
    case .success(let state):
      entry.before = state
      entry.actingID = state.arn ?? id
      if caller == nil, let arn = state.arn.flatMap({ try? SecretARN(parsing: $0) }) {
        entry.callerAccount = arn.accountID
      }
      if let pending = state.pendingVersionID, state.rotationEnabled == true {
        entry.pendingCreatedAt = await createdAt(
          pending, of: entry.actingID, at: site, pacer: pacer)
      }
      entry.disposition = Decision.disposition(
        of: state, region: region, pendingCreatedAt: entry.pendingCreatedAt, now: loop.clock.now())
      entry.reason = Examiner.reason(entry.disposition, state, entry.pendingCreatedAt)
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

  private static func reason(
    _ disposition: Disposition, _ state: SecretState, _ pending: Timestamp?
  ) -> String {
    switch disposition {
    case .cancel where state.pendingVersionID != nil:
      "rotation is on; a rotation begun \(pending?.iso8601 ?? "earlier") is stalled"
    case .cancel:
      state.nextRotation.map { "rotation is on, next at \($0.iso8601)" } ?? "rotation is on"
    case .alreadyOff: "rotation is already off"
    case .neverConfigured: "rotation was never configured"
    case .replica: "a replica of \(state.primaryRegion ?? "another region")"
    case .markedForDeletion: "marked for deletion; the service refuses changes"
    case .inFlight: "a rotation is running now\(pending.map { ", begun \($0.iso8601)" } ?? "")"
    case .duplicate, .refused, .unreadable, .notExamined: ""
    }
  }
}
