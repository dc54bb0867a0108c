import RotationCore

/// Keeps everything that a manifest decoder finds.
struct CollectingSink: ManifestSink, Equatable {
  var entries: [ManifestEntry] = []
  var problems: [ManifestProblem] = []
  var selectors: [ManifestSelector] = []
  mutating func selector(_ selector: ManifestSelector) { selectors.append(selector) }
  mutating func entry(_ entry: ManifestEntry) { entries.append(entry) }
  mutating func problem(_ problem: ManifestProblem) { problems.append(problem) }

  var problemTexts: [String] { problems.map(\.text) }
}

/// Keeps the records and faults of a CSV text.
struct CollectingCSVSink: CSVSink {
  var rows: [[String]] = []
  var positions: [TextPosition] = []
  var faults: [CSVFault] = []
  mutating func record(_ record: CSVRecord) {
    rows.append(record.fields.indices.map { record.text(of: $0) ?? "<invalid>" })
    positions.append(record.position)
  }
  mutating func fault(_ fault: CSVFault) { faults.append(fault) }
}

/// Keeps nothing.
struct IgnoringJSONSink: JSONSink {
  mutating func beginObject(at position: TextPosition) {}
  mutating func endObject(at position: TextPosition) {}
  mutating func beginArray(at position: TextPosition) {}
  mutating func endArray(at position: TextPosition) {}
  mutating func key(_ name: String, at position: TextPosition) {}
  mutating func scalar(_ value: JSONValue, at position: TextPosition) {}
}

/// Calls back for consecutive pieces of the bytes, each of `size` bytes but the last.
func inPieces<Failure: Error>(
  _ bytes: [UInt8], of size: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
) throws(Failure) {
  var start = 0
  while start < bytes.count {
    let end = min(bytes.count, start + size)
    // A copy of its own, so that a reader beyond the piece is caught by the sanitizer.
    let piece = Array(bytes[start..<end])
    let result = piece.withUnsafeBytes { raw in
      Result { () throws(Failure) in try body(raw) }
    }
    try result.get()
    start = end
  }
}

/// Decodes a whole manifest.
func decode(
  _ bytes: [UInt8], as format: ManifestFormat?, file: String = "m", delimiter: UInt8? = nil,
  pieces: Int = .max
) -> (sink: CollectingSink, decoder: ManifestDecoder) {
  var decoder = ManifestDecoder(format: format, file: file, delimiter: delimiter)
  var sink = CollectingSink()
  inPieces(bytes, of: pieces == .max ? max(1, bytes.count) : pieces) {
    decoder.consume($0, into: &sink)
  }
  decoder.finish(into: &sink)
  return (sink, decoder)
}

/// Decodes a whole manifest given as text.
func decode(
  _ text: String, as format: ManifestFormat?, file: String = "m", delimiter: UInt8? = nil
) -> CollectingSink {
  decode(Array(text.utf8), as: format, file: file, delimiter: delimiter).sink
}
