internal import RotationCore

/// The settings and guards that count, each with the place that set it.
struct ConfigView: Sendable {
  let candidates: [Configuration.Candidate]
  let settings: [SavedPlan.Setting]
  let guards: RunGuards

  var text: String {
    var lines = ["files, the nearest first"]
    for candidate in candidates {
      let state = candidate.isThere ? "read" : "not there"
      lines.append("  \(HumanText.printable(candidate.path)) \(candidate.role.words): \(state)")
    }
    var table = Table([.words("setting"), .words("value"), .words("set by")])
    for setting in settings {
      table.add([
        setting.name, HumanText.printable(setting.values.joined(separator: ", ")),
        HumanText.printable(setting.origin),
      ])
    }
    lines += [""] + table.lines()
    lines.append("")
    let rules = self.rules
    guard !rules.isEmpty else { return (lines + ["no guards are set"]).joined(separator: "\n") }
    var guardTable = Table([.words("guard"), .words("value"), .words("set by")])
    for rule in rules {
      guardTable.add([rule.name, HumanText.printable(rule.value), HumanText.printable(rule.origin)])
    }
    lines += guardTable.lines()
    return lines.joined(separator: "\n")
  }

  var json: JSONValue {
    [
      "type": "config", "version": 1,
      "files": .array(
        candidates.map { candidate in
          [
            "path": .string(candidate.path), "role": .string(candidate.role.rawValue),
            "read": .bool(candidate.isThere),
          ]
        }),
      "settings": .array(settings.map(\.record)),
      "guards": .array(
        rules.map { rule in
          [
            "name": .string(rule.name), "value": .string(rule.value),
            "from": .string(rule.origin),
          ]
        }),
    ]
  }

  private var rules: [(name: String, value: String, origin: String)] {
    var found: [(String, String, String)] = []
    for rule in guards.expectedAccounts {
      let profile = rule.value.profile ?? "*"
      found.append(("expectedAccounts", "\(profile)=\(rule.value.account)", rule.origin))
    }
    for rule in guards.forbiddenAccounts {
      found.append(("forbiddenAccounts", rule.value, rule.origin))
    }
    for rule in guards.neverTouch { found.append(("neverTouch", rule.value.text, rule.origin)) }
    for rule in guards.maximumTargets {
      found.append(("maxTargets", String(rule.value), rule.origin))
    }
    for rule in guards.maximumAccounts {
      found.append(("maxAccounts", String(rule.value), rule.origin))
    }
    for rule in guards.requiresReason {
      found.append(("requireReason", String(rule.value), rule.origin))
    }
    for rule in guards.requiresIncident {
      found.append(("requireIncident", String(rule.value), rule.origin))
    }
    for rule in guards.freezeFiles { found.append(("freezeFile", rule.value, rule.origin)) }
    for rule in guards.planMaximumAge {
      found.append(("planMaxAge", HumanText.duration(seconds: rule.value), rule.origin))
    }
    return found
  }
}
