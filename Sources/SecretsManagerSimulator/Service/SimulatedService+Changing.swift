import RotationCore

extension SimulatedService {
  /// UpdateSecretVersionStage: attach, detach or move a label.
  mutating func updateSecretVersionStage(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    var (key, secret) = try findForChange(request, now: now)
    guard let stage = request.input["VersionStage"]?.string, (1...256).contains(stage.count) else {
      throw .invalidParameter("You must provide a value for VersionStage.")
    }
    let from = request.input["RemoveFromVersionId"]?.string
    let to = request.input["MoveToVersionId"]?.string
    guard from != nil || to != nil else {
      throw .invalidParameter("You must provide RemoveFromVersionId or MoveToVersionId.")
    }
    for id in [from, to].compactMap(\.self) {
      guard secret.versions.contains(where: { $0.versionID == id }) else {
        throw Refusal(
          "ResourceNotFoundException",
          "Secrets Manager can't find the specified secret value for VersionId: \(id)")
      }
    }
    let holder = secret.version(labelled: stage)?.versionID
    if let to {
      try SimulatedService.attach(stage, from: from, to: to, holder: holder, in: &secret)
    } else {
      guard stage != "AWSCURRENT" else {
        throw .invalidParameter(
          "You can only move staging label AWSCURRENT to a different secret version. It can't be "
            + "completely removed.")
      }
      guard holder == from else {
        throw .invalidParameter(
          "The parameter RemoveFromVersionId can't be a version that doesn't have the staging "
            + "label \(stage).")
      }
      secret.removeStage(stage)
    }
    secret.lastChanged = now
    store(secret, at: key, now: now)
    return ["ARN": .string(secret.arn.text), "Name": .string(secret.name)]
  }

  private static func attach(
    _ stage: String, from: String?, to: String, holder: String?, in secret: inout SimulatedSecret
  ) throws(Refusal) {
    guard holder != to else { return }
    guard holder == from else {
      throw .invalidParameter(
        "The parameter RemoveFromVersionId can't be empty or another version: staging label "
          + "\(stage) is currently attached to version \(holder ?? "none").")
    }
    let labels = secret.versions.reduce(0) { $0 + $1.stages.count }
    guard holder != nil || labels < 20 else {
      throw Refusal("LimitExceededException", "You can't attach more than 20 staging labels.")
    }
    if stage == "AWSCURRENT" {
      secret.moveCurrent(to: to)
    } else {
      secret.removeStage(stage)
      secret.addStage(stage, to: to)
    }
  }

  /// CreateSecret.
  ///
  /// A value may be sent; it is looked at for presence and dropped.
  mutating func createSecret(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    guard let name = request.input["Name"]?.string, SimulatedService.isValidName(name) else {
      throw Refusal(
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the "
          + "following: -/_+=.@!")
    }
    let token = try SimulatedService.clientRequestToken(request)
    let place = request.place
    if let index = stores[place]?.index(named: name), let old = stores[place]?[index] {
      guard old.deleted == nil else {
        throw .invalidRequest(
          "You can't create this secret because a secret with this name is already scheduled for "
            + "deletion.")
      }
      throw Refusal(
        "ResourceExistsException", "The operation failed because the secret \(name) already exists."
      )
    }
    let suffix = Mixer.text(
      6, from: Alphabet.alphanumeric, ["suffix", place.accountID, name, now.iso8601])
    let arn = SecretARN(
      partition: Region.partition(of: place.region), region: place.region,
      accountID: place.accountID, resource: "\(name)-\(suffix)")
    var secret = SimulatedSecret(arn: arn, name: name, created: now)
    secret.description = request.input["Description"]?.string
    secret.tags = (request.input["Tags"]?.array ?? []).compactMap { tag in
      guard let key = tag["Key"]?.string else { return nil }
      return Label(name: key, value: tag["Value"]?.string ?? "")
    }
    var answer: JSONObject = ["ARN": .string(arn.text), "Name": .string(name)]
    if request.input["SecretString"] != nil || request.input["SecretBinary"] != nil {
      secret.versions = [SimulatedVersion(versionID: token, stages: ["AWSCURRENT"], created: now)]
      answer["VersionId"] = .string(token)
    }
    stores[place, default: SecretStore()].add(secret)
    keepListed(arn, as: nil, now: now)
    return .object(answer)
  }

  private static func isValidName(_ name: String) -> Bool {
    (1...256).contains(name.count)
      && name.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "-/_+=.@!".unicodeScalars.contains(scalar))
      }
  }
}
