internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// `--region all` for names: a name is meant in each region where it exists.
struct RegionScope: Sendable {
  private let session: Session

  init(_ session: Session) { self.session = session }

  /// Every region that some profile could mean; what is not enabled falls away when it is asked.
  var candidates: [String] {
    let profiles: [String?] =
      session.connection.profiles.isEmpty ? [nil] : session.connection.profiles.map(\.self)
    var names: [String] = []
    for profile in profiles {
      for name in session.regions(of: profile).names where !names.contains(name) {
        names.append(name)
      }
    }
    return names
  }

  /// So many targets are looked for together.
  private static let window = 4096

  /// Takes the targets out of a list whose secret is not where they look for it.
  ///
  /// - `list`: a file of targets, which is written anew.
  /// - `merged`: further places of targets by their ordinal; follows the new ordinals.
  /// - Returns: how many targets are left.
  func narrow(
    _ list: String, of count: Int, identities: [String?: ProfileIdentity],
    merged: inout [Int: [SourceLocation]]?
  ) async throws -> Int {
    session.board.begin(.describing, total: count)
    let client = session.client
    let search = RegionSearch(
      reader: client, loop: session.loop, pacers: session.pacers, identities: identities,
      width: session.pacing.concurrency,
      regionOfProfile: { client.region(ofProfile: $0) })
    let narrowed = list + ".narrowed"
    var reader = try PlanFileReader(path: list)
    var writer = try PlanFileWriter(path: narrowed, header: reader.header)
    var places: [Int: [SourceLocation]] = [:]
    var ordinal = 0
    var pending: [Target] = []
    var isAtEnd = false
    let named = Set(merged?.keys.map(\.self) ?? [])
    while !isAtEnd || !pending.isEmpty {
      while pending.count < RegionScope.window, !isAtEnd {
        if let (entry, _, _) = try reader.next() {
          pending.append(entry.listedTarget)
        } else {
          isAtEnd = true
        }
      }
      let part = RegionSearch<RemoteSecretsManager>.wholeGroups(pending, isLast: isAtEnd)
      pending.removeFirst(part.count)
      for target in await search.narrow(part, alsoNamed: named) {
        var target = target
        places[ordinal] = merged?[target.ordinal]
        target.ordinal = ordinal
        target.isSought = false
        ordinal += 1
        try writer.append(PlanEntry(listing: target))
      }
    }
    _ = try writer.finish()
    try DurableFile.move(narrowed, to: list)
    merged = places
    return ordinal
  }
}
