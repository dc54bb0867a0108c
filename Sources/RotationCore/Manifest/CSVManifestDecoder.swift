/// Reads a manifest of comma-separated values: a header row that names the columns, then entries.
struct CSVManifestDecoder: Sendable {
  private var scanner: CSVScanner
  private var rows: CSVManifestRows

  init(file: String, delimiter: UInt8) {
    scanner = CSVScanner(delimiter: delimiter)
    rows = CSVManifestRows(file: file, delimiter: delimiter)
  }

  mutating func consume(_ bytes: UnsafeRawBufferPointer, into sink: inout some ManifestSink) {
    withUnsafeMutablePointer(to: &sink) { sink in
      withUnsafeMutablePointer(to: &rows) { rows in
        var bridge = Bridge(rows: rows, sink: sink)
        scanner.consume(bytes, into: &bridge)
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
