/// A configuration file as it was written: options as texts, and guards.
///
/// Every problem is found, each with its place. What the texts of the options mean is not judged
/// here.
package struct ConfigDocument: Sendable {
  package static let schema = "rotactl.config/1"
  static let members = ["schema", "description", "options", "guards"]

  /// An option that a file may set.
  package struct KnownOption: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
      /// A text or a number.
      case value
      /// True or false.
      case flag
      /// An array of texts, or one.
      case list
      /// An object whose members become `name=value`, or a list.
      case table
    }
    /// As it stands in a file: `inFlight`.
    package let member: String
    package let kind: Kind
    package init(member: String, kind: Kind) {
      self.member = member
      self.kind = kind
    }
  }

  package struct Option: Sendable, Hashable {
    package let member: String
    /// One text, or several of a list.
    package let values: [String]
    package let position: TextPosition
  }

  package struct Problem: Error, Sendable, Hashable {
    package let position: TextPosition
    /// What is wrong and how to mend it, clauses without a final stop.
    package let what: String
    package let mend: String

    package init(position: TextPosition, what: String, mend: String) {
      self.position = position
      self.what = what
      self.mend = mend
    }
  }

  package private(set) var options: [Option] = []
  package internal(set) var guards = RunGuards()
  package internal(set) var problems: [Problem] = []

  let file: String
  let readDuration: @Sendable (String) -> Double?

  /// - `bytes`: the whole file.
  /// - `file`: its path, for the origins of rules.
  /// - `known`: the options that a file may set.
  /// - `duration`: reads `24h` into seconds.
  package init(
    parsing bytes: [UInt8], file: String, known: [KnownOption],
    duration: @escaping @Sendable (String) -> Double?
  ) {
    self.file = file
    readDuration = duration
    var tokenizer = JSONTokenizer()
    var collector = JSONNodeCollector()
    do throws(JSONSyntaxError) {
      let result = bytes.withUnsafeBytes { raw in
        Result { () throws(JSONSyntaxError) in try tokenizer.consume(raw, into: &collector) }
      }
      try result.get()
      try tokenizer.finish(into: &collector)
    } catch {
      problems.append(
        Problem(
          position: error.position, what: error.reason,
          mend: "look at the quotes, commas and brackets near there; nothing after it was read"))
      return
    }
    guard let node = collector.node else { return }
    read(node, known)
    problems.sort {
      ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
    }
  }

  private mutating func read(_ node: JSONNode, _ known: [KnownOption]) {
    guard let top = object(node, "the file", ConfigDocument.members) else { return }
    guard let schema = top.first(where: { $0.key == "schema" }) else {
      add(
        node.position, "no schema is named", "begin with {\"schema\": \"\(ConfigDocument.schema)\"")
      return
    }
    if schema.value.string != ConfigDocument.schema {
      add(
        schema.value.position, "the schema is not one that this version reads",
        "write \"\(ConfigDocument.schema)\"")
      return
    }
    for member in top {
      switch member.key {
      case "description": _ = text(member)
      case "options": readOptions(member.value, known)
      case "guards": readGuards(member.value)
      default: break
      }
    }
  }

  private mutating func readOptions(_ node: JSONNode, _ known: [KnownOption]) {
    guard let members = object(node, "options", known.map(\.member)) else { return }
    for member in members {
      guard let option = known.first(where: { $0.member == member.key }) else { continue }
      let values: [String]?
      switch option.kind {
      case .value: values = scalar(member).map { [$0] }
      case .flag:
        if case .scalar(.bool(let isOn), _) = member.value {
          values = [isOn ? "1" : "0"]
        } else {
          add(
            member.value.position, "'\(member.key)' is \(member.value.kindName)",
            "write true or false")
          values = nil
        }
      case .list: values = texts(member)
      case .table: values = table(member)
      }
      if let values {
        options.append(
          Option(member: member.key, values: values, position: member.value.position))
      }
    }
  }

  private mutating func table(_ member: JSONNode.Member) -> [String]? {
    guard case .object(let rows, _) = member.value else { return texts(member) }
    return rows.compactMap { row in scalar(row).map { "\(row.key)=\($0)" } }
  }
}

/// Members by kind, each complaint with its place.
extension ConfigDocument {
  mutating func add(_ position: TextPosition, _ what: String, _ mend: String) {
    problems.append(Problem(position: position, what: what, mend: mend))
  }

  func origin(_ position: TextPosition) -> String { "\(file):\(position.line):\(position.column)" }

  /// The known members, in their order; nil when it is no object.
  mutating func object(
    _ node: JSONNode, _ name: String, _ known: [String]
  ) -> [JSONNode.Member]? {
    guard case .object(let members, let position) = node else {
      add(node.position, "\(name) is \(node.kindName)", "write an object: { ... }")
      return nil
    }
    _ = position
    var seen: Set<String> = []
    return members.filter { member in
      guard known.contains(member.key) else {
        add(
          member.keyPosition, "an unknown member '\(Excerpt.of(member.key))'",
          Suggestion.text(for: member.key, among: known))
        return false
      }
      guard seen.insert(member.key).inserted else {
        add(member.keyPosition, "the member '\(member.key)' stands twice", "keep one of them")
        return false
      }
      return true
    }
  }

  mutating func text(_ member: JSONNode.Member) -> String? {
    guard let text = member.value.string, !text.isEmpty else {
      add(
        member.value.position, "'\(Excerpt.of(member.key))' is no text, or an empty one",
        "write a text in double quotes")
      return nil
    }
    return text
  }

  /// A text, or a number as it was written.
  mutating func scalar(_ member: JSONNode.Member) -> String? {
    if case .scalar(.number(let number), _) = member.value { return number.literal }
    guard let text = member.value.string else {
      add(
        member.value.position, "'\(Excerpt.of(member.key))' is \(member.value.kindName)",
        "write a text in double quotes, or a number")
      return nil
    }
    return text
  }

  mutating func texts(_ member: JSONNode.Member) -> [String]? {
    positionedTexts(member)?.map(\.text)
  }

  /// The texts of an array, or the one that stands alone.
  mutating func positionedTexts(
    _ member: JSONNode.Member
  ) -> [(text: String, position: TextPosition)]? {
    if let text = member.value.string { return [(text, member.value.position)] }
    guard case .array(let nodes, _) = member.value else {
      add(
        member.value.position, "'\(member.key)' is \(member.value.kindName)",
        "write an array of texts: [\"...\"]")
      return nil
    }
    var found: [(String, TextPosition)] = []
    for node in nodes {
      if let text = node.string {
        found.append((text, node.position))
      } else {
        add(node.position, "\(node.kindName) among the texts of '\(member.key)'", "write a text")
      }
    }
    return found
  }
}
