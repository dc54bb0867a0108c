/// The guards of a configuration file.
extension ConfigDocument {
  static let guardMembers = [
    "expectedAccounts", "forbiddenAccounts", "neverTouch", "maxTargets", "maxAccounts",
    "requireReason", "requireIncident", "freezeFile", "planMaxAge",
  ]

  mutating func readGuards(_ node: JSONNode) {
    guard let members = object(node, "guards", ConfigDocument.guardMembers) else { return }
    for member in members { readGuard(member) }
  }

  private mutating func readGuard(_ member: JSONNode.Member) {
    switch member.key {
    case "expectedAccounts": readExpected(member)
    case "forbiddenAccounts":
      for (text, position) in positionedTexts(member) ?? [] where isAccount(text, position) {
        guards.forbiddenAccounts.append(.init(text, origin: origin(position)))
      }
    case "neverTouch":
      for (text, position) in positionedTexts(member) ?? [] {
        if text.isEmpty {
          add(position, "an empty pattern", "write a name or an ARN; * stands for any text")
        } else {
          guards.neverTouch.append(.init(GlobPattern(text), origin: origin(position)))
        }
      }
    case "maxTargets": if let rule = count(member) { guards.maximumTargets.append(rule) }
    case "maxAccounts": if let rule = count(member) { guards.maximumAccounts.append(rule) }
    case "requireReason": if let rule = flag(member) { guards.requiresReason.append(rule) }
    case "requireIncident": if let rule = flag(member) { guards.requiresIncident.append(rule) }
    case "freezeFile":
      for (text, position) in positionedTexts(member) ?? [] {
        if text.isEmpty || text.utf8.contains(0) {
          add(position, "the path is empty", "write a file's path")
        } else {
          guards.freezeFiles.append(.init(beside(text), origin: origin(position)))
        }
      }
    default: readAge(member)
    }
  }

  private mutating func readExpected(_ member: JSONNode.Member) {
    guard case .object(let rows, _) = member.value else {
      add(
        member.value.position, "'expectedAccounts' is \(member.value.kindName)",
        "write {\"PROFILE\": \"111122223333\"}; \"*\" stands for every other profile")
      return
    }
    for row in rows {
      for (account, position) in positionedTexts(row) ?? [] where isAccount(account, position) {
        guards.expectedAccounts.append(
          .init(
            .init(profile: row.key == "*" ? nil : row.key, account: account),
            origin: origin(position)))
      }
    }
  }

  private mutating func readAge(_ member: JSONNode.Member) {
    guard let text = text(member) else { return }
    guard let seconds = readDuration(text) else {
      add(
        member.value.position, "'\(Excerpt.of(text))' is not a duration",
        "write a number and a unit, as in 24h")
      return
    }
    guards.planMaximumAge.append(.init(seconds, origin: origin(member.value.position)))
  }

  private mutating func isAccount(_ text: String, _ position: TextPosition) -> Bool {
    if AccountID.isValid(text) { return true }
    add(position, "'\(Excerpt.of(text))' is not an account's id", "write its 12 digits in quotes")
    return false
  }

  private mutating func count(_ member: JSONNode.Member) -> RunGuards.Rule<Int>? {
    guard case .scalar(.number(let number), let position) = member.value,
      number.isIntegerLiteral, let value = number.int, value >= 0
    else {
      add(member.value.position, "'\(member.key)' is not a whole number", "write one such as 500")
      return nil
    }
    return .init(value, origin: origin(position))
  }

  private mutating func flag(_ member: JSONNode.Member) -> RunGuards.Rule<Bool>? {
    guard case .scalar(.bool(let isOn), let position) = member.value else {
      add(
        member.value.position, "'\(member.key)' is \(member.value.kindName)", "write true or false")
      return nil
    }
    return .init(isOn, origin: origin(position))
  }

  /// A relative path is meant from the folder of the file that names it.
  private func beside(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return String(file[...slash]) + path
  }
}
