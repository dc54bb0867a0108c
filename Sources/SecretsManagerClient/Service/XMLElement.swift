/// Why a text is not XML that this reader takes.
package struct XMLSyntaxError: Error, Sendable, Hashable {
  /// In bytes from the start.
  package let offset: Int
  package let reason: String
}

/// An element of a small XML document, as STS answers with.
///
/// Namespaces and attributes are passed over, documents with a DOCTYPE refused, and no entity is
/// known but the five of XML 1.0 and character references. Bounds: 1 MiB, 32 levels,
/// 10,000 elements.
package struct XMLElement: Sendable, Hashable {
  /// The local name.
  package var name: String
  /// All text directly inside, trimmed.
  package var text = ""
  package var children: [XMLElement] = []

  package init(parsing bytes: [UInt8]) throws(XMLSyntaxError) {
    var reader = XMLReader(bytes: bytes)
    self = try reader.document()
  }

  fileprivate init(name: String) { self.name = name }

  /// The first child of that name.
  package subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

  /// The first element of that name in document order, this one included.
  package func first(_ name: String) -> XMLElement? {
    if self.name == name { return self }
    for child in children {
      if let found = child.first(name) { return found }
    }
    return nil
  }
}

private struct XMLReader {
  let bytes: [UInt8]
  var index = 0
  var elements = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  func failure(_ reason: String) -> XMLSyntaxError { XMLSyntaxError(offset: index, reason: reason) }

  func starts(_ text: StaticString) -> Bool {
    guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
    return text.withUTF8Buffer { bytes[index..<index + $0.count].elementsEqual($0) }
  }

  mutating func skip(past text: StaticString) throws(XMLSyntaxError) {
    while index < bytes.count {
      if starts(text) {
        index += text.utf8CodeUnitCount
        return
      }
      index += 1
    }
    throw failure("the text ends too early")
  }

  mutating func skipBlanks() {
    while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
  }

  /// Blanks, comments and processing instructions.
  mutating func skipMisc() throws(XMLSyntaxError) {
    while true {
      skipBlanks()
      if starts("<?") {
        try skip(past: "?>")
      } else if starts("<!--") {
        index += 4
        try skip(past: "-->")
      } else {
        return
      }
    }
  }

  mutating func document() throws(XMLSyntaxError) -> XMLElement {
    guard bytes.count <= 1 << 20 else { throw failure("more than 1 MiB") }
    if starts("\u{FEFF}") { index += 3 }
    try skipMisc()
    let root = try element(depth: 0)
    try skipMisc()
    guard index == bytes.count else { throw failure("text after the last element") }
    return root
  }

  /// A name up to a blank, `/`, `>` or `=`.
  mutating func name() throws(XMLSyntaxError) -> String {
    let start = index
    while index < bytes.count,
      ![0x20, 0x09, 0x0A, 0x0D, 0x2F, 0x3E, 0x3D, 0x3C, 0x21].contains(bytes[index])
    {
      index += 1
    }
    guard index > start else { throw failure("a name is missing") }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  /// - Returns: whether the element ends with its start tag.
  mutating func restOfStartTag() throws(XMLSyntaxError) -> Bool {
    while true {
      skipBlanks()
      guard index < bytes.count else { throw failure("the text ends inside a tag") }
      if starts("/>") {
        index += 2
        return true
      }
      if bytes[index] == UInt8(ascii: ">") {
        index += 1
        return false
      }
      _ = try name()
      skipBlanks()
      guard starts("=") else { throw failure("an attribute without a value") }
      index += 1
      skipBlanks()
      if starts("\"") {
        index += 1
        try skip(past: "\"")
      } else if starts("'") {
        index += 1
        try skip(past: "'")
      } else {
        throw failure("an attribute without quotes")
      }
    }
  }

  mutating func element(depth: Int) throws(XMLSyntaxError) -> XMLElement {
    elements += 1
    guard depth < 32, elements <= 10_000 else { throw failure("too many elements") }
    guard starts("<") else { throw failure("an element is missing") }
    index += 1
    let fullName = try name()
    var element = XMLElement(name: XMLReader.localName(fullName))
    if try restOfStartTag() { return element }
    var text: [UInt8] = []
    while true {
      guard index < bytes.count else { throw failure("</\(fullName)> is missing") }
      if starts("</") {
        index += 2
        guard try name() == fullName else { throw failure("</\(fullName)> is missing") }
        skipBlanks()
        guard starts(">") else { throw failure("a tag does not end") }
        index += 1
        element.text = TextTrimming.trim(String(decoding: text, as: UTF8.self))
        return element
      }
      if starts("<!--") {
        index += 4
        try skip(past: "-->")
      } else if starts("<![CDATA[") {
        index += 9
        let start = index
        try skip(past: "]]>")
        text += bytes[start..<index - 3]
      } else if starts("<") {
        element.children.append(try self.element(depth: depth + 1))
      } else if starts("&") {
        text += try reference()
      } else {
        text.append(bytes[index])
        index += 1
      }
    }
  }

  static func localName(_ name: String) -> String {
    name.split(separator: ":").last.map(String.init) ?? name
  }

  /// `&lt;` and its kind.
  mutating func reference() throws(XMLSyntaxError) -> [UInt8] {
    let start = index + 1
    guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
      throw failure("an entity does not end")
    }
    let name = String(decoding: bytes[start..<end], as: UTF8.self)
    let known: [String: UInt8] = ["lt": 0x3C, "gt": 0x3E, "amp": 0x26, "quot": 0x22, "apos": 0x27]
    if let byte = known[name] {
      index = end + 1
      return [byte]
    }
    let isHex = name.hasPrefix("#x")
    let digits = name.dropFirst(isHex ? 2 : 1)
    guard name.hasPrefix("#"), let code = UInt32(digits, radix: isHex ? 16 : 10),
      let scalar = Unicode.Scalar(code), code != 0
    else { throw failure("the entity &\(name); is not known") }
    index = end + 1
    return Array(String(Character(scalar)).utf8)
  }
}
