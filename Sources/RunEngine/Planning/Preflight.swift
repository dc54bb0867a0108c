package import RotationCore

/// Who a profile turned out to be.
package enum ProfileIdentity: Sendable, Hashable {
  case known(CallerIdentity)
  /// STS could not be reached; the account is learned from the first ARN.
  case unreachable(ServiceFailure)
  /// The profile cannot be used; its targets fail with this cause.
  case failed(ServiceFailure)

  package var accountID: String? {
    if case .known(let identity) = self { identity.accountID } else { nil }
  }

  package var failure: ServiceFailure? {
    if case .failed(let failure) = self { failure } else { nil }
  }
}

/// Asks each profile once who it is, before anything else is called.
package struct Preflight<Reader: SecretsManagerReader>: Sendable {
  private let reader: Reader
  private let loop: AttemptLoop

  package init(reader: Reader, loop: AttemptLoop) {
    self.reader = reader
    self.loop = loop
  }

  /// - Parameter sites: one site for each profile: the profile and a region that it is used in.
  /// - Returns: an identity for each profile.
  package func identities(of sites: [CallSite]) async -> [String?: ProfileIdentity] {
    await withTaskGroup(of: (String?, ProfileIdentity).self) { group in
      var identities: [String?: ProfileIdentity] = [:]
      var rest = sites[...]
      for site in rest.prefix(16) { group.addTask { await (site.profile, identity(at: site)) } }
      rest = rest.dropFirst(16)
      while let (profile, identity) = await group.next() {
        identities[profile] = identity
        loop.board.advance()
        if let site = rest.popFirst() {
          group.addTask { await (site.profile, self.identity(at: site)) }
        }
      }
      return identities
    }
  }

  /// Asks for one profile.
  package func identity(at site: CallSite) async -> ProfileIdentity {
    // The account is not known yet, so each profile has a retry budget of its own here.
    let pacer = LanePacer.unpaced(
      LaneID(account: site.profile ?? "default", region: site.region), now: loop.clock.elapsed())
    var attempts: [AttemptRecord] = []
    let result = await loop.persistentCall(
      .getCallerIdentity, profile: site.profile, pacer: pacer, attempts: &attempts
    ) { attempt in
      await reader.callerIdentity(at: site, attempt: attempt)
    }
    switch result {
    case .success(let identity): return .known(identity)
    case .failure(let failure) where failure.kind == .connect: return .unreachable(failure)
    case .failure(let failure): return .failed(failure)
    }
  }
}
