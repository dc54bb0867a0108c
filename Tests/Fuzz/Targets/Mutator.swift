/// Changes inputs by chance, the same for the same seed.
///
/// The steps are those that found the most in practice: turn a byte, cut, repeat, splice with another
/// input, put a word in that means something to some reader.
package struct Mutator: Sendable {
  /// No input grows longer than this.
  package static let longest = 1 << 16

  private static let words = [
    "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "\n", "\r\n", "\r", "\t", "\0",
    "\u{FEFF}", "e\u{301}", "\u{1F600}", "null", "true", "-0", "1e999", "-1e-999",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "0.1", "00", ";", "#",
    "=", "[profile a]", "secret_id", "region", "secrets", "SecretList", "ARN", "version", "labels",
    "arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf", "<Error>", "</Error>", "&#x0;",
    "<![CDATA[", "<!DOCTYPE a [", "\"ordinal\":", "\"outcome\":\"unknown\"", "sort_by(", "[::-1]",
    "[?", "`", "'", "@", "*", "||", "2026-11-24T05:18:36.123Z", "99999999999999999999999999",
  ].map { Array($0.utf8) }

  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// From 0 up to, but not including, `bound`; 0 for a bound of 0.
  private mutating func below(_ bound: Int) -> Int {
    bound > 0 ? Int(next() % UInt64(bound)) : 0
  }

  /// A new input made of one of the corpus, changed in one to eight places.
  package mutating func input(from corpus: [[UInt8]]) -> [UInt8] {
    var bytes = corpus.isEmpty ? [] : corpus[below(corpus.count)]
    for _ in 0...below(8) { change(&bytes, corpus) }
    return Array(bytes.prefix(Mutator.longest))
  }

  private mutating func change(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
    let place = below(bytes.count + 1)
    let end = place + below(min(bytes.count - place + 1, 64))
    switch below(9) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(below(8))
    case 1 where place < bytes.count: bytes[place] = UInt8(truncatingIfNeeded: next())
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.removeLast(min(bytes.count, below(bytes.count + 1)))
    case 4: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
    case 5:
      let piece = Array(bytes[place..<end])
      for _ in 0..<below(200) { bytes.insert(contentsOf: piece, at: place) }
    case 6 where !corpus.isEmpty:
      let other = corpus[below(corpus.count)]
      let start = below(other.count + 1)
      bytes.replaceSubrange(place..., with: other[start...])
    case 7:
      bytes.insert(UInt8(truncatingIfNeeded: next()), at: place)
    default:
      bytes.replaceSubrange(place..<end, with: Mutator.words[below(Mutator.words.count)])
    }
  }
}
