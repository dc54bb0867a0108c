package import DurableFiles
package import RotationCore

/// Pass two over the manifests: their targets, in order, without duplicates.
package struct ManifestExpansion: Sendable, Hashable {
  /// One for each source, in their order; nil for a file that could not be read.
  package internal(set) var readings: [ManifestReading?] = []
  package internal(set) var problems = ManifestProblemList()
  package internal(set) var entryCount = 0
  /// Targets handed over; the last one's ordinal is one less.
  package internal(set) var targetCount = 0
  /// Places that named a secret already known.
  package internal(set) var mergedCount = 0
  /// The places of selectors that nobody has resolved, at most ``ManifestSelector/maximumCount``.
  package internal(set) var unresolved: [SourceLocation] = []

  /// Reads all manifests and hands over their targets as they are found.
  ///
  /// With a survey this is pass two: standard input comes from its spool, and a file that changed
  /// since is a problem. Without one, reading, checking, expanding and merging are a single pass,
  /// except that standard input and JSON, whose defaults may stand at its end, are read before.
  /// Targets are handed over before later problems are known: use them only when
  /// ``ManifestExpansion/problems`` ends up empty.
  ///
  /// - Parameters:
  ///   - sources: the ones that the survey read.
  ///   - survey: what pass one found; nil for a plan made offline.
  ///   - options: regions and profiles of the command line.
  ///   - identities: what preflight learned; empty offline.
  ///   - key: random for each process; the result does not depend on it.
  ///   - regionOfProfile: a profile's own region; nil asks for that of the default credentials.
  ///   - selected: what the selectors came to; nil where none was resolved.
  ///   - merged: receives each further place of a known target.
  ///   - emit: receives each target; what it throws ends the reading and is thrown on.
  /// - Throws: ``FileError`` of `emit`, or when a spool cannot be written.
  package init(
    _ sources: [ManifestSource], survey: ManifestSurvey? = nil, options: Expansion.Options,
    identities: ProfileIdentities = ProfileIdentities(), key: SipHash128.Key,
    regionOfProfile: @escaping @Sendable (String?) -> String?, selected: SelectedSecrets? = nil,
    merged: (MergedSource) -> Void = { _ in },
    emit: (Target) throws(FileError) -> Void
  ) throws(FileError) {
    // The sink lives within this call only; its closures are lent to it for that long.
    try withoutActuallyEscaping(merged) { (merged) throws(FileError) in
      try withoutActuallyEscaping(emit) { (emit) throws(FileError) in
        var sink = ExpansionSink(
          targets: TargetSet(key: key, identities: identities), selected: selected,
          receiver: TargetReceiver(merged: merged, emit: emit))
        for (index, source) in sources.enumerated() {
          if let refusal = ManifestSurvey.refusal(of: source, among: sources) {
            sink.problem(refusal)
            readings.append(nil)
            continue
          }
          var known = survey?.readings[index]
          if survey == nil, ManifestExpansion.needsPreamble(source) {
            var sinkForPreamble = PreambleSink()
            known = try ManifestStream.read(
              source, spool: source.spool, into: &sinkForPreamble)
            if known == nil { sink.problems.append(sinkForPreamble.problems) }
          }
          // Why it cannot be read was reported by whoever tried first.
          if known == nil, survey != nil || ManifestExpansion.needsPreamble(source) {
            readings.append(nil)
            continue
          }
          sink.begin(
            source.path,
            Expansion(
              preamble: known?.preamble ?? ManifestPreamble(), options: options,
              identities: identities, regionOfProfile: regionOfProfile))
          let reading = try ManifestStream.read(
            source, file: source.path == "-" ? source.spool : nil,
            spool: known == nil ? source.spool : nil, into: &sink)
          if let failure = sink.failure { throw failure }
          readings.append(reading)
          if let reading, let known, reading.sha256 != known.sha256 {
            sink.problem(
              ManifestProblem(
                location: SourceLocation(file: source.path, line: 1, column: 1),
                what: "the manifest changed while it was read", mend: "start again"))
          }
        }
        sink.finish()
        problems = sink.problems
        entryCount = sink.entryCount
        targetCount = sink.targets.count
        mergedCount = sink.mergedCount
        unresolved = sink.unresolved
      }
    }
  }

  /// Whether the preamble must be known before the first entry, or the bytes come only once.
  private static func needsPreamble(_ source: ManifestSource) -> Bool {
    if source.path == "-" { return true }
    switch source.format ?? ManifestFormat(path: source.path) {
    case .csv, .jsonl, .text: return false
    case .json, nil: return true
    }
  }
}

/// Reads for the preamble alone; problems are reported when the entries are read.
private struct PreambleSink: CountingManifestSink {
  var entryCount = 0
  let isStopped = false
  static let isPreambleOnly = true
  var problems = ManifestProblemList()
  mutating func entry(_ entry: ManifestEntry) { entryCount += 1 }
  mutating func row(_ row: PlainRow) { entryCount += 1 }
  mutating func selector(_ selector: ManifestSelector) { entryCount += 1 }
  mutating func problem(_ problem: ManifestProblem) { problems.append(problem) }
}
