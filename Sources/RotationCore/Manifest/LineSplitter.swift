/// Cuts bytes that come in chunks into lines, holding no more than one of them.
///
/// A line ends in LF, CRLF or CR; the end is not part of it. A leading byte order mark is dropped.
struct LineSplitter: Sendable {
  /// The bound of one line: 1 MiB.
  static let maximumBytes = 1 << 20

  enum Line {
    /// The bytes are lent for the call.
    case text(UnsafeRawBufferPointer)
    case tooLong
  }

  private var pending: [UInt8] = []
  /// Of the line that the next byte belongs to.
  private(set) var number = 1
  private var skipping = false
  private var afterReturn = false

  /// The next byte begins a line.
  var isBetweenLines: Bool { pending.isEmpty && !skipping && !afterReturn }

  /// Counts whole lines that somebody else has read, while ``isBetweenLines``.
  mutating func passOver(upTo number: Int) { self.number = number }

  /// Calls back for each line that a chunk completes, with its number from 1.
  mutating func consume(
    _ chunk: UnsafeRawBufferPointer, _ body: (Line, _ number: Int) -> Void
  ) {
    _ = consume(chunk, toLineEnd: false, body)
  }

  /// Does the same, or reads no more than ends a line.
  ///
  /// - Returns: the number of bytes that were read.
  mutating func consume(
    _ chunk: UnsafeRawBufferPointer, toLineEnd: Bool, _ body: (Line, _ number: Int) -> Void
  ) -> Int {
    var start = 0
    var index = 0
    while index < chunk.count {
      if toLineEnd, start > 0, start == index, isBetweenLines { return index }
      let byte = chunk[index]
      if byte != 0x0A, byte != 0x0D {
        afterReturn = false
        index &+= 1
        continue
      }
      if byte == 0x0A, afterReturn {
        afterReturn = false
        index += 1
        start = index
        continue
      }
      emit(UnsafeRawBufferPointer(rebasing: chunk[start..<index]), body)
      afterReturn = byte == 0x0D
      index += 1
      start = index
    }
    keep(UnsafeRawBufferPointer(rebasing: chunk[start...]), body)
    return chunk.count
  }

  /// Calls back for a last line that has no end.
  mutating func finish(_ body: (Line, _ number: Int) -> Void) {
    if !pending.isEmpty { emit(UnsafeRawBufferPointer(start: nil, count: 0), body) }
  }

  private mutating func keep(
    _ bytes: UnsafeRawBufferPointer, _ body: (Line, _ number: Int) -> Void
  ) {
    if skipping { return }
    guard pending.count + bytes.count <= LineSplitter.maximumBytes else {
      body(.tooLong, number)
      skipping = true
      pending.removeAll()
      return
    }
    pending.append(contentsOf: bytes)
  }

  private mutating func emit(
    _ bytes: UnsafeRawBufferPointer, _ body: (Line, _ number: Int) -> Void
  ) {
    if skipping {
      skipping = false
    } else if pending.isEmpty, bytes.count <= LineSplitter.maximumBytes {
      body(.text(withoutMark(bytes)), number)
    } else {
      keep(bytes, body)
      if skipping {
        skipping = false
      } else {
        pending.withUnsafeBytes { body(.text(withoutMark($0)), number) }
      }
      pending.removeAll(keepingCapacity: true)
    }
    number += 1
  }

  private func withoutMark(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard number == 1, bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF
    else { return bytes }
    return UnsafeRawBufferPointer(rebasing: bytes[3...])
  }
}
