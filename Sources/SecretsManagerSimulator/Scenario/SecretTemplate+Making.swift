package import RotationCore

extension SecretTemplate {
  /// Makes the secrets of this template as they are at the start, replicas after their primary.
  package func secrets(start: Timestamp, finishesAfterSeconds: Double) -> [SimulatedSecret] {
    var made: [SimulatedSecret] = []
    for accountID in accountIDs {
      for region in regions {
        for number in 1...max(1, count) {
          let primary = secret(
            number: number, accountID: accountID, region: region, start: start,
            finishesAfterSeconds: finishesAfterSeconds)
          made.append(primary)
          made.append(contentsOf: replicas.map { SecretTemplate.replica(of: primary, in: $0) })
        }
      }
    }
    return made
  }

  private static func replica(of primary: SimulatedSecret, in region: String) -> SimulatedSecret {
    var replica = SimulatedSecret(
      arn: primary.arn.inRegion(region), name: primary.name, created: primary.created)
    replica.primaryRegion = primary.arn.region
    replica.versions = primary.versions
    replica.description = primary.description
    replica.tags = primary.tags
    replica.denied = primary.denied
    replica.sharedWith = primary.sharedWith
    return replica
  }

  private func secret(
    number: Int, accountID: String, region: String, start: Timestamp,
    finishesAfterSeconds general: Double
  ) -> SimulatedSecret {
    let name = name(number: number)
    let key = [accountID, region, name]
    let suffix =
      suffix ?? Mixer.text(6, from: Alphabet.alphanumeric, ["suffix", accountID, name])
    let arn = SecretARN(
      partition: Region.partition(of: region), region: region, accountID: accountID,
      resource: "\(name)-\(suffix)")
    let day = 86_400.0
    var secret = SimulatedSecret(arn: arn, name: name, created: start.adding(seconds: -200 * day))
    secret.description = description
    secret.type = type
    secret.owningService = owningService
    secret.tags = tags
    secret.sharedWith = sharedWith
    secret.denied = denied
    secret.rotationSeconds = finishesAfterSeconds ?? general
    if !replicas.isEmpty {
      secret.primaryRegion = region
      secret.replicaRegions = replicas
    }
    if state != .empty { addVersions(to: &secret, key: key) }
    if state != .neverConfigured, state != .empty {
      configure(&secret, number: number, start: start)
    }
    apply(state, to: &secret, key: key, start: start)
    return secret
  }

  private func addVersions(to secret: inout SimulatedSecret, key: [String]) {
    let first = Mixer.uuid(["version 1"] + key)
    if state == .neverConfigured {
      secret.versions = [
        SimulatedVersion(versionID: first, stages: ["AWSCURRENT"], created: secret.created)
      ]
      return
    }
    let second = secret.created.adding(seconds: 170 * 86_400)
    secret.versions = [
      SimulatedVersion(versionID: first, stages: ["AWSPREVIOUS"], created: secret.created),
      SimulatedVersion(
        versionID: Mixer.uuid(["version 2"] + key), stages: ["AWSCURRENT"], created: second),
    ]
    secret.lastChanged = second
  }

  private func configure(_ secret: inout SimulatedSecret, number: Int, start: Timestamp) {
    secret.rotationRules = rules ?? ["AutomaticallyAfterDays": 30]
    if type != nil {
      secret.externalRotationMetadata = [["Key": "adminSecretArn", "Value": "none"]]
      secret.externalRotationRoleARN =
        "arn:aws:iam::\(secret.arn.accountID):role/external-rotation"
    } else if owningService != "rds" {
      secret.rotationLambdaARN =
        lambdaARN
        ?? "arn:\(secret.arn.partition):lambda:\(secret.arn.region):\(secret.arn.accountID)"
        + ":function:rotate"
    }
    secret.rotationEnabled = true
    let spread = Mixer.fraction(["next rotation", secret.arn.text]) * 30 * 86_400
    let next = (nextRotation ?? .after(seconds: spread)).resolved(start: start)
    secret.nextRotation = next.adding(seconds: Double(number - 1) * nextRotationStepSeconds)
    secret.lastRotated = (lastRotation ?? .after(seconds: -30 * 86_400)).resolved(start: start)
  }

  private func apply(
    _ state: State, to secret: inout SimulatedSecret, key: [String], start: Timestamp
  ) {
    switch state {
    case .rotating, .neverConfigured, .empty: break
    case .off:
      secret.rotationEnabled = false
      secret.nextRotation = nil
    case .inFlight:
      secret.beginRotation(
        versionID: Mixer.uuid(["pending"] + key), at: start.adding(seconds: -2))
      secret.inFlight?.finishes = start.adding(seconds: secret.rotationSeconds)
    case .stalled:
      secret.beginRotation(
        versionID: Mixer.uuid(["pending"] + key), at: start.adding(seconds: -86_400))
      secret.inFlight = nil
    case .markedForDeletion:
      secret.deleted = start.adding(seconds: -3600)
      secret.nextRotation = nil
    }
  }
}
