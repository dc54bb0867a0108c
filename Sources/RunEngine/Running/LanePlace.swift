/// A target of a plan as a lane holds it until its turn: 24 bytes, since there may be a million.
struct LanePlace: Sendable, Comparable {
  /// Milliseconds since 1970; the greatest number for one that has no next rotation.
  private let rotatesAt: Int64
  let offset: Int
  private let ordinal: UInt32
  /// The length of its line in the plan, and above that two marks.
  private let packed: UInt32

  private static let doubtMark: UInt32 = 1 << 31
  private static let lookMark: UInt32 = 1 << 30

  /// - `rotatesAt`: milliseconds since 1970; nil for one that has no next rotation.
  /// - `inDoubt`: an earlier process may have changed it.
  /// - `isChange`: false where the target is only looked at again.
  init(
    rotatesAt: Int64?, offset: Int, length: Int, ordinal: Int, inDoubt: Bool, isChange: Bool
  ) {
    self.rotatesAt = rotatesAt ?? .max
    self.offset = offset
    self.ordinal = UInt32(ordinal)
    packed =
      UInt32(length) | (inDoubt ? LanePlace.doubtMark : 0) | (isChange ? 0 : LanePlace.lookMark)
  }

  var length: Int { Int(packed & (LanePlace.lookMark - 1)) }
  var inDoubt: Bool { packed & LanePlace.doubtMark != 0 }
  var isChange: Bool { packed & LanePlace.lookMark == 0 }

  /// The order of a lane: the soonest rotation first.
  static func < (a: LanePlace, b: LanePlace) -> Bool {
    (a.rotatesAt, a.ordinal) < (b.rotatesAt, b.ordinal)
  }
}
