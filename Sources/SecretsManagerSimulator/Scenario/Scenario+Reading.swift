package import RotationCore

extension Scenario {
  static let members = [
    "schema", "description", "seed", "accounts", "secrets", "faults", "quotas",
    "clockSkewSeconds", "staleReadsMilliseconds", "finishesAfterSeconds", "sessionSeconds",
    "emptyPages", "staleListingSeconds",
  ]

  /// Reads a scenario file; every problem is reported at once.
  package init(parsing bytes: [UInt8]) throws(ScenarioError) {
    let value: JSONValue
    do throws(JSONSyntaxError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw ScenarioError(problems: [
        ScenarioProblem(
          path: "line \(error.position.line), column \(error.position.column)",
          what: error.reason, mend: "write valid JSON (RFC 8259)")
      ])
    }
    try self.init(value)
  }

  package init(_ value: JSONValue) throws(ScenarioError) {
    self.init()
    var problems = ScenarioProblems()
    let top = ScenarioMembers(value, path: "", known: Scenario.members, problems: &problems)
    if value.object != nil, top.value("schema")?.string != Scenario.schema {
      problems.add(
        "schema", "it is \(top.value("schema")?.compact ?? "missing")",
        "write \"\(Scenario.schema)\"")
    }
    seed = top.integer("seed", in: 0...Int(Int32.max), &problems) ?? seed
    clockSkewSeconds =
      top.number("clockSkewSeconds", in: -1e8...1e8, &problems) ?? clockSkewSeconds
    staleReadsMilliseconds =
      top.integer("staleReadsMilliseconds", in: 0...600_000, &problems) ?? staleReadsMilliseconds
    sessionSeconds = top.number("sessionSeconds", in: 1...43_200, &problems) ?? sessionSeconds
    finishesAfterSeconds =
      top.number("finishesAfterSeconds", in: 0...1e7, &problems) ?? finishesAfterSeconds
    staleListingSeconds =
      top.number("staleListingSeconds", in: 0...3600, &problems) ?? staleListingSeconds
    emptyPages = top.bool("emptyPages", &problems) ?? emptyPages
    readAccounts(top, &problems)
    readQuotas(top, &problems)
    for (index, entry) in (top.array("secrets", &problems) ?? []).enumerated() {
      let path = "secrets[\(index)]"
      if let template = SecretTemplate(entry, path: path, accounts: accounts, &problems) {
        secrets.append(template)
      }
    }
    let total = secrets.reduce(0) { $0 + min($1.total, Scenario.maximumSecrets) }
    if total > Scenario.maximumSecrets {
      problems.add(
        "secrets", "\(total) secrets", "ask for at most \(Scenario.maximumSecrets) in all")
    }
    for (index, entry) in (top.array("faults", &problems) ?? []).enumerated() {
      if let rule = FaultRule(entry, path: "faults[\(index)]", &problems) { faults.append(rule) }
    }
    reportRepeatedNames(&problems)
    guard problems.list.isEmpty else { throw ScenarioError(problems: problems.list) }
  }

  private mutating func readAccounts(_ top: ScenarioMembers, _ problems: inout ScenarioProblems) {
    var owners: [String: String] = [:]
    for (index, entry) in (top.array("accounts", &problems) ?? []).enumerated() {
      let path = "accounts[\(index)]"
      let members = ScenarioMembers(
        entry, path: path, known: ["id", "profiles", "regions"], problems: &problems)
      guard let id = members.string("id", &problems), AccountID.isValid(id), account(id) == nil
      else {
        problems.add("\(path).id", "no account id of its own", "write 12 digits, each id once")
        continue
      }
      let profiles = members.strings("profiles", "profile names", &problems) ?? []
      for profile in profiles {
        if let owner = owners.updateValue(id, forKey: profile), owner != id {
          problems.add(
            "\(path).profiles", "the profile \(profile) already belongs to \(owner)",
            "name it in one account")
        }
      }
      var account = SimulatedAccount(accountID: id, profiles: profiles)
      account.regions = members.strings("regions", "regions", &problems, where: Region.isValid)
        .map(Set.init)
      accounts.append(account)
    }
    if accounts.isEmpty {
      problems.add("accounts", "there is no usable account", "list at least one")
    }
  }

  private mutating func readQuotas(_ top: ScenarioMembers, _ problems: inout ScenarioProblems) {
    guard let value = top.value("quotas") else { return }
    let groups = ScenarioMembers(
      value, path: "quotas", known: QuotaGroup.allCases.map(\.rawValue), problems: &problems)
    for group in QuotaGroup.allCases {
      guard let entry = groups.value(group.rawValue) else { continue }
      if entry.object == nil {
        if let rate = groups.number(group.rawValue, in: 0.001...1e9, &problems) {
          quotas[group] = QuotaLimit(rate: rate)
        }
        continue
      }
      let members = ScenarioMembers(
        entry, path: groups.path(group.rawValue), known: ["rate", "burst"], problems: &problems)
      let rate = members.number("rate", in: 0.001...1e9, &problems) ?? group.defaultRate
      quotas[group] = QuotaLimit(
        rate: rate, burst: members.number("burst", in: 1...1e9, &problems))
    }
  }

  /// Two templates must not make the same name in one place.
  private func reportRepeatedNames(_ problems: inout ScenarioProblems) {
    var seen: Set<[String]> = []
    for (index, template) in secrets.enumerated() {
      for accountID in template.accountIDs {
        for region in template.regions + template.replicas {
          for number in 1...max(1, min(template.count, Scenario.maximumSecrets)) {
            let name = template.name(number: number)
            guard !seen.insert([accountID, region, name]).inserted else { continue }
            problems.add(
              "secrets[\(index)].name", "\(name) exists already in \(accountID) \(region)",
              "use another name; with a count, one that holds {n}")
            return
          }
        }
      }
    }
  }
}
