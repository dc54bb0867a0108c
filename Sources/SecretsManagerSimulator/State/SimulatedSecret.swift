package import RotationCore

/// A version of a secret: an id and its staging labels, never a value.
package struct SimulatedVersion: Sendable, Hashable {
  package let versionID: String
  /// Empty for a deprecated version.
  package var stages: [String]
  package let created: Timestamp

  package init(versionID: String, stages: [String], created: Timestamp) {
    self.versionID = versionID
    self.stages = stages
    self.created = created
  }
}

/// A pretend secret: everything that the service tells about one, and no value.
///
/// Source: AWS Secrets Manager API reference, DescribeSecret.
package struct SimulatedSecret: Sendable, Hashable {
  /// A rotation that has begun.
  package struct InFlight: Sendable, Hashable {
    package var versionID: String
    /// Nil for a rotation that hangs for ever.
    package var finishes: Timestamp?
  }

  package let arn: SecretARN
  package let name: String
  package var description: String?
  package var type: String?
  /// Nil when rotation was never configured, false when it was switched off.
  package var rotationEnabled: Bool?
  package var rotationLambdaARN: String?
  package var rotationRules: JSONValue?
  package var externalRotationMetadata: JSONValue?
  package var externalRotationRoleARN: String?
  package var created: Timestamp
  package var lastChanged: Timestamp
  package var lastRotated: Timestamp?
  package var nextRotation: Timestamp?
  package var deleted: Timestamp?
  package var owningService: String?
  /// Set on replicas and on the primary that has some.
  package var primaryRegion: String?
  package var replicaRegions: [String] = []
  package var tags: [Label] = []
  package var versions: [SimulatedVersion] = []
  package var inFlight: InFlight?
  /// How long a rotation that starts by itself or by RotateSecret takes.
  package var rotationSeconds: Double = 8
  /// ClientRequestTokens of the RotateSecret requests that took effect.
  package var rotationTokens: Set<String> = []
  /// Accounts that a resource policy lets in.
  package var sharedWith: [String] = []
  /// Whether every call for this secret is refused by a policy.
  package var denied = false

  package init(arn: SecretARN, name: String, created: Timestamp) {
    self.arn = arn
    self.name = name
    self.created = created
    lastChanged = created
  }

  package var isReplica: Bool { primaryRegion.map { $0 != arn.region } ?? false }

  /// Whether a service owns the secret and lets nobody else change its rotation.
  ///
  /// RDS does let callers cancel.
  package var isManagedElsewhere: Bool { owningService.map { $0 != "rds" } ?? false }

  /// Whether anything could rotate it: a function, the owning service, or a partner.
  package var hasRotator: Bool {
    rotationLambdaARN != nil || owningService == "rds" || externalRotationRoleARN != nil
  }

  package var currentVersionID: String? { version(labelled: "AWSCURRENT")?.versionID }

  /// The version with AWSPENDING that is not also AWSCURRENT.
  package var pendingVersionID: String? {
    versions.first { $0.stages.contains("AWSPENDING") && !$0.stages.contains("AWSCURRENT") }?
      .versionID
  }

  package func version(labelled stage: String) -> SimulatedVersion? {
    versions.first { $0.stages.contains(stage) }
  }
}

extension SimulatedSecret {
  /// Seconds between two rotations by the stored rules; 30 days where they do not tell.
  package var intervalSeconds: Double {
    if let days = rotationRules?["AutomaticallyAfterDays"]?.double { return days * 86_400 }
    guard let text = rotationRules?["ScheduleExpression"]?.string,
      let rate = ScheduleExpression.rateSeconds(text)
    else { return 30 * 86_400 }
    return rate
  }

  /// Begins a rotation: a version with AWSPENDING.
  package mutating func beginRotation(versionID: String, at now: Timestamp) {
    removeStage("AWSPENDING")
    versions.append(SimulatedVersion(versionID: versionID, stages: ["AWSPENDING"], created: now))
    inFlight = InFlight(versionID: versionID, finishes: now.adding(seconds: rotationSeconds))
    lastChanged = now
  }

  /// Switches rotation off.
  ///
  /// A running step is not stopped, but the later ones refuse to go on, so
  /// a rotation in flight never finishes and its AWSPENDING stays.
  package mutating func cancelRotation(at now: Timestamp) {
    rotationEnabled = false
    nextRotation = nil
    inFlight = nil
    lastChanged = now
  }

  /// Lets time pass: rotations that are due finish, and those whose hour has come begin.
  ///
  /// A rotation date before the start of the simulation stands for rotations that keep failing,
  /// and starts nothing.
  package mutating func advance(to now: Timestamp, started: Timestamp) {
    if rotationEnabled == true, deleted == nil, inFlight == nil, pendingVersionID == nil,
      let next = nextRotation, next > started, next <= now
    {
      beginRotation(versionID: Mixer.uuid(["scheduled", arn.text, next.iso8601]), at: next)
    }
    if let rotation = inFlight, let finishes = rotation.finishes, finishes <= now {
      finishRotation(rotation, at: finishes)
    }
  }

  private mutating func finishRotation(_ rotation: InFlight, at moment: Timestamp) {
    inFlight = nil
    moveCurrent(to: rotation.versionID)
    removeStage("AWSPENDING")
    lastRotated = moment
    lastChanged = moment
    nextRotation = rotationEnabled == true ? moment.adding(seconds: intervalSeconds) : nil
  }

  /// Puts AWSCURRENT on a version and AWSPREVIOUS on the one that had it.
  package mutating func moveCurrent(to versionID: String) {
    guard currentVersionID != versionID else { return }
    let old = currentVersionID
    removeStage("AWSPREVIOUS")
    removeStage("AWSCURRENT")
    addStage("AWSCURRENT", to: versionID)
    if let old { addStage("AWSPREVIOUS", to: old) }
  }

  package mutating func removeStage(_ stage: String) {
    for index in versions.indices { versions[index].stages.removeAll { $0 == stage } }
  }

  package mutating func addStage(_ stage: String, to versionID: String) {
    guard let index = versions.firstIndex(where: { $0.versionID == versionID }) else { return }
    versions[index].stages.append(stage)
  }
}

/// `rate(...)` and `cron(...)` as RotationRules have them.
package enum ScheduleExpression {
  /// Seconds of `rate(N hours)` or `rate(N days)`; nil for anything else.
  package static func rateSeconds(_ text: String) -> Double? {
    guard text.hasPrefix("rate("), text.hasSuffix(")") else { return nil }
    let words = text.dropFirst(5).dropLast().split(separator: " ")
    guard words.count == 2, let count = Int(words[0]), count > 0 else { return nil }
    switch words[1] {
    case "hour", "hours": return Double(count) * 3600
    case "day", "days": return Double(count) * 86_400
    default: return nil
    }
  }

  /// Whether the service would take it: a rate of four hours or more, or a cron expression with
  /// minutes 0 and year `*`.
  package static func isValid(_ text: String) -> Bool {
    if let seconds = rateSeconds(text) { return seconds >= 4 * 3600 }
    guard text.hasPrefix("cron("), text.hasSuffix(")") else { return false }
    let fields = text.dropFirst(5).dropLast().split(separator: " ")
    return fields.count == 6 && fields[0] == "0" && fields[5] == "*"
      && (fields[2] == "?") != (fields[4] == "?")
  }
}
