/// Reads those rows of a CSV manifest that hold nothing unusual straight from the bytes.
///
/// It takes a row only when the whole reader would make one entry of it and find no problem: the
/// row lies within the bytes at hand, is ASCII without control characters, has the header's number
/// of fields and a plain id, and the cells that decide what it says were met before, as written.
/// Everything else is left to ``CSVScanner`` and ``CSVManifestRows``, which alone know what is
/// wrong with a row.
struct PlainCSVRows: Sendable {
  /// One cell as it stands in the bytes, quotes included.
  struct Cell: Sendable {
    var start = 0
    var end = 0
    var isQuoted = false
    /// A quote within it is written twice.
    var hasTwins = false

    var isEmpty: Bool { end &- start == (isQuoted ? 2 : 0) }

    /// What stands between the quotes, if there are any.
    func text(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
      let margin = isQuoted ? 1 : 0
      return UnsafeRawBufferPointer(rebasing: bytes[start &+ margin..<end &- margin])
    }
  }

  /// Why reading stopped before the end of the bytes.
  enum Stop {
    /// At a row for the whole reader, or one that is not complete.
    case odd
    /// At a row whose shape is not known; see ``learn(_:from:)``.
    case unknown
  }

  /// What the header row says, as it is needed for each row.
  private struct Layout: Sendable {
    let delimiter: UInt8
    let idColumn: Int
    /// The columns that decide what a row says, beside the id.
    let keyColumns: [Int]
  }

  private let layout: Layout
  private let labelColumns: [LentLabels.Column]
  private var cells: [Cell]
  private var pieces: [RowShapes.Piece]
  private var shapes = RowShapes()
  /// Of the row at which reading stopped as ``Stop/unknown``.
  private var hash: UInt64 = 0

  /// - Returns: nil for a delimiter that is itself something unusual.
  init?(_ columns: ManifestColumns, delimiter: UInt8) {
    let isPrintable = (0x20..<0x7F).contains(delimiter) && delimiter != UInt8(ascii: "\"")
    guard isPrintable || delimiter == 0x09, let id = columns.meanings.firstIndex(of: .secretID)
    else { return nil }
    var labels: [LentLabels.Column] = []
    var keys: [Int] = []
    for (index, meaning) in columns.meanings.enumerated() where index != id {
      if case .label(let name) = meaning {
        labels.append(LentLabels.Column(index: index, name: name))
      } else {
        keys.append(index)
      }
    }
    layout = Layout(delimiter: delimiter, idColumn: id, keyColumns: keys)
    labelColumns = labels
    cells = Array(repeating: Cell(), count: columns.meanings.count)
    // One more for the fields of an ARN.
    pieces = Array(repeating: RowShapes.Piece(start: 0, count: 0), count: keys.count + 1)
  }

  /// Hands over rows from the beginning of one on.
  ///
  /// - `index`: where a row begins; moves behind the last row that was taken.
  /// - `line`: of that row; moves likewise.
  /// - Returns: why it stopped.
  mutating func read(
    _ bytes: UnsafeRawBufferPointer, from index: inout Int, line: inout Int,
    into sink: inout some ManifestSink
  ) -> Stop {
    guard let base = bytes.baseAddress else { return .odd }
    let layout = layout
    var hash: UInt64 = 0
    defer { self.hash = hash }
    return withUnsafePointer(to: &shapes) { shapes in
      cells.withUnsafeMutableBufferPointer { cells in
        pieces.withUnsafeMutableBufferPointer { pieces in
          labelColumns.withUnsafeBufferPointer { columns in
            let labels =
              columns.isEmpty ? nil : LentLabels(place: .cells(cells, columns), bytes: bytes)
            while let next = PlainCSVRows.cut(bytes, from: index, layout.delimiter, into: cells) {
              let cell = cells[layout.idColumn]
              let id = cell.text(in: bytes)
              guard !cell.hasTwins, let resource = PlainID.resourceStart(id) else { return .odd }
              PlainCSVRows.gather(layout, cells, resource, into: pieces)
              hash = RowShapes.hash(pieces, in: base)
              guard let shape = shapes.pointee.find(pieces, hash: hash, in: base) else {
                return .unknown
              }
              sink.row(
                PlainRow(
                  id: id, resourceStart: resource, line: line, column: cell.start &- index &+ 1,
                  shape: shape, shapes: shapes, labels: labels))
              index = next
              line &+= 1
            }
            return .odd
          }
        }
      }
    }
  }

  /// The parts of a row that decide what it says.
  @inline(__always)
  private static func gather(
    _ layout: Layout, _ cells: UnsafeMutableBufferPointer<Cell>, _ resource: Int,
    into pieces: UnsafeMutableBufferPointer<RowShapes.Piece>
  ) {
    for place in 0..<layout.keyColumns.count {
      let cell = cells[layout.keyColumns[place]]
      pieces[place] = RowShapes.Piece(start: cell.start, count: cell.end &- cell.start)
    }
    let id = cells[layout.idColumn]
    pieces[pieces.count &- 1] = RowShapes.Piece(
      start: id.start &+ (id.isQuoted ? 1 : 0), count: resource)
  }

  /// Remembers the shape of the row at which reading stopped as ``Stop/unknown``.
  ///
  /// - `entry`: all that the whole reader made of that row.
  /// - `bytes`: the same as were read.
  mutating func learn(_ entry: ManifestEntry, from bytes: UnsafeRawBufferPointer) {
    let id = cells[layout.idColumn].text(in: bytes)
    guard entry.secretID.utf8.elementsEqual(id) else { return }
    pieces.withUnsafeMutableBufferPointer {
      shapes.add($0, hash: hash, in: bytes, entry: entry)
    }
  }

  // MARK: - Cells

  /// Finds the cells of the row that begins at an index.
  ///
  /// - Returns: where the next row begins; nil for an unusual row, or one that is not complete.
  private static func cut(
    _ bytes: UnsafeRawBufferPointer, from start: Int, _ delimiter: UInt8,
    into cells: UnsafeMutableBufferPointer<Cell>
  ) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let stops = ByteWords.repeated(delimiter)
    let last = cells.count &- 1
    var seen: UInt64 = 0
    var at = start
    for column in 0...last {
      guard at < bytes.count else { return nil }
      var cell = Cell(start: at)
      if bytes[at] == UInt8(ascii: "\"") {
        guard let end = quotedEnd(base, at &+ 1, bytes.count, &seen, &cell) else { return nil }
        cell.isQuoted = true
        at = end
      } else {
        guard let end = plainEnd(base, at, bytes.count, stops, &seen) else { return nil }
        at = end
      }
      cell.end = at
      cells[column] = cell
      if column < last {
        if bytes[at] != delimiter { return nil }
        at &+= 1
      } else {
        guard let next = ByteWords.lineAfter(at, in: bytes) else { return nil }
        at = next
      }
    }
    guard at &- start <= CSVScanner.maximumRecordBytes else { return nil }
    return seen & ByteWords.highs == 0 ? at : nil
  }

  /// The first delimiter, quote or control character.
  ///
  /// - `seen`: gathers the bytes that were passed, and perhaps a few behind them.
  @inline(__always)
  private static func plainEnd(
    _ base: UnsafeRawPointer, _ start: Int, _ end: Int, _ delimiters: UInt64, _ seen: inout UInt64
  ) -> Int? {
    var at = start
    while at &+ 8 <= end {
      let word = ByteWords.load(base, at)
      seen |= word
      let hits =
        ByteWords.zeros(word ^ delimiters)
        | ByteWords.zeros(word ^ ByteWords.repeated(UInt8(ascii: "\"")))
        | ByteWords.below(0x20, word)
      if hits != 0 { return at &+ ByteWords.first(hits) }
      at &+= 8
    }
    return nil
  }

  /// What follows the closing quote, from behind the opening one.
  @inline(__always)
  private static func quotedEnd(
    _ base: UnsafeRawPointer, _ start: Int, _ end: Int, _ seen: inout UInt64, _ cell: inout Cell
  ) -> Int? {
    var at = start
    while at &+ 8 <= end {
      let word = ByteWords.load(base, at)
      seen |= word
      let hits =
        ByteWords.zeros(word ^ ByteWords.repeated(UInt8(ascii: "\"")))
        | ByteWords.below(0x20, word)
      if hits == 0 {
        at &+= 8
        continue
      }
      at &+= ByteWords.first(hits)
      guard base.load(fromByteOffset: at, as: UInt8.self) == UInt8(ascii: "\""), at &+ 1 < end
      else { return nil }
      at &+= 1
      if base.load(fromByteOffset: at, as: UInt8.self) != UInt8(ascii: "\"") { return at }
      cell.hasTwins = true
      at &+= 1
    }
    return nil
  }
}
