/// Draws the sections of a table.
struct TableWriter {
  static let reset = "\u{1B}[0m"
  private static let cellStart = "\u{1B}[1m\u{1B}[34m"
  private static let barStart = "\u{1B}[2m\u{1B}[33m"

  private let color: OutputStyle.Color
  private(set) var bytes: [UInt8] = []
  /// The bars on either side of the section at hand.
  private var bars = ""

  init(color: OutputStyle.Color) { self.color = color }

  mutating func write(_ sections: [TableSection], width: Int) {
    write(TableWriter.dashes(width) + "\n")
    for section in sections { write(section, width: width) }
  }

  private mutating func write(_ section: TableSection, width total: Int) {
    let bar = color == .none ? "|" : TableWriter.barStart + "|" + TableWriter.reset
    bars = String(repeating: bar, count: section.level)
    let width = total - section.level * 2
    if let title = section.title, !title.isEmpty {
      writeLine(
        TableWriter.centered(title, section.titleWidth, in: width, isFirst: true))
      if section.headers.isEmpty, section.rows.isEmpty {
        writeLine("+" + TableWriter.dashes(width - 2) + "+")
      }
    }
    let widths = section.columnWidths(in: width)
    if !section.headers.isEmpty { write(headers: section.headers, widths) }
    guard !section.rows.isEmpty, !widths.isEmpty else { return }
    writeBreak(widths)
    for row in section.rows { write(row: row, widths) }
    writeBreak(widths)
  }

  private mutating func write(headers: [String], _ widths: [Int]) {
    writeBreak(widths)
    var line = ""
    for (index, (width, header)) in zip(widths, headers).enumerated() {
      line += TableWriter.centered(
        header, ColumnWidth.of(header), in: width, isFirst: index == 0)
    }
    writeLine(line)
  }

  private mutating func write(row: [String], _ widths: [Int]) {
    var line = ""
    for (index, (width, cell)) in zip(widths, row).enumerated() {
      let edge = index == 0 ? 1 : 0
      let taken = ColumnWidth.of(cell) + edge + 1
      let padding = width >= taken + 2 ? 2 : 0
      line += edge == 1 ? "|" : ""
      line += TableWriter.blanks(padding)
      line += color == .none ? cell : TableWriter.cellStart + cell + TableWriter.reset
      line += TableWriter.blanks(width - taken - padding) + "|"
    }
    writeLine(line)
  }

  private mutating func writeBreak(_ widths: [Int]) {
    var line = ""
    for (index, width) in widths.enumerated() {
      line += index == 0 ? "+" : ""
      line += TableWriter.dashes(width - (index == 0 ? 2 : 1)) + "+"
    }
    writeLine(line)
  }

  /// A line between the bars; the CLI writes it in four pieces.
  private mutating func writeLine(_ line: String) {
    write(bars)
    write(line)
    write(bars)
    write("\n")
  }

  private mutating func write(_ piece: String) {
    bytes.append(contentsOf: piece.utf8)
    if color == .cellsAndResets { bytes.append(contentsOf: TableWriter.reset.utf8) }
  }

  private static func centered(
    _ text: String, _ textWidth: Int, in width: Int, isFirst: Bool
  ) -> String {
    let edge = isFirst ? 1 : 0
    let before = (width >> 1) - textWidth / 2 - 1
    let after = width - 1 - edge - before - textWidth
    return (isFirst ? "|" : "") + blanks(before) + text + blanks(after) + "|"
  }

  private static func blanks(_ count: Int) -> String {
    String(repeating: " ", count: max(0, count))
  }

  private static func dashes(_ count: Int) -> String {
    String(repeating: "-", count: max(0, count))
  }
}
