/// Reads a document that lies in memory as a whole into a ``JSONValue``, in one pass.
///
/// It knows all of RFC 8259 but `\u` escapes and takes nothing that ``JSONTokenizer`` refuses. Where
/// it gives up, the tokenizer reads the text anew: for those escapes, and to say what is wrong
/// where.
struct JSONReader {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  /// The document; nil where it is not one, or holds what this reader leaves to the tokenizer.
  static func document(_ bytes: UnsafeRawBufferPointer) -> JSONValue? {
    var reader = JSONReader(bytes: bytes)
    reader.skipBlanks()
    guard let value = reader.value(depth: 0) else { return nil }
    reader.skipBlanks()
    // Not by `?:`, in which `nil` would be JSON's null.
    guard reader.index == bytes.count else { return nil }
    return value
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipBlanks() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x0A, 0x0D, 0x09: index += 1
      default: return
      }
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) -> JSONValue? {
    switch next {
    case UInt8(ascii: "\""): return string().map(JSONValue.string)
    case UInt8(ascii: "{"): return depth < JSONTokenizer.maximumDepth ? object(depth + 1) : nil
    case UInt8(ascii: "["): return depth < JSONTokenizer.maximumDepth ? array(depth + 1) : nil
    case UInt8(ascii: "t"): return word("true", .bool(true))
    case UInt8(ascii: "f"): return word("false", .bool(false))
    case UInt8(ascii: "n"): return word("null", .null)
    default: return number()
    }
  }

  private mutating func object(_ depth: Int) -> JSONValue? {
    index += 1
    skipBlanks()
    var object = JSONObject()
    if take(UInt8(ascii: "}")) { return .object(object) }
    object.members.reserveCapacity(12)
    while true {
      guard next == UInt8(ascii: "\""), let key = string() else { return nil }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { return nil }
      skipBlanks()
      guard let value = value(depth: depth) else { return nil }
      object.members.append(JSONObject.Member(key: key, value: value))
      skipBlanks()
      if take(UInt8(ascii: "}")) { return .object(object) }
      guard take(UInt8(ascii: ",")) else { return nil }
      skipBlanks()
    }
  }

  private mutating func array(_ depth: Int) -> JSONValue? {
    index += 1
    skipBlanks()
    var values: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array(values) }
    while true {
      guard let value = value(depth: depth) else { return nil }
      values.append(value)
      skipBlanks()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else { return nil }
      skipBlanks()
    }
  }

  private mutating func word(_ text: StaticString, _ value: JSONValue) -> JSONValue? {
    let count = text.utf8CodeUnitCount
    guard index + count <= bytes.count else { return nil }
    for offset in 0..<count where bytes[index + offset] != text.utf8Start[offset] { return nil }
    index += count
    return value
  }

  private mutating func number() -> JSONValue? {
    let start = index
    while index < bytes.count, JSONReader.isNumeric(bytes[index]) { index += 1 }
    let literal = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
    guard JSONReader.isWhole(literal) || JSONTokenizer.isNumber(Array(literal)) else { return nil }
    return .number(JSONNumber(literal: String(decoding: literal, as: UTF8.self)))
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// Whether these are the digits of a whole number that is not negative, the usual case.
  private static func isWhole(_ literal: UnsafeRawBufferPointer) -> Bool {
    guard let first = literal.first, literal.count == 1 || first != UInt8(ascii: "0") else {
      return false
    }
    return literal.allSatisfy { 0x30...0x39 ~= $0 }
  }

  // MARK: - Strings

  private mutating func string() -> String? {
    index += 1
    let start = index
    var isASCII = true
    guard skipPlain(&isASCII), let stop = next else { return nil }
    if stop == UInt8(ascii: "\"") {
      let text = UnsafeRawBufferPointer(rebasing: bytes[start..<index])
      index += 1
      return JSONReader.text(text, isASCII: isASCII)
    }
    return escaped(from: start, isASCII: isASCII)
  }

  /// Goes on to the next quote, backslash or control character.
  ///
  /// - Returns: false at the end of the text.
  private mutating func skipPlain(_ isASCII: inout Bool) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    while index + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let quotes = word ^ (ones &* 0x22)
      let slashes = word ^ (ones &* 0x5C)
      let special =
        ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
        | ((word &- ones &* 0x20) & ~word)
      // A borrow can only mark bytes behind a true hit; the step below looks at each by itself.
      if special & highs != 0 { break }
      if word & highs != 0 { isASCII = false }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { return true }
      if byte >= 0x80 { isASCII = false }
      index += 1
    }
    return false
  }

  /// The rest of a string in which a backslash was met.
  private mutating func escaped(from start: Int, isASCII known: Bool) -> String? {
    var text = [UInt8](bytes[start..<index])
    var isASCII = known
    while let stop = next {
      if stop == UInt8(ascii: "\"") {
        index += 1
        return text.withUnsafeBytes { JSONReader.text($0, isASCII: isASCII) }
      }
      guard stop == UInt8(ascii: "\\"), index + 1 < bytes.count,
        let byte = JSONReader.unescaped(bytes[index + 1])
      else { return nil }
      text.append(byte)
      index += 2
      let plain = index
      guard skipPlain(&isASCII) else { return nil }
      text.append(contentsOf: bytes[plain..<index])
    }
    return nil
  }

  private static func unescaped(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: nil
    }
  }

  /// - Returns: nil unless the bytes are UTF-8.
  private static func text(_ bytes: UnsafeRawBufferPointer, isASCII: Bool) -> String? {
    // Checking is several times slower than copying, and nearly all strings are ASCII.
    isASCII ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
  }
}
