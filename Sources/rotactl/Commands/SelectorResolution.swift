internal import RotationCore
internal import RunEngine

/// Turns the selectors of manifests into the secrets that they mean now.
struct SelectorResolution: Sendable {
  let session: Session
  let identities: [String?: ProfileIdentity]
  let console: Console
  /// A path in a folder of ours.
  let prefix: String

  struct Resolved: Sendable {
    var secrets = SelectedSecrets()
    /// Nil without selectors.
    var population: JSONValue?
  }

  /// Lists for one selector after the other and shows what each was chosen from.
  func resolve(_ selectors: [ScopedSelector]) async throws -> Resolved {
    var resolved = Resolved()
    guard !selectors.isEmpty else { return resolved }
    var populations: [Population] = []
    for (index, scoped) in selectors.enumerated() {
      let path = "\(prefix).selector-\(index)"
      var writer = try SelectedWriter(path: path)
      let lanes = self.lanes(of: scoped)
      session.board.begin(.listing, total: lanes.count)
      let found = try await Discovery(
        reader: session.client, loop: session.loop, pacers: session.pacers,
        prefix: path + ".found", width: session.pacing.concurrency
      ).find(
        scoped.selector.selection, in: lanes, confirms: scoped.selector.confirms
      ) { secret in
        try writer.append(secret)
      }
      try writer.flush()
      resolved.secrets.add(path, for: scoped.selector.location)
      populations.append(
        Population(
          source: scoped.selector.location, selection: scoped.selector.selection, lanes: found))
    }
    PopulationView(populations).show(on: console)
    resolved.population = Population.document(
      populations, takenAt: session.clock.now(), toolVersion: ToolVersion.text)
    return resolved
  }

  private func lanes(of scoped: ScopedSelector) -> [DiscoveryLane] {
    DiscoveryLane.lanes(of: scoped.profiles, identities: identities) { profile in
      var arn: String?
      if case .known(let identity)? = identities[profile] { arn = identity.arn }
      return session.regions(of: profile, named: scoped.regions, callerARN: arn)
    }
  }

  /// Says which selectors a plan without calls leaves open.
  static func tellUnresolved(_ selectors: [ScopedSelector], isJSON: Bool, _ console: Console) {
    guard !selectors.isEmpty else { return }
    if isJSON {
      for scoped in selectors {
        console.result([
          "type": "selector", "version": 1, "resolved": false,
          "source": .string(scoped.selector.location.description),
          "selection": scoped.selector.selection.record,
          "profiles": .array(scoped.profiles.map { .string($0 ?? "default") }),
          "regions": .array(scoped.regions.map(JSONValue.string)),
        ])
      }
    }
    let places = selectors.prefix(10).map(\.selector.location.description)
    let more = selectors.count > 10 ? " and \(selectors.count - 10) more" : ""
    console.warn(
      "\(HumanText.count(selectors.count, "selector")) not resolved, for nothing is called: "
        + places.joined(separator: ", ") + more,
      hint: "plan without --offline to see the secrets that they select")
  }
}
