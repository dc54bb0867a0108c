/// A syntax error in `~/.aws/config` or `~/.aws/credentials`, or a setting that cannot be used.
package struct ConfigurationError: Error, Sendable, Hashable {
  /// A botocore-like name: `ConfigParseError`, `ProfileNotFound`, `InvalidConfigError`.
  package let code: String
  /// The AWS CLI's own sentence, byte for byte; the single command prints this one.
  package let sentence: String
  /// What the CLI does not tell, such as the line of a syntax error.
  package let detail: String?

  package init(code: String, message: String, detail: String? = nil) {
    self.code = code
    sentence = message
    self.detail = detail
  }

  /// The sentence with the detail in brackets.
  package var message: String { detail.map { "\(sentence) (\($0))" } ?? sentence }

  static func unparsable(_ path: String, _ detail: String) -> ConfigurationError {
    ConfigurationError(
      code: "ConfigParseError", message: "Unable to parse config file: \(path)", detail: detail)
  }
}

/// The sections of one configuration file, read as Python's configparser reads them for the CLI.
///
/// - `=` or `:` separates a key from its value, keys are lower-cased.
/// - A comment is a whole line, also after blanks; `#` behind a value is part of the value.
/// - Indented lines go on with a value, `[DEFAULT]` is inherited by all sections.
/// - A section or key written twice, and a line without a separator, are errors.
///
/// Unlike the CLI, a byte order mark at the beginning is passed over, as the SDKs do.
package struct ConfigurationFile: Sendable, Hashable {
  package struct Section: Sendable, Hashable {
    /// The text in the brackets.
    package var name: String
    /// Continuation lines are joined by newlines.
    package var values: [String: String]
  }

  /// In the order of the file.
  package private(set) var sections: [Section] = []

  package init() {}

  /// Reads a file's text; the path is named in errors only.
  package init(parsing text: String, path: String) throws(ConfigurationError) {
    var reader = ConfigurationReader(path: path)
    try reader.readAll(text)
    sections = reader.finish()
    for section in sections {
      for (key, value) in section.values where value.hasPrefix("\n") {
        guard ConfigurationFile.nested(value) == nil else { continue }
        throw .unparsable(
          path,
          "in [\(TextTrimming.excerpt(section.name, 80))], a line of "
            + "'\(TextTrimming.excerpt(key, 80))' has no '='")
      }
    }
  }

  /// Reads a file's bytes, which must be UTF-8 as in the CLI under a UTF-8 locale.
  package init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .unparsable(path, "not UTF-8")
    }
    try self.init(parsing: text, path: path)
  }

  /// The lines `key = value` inside a value that begins with a line end; nil for a plain value.
  ///
  /// The keys keep their letters. Nil also when a line has no `=`.
  package static func nested(_ value: String) -> [String: String]? {
    guard value.hasPrefix("\n") else { return nil }
    var result: [String: String] = [:]
    for piece in value.unicodeScalars.split(whereSeparator: PythonText.endsLine) {
      let line = PythonText.trim(Substring(piece))
      guard !line.isEmpty else { continue }
      guard let equals = line.unicodeScalars.firstIndex(of: "=") else { return nil }
      let key = PythonText.trim(line[..<equals])
      result[key] = PythonText.trim(line[line.unicodeScalars.index(after: equals)...])
    }
    return result
  }
}

/// The state between two lines.
private struct ConfigurationReader {
  let path: String
  private var names: [String] = []
  private var sections: [String: [String: [String]]] = [:]
  private var current: String?
  private var key: String?
  private var indent = 0

  init(path: String) { self.path = path }

  private func failure(_ what: String, _ line: Int) -> ConfigurationError {
    .unparsable(path, "line \(line): \(what)")
  }

  /// Lines end at `\n`, `\r\n` or `\r`; these are scalars here, as Swift joins them to one.
  mutating func readAll(_ text: String) throws(ConfigurationError) {
    let scalars = text.unicodeScalars
    var start = scalars.startIndex
    if scalars.first == "\u{FEFF}" { scalars.formIndex(after: &start) }
    var number = 0
    while start < scalars.endIndex {
      let end = scalars[start...].firstIndex { $0 == "\n" || $0 == "\r" } ?? scalars.endIndex
      number += 1
      try read(Substring(scalars[start..<end]), number)
      guard end < scalars.endIndex else { return }
      let next = scalars.index(after: end)
      let isPair = scalars[end] == "\r" && next < scalars.endIndex && scalars[next] == "\n"
      start = isPair ? scalars.index(after: next) : next
    }
  }

  private mutating func read(_ line: Substring, _ number: Int) throws(ConfigurationError) {
    let text = PythonText.trim(line)
    guard let first = text.unicodeScalars.first, first != "#", first != ";" else {
      // An empty line belongs to the value that it stands in; a comment line does not.
      if text.isEmpty, let current, let key { sections[current]?[key]?.append("") }
      return
    }
    let depth = line.unicodeScalars.prefix(while: PythonText.isBlank).count
    if let current, let key, depth > indent {
      sections[current]?[key]?.append(text)
      return
    }
    indent = depth
    if let name = header(text) { return try open(name, number) }
    guard let current else { throw failure("a key outside of any section", number) }
    try add(text, to: current, number)
  }

  /// The text from the first bracket to the last one; text behind that is passed over.
  private func header(_ text: String) -> String? {
    let scalars = text.unicodeScalars
    guard scalars.first == "[", let end = scalars.lastIndex(of: "]") else { return nil }
    let start = scalars.index(after: scalars.startIndex)
    return start < end ? String(scalars[start..<end]) : nil
  }

  private mutating func open(_ name: String, _ number: Int) throws(ConfigurationError) {
    if sections[name] == nil {
      names.append(name)
      sections[name] = [:]
    } else if name != "DEFAULT" {
      throw failure("the section [\(TextTrimming.excerpt(name, 80))] is there twice", number)
    }
    (current, key) = (name, nil)
  }

  private mutating func add(
    _ text: String, to section: String, _ number: Int
  ) throws(ConfigurationError) {
    let scalars = text.unicodeScalars
    guard let separator = scalars.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
      let isHeader = scalars.first == "["
      throw failure(isHeader ? "a section must end with ']'" : "no '=' after the key", number)
    }
    let name = PythonText.trim(text[..<separator]).lowercased()
    guard !name.isEmpty else { throw failure("no key before the '='", number) }
    guard sections[section]?[name] == nil else {
      throw failure("the key '\(TextTrimming.excerpt(name, 80))' is there twice", number)
    }
    sections[section]?[name] = [PythonText.trim(text[scalars.index(after: separator)...])]
    key = name
  }

  func finish() -> [ConfigurationFile.Section] {
    func values(_ name: String) -> [String: String] {
      (sections[name] ?? [:]).mapValues { lines in
        let end = lines.lastIndex { !$0.isEmpty } ?? -1
        return lines.prefix(end + 1).joined(separator: "\n")
      }
    }
    let inherited = values("DEFAULT")
    return names.filter { $0 != "DEFAULT" }.map { name in
      .init(name: name, values: inherited.merging(values(name)) { $1 })
    }
  }
}
