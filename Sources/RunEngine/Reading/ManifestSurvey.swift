package import DurableFiles
package import RotationCore

/// Pass one over the manifests: what they say, whether it can be used, and who must be asked.
package struct ManifestSurvey: Sendable, Hashable {
  /// The bound of different profiles in one run.
  package static let maximumProfiles = 10_000

  /// One for each source, in their order; nil for a file that could not be read.
  package internal(set) var readings: [ManifestReading?] = []
  package internal(set) var problems = ManifestProblemList()
  package internal(set) var entryCount = 0
  /// The profiles that some entry uses, in the order of their first use; nil stands for the
  /// default credentials.
  package internal(set) var profiles: [String?] = []
  /// In the order of the manifests, at most ``ManifestSelector/maximumCount``.
  package internal(set) var selectors: [ScopedSelector] = []

  /// The first incident and reason that a manifest gives.
  package var incident: String? { readings.lazy.compactMap { $0?.preamble.incident }.first }
  package var reason: String? { readings.lazy.compactMap { $0?.preamble.reason }.first }

  /// Reads all manifests to their end and reports every problem, that of a missing region too.
  ///
  /// Files are read once, a JSON manifest twice when its defaults decide about a region. Standard
  /// input is copied to its source's spool, from which pass two reads it.
  ///
  /// - Parameters:
  ///   - sources: several make one run.
  ///   - options: regions and profiles of the command line.
  ///   - regionOfProfile: a profile's own region; nil asks for that of the default credentials.
  /// - Throws: ``FileError`` when a spool cannot be written.
  package init(
    _ sources: [ManifestSource], options: Expansion.Options,
    regionOfProfile: @escaping @Sendable (String?) -> String?
  ) throws(FileError) {
    var seen: Set<String?> = []
    for source in sources {
      if let refusal = ManifestSurvey.refusal(of: source, among: sources) {
        problems.append(refusal)
        readings.append(nil)
        continue
      }
      // A late preamble: what the rows lack is judged once it is complete.
      var sink = SurveySink()
      let reading = try ManifestStream.read(source, spool: source.spool, into: &sink)
      readings.append(reading)
      entryCount += sink.entryCount
      guard let reading else {
        problems.append(sink.problems)
        continue
      }
      let expansion = Expansion(
        preamble: reading.preamble, options: options, identities: ProfileIdentities(),
        regionOfProfile: regionOfProfile)
      var found = sink.profiles(under: expansion, of: source.path)
      for selector in sink.selectors {
        let scoped = expansion.scope(of: selector)
        found += scoped.profiles
        selectors.append(scoped)
        if let problem = ManifestSurvey.lackingRegion(scoped, regionOfProfile) {
          problems.append(problem)
        }
      }
      for profile in found where seen.insert(profile).inserted { profiles.append(profile) }
      problems.append(sink.problems)
      let hasRegions = !reading.preamble.defaultRegions.isEmpty || !options.regions.isEmpty
      if sink.lacksRegion, !hasRegions, found.contains(where: { regionOfProfile($0) == nil }) {
        var regions = RegionSink(expansion: expansion)
        let file = source.path == "-" ? source.spool : nil
        _ = try ManifestStream.read(source, file: file, into: &regions)
        problems.append(regions.problems)
      }
    }
    if selectors.count > ManifestSelector.maximumCount {
      problems.append(
        ManifestProblem(
          location: selectors[ManifestSelector.maximumCount].selector.location,
          what: "more than \(ManifestSelector.maximumCount) selectors in one run",
          mend: "join some, or run `rotactl discover` and use what it writes"))
    }
    if profiles.count > ManifestSurvey.maximumProfiles {
      problems.append(
        ManifestProblem(
          location: SourceLocation(file: sources[0].path, line: 1, column: 1),
          what: "\(profiles.count) different profiles; at most \(ManifestSurvey.maximumProfiles)"
            + " go into one run", mend: "split the manifest"))
    }
  }

  private static func lackingRegion(
    _ scoped: ScopedSelector, _ regionOfProfile: (String?) -> String?
  ) -> ManifestProblem? {
    guard scoped.regions.isEmpty,
      let lacking = scoped.profiles.first(where: { regionOfProfile($0) == nil })
    else { return nil }
    let who = lacking.map { "profile '\($0)'" } ?? "the default profile"
    return ManifestProblem(
      location: scoped.selector.location, what: "no region for a selector: \(who) has none",
      mend: "write \"regions\", or pass --region")
  }

  /// What keeps a source from being read twice.
  static func refusal(
    of source: ManifestSource, among sources: [ManifestSource]
  ) -> ManifestProblem? {
    guard source.path == "-" else { return nil }
    let location = SourceLocation(file: "-", line: 1, column: 1)
    if sources.count(where: { $0.path == "-" }) > 1 {
      return ManifestProblem(
        location: location, what: "standard input is named twice", mend: "name '-' once")
    }
    if source.spool == nil {
      return ManifestProblem(
        location: location, what: "standard input cannot be read twice",
        mend: "write it to a file and name that")
    }
    return nil
  }
}

/// Collects what pass one needs to know of the entries.
struct SurveySink: CountingManifestSink {
  var entryCount = 0
  let isStopped = false
  var problems = ManifestProblemList()
  /// Of the rows, in the order of their first use; one more than the bound at most.
  var profiles: [String?] = []
  var seen: Set<String> = []
  /// Some row names no profile.
  var hasDefaultProfile = false
  /// Some row other than an ARN's names no region.
  var lacksRegion = false
  /// One more than the bound at most.
  var selectors: [ManifestSelector] = []

  mutating func selector(_ selector: ManifestSelector) {
    entryCount += 1
    if selectors.count <= ManifestSelector.maximumCount { selectors.append(selector) }
  }

  mutating func entry(_ entry: ManifestEntry) {
    entryCount += 1
    if entry.profiles.isEmpty { hasDefaultProfile = true }
    for profile in entry.profiles
    where seen.count <= ManifestSurvey.maximumProfiles && seen.insert(profile).inserted {
      profiles.append(profile)
    }
    if entry.regions.isEmpty, !lacksRegion, !SecretARN.looksLikeARN(entry.secretID) {
      lacksRegion = true
    }
  }

  /// The profiles that some row uses, those of rows that name none at the end.
  func profiles(under expansion: Expansion, of file: String) -> [String?] {
    guard hasDefaultProfile else { return profiles }
    let probe = ManifestEntry(
      location: SourceLocation(file: file, line: 1, column: 1), secretID: "probe")
    return profiles + expansion.candidates(of: probe)
  }

  /// The first row of its shape came as an entry, and told everything that is asked here.
  mutating func row(_ row: PlainRow) { entryCount += 1 }

  mutating func problem(_ problem: ManifestProblem) { problems.append(problem) }
}

/// Finds the entries that have no region; everything else was reported before.
private struct RegionSink: CountingManifestSink {
  let expansion: Expansion
  var entryCount = 0
  let isStopped = false
  var problems = ManifestProblemList()

  mutating func entry(_ entry: ManifestEntry) {
    entryCount += 1
    if let problem = expansion.expand(entry, { _ in }) { problems.append(problem) }
  }

  mutating func selector(_ selector: ManifestSelector) {}
  mutating func problem(_ problem: ManifestProblem) {}
}
