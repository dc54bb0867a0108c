/// Repeatable chance: the same words always give the same numbers, in whatever order they are
/// asked for.
///
/// FNV-1a over the bytes, finished with the mixing steps of SplitMix64. Not for secrets that
/// protect anything.
package enum Mixer {
  /// 64 bits from words; `["a", "b"]` and `["ab"]` differ.
  package static func hash(_ words: [String]) -> UInt64 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for word in words {
      for byte in word.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
      state = (state ^ 0x1FF) &* 0x100_0000_01B3
    }
    return finish(state)
  }

  /// From 0 up to but not including 1.
  package static func fraction(_ words: [String]) -> Double {
    Double(hash(words) >> 11) / Double(1 << 53)
  }

  /// Characters drawn from an alphabet.
  package static func text(_ count: Int, from alphabet: String, _ words: [String]) -> String {
    let letters = Array(alphabet)
    var state = hash(words)
    var text = ""
    for _ in 0..<count {
      state = finish(state &+ 0x9E37_79B9_7F4A_7C15)
      text.append(letters[Int(state % UInt64(letters.count))])
    }
    return text
  }

  /// The form of a version 4 UUID in lower case.
  package static func uuid(_ words: [String]) -> String {
    let digits = Array(text(32, from: "0123456789abcdef", words))
    let parts = [
      String(digits[0..<8]), String(digits[8..<12]), "4" + String(digits[13..<16]),
      "a" + String(digits[17..<20]), String(digits[20..<32]),
    ]
    return parts.joined(separator: "-")
  }

  private static func finish(_ input: UInt64) -> UInt64 {
    var z = input
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Alphabets for made-up names.
enum Alphabet {
  static let alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
  /// RFC 4648 base 32, the letters of access key ids.
  static let base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
}
