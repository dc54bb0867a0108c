internal import Cryptography
package import RotationCore

/// Finds targets that turn out to be one secret once their ARNs are known.
///
/// A replica and its primary, and two spellings of one secret, are acted on once: by the target
/// that names the primary itself where there is one, else by the first.
package struct PlanResolver: Sendable {
  private struct Key: Hashable {
    let high: UInt64
    let low: UInt64
  }
  private struct Actor {
    var ordinal: UInt32
    var isPrimary: Bool
  }

  private var actors: [Key: Actor] = [:]
  private var sharing = false

  package init() {}

  private static func key(of entry: PlanEntry) -> Key? {
    guard entry.before != nil, SecretARN.looksLikeARN(entry.actingID) else { return nil }
    let digest = SHA256.hash(entry.actingID).bytes
    func word(_ start: Int) -> UInt64 {
      digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    return Key(high: word(0), low: word(8))
  }

  /// Takes note of an entry; entries come in the order of their ordinals.
  package mutating func note(_ entry: PlanEntry) {
    guard let key = PlanResolver.key(of: entry) else { return }
    let isPrimary = entry.actingRegion == entry.target.region
    guard let known = actors[key] else {
      actors[key] = Actor(ordinal: UInt32(entry.target.ordinal), isPrimary: isPrimary)
      return
    }
    sharing = true
    if isPrimary, !known.isPrimary {
      actors[key] = Actor(ordinal: UInt32(entry.target.ordinal), isPrimary: true)
    }
  }

  /// Whether any entry has to change.
  package var changesSomething: Bool { sharing }

  /// The entry as it stands once all are known.
  package func resolve(_ entry: PlanEntry) -> PlanEntry {
    guard let key = PlanResolver.key(of: entry), let actor = actors[key],
      Int(actor.ordinal) != entry.target.ordinal
    else { return entry }
    var resolved = entry
    resolved.primaryOrdinal = Int(actor.ordinal)
    if entry.actingRegion == entry.target.region {
      resolved.disposition = .duplicate
      resolved.reason = "the same secret as target \(actor.ordinal)"
    } else {
      resolved.disposition = .replica
      resolved.reason =
        "a replica; target \(actor.ordinal) acts on its primary in \(entry.actingRegion)"
    }
    return resolved
  }
}
