/// Reads a manifest of one secret a line: JSON Lines, or plain text.
///
/// Lines that only repeat others are read by ``PlainJSONLines`` and ``PlainTextLines``.
struct LineManifestDecoder: Sendable {
  enum Form: Sendable {
    case jsonLines, text

    /// What a line has to hold.
    var mend: String {
      switch self {
      case .jsonLines: "write one JSON string or object a line"
      case .text: "write one name or ARN a line"
      }
    }
  }

  private let form: Form
  private let checker: EntryChecker
  private var lines = LineSplitter()
  private var jsonLines = PlainJSONLines()
  private var textLines = PlainTextLines()
  private var sawLine = false

  init(file: String, form: Form) {
    self.form = form
    checker = EntryChecker(file: file)
  }

  mutating func consume(_ bytes: UnsafeRawBufferPointer, into sink: inout some ManifestSink) {
    var index = 0
    while index < bytes.count {
      // A byte order mark could stand before the first line.
      let isRepeating = lines.isBetweenLines && lines.number > 1
      if isRepeating {
        passRepeating(bytes, from: &index, into: &sink)
        if index == bytes.count { break }
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
      let (length, entry) = whole(rest, into: &sink)
      if let entry, isRepeating {
        switch form {
        case .jsonLines: jsonLines.learn(entry, from: rest)
        case .text: textLines.learn(entry, from: rest)
        }
      }
      index += length
    }
    sink.endRows()
  }

  private mutating func passRepeating(
    _ bytes: UnsafeRawBufferPointer, from index: inout Int, into sink: inout some ManifestSink
  ) {
    var number = lines.number
    switch form {
    case .jsonLines: jsonLines.read(bytes, from: &index, line: &number, into: &sink)
    case .text: textLines.read(bytes, from: &index, line: &number, into: &sink)
    }
    lines.passOver(upTo: number)
  }

  /// Reads to the end of a line, whatever it holds.
  ///
  /// - Returns: the number of bytes that were read, and the entry, where they came to just that.
  private mutating func whole<Sink: ManifestSink>(
    _ bytes: UnsafeRawBufferPointer, into sink: inout Sink
  ) -> (Int, ManifestEntry?) {
    var saw = sawLine
    defer { sawLine = saw }
    return withUnsafeMutablePointer(to: &sink) { sink in
      var watching = WatchingSink(sink)
      let length = lines.consume(bytes, toLineEnd: true) { [checker, form] line, number in
        LineManifestDecoder.read(line, number, form, checker, &saw, &watching)
      }
      return (length, watching.entry)
    }
  }

  mutating func finish(into sink: inout some ManifestSink) {
    var saw = sawLine
    lines.finish { [checker, form] line, number in
      LineManifestDecoder.read(line, number, form, checker, &saw, &sink)
    }
    sawLine = saw
    if sawLine { return }
    sink.problem(
      checker.problem(
        TextPosition(line: 1, column: 1), "the manifest names no secret", form.mend))
  }

  private static func read(
    _ line: LineSplitter.Line, _ number: Int, _ form: Form, _ checker: EntryChecker,
    _ sawLine: inout Bool, _ sink: inout some ManifestSink
  ) {
    guard case .text(let bytes) = line else {
      sawLine = true
      sink.problem(
        checker.problem(
          TextPosition(line: number, column: 1), "a line longer than 1 MiB", form.mend))
      return
    }
    let content = form == .text ? TextManifestLine.content(of: bytes) : bytes[...]
    if CSVManifestRows.trim(content).isEmpty { return }
    sawLine = true
    switch form {
    case .jsonLines: JSONManifestLine.read(bytes, number, checker, into: &sink)
    case .text: TextManifestLine.read(content, number, checker, into: &sink)
    }
  }
}

/// One line of plain text: an id, and perhaps a comment.
enum TextManifestLine {
  /// What stands before a `#` that begins the line or follows a blank.
  ///
  /// No secret's name can hold a blank, so none is cut.
  static func content(
    of bytes: UnsafeRawBufferPointer
  ) -> Slice<UnsafeRawBufferPointer> {
    let comment = bytes.indices.first { index in
      bytes[index] == UInt8(ascii: "#")
        && (index == 0 || bytes[index - 1] == 0x20 || bytes[index - 1] == 0x09)
    }
    return bytes[..<(comment ?? bytes.endIndex)]
  }

  static func read(
    _ content: Slice<UnsafeRawBufferPointer>, _ number: Int, _ checker: EntryChecker,
    into sink: inout some ManifestSink
  ) {
    let id = CSVManifestRows.trim(content)
    let position = TextPosition(line: number, column: id.startIndex + 1)
    guard let text = String(validating: id, as: UTF8.self) else {
      sink.problem(
        checker.problem(position, "a line that is not valid UTF-8", "save the file as UTF-8"))
      return
    }
    checker.check(
      EntryChecker.Draft(
        position: position, idName: "the id",
        secretID: EntryChecker.Part(text: text, position: position)), into: &sink)
  }
}
