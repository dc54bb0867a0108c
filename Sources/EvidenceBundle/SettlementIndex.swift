/// Where the last word about each target stands in the journal: 12 bytes a target.
struct SettlementIndex: Sendable {
  /// Where a line lies.
  struct Place {
    let offset: Int
    let length: Int
    /// An intent that no settlement followed: the call may have taken effect.
    let isIntent: Bool
  }

  private static let intentBit: UInt32 = 1 << 31

  private var offsets: ContiguousArray<UInt64>
  /// Zero where nothing is known; the top bit marks an intent.
  private var lengths: ContiguousArray<UInt32>
  /// What stood before each intent that nothing has settled yet, for when it is withdrawn.
  private var before: [Int: [(offset: UInt64, length: UInt32)]] = [:]
  /// A bit for each target that settled since the journal was last taken up.
  private var settled: ContiguousArray<UInt64>

  init(targets: Int) {
    offsets = ContiguousArray(repeating: 0, count: targets)
    lengths = ContiguousArray(repeating: 0, count: targets)
    settled = ContiguousArray(repeating: 0, count: (targets + 63) / 64)
  }

  var targets: Int { offsets.count }

  /// A resumed run may settle a target anew.
  mutating func beginSession() {
    for index in settled.indices { settled[index] = 0 }
  }

  /// - Returns: false when the target has settled before in the same session.
  mutating func settle(_ ordinal: Int, offset: Int, length: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(ordinal % 64)
    guard settled[ordinal / 64] & bit == 0 else { return false }
    settled[ordinal / 64] |= bit
    before[ordinal] = nil
    offsets[ordinal] = UInt64(offset)
    lengths[ordinal] = UInt32(length)
    return true
  }

  mutating func intend(_ ordinal: Int, offset: Int, length: Int) {
    before[ordinal, default: []].append((offsets[ordinal], lengths[ordinal]))
    offsets[ordinal] = UInt64(offset)
    lengths[ordinal] = UInt32(length) | SettlementIndex.intentBit
  }

  /// Takes the last intent of a target back: nothing was sent for it.
  ///
  /// - Returns: false when the target has no open intent.
  mutating func withdraw(_ ordinal: Int) -> Bool {
    guard let last = before[ordinal]?.popLast() else { return false }
    (offsets[ordinal], lengths[ordinal]) = last
    return true
  }

  func place(of ordinal: Int) -> Place? {
    let length = lengths[ordinal]
    guard length != 0 else { return nil }
    return Place(
      offset: Int(offsets[ordinal]), length: Int(length & ~SettlementIndex.intentBit),
      isIntent: length & SettlementIndex.intentBit != 0)
  }
}
