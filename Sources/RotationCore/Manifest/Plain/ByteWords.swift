/// Looking at eight bytes at a time.
///
/// All reads are of whole words within the bytes that are given; nothing is read beyond them.
enum ByteWords {
  static let ones: UInt64 = 0x0101_0101_0101_0101
  static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  static func repeated(_ byte: UInt8) -> UInt64 { ones &* UInt64(byte) }

  @inline(__always)
  static func load(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Marks the zero bytes of a word in their highest bits; the lowest mark is exact, those above it
  /// may be wrong.
  @inline(__always)
  static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

  /// Marks the bytes below a bound of at most 0x80, exact as ``zeros(_:)`` is.
  @inline(__always)
  static func below(_ bound: UInt8, _ word: UInt64) -> UInt64 {
    (word &- repeated(bound)) & ~word & highs
  }

  /// How many bytes of the word stand before the lowest mark.
  @inline(__always)
  static func first(_ marks: UInt64) -> Int { marks.trailingZeroBitCount / 8 }

  /// Where the next line begins, behind an LF, a CR or both.
  ///
  /// - Returns: nil where no line ends, or where its end may go on behind the bytes.
  @inline(__always)
  static func lineAfter(_ end: Int, in bytes: UnsafeRawBufferPointer) -> Int? {
    if bytes[end] == 0x0A { return end &+ 1 }
    guard bytes[end] == 0x0D, end &+ 1 < bytes.count else { return nil }
    return bytes[end &+ 1] == 0x0A ? end &+ 2 : end &+ 1
  }

  @inline(__always)
  static func areEqual(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, count: Int) -> Bool {
    if count < 8 { return short(a, count: count) == short(b, count: count) }
    var at = 0
    while at &+ 8 <= count {
      if load(a, at) != load(b, at) { return false }
      at &+= 8
    }
    // The last word overlaps those before it.
    return load(a, count &- 8) == load(b, count &- 8)
  }

  /// Fewer than eight bytes as one word, in an order of its own that repeats some of them.
  @inline(__always)
  private static func short(_ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
    if count >= 4 {
      return UInt64(bytes.loadUnaligned(as: UInt32.self)) << 32
        | UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
    }
    if count == 0 { return 0 }
    func byte(_ offset: Int) -> UInt64 {
      UInt64(bytes.load(fromByteOffset: offset, as: UInt8.self))
    }
    return byte(0) << 16 | byte(count / 2) << 8 | byte(count &- 1)
  }

  /// Folds bytes into a hash that spreads well but keeps nobody from aiming at it.
  @inline(__always)
  static func fold(_ hash: UInt64, _ bytes: UnsafeRawPointer, count: Int) -> UInt64 {
    var hash = hash ^ UInt64(truncatingIfNeeded: count)
    if count < 8 { return mix(hash, short(bytes, count: count)) }
    var at = 0
    while at &+ 16 <= count {
      hash = mix(hash ^ load(bytes, at), load(bytes, at &+ 8))
      at &+= 16
    }
    if at &+ 8 <= count { hash = mix(hash, load(bytes, at)) }
    return mix(hash, load(bytes, count &- 8))
  }

  @inline(__always)
  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: b ^ 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }
}
