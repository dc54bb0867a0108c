/// How a result is to be printed.
package struct OutputStyle: Sendable, Hashable {
  /// Where colour codes go; only tables have colour.
  package enum Color: Sendable, Hashable {
    case none
    /// Codes around the cells, as for a pager or for standard error.
    case cells
    /// Codes around the cells and a reset after every piece, as on standard output.
    case cellsAndResets
  }

  package var format: OutputFormat
  /// The title of a table, such as `CancelRotateSecret`.
  package var operationName: String
  package var color: Color
  /// Whether standard output is a terminal; a coloured table then ends with one more reset.
  package var isTerminal: Bool
  /// A table wider than this many columns is turned; nil never turns it.
  package var terminalWidth: Int?

  package init(
    format: OutputFormat, operationName: String, color: Color = .none, isTerminal: Bool = false,
    terminalWidth: Int? = 80
  ) {
    self.format = format
    self.operationName = operationName
    self.color = color
    self.isTerminal = isTerminal
    self.terminalWidth = terminalWidth
  }
}
