/// A random number generator that repeats itself for the same seed.
///
/// SplitMix64 (Steele, Lea and Flood, 2014): good enough to vary tests, unfit for secrets.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Lengths of consecutive pieces, each from 1 to `longest`, that add up to `total`.
  package mutating func split(_ total: Int, longest: Int) -> [Int] {
    var pieces: [Int] = []
    var rest = total
    while rest > 0 {
      let piece = min(rest, Int.random(in: 1...max(1, longest), using: &self))
      pieces.append(piece)
      rest -= piece
    }
    return pieces
  }
}
