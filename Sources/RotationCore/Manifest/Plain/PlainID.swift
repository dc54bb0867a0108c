/// Ids that need no more than a look: printable ASCII without blanks at the ends.
enum PlainID {
  private static let arn = UInt32(littleEndian: 0x3A6E_7261)  // "arn:"

  /// Looks at an id.
  ///
  /// - Returns: where the resource of an ARN begins, 0 for a name; nil for an id that the checker
  ///   must judge. That the fields before the resource are sound is not said.
  static func resourceStart(_ id: UnsafeRawBufferPointer) -> Int? {
    guard let bytes = id.baseAddress, (1...EntryChecker.maximumSecretID).contains(id.count),
      id[0] != 0x20, id[id.count - 1] != 0x20
    else { return nil }
    let isARN = id.count >= 4 && bytes.loadUnaligned(as: UInt32.self) == arn
    var look = Look(colons: isARN ? 6 : 0)
    var at = 0
    while at &+ 8 <= id.count {
      look.see(ByteWords.load(bytes, at), at: at)
      at &+= 8
    }
    if look.colons == 0, id.count >= 8 {
      // The last word overlaps those before it.
      look.see(ByteWords.load(bytes, id.count &- 8), at: id.count &- 8)
    } else {
      while at < id.count {
        look.see(id[at], at: at)
        at &+= 1
      }
    }
    guard look.isPlain else { return nil }
    guard isARN else { return 0 }
    return look.colons == 0 && look.resource < id.count ? look.resource : nil
  }

  private struct Look {
    /// So many are still to be found.
    var colons: Int
    /// Behind the last of them.
    var resource = 0
    private var odd: UInt64 = 0

    init(colons: Int) { self.colons = colons }

    /// Whether all bytes are from 0x20 to 0x7E.
    var isPlain: Bool { odd & ByteWords.highs == 0 }

    @inline(__always)
    mutating func see(_ word: UInt64, at index: Int) {
      odd |= word | ByteWords.below(0x20, word) | ByteWords.zeros(word ^ ByteWords.repeated(0x7F))
      if colons == 0 { return }
      let others = word ^ ByteWords.repeated(UInt8(ascii: ":"))
      // Exact for every byte as long as all of them are ASCII.
      var marks = ~(others &+ ByteWords.repeated(0x7F)) & ByteWords.highs
      let found = marks.nonzeroBitCount
      guard found >= colons else {
        colons &-= found
        return
      }
      for _ in 1..<colons { marks &= marks &- 1 }
      colons = 0
      resource = index &+ ByteWords.first(marks) &+ 1
    }

    @inline(__always)
    mutating func see(_ byte: UInt8, at index: Int) {
      if byte < 0x20 || byte >= 0x7F { odd = ByteWords.highs }
      guard colons > 0, byte == UInt8(ascii: ":") else { return }
      colons &-= 1
      resource = index &+ 1
    }
  }
}
