/// Where in a text something stands.
///
/// Lines and columns count from 1; a column counts bytes.
package struct TextPosition: Sendable, Hashable {
  package var line: Int
  package var column: Int
  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// What is wrong with a JSON text, and where.
package struct JSONSyntaxError: Error, Sendable, Hashable {
  package let position: TextPosition
  /// A sentence without a final stop, such as `expected a comma or ']', found 'x'`.
  package let reason: String

  package init(position: TextPosition, reason: String) {
    self.position = position
    self.reason = reason
  }
}

/// Receives what a ``JSONTokenizer`` finds, in the order of the text.
package protocol JSONSink {
  mutating func beginObject(at position: TextPosition)
  mutating func endObject(at position: TextPosition)
  mutating func beginArray(at position: TextPosition)
  mutating func endArray(at position: TextPosition)
  mutating func key(_ name: String, at position: TextPosition)
  /// A string, a number, a boolean or null; never a container.
  mutating func scalar(_ value: JSONValue, at position: TextPosition)
}

/// A JSON reader that is fed bytes in chunks of any size and holds no more than one token.
///
/// Strict RFC 8259: a leading byte order mark is skipped, everything else outside the grammar is
/// an error with its position. Nesting is bounded by ``maximumDepth``.
package struct JSONTokenizer: Sendable {
  package static let maximumDepth = 512

  private enum Expectation {
    case value, valueOrArrayEnd, key, keyOrObjectEnd, colon, commaOrEnd, nothing
  }
  private enum Lexeme {
    case none, string, escape, unicode, word
  }

  /// Whether Python's words `NaN`, `Infinity` and `-Infinity` count as numbers, too.
  private let acceptsNonFinite: Bool
  private var expectation = Expectation.value
  private var lexeme = Lexeme.none
  /// For each open container whether it is an object.
  private var containers: [Bool] = []
  private var token: [UInt8] = []
  private var tokenStart = TextPosition(line: 1, column: 1)
  private var unicode: UInt32 = 0
  private var unicodeDigits = 0
  private var highSurrogate: UInt32?
  private var line: Int
  private var column: Int
  private var bytesSeen = 0
  /// How many bytes of a byte order mark were seen; 1 and 2 call for the next.
  private var markBytes = 0
  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// - Parameters:
  ///   - start: where the first byte stands, for a text inside another.
  ///   - acceptsNonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers.
  package init(
    start: TextPosition = TextPosition(line: 1, column: 1), acceptsNonFinite: Bool = false
  ) {
    line = start.line
    column = start.column
    self.acceptsNonFinite = acceptsNonFinite
  }

  /// How many bytes of an unfinished token are held, for callers that bound it.
  package var pendingBytes: Int { lexeme == .none ? 0 : token.count }

  /// Where the unfinished token began.
  package var pendingPosition: TextPosition { tokenStart }

  /// Reads the next piece of the text.
  package mutating func consume(
    _ bytes: UnsafeRawBufferPointer, into sink: inout some JSONSink
  ) throws(JSONSyntaxError) {
    var index = 0
    let end = bytes.count
    while index < end {
      let byte = bytes[index]
      switch lexeme {
      case .string:
        // The long run of ordinary bytes is copied at once.
        var stop = index
        while stop < end, bytes[stop] != 0x22, bytes[stop] != 0x5C, bytes[stop] >= 0x20 {
          stop += 1
        }
        if stop > index {
          if highSurrogate != nil { throw unpaired() }
          token.append(contentsOf: bytes[index..<stop])
          column += stop - index
          bytesSeen += stop - index
          index = stop
          continue
        }
        try endOrEscape(byte, into: &sink)
      case .escape: try escape(byte)
      case .unicode: try unicodeDigit(byte)
      case .word:
        if isWordByte(byte) {
          token.append(byte)
        } else {
          try endWord(into: &sink)
          try structural(byte, into: &sink)
        }
      case .none: try structural(byte, into: &sink)
      }
      index += 1
      bytesSeen += 1
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
  }

  /// Ends the text.
  ///
  /// - Throws: ``JSONSyntaxError`` when the document is not complete.
  package mutating func finish(into sink: inout some JSONSink) throws(JSONSyntaxError) {
    switch lexeme {
    case .string, .escape, .unicode:
      throw JSONSyntaxError(position: tokenStart, reason: "a string is not closed")
    case .word: try endWord(into: &sink)
    case .none: break
    }
    guard expectation == .nothing else {
      if let last = containers.last {
        throw fail("the text ends inside \(last ? "an object" : "an array")")
      }
      throw fail("the text ends where a value is expected")
    }
  }

  private func fail(_ reason: String) -> JSONSyntaxError {
    JSONSyntaxError(position: TextPosition(line: line, column: column), reason: reason)
  }

  private func unpaired() -> JSONSyntaxError { fail("an unpaired surrogate in a \\u escape") }

  private func describe(_ byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7F
      ? "'\(Character(UnicodeScalar(byte)))'"
      : "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func structural(
    _ byte: UInt8, into sink: inout some JSONSink
  ) throws(JSONSyntaxError) {
    let here = TextPosition(line: line, column: column)
    if markBytes == 1 || markBytes == 2 {
      guard byte == JSONTokenizer.mark[markBytes] else { throw unexpected(byte) }
      takeMarkByte()
      return
    }
    switch byte {
    case 0x20, 0x09, 0x0A, 0x0D: return
    case UInt8(ascii: "{"):
      try startValue(byte)
      try open(object: true)
      sink.beginObject(at: here)
    case UInt8(ascii: "["):
      try startValue(byte)
      try open(object: false)
      sink.beginArray(at: here)
    case UInt8(ascii: "}"):
      guard containers.last == true,
        expectation == .keyOrObjectEnd || expectation == .commaOrEnd
      else { throw unexpected(byte) }
      containers.removeLast()
      valueEnded()
      sink.endObject(at: here)
    case UInt8(ascii: "]"):
      guard containers.last == false,
        expectation == .valueOrArrayEnd || expectation == .commaOrEnd
      else { throw unexpected(byte) }
      containers.removeLast()
      valueEnded()
      sink.endArray(at: here)
    case UInt8(ascii: ","):
      guard expectation == .commaOrEnd, let object = containers.last else {
        throw unexpected(byte)
      }
      expectation = object ? .key : .value
    case UInt8(ascii: ":"):
      guard expectation == .colon else { throw unexpected(byte) }
      expectation = .value
    case UInt8(ascii: "\""):
      if expectation != .key, expectation != .keyOrObjectEnd { try startValue(byte) }
      lexeme = .string
      tokenStart = here
      token.removeAll(keepingCapacity: true)
    case JSONTokenizer.mark[0] where bytesSeen == 0: takeMarkByte()
    default:
      guard isWordByte(byte) else { throw unexpected(byte) }
      try startValue(byte)
      lexeme = .word
      tokenStart = here
      token.removeAll(keepingCapacity: true)
      token.append(byte)
    }
  }

  /// A byte order mark may lead the text; it counts for no column.
  private mutating func takeMarkByte() {
    markBytes += 1
    column -= 1
  }

  private func startValue(_ byte: UInt8) throws(JSONSyntaxError) {
    guard expectation == .value || expectation == .valueOrArrayEnd else {
      throw unexpected(byte)
    }
  }

  private func unexpected(_ byte: UInt8) -> JSONSyntaxError {
    let wanted =
      switch expectation {
      case .value: "a value"
      case .valueOrArrayEnd: "a value or ']'"
      case .key: "a member name in double quotes"
      case .keyOrObjectEnd: "a member name in double quotes or '}'"
      case .colon: "':'"
      case .commaOrEnd: containers.last == true ? "',' or '}'" : "',' or ']'"
      case .nothing: "the end of the text"
      }
    return fail("expected \(wanted), found \(describe(byte))")
  }

  private mutating func open(object: Bool) throws(JSONSyntaxError) {
    guard containers.count < JSONTokenizer.maximumDepth else {
      throw fail("nested deeper than \(JSONTokenizer.maximumDepth) levels")
    }
    containers.append(object)
    expectation = object ? .keyOrObjectEnd : .valueOrArrayEnd
  }

  private mutating func valueEnded() {
    expectation = containers.isEmpty ? .nothing : .commaOrEnd
  }

  private mutating func endOrEscape(
    _ byte: UInt8, into sink: inout some JSONSink
  ) throws(JSONSyntaxError) {
    if byte == UInt8(ascii: "\\") {
      lexeme = .escape
      return
    }
    if highSurrogate != nil { throw unpaired() }
    guard byte == UInt8(ascii: "\"") else {
      throw fail("a control character (\(describe(byte))) in a string; write it as an escape")
    }
    guard let text = JSONTokenizer.text(of: token) else {
      throw JSONSyntaxError(position: tokenStart, reason: "a string that is not valid UTF-8")
    }
    lexeme = .none
    if expectation == .key || expectation == .keyOrObjectEnd {
      expectation = .colon
      sink.key(text, at: tokenStart)
    } else {
      valueEnded()
      sink.scalar(.string(text), at: tokenStart)
    }
  }

  /// - Returns: nil unless the bytes are UTF-8.
  private static func text(of bytes: [UInt8]) -> String? {
    // Checking is several times slower than copying, and nearly all strings are ASCII.
    if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
    return String(validating: bytes, as: UTF8.self)
  }

  private mutating func escape(_ byte: UInt8) throws(JSONSyntaxError) {
    if highSurrogate != nil, byte != UInt8(ascii: "u") { throw unpaired() }
    lexeme = .string
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): token.append(byte)
    case UInt8(ascii: "b"): token.append(0x08)
    case UInt8(ascii: "f"): token.append(0x0C)
    case UInt8(ascii: "n"): token.append(0x0A)
    case UInt8(ascii: "r"): token.append(0x0D)
    case UInt8(ascii: "t"): token.append(0x09)
    case UInt8(ascii: "u"):
      lexeme = .unicode
      unicode = 0
      unicodeDigits = 0
    default: throw fail("an unknown escape: \\ and \(describe(byte))")
    }
  }

  private mutating func unicodeDigit(_ byte: UInt8) throws(JSONSyntaxError) {
    guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
      throw fail("\\u needs four hexadecimal digits, found \(describe(byte))")
    }
    unicode = unicode << 4 | UInt32(digit)
    unicodeDigits += 1
    guard unicodeDigits == 4 else { return }
    lexeme = .string
    if let high = highSurrogate {
      guard (0xDC00..<0xE000).contains(unicode) else { throw unpaired() }
      unicode = 0x10000 + (high - 0xD800) << 10 + (unicode - 0xDC00)
      highSurrogate = nil
    } else if (0xD800..<0xDC00).contains(unicode) {
      highSurrogate = unicode
      return
    }
    guard let scalar = UnicodeScalar(unicode) else { throw unpaired() }
    token.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
  }

  private mutating func endWord(into sink: inout some JSONSink) throws(JSONSyntaxError) {
    lexeme = .none
    let value: JSONValue
    switch token {
    case Array("true".utf8): value = .bool(true)
    case Array("false".utf8): value = .bool(false)
    case Array("null".utf8): value = .null
    default:
      let text = String(decoding: token, as: UTF8.self)
      let isNonFinite = acceptsNonFinite && JSONTokenizer.nonFinite.contains(text)
      guard JSONTokenizer.isNumber(token) || isNonFinite else {
        throw JSONSyntaxError(position: tokenStart, reason: "not a JSON value: \(text.prefix(40))")
      }
      value = .number(JSONNumber(literal: text))
    }
    valueEnded()
    sink.scalar(value, at: tokenStart)
  }

  private static let nonFinite: Set<String> = ["NaN", "Infinity", "-Infinity"]

  /// The grammar of RFC 8259 section 6.
  package static func isNumber(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    func digits() -> Int {
      let run = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest.dropFirst(run.count)
      return run.count
    }
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    let leadingZero = rest.first == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !(leadingZero && whole > 1) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard digits() > 0 else { return false }
    }
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") {
        rest = rest.dropFirst()
      }
      guard digits() > 0 else { return false }
    }
    return rest.isEmpty
  }
}

/// Builds one ``JSONValue`` from a tokenizer's events.
package struct JSONValueBuilder: JSONSink, Sendable {
  private enum Frame {
    case array([JSONValue])
    case object(JSONObject, key: String)
  }

  private var frames: [Frame] = []
  /// The finished document; nil until its last byte was seen.
  package private(set) var value: JSONValue?

  package init() {}

  package mutating func beginObject(at position: TextPosition) {
    frames.append(.object(JSONObject(), key: ""))
  }
  package mutating func beginArray(at position: TextPosition) { frames.append(.array([])) }
  package mutating func endObject(at position: TextPosition) { close() }
  package mutating func endArray(at position: TextPosition) { close() }
  package mutating func scalar(_ value: JSONValue, at position: TextPosition) { add(value) }

  package mutating func key(_ name: String, at position: TextPosition) {
    guard case .object(let object, _)? = frames.popLast() else { return }
    frames.append(.object(object, key: name))
  }

  private mutating func close() {
    switch frames.popLast() {
    case .array(let values): add(.array(values))
    case .object(let object, _): add(.object(object))
    case nil: break
    }
  }

  private mutating func add(_ new: JSONValue) {
    switch frames.popLast() {
    case nil: value = new
    case .array(var values):
      values.append(new)
      frames.append(.array(values))
    case .object(var object, let key):
      object.members.append(JSONObject.Member(key: key, value: new))
      frames.append(.object(object, key: key))
    }
  }
}

extension JSONValue {
  /// Parses one document.
  ///
  /// With `acceptsNonFinite`, `NaN`, `Infinity` and `-Infinity` are numbers, as Python's `json`
  /// takes them; their literals stay as they are written.
  package init(
    parsing bytes: UnsafeRawBufferPointer, acceptsNonFinite: Bool = false
  ) throws(JSONSyntaxError) {
    if let value = JSONReader.document(bytes) {
      self = value
      return
    }
    var tokenizer = JSONTokenizer(acceptsNonFinite: acceptsNonFinite)
    var builder = JSONValueBuilder()
    try tokenizer.consume(bytes, into: &builder)
    try tokenizer.finish(into: &builder)
    guard let value = builder.value else {
      throw JSONSyntaxError(
        position: TextPosition(line: 1, column: 1), reason: "the text holds no value")
    }
    self = value
  }

  package init(
    parsing bytes: [UInt8], acceptsNonFinite: Bool = false
  ) throws(JSONSyntaxError) {
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(JSONSyntaxError) in
        try JSONValue(parsing: raw, acceptsNonFinite: acceptsNonFinite)
      }
    }
    self = try result.get()
  }

  package init(parsing text: String) throws(JSONSyntaxError) {
    self = try JSONValue(parsing: Array(text.utf8))
  }
}
