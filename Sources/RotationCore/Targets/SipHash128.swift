/// SipHash-2-4 with a result of 128 bits: a keyed hash that nobody can aim at without its key.
///
/// Chosen over a truncated SHA-256 because duplicates are found within one process only: a key
/// drawn for that process makes collisions as improbable as with any good hash of 128 bits
/// (2^-89 for a million targets), whoever wrote the manifest, at a tenth of the cost and without
/// a cryptography library below the rules.
///
/// Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF"; the 128-bit variant
/// is that of their reference implementation.
package struct SipHash128: Sendable {
  /// Two random words.
  package struct Key: Sendable, Hashable {
    let low: UInt64
    let high: UInt64

    package init(low: UInt64, high: UInt64) {
      self.low = low
      self.high = high
    }

    package init(using generator: inout some RandomNumberGenerator) {
      self.init(low: generator.next(), high: generator.next())
    }
  }

  /// A digest; equal digests are taken for equal texts.
  package struct Digest: Sendable, Hashable {
    package let low: UInt64
    package let high: UInt64
  }

  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  init(_ key: Key) {
    v0 = key.low ^ 0x736f_6d65_7073_6575
    v1 = key.high ^ 0x646f_7261_6e64_6f6d ^ 0xEE
    v2 = key.low ^ 0x6c79_6765_6e65_7261
    v3 = key.high ^ 0x7465_6462_7974_6573
  }

  package static func hash(_ bytes: UnsafeRawBufferPointer, key: Key) -> Digest {
    SipHash128(key).digest(withRest: bytes, of: bytes.count)
  }

  /// Takes in the next bytes of a text whose end is not known yet.
  ///
  /// - `bytes`: of whole words of eight.
  mutating func absorb(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count.isMultiple(of: 8), "a text is absorbed by words")
    for index in stride(from: 0, to: bytes.count, by: 8) {
      absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
    }
  }

  /// The digest of all that was absorbed and the rest of the text.
  ///
  /// - `count`: of the whole text.
  func digest(withRest bytes: UnsafeRawBufferPointer, of count: Int) -> Digest {
    var state = self
    let whole = bytes.count & ~7
    var index = 0
    while index < whole {
      state.absorb(
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
      index &+= 8
    }
    var tail = UInt64(truncatingIfNeeded: count) << 56
    var shift: UInt64 = 0
    while index < bytes.count {
      tail |= UInt64(bytes[index]) << shift
      shift &+= 8
      index &+= 1
    }
    state.absorb(tail)
    state.v2 ^= 0xEE
    for _ in 0..<4 { state.round() }
    let low = state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    state.v1 ^= 0xDD
    for _ in 0..<4 { state.round() }
    return Digest(low: low, high: state.v0 ^ state.v1 ^ state.v2 ^ state.v3)
  }

  @inline(__always)
  private mutating func absorb(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  @inline(__always)
  private mutating func round() {
    v0 &+= v1
    v1 = v1 << 13 | v1 >> 51
    v1 ^= v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = v3 << 16 | v3 >> 48
    v3 ^= v2
    v0 &+= v3
    v3 = v3 << 21 | v3 >> 43
    v3 ^= v0
    v2 &+= v1
    v1 = v1 << 17 | v1 >> 47
    v1 ^= v2
    v2 = v2 << 32 | v2 >> 32
  }
}
