/// Multiplies an entry by its regions and profiles, in a fixed order: regions outside, profiles
/// inside, each as written.
///
/// A row's word goes before the manifest's defaults, those before the options, those before the
/// profile's own region. An ARN fixes region and account: it becomes one target in its own region.
package struct Expansion: Sendable {
  /// What the command line says.
  package struct Options: Sendable, Hashable {
    package var regions: [String]
    /// Empty stands for the default credentials.
    package var profiles: [String]
    /// The regions are all there are: a name is meant wherever it exists.
    package var coversAllRegions: Bool

    package init(
      regions: [String] = [], profiles: [String] = [], coversAllRegions: Bool = false
    ) {
      self.regions = regions
      self.profiles = profiles
      self.coversAllRegions = coversAllRegions
    }
  }

  private let regions: [String]
  private let profiles: [String?]
  private let areSought: Bool
  var defaultRegions: [String] { areSought ? [ManifestSelector.allRegions] : regions }
  var defaultProfiles: [String?] { profiles }
  private let identities: ProfileIdentities
  private let regionOfProfile: @Sendable (String?) -> String?

  /// Prepares the expansion of one manifest's entries.
  ///
  /// - `preamble`: of the manifest that the entries come from, complete.
  /// - `regionOfProfile`: a profile's own region; nil asks for that of the default credentials.
  package init(
    preamble: ManifestPreamble, options: Options, identities: ProfileIdentities,
    regionOfProfile: @escaping @Sendable (String?) -> String?
  ) {
    regions = preamble.defaultRegions.isEmpty ? options.regions : preamble.defaultRegions
    areSought = preamble.defaultRegions.isEmpty && options.coversAllRegions
    let named =
      preamble.defaultProfiles.isEmpty ? options.profiles : preamble.defaultProfiles
    profiles = named.isEmpty ? [nil] : named
    self.identities = identities
    self.regionOfProfile = regionOfProfile
  }

  /// The profiles that may act for an entry; never empty.
  package func candidates(of entry: ManifestEntry) -> [String?] {
    entry.profiles.isEmpty ? profiles : entry.profiles
  }

  /// Hands over the targets of an entry; their ordinals are 0 and for the caller to set.
  ///
  /// - Returns: what keeps the entry from being expanded, in which case no target was handed over.
  package func expand(
    _ entry: ManifestEntry, _ body: (Target) -> Void
  ) -> ManifestProblem? {
    let candidates = candidates(of: entry)
    if SecretARN.looksLikeARN(entry.secretID),
      let arn = try? SecretARN(parsing: entry.secretID)
    {
      body(
        target(
          entry, region: arn.region, account: arn.accountID,
          identities.choose(among: candidates, account: arn.accountID, isARN: true)))
      return nil
    }
    let listed = entry.regions.isEmpty ? regions : entry.regions
    if let account = entry.accountID {
      return expandName(entry, of: account, candidates, listed, body)
    }
    if listed.isEmpty {
      if let missing = candidates.first(where: { regionOfProfile($0) == nil }) {
        return noRegion(entry, [missing])
      }
      for profile in candidates {
        guard let region = regionOfProfile(profile) else { continue }
        body(target(entry, region: region, profile: profile))
      }
      return nil
    }
    for region in listed {
      for profile in candidates { body(target(entry, region: region, profile: profile)) }
    }
    return nil
  }

  /// A name whose row names the account: one profile is chosen for it.
  private func expandName(
    _ entry: ManifestEntry, of account: String, _ candidates: [String?], _ listed: [String],
    _ body: (Target) -> Void
  ) -> ManifestProblem? {
    let choice = identities.choose(among: candidates, account: account, isARN: false)
    var own: String?
    if listed.isEmpty {
      // As long as the profile is open, the first region that a candidate has stands in.
      own =
        if case .profile(let profile, _) = choice {
          regionOfProfile(profile)
        } else {
          candidates.lazy.compactMap(regionOfProfile).first
        }
      guard own != nil else { return noRegion(entry, candidates) }
    }
    for region in own.map({ [$0] }) ?? listed {
      body(target(entry, region: region, account: account, choice))
    }
    return nil
  }

  private func target(_ entry: ManifestEntry, region: String, profile: String?) -> Target {
    var target = Target(
      ordinal: 0, secretID: entry.secretID, region: region, profile: profile,
      accountID: entry.accountID, sources: [entry.location], labels: entry.labels)
    target.isSought =
      areSought && entry.regions.isEmpty && !SecretARN.looksLikeARN(entry.secretID)
    return target
  }

  private func target(
    _ entry: ManifestEntry, region: String, account: String, _ choice: ProfileIdentities.Choice
  ) -> Target {
    var target = target(entry, region: region, profile: nil)
    target.accountID = account
    switch choice {
    case .profile(let profile, let isCrossAccount):
      target.profile = profile
      target.isCrossAccount = isCrossAccount
    case .undecided: target.isProfileUndecided = true
    case .refused(let reason): target.refusal = reason
    }
    return target
  }

  private func noRegion(_ entry: ManifestEntry, _ profiles: [String?]) -> ManifestProblem {
    let who =
      profiles.first.flatMap { $0 }.map { "profile '\(Excerpt.of($0))' has none of its own" }
      ?? "the default profile has none"
    return ManifestProblem(
      location: entry.location,
      what: "no region for '\(Excerpt.of(entry.secretID))': the row names none and \(who)",
      mend: "fill the row's region, or pass --region")
  }
}
