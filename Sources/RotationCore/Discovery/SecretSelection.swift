/// Which secrets are wanted: filters that the service applies, and what is judged here.
package struct SecretSelection: Sendable, Hashable {
  /// Applied by the service: what they leave out is never seen.
  package var filters: [SecretListFilter] = []
  package var includesPlannedDeletion = false
  /// Rotation must be on.
  package var rotating = false
  /// The next rotation must come within so many seconds, or be overdue; implies ``rotating``.
  package var rotatesWithin: Double?
  /// One of them must match; empty lets every name in.
  package var include: [NamePattern] = []
  /// None of them may match.
  package var exclude: [NamePattern] = []
  /// Each of them must be there, key and value both exact.
  package var tags: [Label] = []

  package init() {}

  /// Why a listed secret is not wanted; nil for one that is.
  package func exclusion(of secret: ListedSecret, now: Timestamp) -> Exclusion? {
    standing(of: secret) ?? rotation(of: secret.state, now: now)
  }

  /// The part of ``exclusion(of:now:)`` that a stale listing cannot get wrong about rotation.
  package func standing(of secret: ListedSecret) -> Exclusion? {
    let name = secret.state.name ?? ""
    if !include.isEmpty, !include.contains(where: { $0.matches(name) }) { return .nameNotIncluded }
    if exclude.contains(where: { $0.matches(name) }) { return .nameExcluded }
    guard tags.allSatisfy(secret.tags.contains) else { return .tagsDiffer }
    return nil
  }

  /// The part that the state of rotation decides.
  package func rotation(of state: SecretState, now: Timestamp) -> Exclusion? {
    guard rotating || rotatesWithin != nil else { return nil }
    guard let enabled = state.rotationEnabled else { return .neverConfigured }
    guard enabled else { return .rotationOff }
    guard let within = rotatesWithin else { return nil }
    guard let next = state.nextRotation else { return .noRotationDate }
    return next.seconds(since: now) <= within ? nil : .rotatesLater
  }
}

/// Why a secret that was seen is not among those selected.
package enum Exclusion: String, Sendable, Hashable, CaseIterable {
  case nameNotIncluded, nameExcluded, tagsDiffer
  case neverConfigured, rotationOff, noRotationDate, rotatesLater
  /// Shown once, under its primary.
  case replica
  /// The listing named it twice, or two profiles of one account did.
  case repeated
  /// DescribeSecret no longer found what the listing still showed.
  case gone

  /// For people: what is true of the secret.
  package var words: String {
    switch self {
    case .nameNotIncluded: "name not included"
    case .nameExcluded: "name excluded"
    case .tagsDiffer: "other tags"
    case .neverConfigured: "rotation never configured"
    case .rotationOff: "rotation off"
    case .noRotationDate: "no date of a next rotation"
    case .rotatesLater: "rotates later"
    case .replica: "replica, shown under its primary"
    case .repeated: "listed twice"
    case .gone: "gone since it was listed"
    }
  }
}

extension SecretSelection {
  /// The form in the population's record: what is not asked for is left out.
  package var record: JSONValue {
    var object = JSONObject()
    if !filters.isEmpty { object["filters"] = .array(filters.map(\.wire)) }
    if includesPlannedDeletion { object["includePlannedDeletion"] = true }
    if rotating { object["rotating"] = true }
    object["rotatesWithinSeconds"] = rotatesWithin.map { JSONValue($0) }
    if !include.isEmpty { object["include"] = .array(include.map { .string($0.text) }) }
    if !exclude.isEmpty { object["exclude"] = .array(exclude.map { .string($0.text) }) }
    if !tags.isEmpty {
      object["tags"] = .array(
        tags.map { ["key": .string($0.name), "value": .string($0.value)] })
    }
    return .object(object)
  }
}
