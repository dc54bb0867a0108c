package import RotationCore

/// Finds out in which of all regions a name exists, by DescribeSecret alone.
package struct RegionSearch<Reader: SecretsManagerReader>: Sendable {
  private let reader: Reader
  private let loop: AttemptLoop
  private let pacers: PacerRegistry
  private let identities: [String?: ProfileIdentity]
  private let width: Int
  private let regionOfProfile: @Sendable (String?) -> String?
  private let strangers = StrangerRegions()

  /// - `identities`: of every profile that targets name.
  /// - `width`: how many targets are looked for together.
  /// - `regionOfProfile`: where a name that exists nowhere is reported.
  package init(
    reader: Reader, loop: AttemptLoop, pacers: PacerRegistry,
    identities: [String?: ProfileIdentity], width: Int,
    regionOfProfile: @escaping @Sendable (String?) -> String?
  ) {
    self.reader = reader
    self.loop = loop
    self.pacers = pacers
    self.identities = identities
    self.width = max(1, width)
    self.regionOfProfile = regionOfProfile
  }

  private enum Sighting: Sendable {
    case found, absent
    /// It could not be told; the plan looks again and tells why.
    case doubtful
  }

  /// What the targets of one name have in common.
  private struct Group: Hashable {
    let secretID: String
    let source: SourceLocation?
    let profile: String?

    init(_ target: Target) {
      secretID = target.secretID
      source = target.sources.first
      profile = target.profile
    }
  }

  /// The targets in their order, without those whose secret is not there.
  ///
  /// A name that a profile finds nowhere keeps one target, in the profile's own region if it is
  /// among them, so that it is reported.
  ///
  /// - `named`: ordinals of targets that another row names too; they stay.
  package func narrow(_ targets: [Target], alsoNamed named: Set<Int>) async -> [Target] {
    let sightings = await look(for: targets)
    var hits: [Group: Int] = [:]
    for (target, sighting) in zip(targets, sightings) where sighting != .absent {
      hits[Group(target), default: 0] += 1
    }
    var standIns: [Group: Int] = [:]
    for (index, target) in targets.enumerated() where target.isSought {
      let group = Group(target)
      guard hits[group] == nil else { continue }
      let isOwn = target.region == regionOfProfile(target.profile)
      if standIns[group] == nil || isOwn { standIns[group] = index }
    }
    return targets.indices.filter { index in
      let target = targets[index]
      return !target.isSought || named.contains(target.ordinal) || sightings[index] != .absent
        || standIns[Group(target)] == index
    }.map { targets[$0] }
  }

  /// The longest beginning that cuts no name's targets apart.
  package static func wholeGroups(_ targets: [Target], isLast: Bool) -> [Target] {
    guard !isLast, let last = targets.last, last.isSought else { return targets }
    let group = targets.lastIndex {
      $0.secretID != last.secretID || $0.sources.first != last.sources.first
    }
    // A single name over more targets than a window holds is cut, rather than never begun.
    guard let group else { return targets }
    return Array(targets[...group])
  }

  private func look(for targets: [Target]) async -> [Sighting] {
    let cursor = Cursor(count: targets.count)
    return await withTaskGroup(of: [(Int, Sighting)].self) { group in
      for _ in 0..<min(width, targets.count) {
        group.addTask {
          var found: [(Int, Sighting)] = []
          while let index = cursor.next() {
            found.append((index, await look(for: targets[index])))
            loop.board.advance()
          }
          return found
        }
      }
      var all: [(Int, Sighting)] = []
      for await part in group { all += part }
      return all.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private func look(for target: Target) async -> Sighting {
    guard target.isSought else { return .found }
    let identity = identities[target.profile]
    // Of a target that cannot be called, one is enough to tell so.
    guard target.refusal == nil, identity?.failure == nil else { return .absent }
    let site = CallSite(profile: target.profile, region: target.region)
    if loop.stop.isStopped { return .doubtful }
    if await strangers.contains(site) { return .absent }
    let pacer = pacers.pacer(
      for: LaneID(account: identity?.accountID ?? "unknown", region: target.region))
    var attempts: [AttemptRecord] = []
    let result = await loop.persistentCall(
      .describeSecret, profile: site.profile, pacer: pacer, attempts: &attempts
    ) { attempt in
      await reader.describeSecret(target.secretID, at: site, attempt: attempt)
    }
    switch result {
    case .success: return .found
    case .failure(let failure) where failure.code == "ResourceNotFoundException": return .absent
    case .failure(let failure) where failure.isStranger && identity?.accountID != nil:
      await strangers.insert(site)
      return .absent
    case .failure: return .doubtful
    }
  }
}

/// Regions that do not know a caller who is known elsewhere: they are not enabled.
private actor StrangerRegions {
  private var sites: Set<CallSite> = []

  func contains(_ site: CallSite) -> Bool { sites.contains(site) }
  func insert(_ site: CallSite) { sites.insert(site) }
}
