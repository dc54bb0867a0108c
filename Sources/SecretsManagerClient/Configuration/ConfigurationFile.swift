/// A syntax error in `~/.aws/config` or `~/.aws/credentials`.
package struct ConfigurationError: Error, Sendable, Hashable {
  /// A botocore-like name: `ConfigParseError`, `ProfileNotFound`, `InvalidConfigError`.
  package let code: String
  package let message: String

  package init(code: String, message: String) {
    self.code = code
    self.message = message
  }
}

/// The sections of one configuration file, read as Python's configparser reads them for the CLI.
///
/// `=` or `:` separates, lower-cased keys, full-line comments also after blanks, comments behind a
/// value stay part of it, indented lines go on with a value, `[DEFAULT]` is inherited by all.
/// Unlike the CLI, a section or key written twice is no error: sections merge, the last key wins.
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
    var number = 0
    // Line ends are bytes here, since `\r\n` is one Character to Swift.
    for line in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
      number += 1
      try reader.read(String(decoding: line, as: UTF8.self), number)
    }
    sections = reader.finish()
    for section in sections {
      for (key, value) in section.values where value.hasPrefix("\n") {
        guard !value.split(separator: "\n").allSatisfy({ $0.contains("=") }) else { continue }
        throw ConfigurationError(
          code: "ConfigParseError",
          message: "Unable to parse config file: \(path) (in [\(section.name)], a line of '\(key)' "
            + "has no '=')")
      }
    }
  }

  /// The lines `key = value` inside a value that begins with a line end; nil for a plain value.
  ///
  /// Lines without a separator are passed over.
  package static func nested(_ value: String) -> [String: String]? {
    guard value.hasPrefix("\n") else { return nil }
    var result: [String: String] = [:]
    for line in value.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let key = TextTrimming.trim(line[..<equals])
      if !key.isEmpty {
        result[key.lowercased()] = TextTrimming.trim(line[line.index(after: equals)...])
      }
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
    ConfigurationError(
      code: "ConfigParseError",
      message: "Unable to parse config file: \(path) (line \(line): \(what))")
  }

  mutating func read(_ raw: String, _ number: Int) throws(ConfigurationError) {
    let line = number == 1 && raw.hasPrefix("\u{FEFF}") ? String(raw.dropFirst()) : raw
    let text = TextTrimming.trim(line)
    let isComment = text.hasPrefix("#") || text.hasPrefix(";")
    guard !text.isEmpty, !isComment else {
      // An empty line belongs to the value that it stands in; a comment line does not.
      if !isComment, let current, let key { sections[current]?[key]?.append("") }
      return
    }
    let depth = line.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count
    if let current, let key, depth > indent {
      sections[current]?[key]?.append(text)
      return
    }
    indent = depth
    if text.hasPrefix("[") {
      guard let end = text.lastIndex(of: "]"), end > text.index(after: text.startIndex) else {
        throw failure("a section must end with ']'", number)
      }
      let name = String(text[text.index(after: text.startIndex)..<end])
      if sections[name] == nil { names.append(name) }
      sections[name, default: [:]] = sections[name] ?? [:]
      (current, key) = (name, nil)
      return
    }
    guard let current else { throw failure("a key outside of any section", number) }
    guard let separator = text.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
      throw failure("no '=' after the key", number)
    }
    let name = TextTrimming.trim(text[..<separator]).lowercased()
    guard !name.isEmpty else { throw failure("no key before the '='", number) }
    sections[current]?[name] = [TextTrimming.trim(text[text.index(after: separator)...])]
    key = name
  }

  func finish() -> [ConfigurationFile.Section] {
    func values(_ name: String) -> [String: String] {
      (sections[name] ?? [:]).mapValues { lines in
        var lines = lines
        while lines.count > 1, lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n")
      }
    }
    let inherited = values("DEFAULT")
    return names.filter { $0 != "DEFAULT" }.map { name in
      .init(name: name, values: inherited.merging(values(name)) { $1 })
    }
  }
}
