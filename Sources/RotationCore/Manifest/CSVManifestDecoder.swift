/// Reads a manifest of comma-separated values: a header row that names the columns, then entries.
///
/// Usual rows are read by ``PlainCSVRows``, all others by ``CSVScanner``.
struct CSVManifestDecoder: Sendable {
  private let delimiter: UInt8
  private var scanner: CSVScanner
  private var rows: CSVManifestRows
  /// Nil until the header row was read.
  private var plain: PlainCSVRows?

  init(file: String, delimiter: UInt8) {
    self.delimiter = delimiter
    scanner = CSVScanner(delimiter: delimiter)
    rows = CSVManifestRows(file: file, delimiter: delimiter)
  }

  mutating func consume(_ bytes: UnsafeRawBufferPointer, into sink: inout some ManifestSink) {
    var index = 0
    while index < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
      guard rows.isReady else {
        index += whole(rest, into: &sink)
        if rows.isReady, let columns = rows.columns {
          plain = PlainCSVRows(columns, delimiter: delimiter)
        }
        continue
      }
      var start = 0
      let stop = usual(rest, from: &start, into: &sink)
      index += start
      if start == rest.count { break }
      let odd = UnsafeRawBufferPointer(rebasing: rest[start...])
      guard stop == .unknown else {
        index += whole(odd, into: &sink)
        continue
      }
      let (length, entry) = withUnsafeMutablePointer(to: &sink) { sink in
        var watching = WatchingSink(sink)
        let length = whole(odd, into: &watching)
        return (length, watching.entry)
      }
      index += length
      if let entry { plain?.learn(entry, from: rest) }
    }
    sink.endRows()
  }

  /// Reads usual rows.
  ///
  /// - `start`: moves behind them.
  private mutating func usual(
    _ bytes: UnsafeRawBufferPointer, from start: inout Int, into sink: inout some ManifestSink
  ) -> PlainCSVRows.Stop {
    guard scanner.isBetweenRows else { return .odd }
    var line = scanner.line
    let stop = plain?.read(bytes, from: &start, line: &line, into: &sink)
    scanner.passOver(start, upToLine: line)
    return stop ?? .odd
  }

  /// Reads to the end of a row, whatever it holds; of a manifest that is not read by rows, all.
  ///
  /// - Returns: the number of bytes that were read.
  private mutating func whole<Sink: ManifestSink>(
    _ bytes: UnsafeRawBufferPointer, into sink: inout Sink
  ) -> Int {
    let isByRow = !rows.isReady || plain != nil
    return withUnsafeMutablePointer(to: &sink) { sink in
      withUnsafeMutablePointer(to: &rows) { rows in
        var bridge = Bridge(rows: rows, sink: sink)
        return scanner.consume(bytes, toRowEnd: isByRow, into: &bridge)
      }
    }
  }

  mutating func finish(into sink: inout some ManifestSink) {
    withUnsafeMutablePointer(to: &sink) { sink in
      withUnsafeMutablePointer(to: &rows) { rows in
        var bridge = Bridge(rows: rows, sink: sink)
        scanner.finish(into: &bridge)
      }
    }
    rows.finish(into: &sink)
  }

  /// Lives within one call, so the pointers stay valid; a copy of the sink would copy what it
  /// holds, which may be millions of digests.
  private struct Bridge<Sink: ManifestSink>: CSVSink {
    let rows: UnsafeMutablePointer<CSVManifestRows>
    let sink: UnsafeMutablePointer<Sink>
    mutating func record(_ record: CSVRecord) { rows.pointee.record(record, into: &sink.pointee) }
    mutating func fault(_ fault: CSVFault) { rows.pointee.fault(fault, into: &sink.pointee) }
  }
}
