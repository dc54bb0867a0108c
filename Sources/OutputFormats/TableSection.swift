/// One titled part of a table: a line of headers and rows of cells.
struct TableSection {
  /// Nil for a part that goes on without a title; it then takes the room of Python's `None`.
  let title: String?
  /// How deeply the part is nested; every level adds a bar on both sides.
  let level: Int
  private(set) var headers: [String] = []
  private(set) var rows: [[String]] = []
  private var columns: Int?
  private var widths: [Int] = []

  init(title: String?, level: Int) {
    self.title = title
    self.level = level
  }

  var titleWidth: Int { ColumnWidth.of(title ?? "None") }

  mutating func add(headers new: [String]) throws(FormatFailure) {
    try widen(for: new)
    columns = columns ?? new.count
    headers = new
  }

  mutating func add(row: [String]) throws(FormatFailure) {
    let expected = columns ?? row.count
    columns = expected
    guard row.count == expected else {
      throw FormatFailure(
        message: "Row should have \(expected) elements, instead it has \(row.count)")
    }
    rows.append(row)
    try widen(for: row)
  }

  private mutating func widen(for row: [String]) throws(FormatFailure) {
    guard !widths.isEmpty else {
      widths = row.map(ColumnWidth.of)
      return
    }
    guard row.count <= widths.count else {
      throw FormatFailure(message: "list index out of range")
    }
    for (index, cell) in row.enumerated() {
      widths[index] = max(widths[index], ColumnWidth.of(cell))
    }
  }

  /// The columns this part takes: four blanks a cell, the edges, and the bars of its level.
  var totalWidth: Int {
    max(titleWidth, widths.reduce(0) { $0 + $1 + 4 }) + 2 + 2 * level
  }

  /// The width of each column when together they take `total`; empty without columns.
  func columnWidths(in total: Int) -> [Int] {
    let natural = widths.map { $0 + 4 }
    guard !natural.isEmpty else { return [] }
    let factor = Double(total) / Double(natural.reduce(0, +))
    var scaled = natural.map { Int((factor * Double($0)).rounded(.toNearestOrEven)) }
    // Rounding may miss the total: shorten from the left, lengthen from the right.
    var excess = scaled.reduce(0, +) - total
    while excess != 0 {
      let step = excess > 0 ? 1 : -1
      for offset in scaled.indices where excess != 0 {
        let index = excess > 0 ? offset : scaled.count - 1 - offset
        scaled[index] -= step
        excess -= step
      }
    }
    return scaled
  }

  /// A part with headers and one row, as one line a header; any other part as it is.
  func turned() throws(FormatFailure) -> TableSection {
    guard rows.count == 1, !headers.isEmpty, let row = rows.first else { return self }
    var section = TableSection(title: title, level: level)
    for (header, cell) in zip(headers, row) { try section.add(row: [header, cell]) }
    return section
  }
}
