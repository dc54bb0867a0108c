/// Reads those lines of a JSON Lines manifest that differ from an earlier one in nothing but the id
/// and the texts of labels.
///
/// JSON is not parsed here. A line is cut into the id, the texts of labels, and what stands around
/// them. When all that stands around was met before, byte by byte, in a line that the whole reader
/// took, and the new texts are plain, without an escape, the line means the same but for them.
/// Everything else is left to ``JSONManifestLine``.
struct PlainJSONLines: Sendable {
  /// The bound of a line: well below all bounds of what one may hold.
  private static let maximumLine = 64 << 10
  /// How many different beginnings are tried.
  private static let maximumHeads = 8
  /// The bound of a beginning.
  private static let maximumHead = 1024

  /// The bytes before an id, opening quote included; the one that fitted last is the first.
  private var heads: [[UInt8]] = []
  private var shapes = RowShapes()
  private var cut = LineCut()

  /// Hands over lines from the beginning of one on, up to one that is for the whole reader.
  ///
  /// - `index`: where a line begins; moves behind the last line that was taken.
  /// - `line`: its number; moves likewise.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, from index: inout Int, line: inout Int,
    into sink: inout some ManifestSink
  ) {
    var before = -1
    // Where the lines go on with another beginning, that one is tried.
    while before != index, let head = fitting(bytes, at: index) {
      before = index
      read(bytes, head: head, from: &index, line: &line, into: &sink)
    }
  }

  /// The length of the beginning that the line has.
  private mutating func fitting(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    for place in heads.indices {
      let count = heads[place].count
      let fits = heads[place].withUnsafeBytes { head in
        guard let head = head.baseAddress, count <= bytes.count - index else { return false }
        return ByteWords.areEqual(head, base + index, count: count)
      }
      if fits {
        heads.swapAt(0, place)
        return count
      }
    }
    return nil
  }

  /// Hands over lines as long as they begin with the first of ``heads``.
  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, head: Int, from index: inout Int, line: inout Int,
    into sink: inout some ManifestSink
  ) {
    guard let base = bytes.baseAddress else { return }
    let finder = cut.finder
    withUnsafePointer(to: &shapes) { shapes in
      heads[0].withUnsafeBytes { first in
        cut.pieces.withUnsafeMutableBufferPointer { pieces in
          cut.texts.withUnsafeMutableBufferPointer { texts in
            guard let first = first.baseAddress else { return }
            while index &+ head < bytes.count,
              ByteWords.areEqual(first, base + index, count: head),
              let found = finder.cut(bytes, from: index, head: head, into: pieces, texts)
            {
              let key = UnsafeMutableBufferPointer(rebasing: pieces[..<found.pieces])
              let hash = RowShapes.hash(key, in: base)
              guard found.next &- index <= PlainJSONLines.maximumLine,
                let shape = shapes.pointee.find(key, hash: hash, in: base)
              else { return }
              let labels =
                found.texts == 0
                ? nil
                : LentLabels(
                  place: .texts(UnsafeMutableBufferPointer(rebasing: texts[..<found.texts])),
                  bytes: bytes)
              sink.row(
                PlainRow(
                  id: found.id, resourceStart: pieces[1].count, line: line, column: head,
                  shape: shape, shapes: shapes, labels: labels))
              index = found.next
              line &+= 1
            }
          }
        }
      }
    }
  }

  /// Remembers the shape of a line that the whole reader has read.
  ///
  /// - `entry`: all that it made of the line.
  /// - `line`: the line, with at least the first byte of what follows it.
  mutating func learn(_ entry: ManifestEntry, from line: UnsafeRawBufferPointer) {
    // The id's place is that of its opening quote, counted from 1.
    let head = entry.location.column
    guard let base = line.baseAddress, head <= PlainJSONLines.maximumHead, head < line.count,
      line[head - 1] == UInt8(ascii: "\"")
    else { return }
    if !entry.labels.isEmpty { cut.finder.seeksLabels = true }
    let finder = cut.finder
    let isTaken = cut.pieces.withUnsafeMutableBufferPointer { pieces in
      cut.texts.withUnsafeMutableBufferPointer { texts in
        guard let found = finder.cut(line, from: 0, head: head, into: pieces, texts),
          entry.secretID.utf8.elementsEqual(found.id),
          LineCut.isSure(entry, found, pieces, texts, in: line)
        else { return false }
        let key = UnsafeMutableBufferPointer(rebasing: pieces[..<found.pieces])
        let hash = RowShapes.hash(key, in: base)
        if shapes.find(key, hash: hash, in: base) == nil {
          shapes.add(key, hash: hash, in: line, entry: entry)
        }
        return true
      }
    }
    guard isTaken, !heads.contains(where: { $0.elementsEqual(line[..<head]) }) else { return }
    if heads.count >= PlainJSONLines.maximumHeads { heads.removeLast() }
    heads.insert(Array(line[..<head]), at: 0)
  }
}
