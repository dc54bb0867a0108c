import RotationCore

extension SimulatedService {
  private static let changeMembers = [
    "secret", "account", "region", "rotationEnabled", "nextRotation", "beginRotation",
    "finishesAfterSeconds", "markedForDeletion", "denied", "removeStage", "rules",
  ]

  /// Alters a secret behind the service's back, as another operator would.
  ///
  /// The bytes are a JSON object whose members `manifests/SCENARIO.md` lists; the secret comes
  /// back as it is afterwards.
  mutating func change(_ bytes: [UInt8], now: Timestamp) throws(ScenarioError) -> SimulatedSecret {
    var problems = ScenarioProblems()
    let value = (try? JSONValue(parsing: bytes)) ?? .null
    let members = ScenarioMembers(
      value, path: "", known: SimulatedService.changeMembers, problems: &problems)
    let id = members.string("secret", &problems) ?? ""
    let arn = try? SecretARN(parsing: id)
    let account = members.string("account", &problems) ?? arn?.accountID
    let region = members.string("region", &problems) ?? arn?.region
    var found: (key: SecretKey, secret: SimulatedSecret)?
    if let account, let region,
      let key = locate(id, from: Place(accountID: account, region: region)),
      let secret = current(key, now: now)
    {
      found = (key, secret)
    } else {
      problems.add("secret", "no such secret", "give an ARN, or a name with account and region")
    }
    let rotationEnabled = members.bool("rotationEnabled", &problems)
    let next = members.moment("nextRotation", &problems)
    let begins = members.bool("beginRotation", &problems) ?? false
    let seconds = members.number("finishesAfterSeconds", in: 0...1e7, &problems)
    let deleted = members.bool("markedForDeletion", &problems)
    let denied = members.bool("denied", &problems)
    let stage = members.string("removeStage", &problems)
    let rules = members.value("rules")
    if let rules, rules.object == nil {
      problems.add("rules", "it is \(rules.kindName)", "write RotationRules")
    }
    guard problems.list.isEmpty, let key = found?.key, var secret = found?.secret else {
      throw ScenarioError(problems: problems.list)
    }
    switch rotationEnabled {
    case true?:
      secret.rotationEnabled = true
      secret.nextRotation = now.adding(seconds: secret.intervalSeconds)
    case false?: secret.cancelRotation(at: now)
    case nil: break
    }
    if let next { secret.nextRotation = next.resolved(start: now) }
    if let seconds { secret.rotationSeconds = seconds }
    if let stage { secret.removeStage(stage) }
    if let rules { secret.rotationRules = rules }
    if begins {
      let id = Mixer.uuid(["change", secret.arn.text, now.iso8601])
      secret.beginRotation(versionID: id, at: now)
    }
    if let deleted { secret.deleted = deleted ? now : nil }
    if let denied { secret.denied = denied }
    secret.lastChanged = now
    keepListed(secret.arn, as: stores[key.place]?[key.index], now: now)
    stores[key.place]?[key.index] = secret
    return secret
  }
}
