/// A sound row that was never made into an entry: lent bytes, and the shape that it shares with
/// others.
///
/// Valid until its sink is told that the rows end; see ``ManifestSink/endRows()``.
package struct PlainRow {
  /// Printable ASCII.
  package let id: UnsafeRawBufferPointer
  /// Where the resource of an ARN begins in ``id``; 0 for a name.
  package let resourceStart: Int
  package let line: Int
  package let column: Int
  /// Rows of one shape say the same but for their ids' resources or names, their places and their
  /// labels; the numbers begin at 0, and anew with each ``generation``.
  package let shape: Int
  let shapes: UnsafePointer<RowShapes>
  /// Nil where the labels belong to the shape.
  let labels: LentLabels?

  package var generation: Int { shapes.pointee.generation }

  package var location: SourceLocation {
    SourceLocation(
      file: shapes.pointee.entry(of: shape).location.file, line: line, column: column)
  }

  package var entry: ManifestEntry {
    var entry = shapes.pointee.entry(of: shape)
    entry.secretID = String(decoding: id, as: UTF8.self)
    entry.location = location
    if let labels { entry.labels = labels.values(like: entry.labels) }
    return entry
  }
}

/// The labels of a row while they are bytes.
struct LentLabels {
  /// A column of labels.
  struct Column: Sendable {
    let index: Int
    let name: String
  }

  enum Place {
    /// In the cells of CSV; all cells of the row are lent.
    case cells(UnsafeMutableBufferPointer<PlainCSVRows.Cell>, UnsafeBufferPointer<Column>)
    /// In JSON: the texts of the shape's labels, in their order.
    case texts(UnsafeMutableBufferPointer<RowShapes.Piece>)
  }

  let place: Place
  let bytes: UnsafeRawBufferPointer

  /// - `first`: the labels of the shape's first row.
  func values(like first: [Label]) -> [Label] {
    switch place {
    case .texts(let texts):
      zip(first, texts).map { label, text in
        Label(
          name: label.name,
          value: String(decoding: bytes[text.start..<text.start + text.count], as: UTF8.self))
      }
    case .cells(let cells, let columns):
      columns.compactMap { column in
        let cell = cells[column.index]
        if cell.isEmpty { return nil }
        let text = cell.text(in: bytes)
        return Label(
          name: column.name,
          value: cell.hasTwins
            ? LentLabels.withoutTwins(text) : String(decoding: text, as: UTF8.self))
      }
    }
  }

  /// Quotes that were written twice become one.
  private static func withoutTwins(_ text: UnsafeRawBufferPointer) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var isSecond = false
    for byte in text {
      isSecond = byte == UInt8(ascii: "\"") && !isSecond
      if byte != UInt8(ascii: "\"") || isSecond { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
