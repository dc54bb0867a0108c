/// Writing CSV (RFC 4180) with lines that end in CR LF.
package enum CSVText {
  /// A cell that a spreadsheet must not take for a formula.
  ///
  /// Spreadsheets execute cells that begin with `=`, `+`, `-`, `@`, a tab or a carriage return;
  /// such a cell gets a leading apostrophe, which they show as plain text.
  package static func guarded(_ text: String) -> String {
    switch text.utf8.first {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D:
      "'" + text
    default: text
    }
  }

  package static func append(
    _ cell: String, to line: inout [UInt8], first: Bool = false, alwaysQuoted: Bool = false
  ) {
    if !first { line.append(UInt8(ascii: ",")) }
    let needsQuotes =
      alwaysQuoted
      || cell.utf8.contains {
        $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
      }
    guard needsQuotes else {
      line.append(contentsOf: cell.utf8)
      return
    }
    line.append(UInt8(ascii: "\""))
    for byte in cell.utf8 {
      if byte == UInt8(ascii: "\"") { line.append(byte) }
      line.append(byte)
    }
    line.append(UInt8(ascii: "\""))
  }

  package static func end(_ line: inout [UInt8]) { line.append(contentsOf: [0x0D, 0x0A]) }
}
