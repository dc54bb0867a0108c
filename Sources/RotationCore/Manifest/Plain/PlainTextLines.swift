/// Reads those lines of a plain text manifest that are an id and nothing else.
///
/// As in ``PlainJSONLines``, the whole reader has taken such a line before: one of a name, or of an
/// ARN with the same fields before its resource. What it would not take is left to it.
struct PlainTextLines: Sendable {
  private var shapes = RowShapes()
  private var pieces = [RowShapes.Piece(start: 0, count: 0)]

  /// Hands over lines from the beginning of one on, up to one that is for the whole reader.
  ///
  /// - `index`: where a line begins; moves behind the last line that was taken.
  /// - `line`: its number; moves likewise.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, from index: inout Int, line: inout Int,
    into sink: inout some ManifestSink
  ) {
    guard let base = bytes.baseAddress else { return }
    withUnsafePointer(to: &shapes) { shapes in
      pieces.withUnsafeMutableBufferPointer { pieces in
        while let (id, resource, next) = PlainTextLines.cut(bytes, from: index) {
          pieces[0] = RowShapes.Piece(start: index, count: resource)
          let hash = RowShapes.hash(pieces, in: base)
          guard let shape = shapes.pointee.find(pieces, hash: hash, in: base) else { return }
          sink.row(
            PlainRow(
              id: id, resourceStart: resource, line: line, column: 1, shape: shape, shapes: shapes,
              labels: nil))
          index = next
          line &+= 1
        }
      }
    }
  }

  /// Remembers the shape of a line that the whole reader has read.
  ///
  /// - `entry`: all that it made of the line.
  /// - `line`: the line, with at least the first byte of what follows it.
  mutating func learn(_ entry: ManifestEntry, from line: UnsafeRawBufferPointer) {
    guard let base = line.baseAddress, let (id, resource, _) = PlainTextLines.cut(line, from: 0),
      entry.secretID.utf8.elementsEqual(id)
    else { return }
    pieces[0] = RowShapes.Piece(start: 0, count: resource)
    pieces.withUnsafeMutableBufferPointer { pieces in
      let hash = RowShapes.hash(pieces, in: base)
      if shapes.find(pieces, hash: hash, in: base) == nil {
        shapes.add(pieces, hash: hash, in: line, entry: entry)
      }
    }
  }

  /// - Returns: the id, where the resource of an ARN begins in it, and where the next line begins;
  ///   nil for a line that is unusual or not complete.
  @inline(__always)
  private static func cut(
    _ bytes: UnsafeRawBufferPointer, from start: Int
  ) -> (id: UnsafeRawBufferPointer, resource: Int, next: Int)? {
    guard let base = bytes.baseAddress else { return nil }
    var at = start
    while at &+ 8 <= bytes.count {
      let word = ByteWords.load(base, at)
      let hits =
        ByteWords.zeros(word ^ ByteWords.repeated(UInt8(ascii: "#")))
        | ByteWords.below(0x20, word)
      if hits == 0 {
        at &+= 8
        continue
      }
      at &+= ByteWords.first(hits)
      guard let next = ByteWords.lineAfter(at, in: bytes) else { return nil }
      let id = UnsafeRawBufferPointer(start: base + start, count: at &- start)
      return PlainID.resourceStart(id).map { (id, $0, next) }
    }
    return nil
  }
}
