/// Turns the records of a CSV text into entries, holding the header and small caches.
struct CSVManifestRows: Sendable {
  /// How many different cells of regions and of profiles are remembered.
  private static let cacheLimit = 256

  private let checker: EntryChecker
  private let delimiter: UInt8
  /// Nil until the header row was read, and under one that cannot be used.
  private(set) var columns: ManifestColumns?
  private var sawHeader = false
  private var sawRow = false
  private var sawFault = false
  /// Cells of regions and profiles as they were split before: most rows repeat a few.
  private var cells: [String: [String]] = [:]

  init(file: String, delimiter: UInt8) {
    checker = EntryChecker(file: file)
    self.delimiter = delimiter
  }

  /// The header row was read, to whatever end.
  var isReady: Bool { sawHeader }

  mutating func fault(_ fault: CSVFault, into sink: inout some ManifestSink) {
    // Under a header that cannot be used, faults of rows would only bury its problem.
    if sawHeader, columns == nil { return }
    sawFault = true
    if !sawHeader { sawHeader = true }
    let (what, mend) =
      switch fault.kind {
      case .strayQuote:
        (
          "a quote inside a field that does not begin with one",
          "put the whole field in quotes and write the quote twice"
        )
      case .textAfterQuote(let opened):
        (
          "text after a closing quote (opened at \(opened.line):\(opened.column))",
          "end the field there, or write a quote within quotes twice"
        )
      case .openQuote:
        ("a quote that is never closed", "close it, or write a quote within quotes twice")
      case .tooLong:
        (
          "a row longer than 1 MiB or of more than \(CSVScanner.maximumFields) fields",
          "check that a quote is not left open in it"
        )
      }
    sink.problem(checker.problem(fault.position, what, mend))
  }

  mutating func record(_ record: CSVRecord, into sink: inout some ManifestSink) {
    if record.isBlank { return }
    guard sawHeader else {
      sawHeader = true
      header(record, into: &sink)
      return
    }
    guard let columns else { return }
    sawRow = true
    guard record.fields.count == columns.meanings.count else {
      sink.problem(
        checker.problem(
          record.position,
          "\(record.fields.count) fields in a row; the header has \(columns.meanings.count)",
          "give every column a field, empty ones too; quote a value that holds the delimiter"))
      return
    }
    let plain = CSVManifestRows.isPlain(record.bytes)
    if !plain, !checkText(record, columns, into: &sink) { return }
    guard let draft = draft(record, columns, into: &sink) else { return }
    checker.check(draft, into: &sink)
  }

  mutating func finish(into sink: inout some ManifestSink) {
    let start = TextPosition(line: 1, column: 1)
    if !sawHeader {
      sink.problem(
        checker.problem(
          start, "the manifest is empty", "write a header row with secret_id, and a row a secret"))
    } else if columns != nil, !sawRow, !sawFault {
      sink.problem(
        checker.problem(
          start, "a header row and nothing else", "write a row for each secret under it"))
    }
  }

  private mutating func header(_ record: CSVRecord, into sink: inout some ManifestSink) {
    var names: [(text: String, position: TextPosition)] = []
    for index in record.fields.indices {
      let position = record.fields[index].position
      guard let text = record.text(of: index), !text.utf8.contains(0) else {
        sink.problem(
          checker.problem(
            position, "a column name that is not UTF-8 text", "save the file as UTF-8"))
        return
      }
      names.append((String(decoding: CSVManifestRows.trim(text.utf8), as: UTF8.self), position))
    }
    columns = ManifestColumns(names, checker: checker, delimiter: delimiter, into: &sink)
  }

  /// Whether all bytes are ASCII other than NUL, looked at eight at a time.
  private static func isPlain(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { raw in
      var index = 0
      var found: UInt64 = 0
      while index &+ 8 <= raw.count {
        let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        found |= (word | (word &- 0x0101_0101_0101_0101) & ~word) & 0x8080_8080_8080_8080
        index &+= 8
      }
      while index < raw.count {
        if raw[index] == 0 || raw[index] >= 0x80 { return false }
        index &+= 1
      }
      return found == 0
    }
  }

  /// Checks each field for bytes that are not UTF-8, and for NUL.
  private func checkText(
    _ record: CSVRecord, _ columns: ManifestColumns, into sink: inout some ManifestSink
  ) -> Bool {
    var sound = true
    for index in record.fields.indices {
      let position = record.fields[index].position
      if record.bytes(of: index).contains(0) {
        sink.problem(
          checker.problem(
            position, "a NUL byte in a field", "remove it, or save the file as UTF-8 text"))
        sound = false
      } else if record.text(of: index) == nil {
        sink.problem(
          checker.problem(
            position, "a field that is not valid UTF-8", "save the file as UTF-8"))
        sound = false
      }
    }
    return sound
  }

  private mutating func draft(
    _ record: CSVRecord, _ columns: ManifestColumns, into sink: inout some ManifestSink
  ) -> EntryChecker.Draft? {
    var draft = EntryChecker.Draft(
      position: record.position, idName: columns.secretIDName,
      secretID: EntryChecker.Part(text: "", position: record.position))
    var sound = true
    for (index, meaning) in columns.meanings.enumerated() {
      let position = record.fields[index].position
      let cell = record.bytes(of: index)
      switch meaning {
      case .secretID:
        draft.secretID = EntryChecker.Part(text: CSVManifestRows.text(cell), position: position)
      case .region: draft.regions = values(cell, at: position)
      case .profile: draft.profiles = values(cell, at: position)
      case .accountID:
        let text = CSVManifestRows.text(cell)
        if !text.isEmpty { draft.accountID = EntryChecker.Part(text: text, position: position) }
      case .label(let name):
        if !cell.isEmpty {
          draft.labels.append(Label(name: name, value: String(decoding: cell, as: UTF8.self)))
        }
      case .nameless:
        if cell.isEmpty { continue }
        sink.problem(
          checker.problem(
            position, "a value in a column that has no name", "name the column in the header row"))
        sound = false
      }
    }
    return sound ? draft : nil
  }

  /// A cell of several values: split at `;`, trimmed, empty ones dropped.
  private mutating func values(
    _ cell: ArraySlice<UInt8>, at position: TextPosition
  ) -> [EntryChecker.Part] {
    if cell.isEmpty { return [] }
    let key = String(decoding: cell, as: UTF8.self)
    let texts: [String]
    if let known = cells[key] {
      texts = known
    } else {
      texts = cell.split(separator: UInt8(ascii: ";")).map(CSVManifestRows.text)
        .filter { !$0.isEmpty }
      if cells.count >= CSVManifestRows.cacheLimit { cells.removeAll(keepingCapacity: true) }
      cells[key] = texts
    }
    return texts.map { EntryChecker.Part(text: $0, position: position) }
  }

  private static func text(_ cell: ArraySlice<UInt8>) -> String {
    String(decoding: trim(cell), as: UTF8.self)
  }

  /// Drops blanks (space and tab) at both ends.
  static func trim<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
    var start = bytes.startIndex
    var end = bytes.endIndex
    func isBlank(_ index: Bytes.Index) -> Bool { bytes[index] == 0x20 || bytes[index] == 0x09 }
    while start < end, isBlank(start) { bytes.formIndex(after: &start) }
    while start < end, isBlank(bytes.index(before: end)) { bytes.formIndex(before: &end) }
    return bytes[start..<end]
  }
}
