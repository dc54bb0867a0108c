internal import RotationCore

/// How many secrets were seen, selected and left out, by account and region, for people.
struct PopulationView: Sendable {
  /// Regions without a secret are counted from so many on, not listed.
  private static let emptyShown = 3

  private let populations: [Population]

  init(_ populations: [Population]) { self.populations = populations }

  /// The table is talk and obeys `--quiet`; what is not known is a warning.
  func show(on console: Console) {
    for population in populations {
      for line in lines(population, style: console.errorStyle) { console.say(line) }
      for (text, hint) in warnings(population) { console.warn(text, hint: hint) }
    }
  }

  func lines(_ population: Population, style: Style = .plain) -> [String] {
    var table = Table([
      .words("account"), .words("region"), .numbers("seen"), .numbers("selected"),
      .words("not selected"),
    ])
    let listed = population.lanes.filter { $0.status != .notEnabled }
    let empty = listed.filter { $0.seen == 0 && $0.status == .listed }
    let hidesEmpty = empty.count > PopulationView.emptyShown
    for lane in listed where !(hidesEmpty && lane.seen == 0 && lane.status == .listed) {
      let isUnknown = lane.status == .unknown
      table.add([
        lane.account ?? lane.profile.map { "profile \(HumanText.printable($0))" } ?? "default",
        lane.region, HumanText.count(lane.seen) + (isUnknown ? "+?" : ""),
        HumanText.count(lane.selected),
        isUnknown ? "unknown" : PopulationView.reasons(lane.excluded),
      ])
    }
    var lines: [String] = []
    if let source = population.source { lines.append("selector at \(source)") }
    if !table.isEmpty { lines += table.lines(style: style) }
    if hidesEmpty {
      lines.append("no secret in \(HumanText.count(empty.count, "further region"))")
    }
    lines += notEnabled(population) + shared(population)
    lines.append(total(population))
    return lines
  }

  private func total(_ population: Population) -> String {
    let accounts = Set(population.lanes.compactMap(\.account)).count
    var text =
      "\(HumanText.count(population.seen, "secret")) seen, "
      + "\(HumanText.count(population.selected)) selected, in "
      + "\(HumanText.count(accounts, "account")) and "
      + "\(HumanText.count(population.count(.listed), "listing"))"
    let unknown = population.count(.unknown)
    if unknown > 0 { text += "; \(HumanText.count(unknown)) could not be listed" }
    let reasons = PopulationView.reasons(population.excluded)
    return reasons.isEmpty ? text : text + "; not selected: " + reasons
  }

  private static func reasons(_ excluded: [Exclusion: Int]) -> String {
    Exclusion.allCases.compactMap { reason in
      excluded[reason].map { "\(reason.words) \(HumanText.count($0))" }
    }.joined(separator: ", ")
  }

  private func notEnabled(_ population: Population) -> [String] {
    var regions: [String: [String]] = [:]
    for lane in population.lanes where lane.status == .notEnabled {
      regions[lane.account ?? "?", default: []].append(lane.region)
    }
    return regions.sorted { $0.key < $1.key }.map { account, names in
      "not enabled for \(account): \(names.sorted().joined(separator: ", "))"
    }
  }

  /// Accounts that several profiles reach.
  private func shared(_ population: Population) -> [String] {
    var told: Set<String> = []
    return population.lanes.compactMap { lane in
      guard !lane.otherProfiles.isEmpty, let account = lane.account, told.insert(account).inserted
      else { return nil }
      let others = lane.otherProfiles.map { HumanText.printable($0 ?? "default") }
      let profile = HumanText.printable(lane.profile ?? "default")
      return "\(account) is listed once, by profile \(profile); the same account: "
        + others.joined(separator: ", ")
    }
  }

  /// What is not known, one warning a cause.
  func warnings(_ population: Population) -> [(text: String, hint: String?)] {
    struct Cause: Hashable {
      let account: String?
      let profile: String?
      let text: String
    }
    var causes: [Cause: (regions: [String], failure: ServiceFailure?)] = [:]
    var order: [Cause] = []
    for lane in population.lanes where lane.status == .unknown {
      let text = lane.failure.map { "\($0.code): \($0.message)" } ?? "not listed"
      let cause = Cause(account: lane.account, profile: lane.profile, text: text)
      if causes[cause] == nil { order.append(cause) }
      causes[cause, default: ([], lane.failure)].regions.append(lane.region)
    }
    var warnings: [(text: String, hint: String?)] = order.map { cause in
      let (regions, failure) = causes[cause] ?? ([], nil)
      let who = cause.account ?? "profile \(cause.profile ?? "default")"
      return (
        "unknown: \(who) in \(regions.joined(separator: ", ")): \(cause.text)",
        failure.flatMap { FailureHint.text(for: $0, profile: cause.profile) }
      )
    }
    if population.unconfirmed > 0 {
      warnings.append(
        (
          "\(HumanText.count(population.unconfirmed, "selected secret")) could not be confirmed by "
            + "DescribeSecret; the listing may be five minutes old", nil
        ))
    }
    let replicas = population.lanes.reduce(0) { $0 + $1.replicasForPrimary }
    if replicas > 0 {
      warnings.append(
        (
          "\(HumanText.count(replicas, "secret")) seen only as a replica, for the primary's region "
            + "was not listed; written under that region", nil
        ))
    }
    return warnings
  }
}
