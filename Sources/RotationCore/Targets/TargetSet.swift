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
    let place = place(of: target)
    var id = target.secretID
    let isARN = SecretARN.looksLikeARN(id) && (try? SecretARN(parsing: id)) != nil
    return id.withUTF8 { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      return insert(isARN ? SecretName(ofARN: bytes) : SecretName(bytes), at: place)
    }
  }

  /// The same for a target of which only its place and name are known.
  package mutating func insert(_ name: SecretName, at place: Place) -> Insertion {
    insert(name, digest: place.digest(of: name), at: place)
  }

  mutating func insert(
    _ name: SecretName, digest: SipHash128.Digest, at place: Place
  ) -> Insertion {
    guard count < TargetSet.maximumCount else { return .full }
    var found = insert(digest, name.suffix)
    if case .otherSuffix = found {
      // The name is taken by another suffix: this one goes by its full ARN.
      found = insert(place.digestWithSuffix(of: name), name.suffix)
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
    shards[TargetSet.shard(of: digest)].insert(digest, suffix: suffix, ordinal: count)
  }

  /// Makes room for so many targets in all, which saves growing bit by bit.
  package mutating func reserve(_ total: Int) {
    for index in shards.indices { shards[index].reserve(total / shards.count, seed: index) }
  }

  /// Reads the memory that an insertion will need, so that it is at hand then.
  func peek(_ digest: SipHash128.Digest) -> UInt64 {
    shards[TargetSet.shard(of: digest)].peek(digest)
  }

  @inline(__always)
  private static func shard(of digest: SipHash128.Digest) -> Int { Int(digest.low >> 58) }

  /// Where a target's secret is looked for: the account or who stands for it, and the region.
  package struct Place: Sendable {
    /// Has taken in the beginning of every key of this place.
    fileprivate let state: SipHash128
    fileprivate let count: Int

    func digest(of name: SecretName) -> SipHash128.Digest {
      state.digest(withRest: name.bytes, of: count &+ name.bytes.count)
    }

    fileprivate func digestWithSuffix(of name: SecretName) -> SipHash128.Digest {
      var key = Array(name.bytes)
      key.append(0)
      withUnsafeBytes(of: name.suffix.littleEndian) { key.append(contentsOf: $0) }
      return key.withUnsafeBytes { state.digest(withRest: $0, of: count + $0.count) }
    }
  }

  /// The parts are separated by a byte that none of them can hold.
  package mutating func place(of target: Target) -> Place {
    scratch.removeAll(keepingCapacity: true)
    // A refused target proves nothing about its secret, so it never hides one that can be called.
    if target.refusal != nil { scratch.append(UInt8(ascii: "r")) }
    if let account = target.accountID ?? identities.account(of: target.profile) {
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
    // Filled up to a whole word: the name that follows holds no zero, so where it begins is clear.
    while !scratch.count.isMultiple(of: 8) { scratch.append(0) }
    var state = SipHash128(key)
    scratch.withUnsafeBytes { state.absorb($0) }
    return Place(state: state, count: scratch.count)
  }
}

/// A secret's name as lent bytes, and what tells secrets apart that had one name after another.
package struct SecretName {
  /// Without the suffix that an ARN adds to it.
  let bytes: UnsafeRawBufferPointer
  /// The six characters of a full ARN in 36 bits; 0 where there are none.
  let suffix: UInt64

  /// - `bytes`: a name, lent for as long as this value is used.
  package init(_ bytes: UnsafeRawBufferPointer) { self.init(bytes, suffix: 0) }

  /// - `id`: an ARN that was found sound, lent likewise.
  init(ofARN id: UnsafeRawBufferPointer) {
    var start = 0
    for _ in 0..<6 {
      while start < id.count, id[start] != UInt8(ascii: ":") { start += 1 }
      start += 1
    }
    self.init(resource: UnsafeRawBufferPointer(rebasing: id[min(start, id.count)...]))
  }

  /// - `resource`: of an ARN, lent likewise.
  package init(resource: UnsafeRawBufferPointer) {
    let cut = resource.count &- 7
    guard cut > 0, resource[cut] == UInt8(ascii: "-"),
      let suffix = SecretName.packed(resource, from: cut &+ 1)
    else {
      self.init(resource)
      return
    }
    self.init(UnsafeRawBufferPointer(rebasing: resource[..<cut]), suffix: suffix)
  }

  private init(_ bytes: UnsafeRawBufferPointer, suffix: UInt64) {
    self.bytes = bytes
    self.suffix = suffix
  }

  /// Six letters or digits in 36 bits, never 0; nil for anything else.
  private static func packed(_ bytes: UnsafeRawBufferPointer, from start: Int) -> UInt64? {
    var value: UInt64 = 0
    var odd: UInt64 = 0
    for index in start..<start &+ 6 {
      let byte = bytes[index]
      let isDigit = byte &- 0x30 < 10
      let isLetter = (byte | 0x20) &- 0x61 < 26
      // Without a branch, which nobody could foretell: digits, then capitals, then the others.
      odd |= isDigit != isLetter ? 0 : 1
      let gap: UInt8 = (isDigit ? 0 : 7) &+ (byte >= 0x61 ? 6 : 0)
      value = value &* 62 &+ UInt64(byte &- 0x30 &- gap)
    }
    return odd == 0 ? value &+ 1 : nil
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

  /// - `seed`: from 0 to 63; it staggers the sizes, so that the shards, which fill evenly,
  ///   do not all grow at once.
  init(seed: Int) {
    let size = 64 + seed / 4
    slots = Array(repeating: Slot(), count: size)
    limit = size * 17 / 20
  }

  mutating func insert(_ digest: SipHash128.Digest, suffix: UInt64, ordinal: Int) -> Found {
    let low = digest.low
    let high = digest.high | 1
    let found: Found? = slots.withUnsafeMutableBufferPointer { slots in
      var index = TargetShard.start(high, slots.count)
      while slots[index].high != 0 {
        if slots[index].low == low, slots[index].high == high {
          return TargetShard.meet(&slots[index], suffix)
        }
        index &+= 1
        if index == slots.count { index = 0 }
      }
      slots[index] = Slot(low: low, high: high, payload: suffix << 28 | UInt64(ordinal))
      return nil
    }
    if let found { return found }
    used += 1
    if used >= limit { grow() }
    return .inserted
  }

  /// Reads the first slot that an insertion will look at.
  func peek(_ digest: SipHash128.Digest) -> UInt64 {
    slots[TargetShard.start(digest.high | 1, slots.count)].high
  }

  /// A bare name takes on the suffix of the first full ARN that meets it.
  private static func meet(_ slot: inout Slot, _ suffix: UInt64) -> Found {
    let known = slot.payload >> 28
    if suffix != 0 {
      if known == 0 {
        slot.payload |= suffix << 28
      } else if known != suffix {
        return .otherSuffix
      }
    }
    return .present(Int(slot.payload & (1 << 28 - 1)))
  }

  /// - `seed`: staggers the sizes as in the initializer.
  mutating func reserve(_ count: Int, seed: Int) {
    let size = count + count / 4 + count * seed / 512
    if size > slots.count { resize(to: size) }
  }

  private mutating func grow() { resize(to: slots.count + slots.count / 4 + 1) }

  private mutating func resize(to size: Int) {
    var larger = [Slot](repeating: Slot(), count: size)
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
