/// The kinds of rows that a manifest repeats, each one read once by the whole reader.
///
/// Two rows have one shape when all bytes that decide what a row says are the same, as written,
/// but for the name of the secret and the labels' values. What the whole reader made of the first
/// of them then holds for the others: it is by this that they need not be parsed.
///
/// Bounded: when ``limit`` shapes or ``maximumBytes`` are held, all are forgotten.
package struct RowShapes: Sendable {
  static let limit = 8192
  /// Of all keys together.
  static let maximumBytes = 1 << 20
  /// Of one key; rows with more are not remembered.
  static let maximumKeyBytes = 4096
  /// How far a key may stand from its place in the table; whoever writes a manifest could aim at
  /// one place.
  private static let reach = 32

  /// A part of a row that belongs to its key, as offsets into the bytes at hand.
  struct Piece: Sendable {
    var start: Int
    var count: Int
  }

  private struct Slot {
    var hash: UInt64 = 0
    var shape: Int32 = -1
    /// Where the key begins in ``keys``.
    var key: Int32 = 0
  }

  private var slots = [Slot](repeating: Slot(), count: 256)
  /// Of each key: four bytes of the number of its pieces, then for each of them four bytes of its
  /// length, and its bytes.
  private var keys: [UInt8] = []
  /// By shape.
  private var entries: [ManifestEntry] = []
  /// Counts how often all shapes were forgotten; their numbers begin at 0 anew then.
  package private(set) var generation = 0

  /// What the first row of a shape said.
  func entry(of shape: Int) -> ManifestEntry { entries[shape] }

  static func hash(
    _ pieces: UnsafeMutableBufferPointer<Piece>, in bytes: UnsafeRawPointer
  ) -> UInt64 {
    var hash: UInt64 = 0
    for piece in pieces { hash = ByteWords.fold(hash, bytes + piece.start, count: piece.count) }
    return hash
  }

  /// - Returns: nil for a shape that is not known.
  func find(
    _ pieces: UnsafeMutableBufferPointer<Piece>, hash: UInt64, in bytes: UnsafeRawPointer
  ) -> Int? {
    slots.withUnsafeBufferPointer { slots in
      let mask = slots.count &- 1
      var index = Int(truncatingIfNeeded: hash) & mask
      for _ in 0..<RowShapes.reach {
        let slot = slots[index]
        if slot.shape < 0 { return nil }
        if slot.hash == hash, isKey(pieces, at: Int(slot.key), in: bytes) {
          return Int(slot.shape)
        }
        index = (index &+ 1) & mask
      }
      return nil
    }
  }

  @inline(__always)
  private func isKey(
    _ pieces: UnsafeMutableBufferPointer<Piece>, at key: Int, in bytes: UnsafeRawPointer
  ) -> Bool {
    keys.withUnsafeBytes { keys in
      guard var key = keys.baseAddress?.advanced(by: key),
        key.loadUnaligned(as: UInt32.self) == UInt32(truncatingIfNeeded: pieces.count)
      else { return false }
      key += 4
      for piece in pieces {
        guard key.loadUnaligned(as: UInt32.self) == UInt32(truncatingIfNeeded: piece.count),
          ByteWords.areEqual(key + 4, bytes + piece.start, count: piece.count)
        else { return false }
        key += 4 &+ piece.count
      }
      return true
    }
  }

  /// Remembers a shape by its first row.
  mutating func add(
    _ pieces: UnsafeMutableBufferPointer<Piece>, hash: UInt64, in bytes: UnsafeRawBufferPointer,
    entry: ManifestEntry
  ) {
    let count = pieces.reduce(4) { $0 + 4 + $1.count }
    guard count <= RowShapes.maximumKeyBytes else { return }
    if entries.count >= RowShapes.limit || keys.count + count > RowShapes.maximumBytes {
      generation += 1
      entries.removeAll(keepingCapacity: true)
      keys.removeAll(keepingCapacity: true)
      slots = [Slot](repeating: Slot(), count: slots.count)
    }
    if entries.count * 2 >= slots.count { grow() }
    let slot = Slot(hash: hash, shape: Int32(entries.count), key: Int32(keys.count))
    guard RowShapes.place(slot, in: &slots) else { return }
    entries.append(entry)
    append(pieces.count)
    for piece in pieces {
      append(piece.count)
      keys.append(contentsOf: bytes[piece.start..<piece.start + piece.count])
    }
  }

  private mutating func append(_ number: Int) {
    withUnsafeBytes(of: UInt32(number)) { keys.append(contentsOf: $0) }
  }

  /// - Returns: false when all places within reach are taken.
  private static func place(_ slot: Slot, in slots: inout [Slot]) -> Bool {
    let mask = slots.count - 1
    for step in 0..<reach {
      let index = (Int(truncatingIfNeeded: slot.hash) + step) & mask
      if slots[index].shape < 0 {
        slots[index] = slot
        return true
      }
    }
    return false
  }

  /// A shape that finds no place any more is read by the whole reader again.
  private mutating func grow() {
    var larger = [Slot](repeating: Slot(), count: slots.count * 2)
    for slot in slots where slot.shape >= 0 { _ = RowShapes.place(slot, in: &larger) }
    slots = larger
  }
}
