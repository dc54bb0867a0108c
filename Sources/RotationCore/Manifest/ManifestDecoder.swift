/// Reads a manifest of any form from bytes that come in chunks of any size, in bounded memory.
///
/// A bad row is reported and the next one is read, so that all problems are found in one go. Give
/// all bytes to ``consume(_:into:)``, then call ``finish(into:)`` once.
package struct ManifestDecoder: Sendable {
  private enum Reader {
    case undecided([UInt8])
    case csv(CSVManifestDecoder)
    case json(JSONManifestDecoder)
    case jsonl(LineManifestDecoder)
    case text(LineManifestDecoder)
    case refused
  }

  /// How much of a text of unknown form is looked at: 64 KiB.
  private static let lookAhead = 64 << 10

  private let file: String
  private let delimiter: UInt8
  private let givenFormat: ManifestFormat?
  private let preambleOnly: Bool
  private var reader: Reader

  /// Begins a manifest.
  ///
  /// - Parameters:
  ///   - format: nil takes the form from the file's extension, else from the first line.
  ///   - file: as the operator typed it, for locations.
  ///   - delimiter: of CSV; nil is a tab for `.tsv`, else a comma.
  ///   - preambleOnly: passes over the secrets of a JSON document, for a reading that is after
  ///     ``preamble``; the other forms are read as ever, and problems mean nothing then.
  package init(
    format: ManifestFormat?, file: String, delimiter: UInt8? = nil, preambleOnly: Bool = false
  ) {
    self.preambleOnly = preambleOnly
    self.file = file
    self.delimiter =
      delimiter ?? ManifestFormat.delimiter(ofPath: file) ?? UInt8(ascii: ",")
    givenFormat = format ?? ManifestFormat(path: file)
    reader = .undecided([])
  }

  /// The form; nil while too little of the text was seen to tell.
  package var format: ManifestFormat? {
    switch reader {
    case .undecided: nil
    case .csv: .csv
    case .json: .json
    case .jsonl: .jsonl
    case .text: .text
    case .refused: givenFormat
    }
  }

  /// What the manifest says beside its secrets.
  ///
  /// A JSON manifest may say it after them, so it is complete only once ``finish(into:)`` was
  /// called; of the other forms it is always empty.
  package var preamble: ManifestPreamble {
    if case .json(let decoder) = reader { decoder.preamble } else { ManifestPreamble() }
  }

  /// Reads the next piece of the text.
  package mutating func consume(
    _ bytes: UnsafeRawBufferPointer, into sink: inout some ManifestSink
  ) {
    guard case .undecided(var seen) = reader else {
      feed(bytes, into: &sink)
      return
    }
    // A copy of the first chunk only; from the second on the bytes go straight to the reader.
    let room = max(0, ManifestDecoder.lookAhead - seen.count)
    let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(room))
    seen.append(contentsOf: part)
    reader = .undecided(seen)
    guard seen.count >= ManifestDecoder.lookAhead || canDecide(seen) else { return }
    decide(into: &sink)
    feed(UnsafeRawBufferPointer(rebasing: bytes[part.count...]), into: &sink)
  }

  /// Ends the text.
  package mutating func finish(into sink: inout some ManifestSink) {
    if case .undecided = reader { decide(into: &sink) }
    switch reader {
    case .csv(var decoder):
      reader = .refused
      decoder.finish(into: &sink)
      reader = .csv(decoder)
    case .json(var decoder):
      reader = .refused
      decoder.finish(into: &sink)
      reader = .json(decoder)
    case .jsonl(var decoder):
      reader = .refused
      decoder.finish(into: &sink)
      reader = .jsonl(decoder)
    case .text(var decoder):
      reader = .refused
      decoder.finish(into: &sink)
      reader = .text(decoder)
    case .undecided, .refused: break
    }
  }

  private mutating func feed(
    _ bytes: UnsafeRawBufferPointer, into sink: inout some ManifestSink
  ) {
    if bytes.isEmpty { return }
    // The decoder is taken out while it works, so that its buffers have one owner.
    switch reader {
    case .csv(var decoder):
      reader = .refused
      decoder.consume(bytes, into: &sink)
      reader = .csv(decoder)
    case .json(var decoder):
      reader = .refused
      decoder.consume(bytes, into: &sink)
      reader = .json(decoder)
    case .jsonl(var decoder):
      reader = .refused
      decoder.consume(bytes, into: &sink)
      reader = .jsonl(decoder)
    case .text(var decoder):
      reader = .refused
      decoder.consume(bytes, into: &sink)
      reader = .text(decoder)
    case .undecided, .refused: break
    }
  }

  /// Whether a first line that is not blank is complete; two bytes suffice where the form is given.
  private func canDecide(_ seen: [UInt8]) -> Bool {
    if givenFormat != nil { return seen.count >= 2 }
    guard let first = seen.firstIndex(where: { !FormatGuess.isBlank($0) }) else { return false }
    return seen[first...].contains { $0 == 0x0A || $0 == 0x0D }
  }

  private mutating func decide(into sink: inout some ManifestSink) {
    guard case .undecided(let seen) = reader else { return }
    if seen.starts(with: [0xFF, 0xFE]) || seen.starts(with: [0xFE, 0xFF]) {
      reader = .refused
      sink.problem(
        ManifestProblem(
          location: SourceLocation(file: file, line: 1, column: 1),
          what: "the manifest is UTF-16 text, not UTF-8",
          mend: "save it as UTF-8, in a spreadsheet as \"CSV UTF-8\""))
      return
    }
    switch givenFormat ?? FormatGuess.format(of: seen, delimiter: delimiter) {
    case .csv: reader = .csv(CSVManifestDecoder(file: file, delimiter: delimiter))
    case .json: reader = .json(JSONManifestDecoder(file: file, preambleOnly: preambleOnly))
    case .jsonl: reader = .jsonl(LineManifestDecoder(file: file, form: .jsonLines))
    case .text: reader = .text(LineManifestDecoder(file: file, form: .text))
    }
    seen.withUnsafeBytes { feed($0, into: &sink) }
  }
}

/// Tells the form of a manifest from its first bytes.
enum FormatGuess {
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  static func format(of seen: [UInt8], delimiter: UInt8) -> ManifestFormat {
    var text = seen[...]
    if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
    text = text.drop(while: isBlank)
    guard let first = text.first else { return .text }
    let line = text.prefix { $0 != 0x0A && $0 != 0x0D }
    if first == UInt8(ascii: "[") { return .json }
    if first == UInt8(ascii: "{") { return isEntryLine(line) ? .jsonl : .json }
    let names = line.split(separator: delimiter).map { cell in
      String(decoding: cell.filter { $0 != UInt8(ascii: "\"") && !isBlank($0) }, as: UTF8.self)
    }
    if names.contains(where: { ManifestColumns.known($0) == .secretID }) { return .csv }
    return first == UInt8(ascii: "\"") ? .jsonl : .text
  }

  /// Whether a line is one whole JSON object that is not itself a manifest.
  private static func isEntryLine(_ line: ArraySlice<UInt8>) -> Bool {
    let value = line.withUnsafeBytes { raw in
      Result { () throws(JSONSyntaxError) in try JSONValue(parsing: raw) }
    }
    guard case .success(.object(let object)) = value else { return false }
    return object["secrets"] == nil && object["SecretList"] == nil
  }
}
