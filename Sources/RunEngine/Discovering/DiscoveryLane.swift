package import RotationCore

/// One account and region that is to be listed.
package struct DiscoveryLane: Sendable, Hashable {
  /// The first profile of the account.
  package var site: CallSite
  /// Nil when STS could not be asked.
  package var account: String?
  /// Further profiles of the account; they stand in when the first one is refused.
  package var otherProfiles: [String?] = []
  /// The region was not named: it is one of all that the partition has.
  package var isOneOfAll: Bool
  /// Why no call can be made there.
  package var failure: ServiceFailure?

  package init(
    site: CallSite, account: String?, isOneOfAll: Bool, failure: ServiceFailure? = nil
  ) {
    self.site = site
    self.account = account
    self.isOneOfAll = isOneOfAll
    self.failure = failure
  }

  /// Regions of one profile.
  package struct Regions: Sendable, Hashable {
    package var names: [String]
    package var areAll: Bool

    package init(names: [String], areAll: Bool) {
      self.names = names
      self.areAll = areAll
    }
  }

  /// Profiles times regions; an account that several profiles reach is listed once a region.
  ///
  /// - `identities`: of all the profiles.
  /// - `regions`: of a profile.
  package static func lanes(
    of profiles: [String?], identities: [String?: ProfileIdentity],
    regions: (String?) -> Regions
  ) -> [DiscoveryLane] {
    var lanes: [DiscoveryLane] = []
    var known: [LaneID: Int] = [:]
    for profile in profiles {
      let identity = identities[profile]
      let found = regions(profile)
      for region in found.names {
        let account = identity?.accountID
        if let account {
          let lane = LaneID(account: account, region: region)
          if let index = known[lane] {
            let others = [lanes[index].site.profile] + lanes[index].otherProfiles
            if !others.contains(profile) { lanes[index].otherProfiles.append(profile) }
            lanes[index].isOneOfAll = lanes[index].isOneOfAll && found.areAll
            continue
          }
          known[lane] = lanes.count
        }
        lanes.append(
          DiscoveryLane(
            site: CallSite(profile: profile, region: region), account: account,
            isOneOfAll: found.areAll, failure: identity?.failure))
      }
    }
    return lanes
  }
}
