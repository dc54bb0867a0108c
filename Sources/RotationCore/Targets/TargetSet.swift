/// A further place of the manifests that names a target which is already known.
package struct MergedSource: Sendable, Hashable {
  /// Of the target that was kept.
  package let ordinal: Int
  package let location: SourceLocation

  package init(ordinal: Int, location: SourceLocation) {
    self.ordinal = ordinal
    self.location = location
  }
}

/// Finds secrets that the manifests reach twice, and gives each one its ordinal.
///
/// One secret is one (account, region, name); where the account is not known, the profile stands
/// for it. An ARN counts by its name, so that it merges with the bare name; two full ARNs of one
/// name with different suffixes are a secret and one that took its name later, and stay apart.
/// Memory is about 32 bytes a target, in 64 shards that grow one at a time.
package struct TargetSet: Sendable {
  /// The bound of targets in one run: 2^28 - 1, what an ordinal's 28 bits hold.
  package static let maximumCount = 1 << 28 - 1

  private let key: SipHash128.Key
  private var shards: [TargetShard]
  private var scratch: [UInt8] = []
  private let identities: ProfileIdentities
  /// Targets kept so far; the next one's ordinal.
  package private(set) var count = 0

  package init(key: SipHash128.Key, identities: ProfileIdentities = ProfileIdentities()) {
    self.key = key
    self.identities = identities
    shards = (0..<64).map { TargetShard(seed: $0) }
    scratch.reserveCapacity(2200)
  }

  /// What became of a target.
  package enum Insertion: Sendable, Hashable {
    /// New, with its ordinal.
    case kept(Int)
    /// The secret is known; the ordinal is that of the target that was kept.
    case merged(Int)
    /// ``maximumCount`` is reached.
    case full
  }

  package mutating func insert(_ target: Target) -> Insertion {
    guard count < TargetSet.maximumCount else { return .full }
    var name = target.secretID
    var suffix: UInt64 = 0
    if SecretARN.looksLikeARN(name), let arn = try? SecretARN(parsing: name) {
      name = arn.name
      suffix = arn.hasSuffix ? TargetSet.packed(arn.resource.utf8.suffix(6)) : 0
    }
    let account = target.accountID ?? identities.account(of: target.profile)
    var digest = digest(account, target, name, suffix: 0)
    var found = insert(digest, suffix)
    if case .otherSuffix = found {
      // The name is taken by another suffix: this one goes by its full ARN.
      digest = self.digest(account, target, name, suffix: suffix)
      found = insert(digest, suffix)
    }
    switch found {
    case .inserted:
      count += 1
      return .kept(count - 1)
    case .present(let ordinal): return .merged(ordinal)
    case .otherSuffix: return .full
    }
  }

  private mutating func insert(_ digest: SipHash128.Digest, _ suffix: UInt64) -> TargetShard.Found {
    shards[Int(digest.low >> 58)].insert(digest, suffix: suffix, ordinal: count)
  }

  /// The parts are separated by a byte that none of them can hold.
  private mutating func digest(
    _ account: String?, _ target: Target, _ name: String, suffix: UInt64
  ) -> SipHash128.Digest {
    scratch.removeAll(keepingCapacity: true)
    // A refused target proves nothing about its secret, so it never hides one that can be called.
    if target.refusal != nil { scratch.append(UInt8(ascii: "r")) }
    if let account {
      scratch.append(UInt8(ascii: "a"))
      scratch.append(contentsOf: account.utf8)
    } else if let profile = target.profile {
      scratch.append(UInt8(ascii: "p"))
      scratch.append(contentsOf: profile.utf8)
    } else {
      scratch.append(target.isProfileUndecided ? UInt8(ascii: "u") : UInt8(ascii: "d"))
    }
    scratch.append(0)
    scratch.append(contentsOf: target.region.utf8)
    scratch.append(0)
    scratch.append(contentsOf: name.utf8)
    if suffix != 0 {
      scratch.append(0)
      withUnsafeBytes(of: suffix.littleEndian) { scratch.append(contentsOf: $0) }
    }
    return scratch.withUnsafeBytes { SipHash128.hash($0, key: key) }
  }

  /// Six letters or digits in 36 bits, never 0.
  private static func packed(_ suffix: Substring.UTF8View.SubSequence) -> UInt64 {
    var value: UInt64 = 0
    for byte in suffix {
      let digit: UInt64 =
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x41...0x5A: UInt64(byte - 0x41) + 10
        default: UInt64(byte &- 0x61) + 36
        }
      value = value * 62 + digit
    }
    return value + 1
  }
}

/// One part of a ``TargetSet``: a table with open addressing.
struct TargetShard: Sendable {
  enum Found: Hashable {
    case inserted, present(Int), otherSuffix
  }

  /// 36 bits of suffix above 28 bits of ordinal; the pair of digest words is zero where a slot is
  /// free, and no digest is both zero (the high word's lowest bit is set).
  private struct Slot {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var payload: UInt64 = 0
  }

  private var slots: [Slot]
  private var used = 0
  private var limit: Int

  /// - Parameter seed: from 0 to 63; it staggers the sizes, so that the shards, which fill evenly,
  ///   do not all grow at once.
  init(seed: Int) {
    let size = 64 + seed / 4
    slots = Array(repeating: Slot(), count: size)
    limit = size * 17 / 20
  }

  mutating func insert(_ digest: SipHash128.Digest, suffix: UInt64, ordinal: Int) -> Found {
    let low = digest.low
    let high = digest.high | 1
    var index = TargetShard.start(high, slots.count)
    while slots[index].high != 0 {
      if slots[index].low == low, slots[index].high == high {
        return meet(index, suffix)
      }
      index += 1
      if index == slots.count { index = 0 }
    }
    slots[index] = Slot(low: low, high: high, payload: suffix << 28 | UInt64(ordinal))
    used += 1
    if used >= limit { grow() }
    return .inserted
  }

  /// A bare name takes on the suffix of the first full ARN that meets it.
  private mutating func meet(_ index: Int, _ suffix: UInt64) -> Found {
    let known = slots[index].payload >> 28
    if suffix != 0 {
      if known == 0 {
        slots[index].payload |= suffix << 28
      } else if known != suffix {
        return .otherSuffix
      }
    }
    return .present(Int(slots[index].payload & (1 << 28 - 1)))
  }

  private mutating func grow() {
    var larger = [Slot](repeating: Slot(), count: slots.count + slots.count / 4 + 1)
    for slot in slots where slot.high != 0 {
      var index = TargetShard.start(slot.high, larger.count)
      while larger[index].high != 0 {
        index += 1
        if index == larger.count { index = 0 }
      }
      larger[index] = slot
    }
    slots = larger
    limit = slots.count * 17 / 20
  }

  /// Maps a word evenly onto the table without a division.
  private static func start(_ word: UInt64, _ count: Int) -> Int {
    Int(word.multipliedFullWidth(by: UInt64(count)).high)
  }
}
