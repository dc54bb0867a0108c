internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// What a preview without any call adds up.
struct OfflinePreview: Sendable {
  private(set) var overview = PlanOverview(now: Session.now())
  /// The first targets, at most ``PreviewView/shownLimit``.
  var shown: [PlanEntry] = []
  /// Targets that need not exist; see ``Target/isSought``.
  private(set) var sought = 0

  /// - `count`: as many targets, which differ in nothing that is counted.
  ///
  /// - Returns: the target's entry.
  @discardableResult
  mutating func add(_ target: Target, count: Int = 1) -> PlanEntry {
    let words = target.isSought ? "not looked for there" : "not looked at"
    let entry = PlanEntry(
      target: target, disposition: target.refusal == nil ? .notExamined : .refused,
      reason: target.refusal ?? words)
    overview.add(entry, count: count)
    if target.isSought { sought += count }
    return entry
  }
}

extension Preparation {
  /// Reads every manifest once and counts; no call is made.
  ///
  /// - Returns: nil when it takes ``check()`` to tell what is to be told; nothing is printed then.
  func count() throws -> OfflinePreview? {
    try checkProfiles()
    // What comes only once, such as standard input, is copied by the check.
    guard manifests.paths.allSatisfy(DurableFile.isRegular) else { return nil }
    let client = session.client
    let sources = manifests.paths.map {
      ManifestSource(path: $0, format: manifests.format, delimiter: manifests.delimiter)
    }
    session.board.begin(.reading, total: nil)
    var generator = SystemRandomNumberGenerator()
    var preview = OfflinePreview()
    let count = try ManifestCount(
      sources, options: expansionOptions, key: SipHash128.Key(using: &generator),
      regionOfProfile: { client.region(ofProfile: $0) }, shown: PreviewView.shownLimit,
      emit: { preview.shown.append(preview.add($0)) }, count: { preview.add($0, count: $1) })
    guard let count, count.profiles.allSatisfy({ $0.map(client.profileExists) ?? true }) else {
      return nil
    }
    for (source, preamble) in zip(sources, count.preambles) where preamble.isPartialListing {
      warnOfPartialListing(source.path)
    }
    return preview
  }
}
