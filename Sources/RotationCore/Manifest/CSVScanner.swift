/// One record of a CSV text: its fields, unquoted, with the place of each.
package struct CSVRecord: Sendable {
  /// A field's bytes within ``CSVRecord/bytes``, and where it began in the text.
  package struct Field: Sendable, Hashable {
    package let range: Range<Int>
    package let position: TextPosition
  }

  /// The bytes of all fields, one after the other, quotes and escapes removed.
  package let bytes: [UInt8]
  /// At least one.
  package let fields: [Field]
  /// Where the record's first byte stands.
  package let position: TextPosition
  /// Whether the line held nothing at all, not even quotes.
  package let isBlank: Bool

  /// The bytes of one field.
  package func bytes(of index: Int) -> ArraySlice<UInt8> { bytes[fields[index].range] }

  /// One field as text; nil when it is not valid UTF-8.
  package func text(of index: Int) -> String? {
    String(validating: bytes(of: index), as: UTF8.self)
  }
}

/// A place where a text is not CSV.
///
/// The scanner goes on after the end of that line.
package struct CSVFault: Error, Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// A quote within a field that did not begin with one.
    case strayQuote
    /// Something other than a delimiter or a line end after a closing quote; with the place of the
    /// opening one.
    case textAfterQuote(opened: TextPosition)
    /// The text ends inside quotes; the fault stands at the opening one.
    case openQuote
    /// More than ``CSVScanner/maximumRecordBytes`` or ``CSVScanner/maximumFields`` in one record.
    case tooLong
  }

  package let kind: Kind
  package let position: TextPosition

  package init(kind: Kind, position: TextPosition) {
    self.kind = kind
    self.position = position
  }
}

/// Receives what a ``CSVScanner`` finds, in the order of the text.
package protocol CSVSink {
  /// The record is lent for the call; keeping it costs a copy of the next one.
  mutating func record(_ record: CSVRecord)
  mutating func fault(_ fault: CSVFault)
}

/// A CSV reader that is fed bytes in chunks of any size and holds no more than one record.
///
/// RFC 4180 with these freedoms: a leading byte order mark is skipped, a line may end in LF, CRLF
/// or CR, the delimiter is any one byte, and the last line need not end. A blank line is a record
/// of one empty field. Ordinary bytes are looked at eight at a time.
package struct CSVScanner: Sendable {
  /// The bound of one record, unquoted: 1 MiB.
  package static let maximumRecordBytes = 1 << 20
  /// The bound of the fields of one record.
  package static let maximumFields = 4096

  private enum State {
    case fieldStart, plain, quoted, quoteInQuoted, skipping
  }

  private let delimiter: UInt8
  /// The bytes to stop at outside quotes, each repeated over a word.
  private let delimiterWord: UInt64
  private var state = State.fieldStart
  private var bytes: [UInt8] = []
  private var fields: [CSVRecord.Field] = []
  private var fieldStart = 0
  private var fieldPosition = TextPosition(line: 1, column: 1)
  private var recordPosition = TextPosition(line: 1, column: 1)
  private var sawQuote = false
  /// The last byte was a CR that ended a line, so a LF that follows belongs to it.
  private var afterReturn = false
  /// Of the next byte.
  private(set) var line = 1
  /// Offset of the first byte of the current line in the whole text.
  private var lineStart = 0
  private var offset = 0
  private var inMark = true

  package init(delimiter: UInt8 = UInt8(ascii: ",")) {
    self.delimiter = delimiter
    delimiterWord = 0x0101_0101_0101_0101 &* UInt64(delimiter)
  }

  /// The next byte begins a row.
  var isBetweenRows: Bool { state == .fieldStart && fields.isEmpty && !afterReturn && !inMark }

  /// Counts whole rows that somebody else has read, while ``isBetweenRows``.
  mutating func passOver(_ count: Int, upToLine line: Int) {
    if count == 0 { return }
    self.line = line
    offset += count
    lineStart = offset
  }

  /// Reads the next piece of the text.
  package mutating func consume(_ chunk: UnsafeRawBufferPointer, into sink: inout some CSVSink) {
    _ = consume(chunk, toRowEnd: false, into: &sink)
  }

  /// Reads the next piece of the text, or no more of it than ends a row.
  ///
  /// - Returns: the number of bytes that were read.
  mutating func consume(
    _ chunk: UnsafeRawBufferPointer, toRowEnd: Bool, into sink: inout some CSVSink
  ) -> Int {
    let base = offset
    var index = 0
    if inMark { index = skipMark(chunk) }
    while index < chunk.count {
      if toRowEnd, index > 0, isBetweenRows { break }
      let byte = chunk[index]
      if afterReturn {
        afterReturn = false
        if byte == 0x0A {
          index += 1
          lineStart = base + index
          if state == .quoted { bytes.append(byte) }
          continue
        }
      }
      offset = base + index
      switch state {
      case .fieldStart, .plain:
        let stop = plainEnd(chunk, from: index)
        if stop > index {
          if state == .fieldStart { beginField() }
          state = .plain
          append(chunk, index..<stop, into: &sink)
          index = stop
          continue
        }
        if byte == UInt8(ascii: "\"") {
          openQuote(into: &sink)
        } else {
          if state == .fieldStart { beginField() }
          endField(byte, into: &sink)
        }
      case .quoted:
        let stop = quotedEnd(chunk, from: index)
        if stop > index {
          append(chunk, index..<stop, into: &sink)
          index = stop
          continue
        }
        if byte == UInt8(ascii: "\"") {
          state = .quoteInQuoted
        } else {
          let one = index..<index + 1
          append(chunk, one, into: &sink)
          newline(byte)
          if state == .skipping { startRecord() }
        }
      case .quoteInQuoted: afterQuote(byte, into: &sink)
      case .skipping:
        if byte == 0x0A || byte == 0x0D {
          newline(byte)
          startRecord()
        }
      }
      index += 1
    }
    offset = base + index
    return index
  }

  /// Ends the text: hands over a last record that has no line end.
  package mutating func finish(into sink: inout some CSVSink) {
    if inMark { giveBackMark(min(offset, 2)) }
    switch state {
    case .quoted:
      sink.fault(CSVFault(kind: .openQuote, position: fieldPosition))
    case .fieldStart where fields.isEmpty, .skipping: break
    case .fieldStart:
      beginField()
      closeRecord(into: &sink)
    case .plain, .quoteInQuoted: closeRecord(into: &sink)
    }
    startRecord()
  }

  /// Skips the byte order mark, which may come in pieces; it counts for no column.
  private mutating func skipMark(_ chunk: UnsafeRawBufferPointer) -> Int {
    var index = 0
    while index < chunk.count, offset + index < 3 {
      let expected: UInt8 =
        switch offset + index {
        case 0: 0xEF
        case 1: 0xBB
        default: 0xBF
        }
      guard chunk[index] == expected else {
        // What looked like a mark is text after all, and is given back.
        inMark = false
        let seen = offset + index
        giveBackMark(seen)
        return index
      }
      index += 1
    }
    if offset + index == 3 {
      inMark = false
      lineStart = 3
    }
    return index
  }

  private mutating func giveBackMark(_ count: Int) {
    guard count > 0 else { return }
    fieldPosition = TextPosition(line: 1, column: 1)
    recordPosition = fieldPosition
    state = .plain
    bytes.append(contentsOf: [0xEF, 0xBB].prefix(count))
  }

  private var here: TextPosition { TextPosition(line: line, column: offset - lineStart + 1) }

  private mutating func beginField() {
    fieldPosition = here
    fieldStart = bytes.count
    if fields.isEmpty { recordPosition = fieldPosition }
  }

  private mutating func append(
    _ chunk: UnsafeRawBufferPointer, _ range: Range<Int>, into sink: inout some CSVSink
  ) {
    if bytes.count + range.count > CSVScanner.maximumRecordBytes {
      skip(.tooLong, at: recordPosition, into: &sink)
      return
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[range]))
  }

  /// Reports a fault and drops the rest of the line.
  private mutating func skip(
    _ kind: CSVFault.Kind, at position: TextPosition, into sink: inout some CSVSink
  ) {
    sink.fault(CSVFault(kind: kind, position: position))
    bytes.removeAll(keepingCapacity: true)
    state = .skipping
  }

  private mutating func openQuote(into sink: inout some CSVSink) {
    guard state == .fieldStart else {
      skip(.strayQuote, at: here, into: &sink)
      return
    }
    beginField()
    sawQuote = true
    state = .quoted
  }

  private mutating func afterQuote(_ byte: UInt8, into sink: inout some CSVSink) {
    switch byte {
    case UInt8(ascii: "\""):
      guard bytes.count < CSVScanner.maximumRecordBytes else {
        skip(.tooLong, at: recordPosition, into: &sink)
        return
      }
      bytes.append(byte)
      state = .quoted
    case delimiter, 0x0A, 0x0D: endField(byte, into: &sink)
    default:
      skip(.textAfterQuote(opened: fieldPosition), at: here, into: &sink)
    }
  }

  private mutating func endField(_ byte: UInt8, into sink: inout some CSVSink) {
    if byte == delimiter {
      guard fields.count < CSVScanner.maximumFields else {
        skip(.tooLong, at: recordPosition, into: &sink)
        return
      }
      fields.append(CSVRecord.Field(range: fieldStart..<bytes.count, position: fieldPosition))
      state = .fieldStart
    } else {
      closeRecord(into: &sink)
      newline(byte)
      startRecord()
    }
  }

  private mutating func closeRecord(into sink: inout some CSVSink) {
    fields.append(CSVRecord.Field(range: fieldStart..<bytes.count, position: fieldPosition))
    let blank = fields.count == 1 && bytes.isEmpty && !sawQuote
    sink.record(
      CSVRecord(bytes: bytes, fields: fields, position: recordPosition, isBlank: blank))
  }

  private mutating func startRecord() {
    bytes.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
    fieldStart = 0
    sawQuote = false
    state = .fieldStart
  }

  /// Counts a line end at the current offset.
  ///
  /// The LF of a CRLF only moves the line's start.
  private mutating func newline(_ byte: UInt8) {
    line += 1
    lineStart = offset + 1
    afterReturn = byte == 0x0D
  }

  /// Whether a byte of the word is zero: the classic test, exact for "is there one".
  @inline(__always)
  private func hasZero(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// The first delimiter, quote or line end at or after an index.
  private func plainEnd(_ chunk: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    let quotes: UInt64 = 0x2222_2222_2222_2222
    let feeds: UInt64 = 0x0A0A_0A0A_0A0A_0A0A
    let returns: UInt64 = 0x0D0D_0D0D_0D0D_0D0D
    while index &+ 8 <= chunk.count {
      let word = UInt64(littleEndian: chunk.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let hits =
        hasZero(word ^ delimiterWord) | hasZero(word ^ quotes) | hasZero(word ^ feeds)
        | hasZero(word ^ returns)
      if hits != 0 { return index &+ hits.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < chunk.count {
      let byte = chunk[index]
      if byte == delimiter || byte == 0x22 || byte == 0x0A || byte == 0x0D { break }
      index &+= 1
    }
    return index
  }

  /// The first quote or line end at or after an index.
  private func quotedEnd(_ chunk: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start
    while index < chunk.count {
      let byte = chunk[index]
      if byte == 0x22 || byte == 0x0A || byte == 0x0D { break }
      index &+= 1
    }
    return index
  }
}
