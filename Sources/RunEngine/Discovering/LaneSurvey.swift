internal import RotationCore

/// Lists one lane, judges what it sees, and hands what is wanted to the gathering.
struct LaneSurvey<Reader: SecretsManagerReader>: Sendable {
  let reader: Reader
  let loop: AttemptLoop
  let pacers: PacerRegistry
  let selection: SecretSelection
  let confirms: Bool
  let gathered: GatheredRecords

  struct Result: Sendable {
    var population: LanePopulation
    /// The try at the lane that counts.
    var generation: Int
  }

  /// How many secrets of a lane are described together.
  private static var describedTogether: Int { 16 }

  /// Tries the profiles of the account in turn until one may list.
  func look(at lane: DiscoveryLane, number: Int) async throws -> Result {
    var result = Result(
      population: LanePopulation(
        account: lane.account, region: lane.site.region, profile: lane.site.profile),
      generation: 0)
    result.population.otherProfiles = lane.otherProfiles
    result.population.failure = lane.failure
    guard lane.failure == nil else { return result }
    let profiles = [lane.site.profile] + lane.otherProfiles
    var firstFailure: ServiceFailure?
    for profile in profiles {
      begin(&result)
      result.population.profile = profile
      result.population.otherProfiles = profiles.filter { $0 != profile }
      let failure = try await list(
        CallSite(profile: profile, region: lane.site.region), number, &result)
      result.population.failure = failure
      guard let failure else {
        result.population.status = .listed
        return result
      }
      firstFailure = firstFailure ?? failure
      if loop.stop.isStopped { break }
    }
    if result.population.seen == 0 {
      result.population.failure = firstFailure
      result.population.profile = lane.site.profile
      result.population.otherProfiles = lane.otherProfiles
    }
    return result
  }

  /// Forgets what an earlier try has counted.
  private func begin(_ result: inout Result) {
    result.generation += 1
    result.population.seen = 0
    result.population.excluded = [:]
  }

  private func list(
    _ site: CallSite, _ number: Int, _ result: inout Result
  ) async throws -> ServiceFailure? {
    let pacer = pacers.pacer(
      for: LaneID(account: result.population.account ?? "unknown", region: site.region))
    let request = ListSecretsRequest(
      filters: selection.filters, includesPlannedDeletion: selection.includesPlannedDeletion)
    var state = result
    let failure = try await SecretLister(reader: reader, loop: loop).list(
      request, at: site, pacer: pacer
    ) { event in
      switch event {
      case .restart:
        begin(&state)
        state.population.restarts += 1
        return nil
      case .page(let secrets):
        state.population.pages += 1
        return try await take(secrets, at: site, pacer, number, &state)
      }
    }
    result = state
    return failure
  }

  private func take(
    _ secrets: [ListedSecret], at site: CallSite, _ pacer: LanePacer, _ number: Int,
    _ result: inout Result
  ) async throws -> ServiceFailure? {
    var candidates: [(listed: ListedSecret, arn: SecretARN)] = []
    for secret in secrets {
      guard let arn = secret.state.arn.flatMap({ try? SecretARN(parsing: $0) }) else {
        return ServiceFailure(
          kind: .malformed, code: "MalformedAnswer",
          message: "ListSecrets gave an ARN that is not one of a secret")
      }
      result.population.seen += 1
      result.population.account = result.population.account ?? arn.accountID
      if let reason = selection.standing(of: secret) {
        result.population.excluded[reason, default: 0] += 1
      } else {
        candidates.append((secret, arn))
      }
    }
    let answers =
      confirms ? await describe(candidates.map(\.arn), at: site, pacer) : []
    var finds: [GatheredRecords.Find] = []
    for (index, candidate) in candidates.enumerated() {
      var state = candidate.listed.state
      var isConfirmed: Bool?
      if confirms {
        switch answers[index] {
        case .success(let fresh):
          state = fresh
          isConfirmed = true
        case .failure(let failure) where failure.code == "ResourceNotFoundException":
          result.population.excluded[.gone, default: 0] += 1
          continue
        case .failure: isConfirmed = false
        }
      }
      if let reason = selection.rotation(of: state, now: loop.clock.now()) {
        result.population.excluded[reason, default: 0] += 1
        continue
      }
      finds.append(
        GatheredRecords.Find(
          secret: secret(candidate.arn, state, site, isConfirmed), lane: number,
          generation: result.generation))
    }
    try await gathered.add(finds)
    return nil
  }

  /// The secret where it is acted on: a replica stands for its primary.
  private func secret(
    _ arn: SecretARN, _ state: SecretState, _ site: CallSite, _ isConfirmed: Bool?
  ) -> DiscoveredSecret {
    let home = state.primaryRegion.map { arn.inRegion($0) } ?? arn
    var secret = DiscoveredSecret(
      arn: home, name: state.name ?? arn.name, profile: site.profile, state: state)
    if home.region != site.region { secret.seenIn = site.region }
    secret.isConfirmed = isConfirmed
    return secret
  }

  /// In the order of the ARNs.
  private func describe(
    _ arns: [SecretARN], at site: CallSite, _ pacer: LanePacer
  ) async -> [Swift.Result<SecretState, ServiceFailure>] {
    let cursor = Cursor(count: arns.count)
    return await withTaskGroup(
      of: [(Int, Swift.Result<SecretState, ServiceFailure>)].self
    ) { group in
      for _ in 0..<min(LaneSurvey.describedTogether, arns.count) {
        group.addTask {
          var found: [(Int, Swift.Result<SecretState, ServiceFailure>)] = []
          while let index = cursor.next() {
            var attempts: [AttemptRecord] = []
            let result = await loop.persistentCall(
              .describeSecret, profile: site.profile, pacer: pacer, attempts: &attempts
            ) { attempt in
              await reader.describeSecret(arns[index].text, at: site, attempt: attempt)
            }
            found.append((index, result))
          }
          return found
        }
      }
      var all: [(Int, Swift.Result<SecretState, ServiceFailure>)] = []
      for await part in group { all += part }
      return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
