package import DurableFiles
package import RotationCore

/// Survey and expansion in one pass, for a plan of which little more is wanted than its numbers.
///
/// It settles only what is plain: manifests without a problem, without selectors, and without
/// defaults that could stand behind the rows that they hold for. For anything else there is none,
/// and whoever asked must read the manifests as ever.
package struct ManifestCount: Sendable {
  package let entryCount: Int
  /// As in ``ManifestSurvey/profiles``.
  package let profiles: [String?]
  /// One for each manifest.
  package let preambles: [ManifestPreamble]

  /// Reads all manifests once and tells of their targets.
  ///
  /// What was told means nothing when this turns out nil.
  ///
  /// - `sources`: files that can be read again.
  /// - `options`: regions and profiles of the command line.
  /// - `key`: random for each process; the result does not depend on it.
  /// - `regionOfProfile`: a profile's own region; nil asks for that of the default credentials.
  /// - `shown`: so many targets are told one by one.
  /// - `emit`: receives each of those; what it throws ends the reading and is thrown on.
  /// - `count`: receives the others: one of them, and the number of those that differ from it in
  ///   nothing but id, ordinal, places and labels.
  package init?(
    _ sources: [ManifestSource], options: Expansion.Options, key: SipHash128.Key,
    regionOfProfile: @escaping @Sendable (String?) -> String?, shown: Int,
    emit: (Target) throws(FileError) -> Void, count: (Target, Int) -> Void
  ) throws(FileError) {
    let expansion = Expansion(
      preamble: ManifestPreamble(), options: options, identities: ProfileIdentities(),
      regionOfProfile: regionOfProfile)
    var preambles: [ManifestPreamble] = []
    var profiles: [String?] = []
    var seen: Set<String?> = []
    var entries = 0
    // The sink lives within this call only; its closures are lent to it for that long.
    let isPlain = try withoutActuallyEscaping(emit) { (emit) throws(FileError) in
      try withoutActuallyEscaping(count) { (count) throws(FileError) in
        var sink = CountSink(
          expansion: ExpansionSink(
            targets: TargetSet(key: key), selected: nil,
            receiver: TargetReceiver(emit: emit, shown: shown, count: count)))
        for source in sources {
          sink.survey = SurveySink()
          sink.expansion.begin(source.path, expansion)
          guard let input = ManifestStream.open(source.path, of: source, reporting: &sink),
            let decoder = try ManifestStream.decode(source, from: input, into: &sink)
          else { return false }
          if let failure = sink.expansion.failure { throw failure }
          let preamble = decoder.preamble
          if sink.isStopped || !preamble.defaultRegions.isEmpty || !preamble.defaultProfiles.isEmpty
          {
            return false
          }
          preambles.append(preamble)
          entries += sink.survey.entryCount
          for profile in sink.survey.profiles(under: expansion, of: source.path)
          where seen.insert(profile).inserted { profiles.append(profile) }
        }
        sink.expansion.finish()
        return !sink.isStopped
      }
    }
    guard isPlain, profiles.count <= ManifestSurvey.maximumProfiles else { return nil }
    entryCount = entries
    self.profiles = profiles
    self.preambles = preambles
  }
}

/// Gives everything to both passes; stops at what needs them to be two.
private struct CountSink: CountingManifestSink {
  var survey = SurveySink()
  var expansion: ExpansionSink
  private var isOdd = false

  init(expansion: ExpansionSink) { self.expansion = expansion }

  var entryCount: Int { survey.entryCount }
  var isStopped: Bool { isOdd || !expansion.problems.isEmpty || expansion.isStopped }

  mutating func entry(_ entry: ManifestEntry) {
    survey.entry(entry)
    expansion.entry(entry)
  }

  mutating func row(_ row: PlainRow) {
    survey.row(row)
    expansion.row(row)
  }

  mutating func endRows() { expansion.endRows() }
  mutating func hasRead(_ bytes: Int, of total: Int) { expansion.hasRead(bytes, of: total) }
  mutating func selector(_ selector: ManifestSelector) { isOdd = true }
  mutating func problem(_ problem: ManifestProblem) { isOdd = true }
}
