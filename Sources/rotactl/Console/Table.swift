/// Rows of text in columns: words to the left, numbers to the right.
///
/// A character counts as one column; secret names, accounts and regions are ASCII.
struct Table: Sendable {
  enum Alignment: Sendable { case left, right }

  struct Column: Sendable {
    let title: String
    let alignment: Alignment
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; missing cells are empty, cells beyond the columns are dropped.
  mutating func add(_ cells: [String]) {
    var row = Array(cells.prefix(columns.count))
    row.append(contentsOf: repeatElement("", count: columns.count - row.count))
    rows.append(row)
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The lines, title line first, two blanks between columns, none at the end of a line.
  func lines(indent: Int = 0, style: Style = .plain) -> [String] {
    let widths = columns.indices.map { index in
      rows.reduce(columns[index].title.count) { max($0, $1[index].count) }
    }
    func line(_ cells: [String]) -> String {
      let padded = cells.indices.map { index in
        let blanks = String(repeating: " ", count: widths[index] - cells[index].count)
        return columns[index].alignment == .left ? cells[index] + blanks : blanks + cells[index]
      }
      var text = String(repeating: " ", count: indent) + padded.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }
    return [style.bold(line(columns.map(\.title)))] + rows.map(line)
  }
}

extension Table.Column {
  static func words(_ title: String) -> Self { .init(title: title, alignment: .left) }
  static func numbers(_ title: String) -> Self { .init(title: title, alignment: .right) }
}
