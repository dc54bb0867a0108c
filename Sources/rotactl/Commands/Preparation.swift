internal import Cryptography
internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// From manifests to a plan: read and check everything, ask who the profiles are, look.
struct Preparation: Sendable {
  let session: Session
  let console: Console
  let manifests: ResolvedManifests
  /// Where the original bytes are copied to.
  let copies: String
  /// From the command line; a manifest's own words stand in where it says nothing.
  var incident: String?
  var reason: String?
  var purpose = RunPurpose()
  /// Stands in the header of a plan that is saved to be run later.
  var saved: SavedPlan?

  /// Manifests that were read to their ends and hold no problem.
  struct Checked: Sendable {
    var sources: [ManifestSource]
    var readings: [ManifestReading]
    var survey: ManifestSurvey
    var incident: String?
    var reason: String?
  }

  var expansionOptions: Expansion.Options {
    let connection = session.connection
    return Expansion.Options(
      regions: connection.coversAllRegions
        ? RegionScope(session).candidates : connection.regions,
      profiles: connection.profiles, coversAllRegions: connection.coversAllRegions)
  }

  func checkProfiles() throws(UsageProblem) {
    for profile in session.connection.profiles where !session.client.profileExists(profile) {
      throw UsageProblem(
        place: "--profile", what: "the config profile (\(profile)) could not be found",
        hint: "see `aws configure list-profiles`")
    }
  }

  func warnOfPartialListing(_ path: String) {
    console.warn(
      "\(path) is one page of a listing: it ends with a NextToken, more secrets exist",
      hint: "list them all, without --no-paginate or --max-items")
  }

  /// Reads every manifest to its end; no call is made.
  ///
  /// - Returns: nil when there are problems, all of which are printed then.
  func check() throws -> Checked? {
    let client = session.client
    try checkProfiles()
    let sources = manifests.paths.enumerated().map { index, path in
      ManifestSource(
        path: path, format: manifests.format, delimiter: manifests.delimiter,
        spool: copies + "/" + Preparation.copyName(of: path, index: index))
    }
    session.board.begin(.reading, total: nil)
    let survey = try ManifestSurvey(
      sources, options: expansionOptions, regionOfProfile: { client.region(ofProfile: $0) })
    var problems = survey.problems
    let unknown = Set(survey.profiles.compactMap(\.self).filter { !client.profileExists($0) })
    if problems.isEmpty, !unknown.isEmpty {
      for problem in try unknownProfiles(unknown, sources, survey) { problems.append(problem) }
    }
    guard problems.isEmpty else {
      ManifestProblemView(problems.first, total: problems.total).show(on: console)
      return nil
    }
    for reading in survey.readings.compactMap(\.self) where reading.preamble.isPartialListing {
      warnOfPartialListing(reading.path)
    }
    return Checked(
      sources: sources, readings: survey.readings.compactMap(\.self), survey: survey,
      incident: incident ?? survey.incident, reason: reason ?? survey.reason)
  }

  /// The first place that uses each profile which no file of settings has.
  private func unknownProfiles(
    _ names: Set<String>, _ sources: [ManifestSource], _ survey: ManifestSurvey
  ) throws -> [ManifestProblem] {
    var places: [String: SourceLocation] = [:]
    var generator = SystemRandomNumberGenerator()
    _ = try ManifestExpansion(
      sources, survey: survey, options: expansionOptions,
      key: SipHash128.Key(using: &generator), regionOfProfile: { _ in "us-east-1" }
    ) { target in
      guard let profile = target.profile, names.contains(profile) else { return }
      if places[profile] == nil { places[profile] = target.sources.first }
    }
    return names.sorted().map { name in
      ManifestProblem(
        location: places[name] ?? SourceLocation(file: sources[0].path, line: 1, column: 1),
        what: "the profile '\(name)' stands in no AWS config or credentials file",
        mend: "see `aws configure list-profiles`, or add it")
    }
  }

  /// `1-incident.csv`: the place keeps two files of one name apart.
  static func copyName(of path: String, index: Int) -> String {
    let name = path == "-" ? "stdin" : DurableFile.name(of: path)
    let safe = String(name.map { RunFolder.isValidRunID("x\($0)") ? $0 : "_" }.suffix(80))
    return "\(index + 1)-\(safe)"
  }

  /// Hands over every target, in the order of the ordinals, once more from the copies.
  ///
  /// - Returns: further places that name a target, by its ordinal; nil when a problem was found
  ///   and printed.
  func expand(
    _ checked: Checked, identities: [String?: ProfileIdentity], selected: SelectedSecrets? = nil,
    emit: (Target) throws(FileError) -> Void
  ) throws -> [Int: [SourceLocation]]? {
    let client = session.client
    var generator = SystemRandomNumberGenerator()
    var merged: [Int: [SourceLocation]] = [:]
    let expansion = try ManifestExpansion(
      checked.sources, survey: checked.survey, options: expansionOptions,
      identities: ProfileIdentities(accounts: identities.compactMapValues(\.accountID)),
      key: SipHash128.Key(using: &generator),
      regionOfProfile: { client.region(ofProfile: $0) }, selected: selected,
      merged: { merged[$0.ordinal, default: []].append($0.location) }, emit: emit)
    guard expansion.problems.isEmpty else {
      ManifestProblemView(expansion.problems.first, total: expansion.problems.total).show(
        on: console)
      return nil
    }
    return merged
  }

  /// Asks STS once a profile.
  ///
  /// - Throws: a ``Diagnostic`` of status `preflight` when no profile can be used.
  func identities(_ checked: Checked) async throws -> [String?: ProfileIdentity] {
    try await identities(
      of: checked.survey.profiles.map { CallSite(profile: $0, region: stsRegion(of: $0, checked)) })
  }

  /// Asks STS once a profile.
  ///
  /// - `sites`: one for each profile.
  func identities(of sites: [CallSite]) async throws -> [String?: ProfileIdentity] {
    let profiles = sites.map(\.profile)
    session.board.begin(.preflight, total: sites.count)
    let identities = await Preflight(reader: session.client, loop: session.loop).identities(
      of: sites)
    var failures: [(name: String, profile: String?, failure: ServiceFailure)] = []
    for profile in profiles {
      let name = profile.map { "profile '\($0)'" } ?? "the default profile"
      switch identities[profile] {
      case .failed(let failure): failures.append((name, profile, failure))
      case .unreachable(let failure):
        console.warn(
          "STS did not answer for \(name) (\(failure.code)); its account is learned from the "
            + "first ARN",
          hint: "set AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL where STS has its own endpoint")
      case .known, nil: break
      }
    }
    if !failures.isEmpty, failures.count == profiles.count {
      let (name, profile, failure) = failures[0]
      var diagnostic = Diagnostic(
        failure, doing: "no profile can be used", at: name, profile: profile)
      diagnostic.status = .preflight
      throw diagnostic
    }
    for (name, profile, failure) in failures {
      console.warn(
        "\(name) cannot be used, its targets will fail: \(failure.code): \(failure.message)",
        hint: FailureHint.text(for: failure, profile: profile))
    }
    return identities
  }

  /// A region whose STS can tell who a profile is.
  private func stsRegion(of profile: String?, _ checked: Checked) -> String {
    session.client.region(ofProfile: profile) ?? session.connection.regions.first
      ?? checked.readings.lazy.compactMap(\.preamble.defaultRegions.first).first ?? "us-east-1"
  }

  /// Looks at every target and writes the plan.
  ///
  /// - Returns: nil when the manifests turned out not to be usable; the reason is printed.
  func plan(
    _ checked: Checked, identities: [String?: ProfileIdentity], to path: String
  ) async throws -> Planner<RemoteSecretsManager>.Result? {
    let list = path + ".targets"
    defer { DurableFile.remove(list) }
    let selected = try await SelectorResolution(
      session: session, identities: identities, console: console, prefix: list
    ).resolve(checked.survey.selectors)
    defer { selected.secrets.remove() }
    var header = planHeader(checked)
    header.population = selected.population
    var writer = try PlanFileWriter(path: list, header: header)
    var count = 0
    var merged = try expand(
      checked, identities: identities, selected: selected.secrets
    ) { target throws(FileError) in
      count += 1
      try writer.append(PlanEntry(listing: target))
    }
    _ = try writer.finish()
    guard merged != nil else { return nil }
    if session.connection.coversAllRegions {
      count = try await RegionScope(session).narrow(
        list, of: count, identities: identities, merged: &merged)
    }
    session.board.begin(.describing, total: count)
    let examiner = Examiner(
      reader: session.client, loop: session.loop, pacers: session.pacers, identities: identities,
      action: purpose.action, width: session.pacing.concurrency)
    var reader = try PlanFileReader(path: list)
    let planner = Planner(examiner: examiner, stop: session.stop)
    let start = PlanOverview(now: session.clock.now(), skipsInFlight: purpose.skipsInFlight)
    // The looks at targets, which are nearly all calls, run on the transport's thread.
    return try await withTaskExecutorPreference(session.client.executor) {
      try await planner.write(to: path, header: header, overview: start) { () -> [PlanEntry]? in
        var window: [PlanEntry] = []
        while window.count < Preparation.window, let (entry, _, _) = try reader.next() {
          var draft = try purpose.draft(of: entry.listedTarget)
          draft.target.sources += merged?[entry.target.ordinal] ?? []
          window.append(draft)
        }
        return window.isEmpty ? nil : window
      }
    }
  }

  /// So many targets are looked at before their entries are written.
  private static let window = 4096

  private func planHeader(_ checked: Checked) -> PlanHeader {
    var header = PlanHeader(
      createdAt: session.clock.now(), toolVersion: ToolVersion.text, offline: false,
      incident: checked.incident, reason: checked.reason,
      manifests: zip(checked.sources, checked.readings).map { source, reading in
        PlanHeader.Manifest(
          path: purpose.manifestPath ?? reading.path,
          copy: saved == nil ? DurableFile.name(of: source.spool ?? "") : nil,
          sha256: reading.sha256.hex, bytes: reading.byteCount, entries: reading.entryCount)
      })
    header.action = purpose.action
    header.source = purpose.source
    header.staggerSeconds = purpose.staggerSeconds
    header.saved = saved
    return header
  }
}

/// The record of a target does not hold its refusal; in a list of targets the entry does.
extension PlanEntry {
  /// A target before anybody has looked at it.
  init(listing target: Target) {
    self.init(
      target: target, disposition: target.refusal == nil ? .notExamined : .refused,
      reason: target.refusal ?? "")
  }

  /// The target that ``init(listing:)`` was given.
  var listedTarget: Target {
    var target = target
    if disposition == .refused { target.refusal = reason }
    return target
  }
}
