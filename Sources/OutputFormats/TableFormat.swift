internal import RotationCore

/// Builds the sections of a table from a document.
struct TableFormat {
  private(set) var sections: [TableSection] = []

  static func render(_ value: JSONValue, _ style: OutputStyle) -> RenderedOutput {
    var output = RenderedOutput(bytes: [])
    do throws(FormatFailure) {
      var table = TableFormat()
      if try table.build(value, title: style.operationName, level: 0) {
        var sections = table.sections
        var width = sections.map(\.totalWidth).max() ?? 0
        if let terminal = style.terminalWidth, width > terminal {
          for index in sections.indices { sections[index] = try sections[index].turned() }
          width = sections.map(\.totalWidth).max() ?? 0
        }
        var writer = TableWriter(color: style.color)
        writer.write(sections, width: width)
        output.bytes = writer.bytes
      }
    } catch {
      output.failure = error.message
    }
    if style.color == .cellsAndResets, style.isTerminal {
      output.bytes.append(contentsOf: TableWriter.reset.utf8)
    }
    return output
  }

  /// Adds the parts of a value; answers whether there is anything to show.
  @discardableResult
  private mutating func build(
    _ value: JSONValue, title: String?, level: Int
  ) throws(FormatFailure) -> Bool {
    guard !PythonText.isFalse(value) else { return false }
    if let title { sections.append(TableSection(title: title, level: level)) }
    switch value {
    case .object(let object): try build(object, level: level)
    case .array(let values):
      if values.first?.object != nil {
        try build(objects: values, title: title, level: level)
      } else {
        for item in values { try build(item: item) }
      }
    default: break
    }
    return true
  }

  /// An element of a list whose first element is no object.
  private mutating func build(item: JSONValue) throws(FormatFailure) {
    switch item {
    // An object among other things shows its names alone.
    case .object(let object): try add(row: object.keys)
    case .array(let values):
      if values.allSatisfy(\.isScalar) {
        try add(row: values.map(PythonText.of))
      } else {
        try build(item, title: nil, level: 0)
      }
    default: try add(row: [PythonText.of(item)])
    }
  }

  private mutating func build(_ object: JSONObject, level: Int) throws(FormatFailure) {
    let members = object.sortedMembers
    let scalars = members.filter(\.value.isScalar)
    if scalars.count == 1, let only = scalars.first {
      try add(row: [only.key, PythonText.of(only.value)])
    } else if !scalars.isEmpty {
      try add(headers: scalars.map(\.key))
      try add(row: scalars.map { PythonText.of($0.value) })
    }
    for member in members where !member.value.isScalar {
      try build(member.value, title: member.key, level: level + 1)
    }
  }

  private mutating func build(
    objects: [JSONValue], title: String?, level: Int
  ) throws(FormatFailure) {
    let (headers, nested) = try TableFormat.keys(of: objects)
    try add(headers: headers.map(\.text))
    for (index, element) in objects.enumerated() {
      if index > 0, !nested.isEmpty {
        sections.append(TableSection(title: title, level: level))
        try add(headers: headers.map(\.text))
      }
      // Without columns, the CLI never asks an empty list for its members.
      guard headers.isEmpty || element.object != nil else {
        throw FormatFailure(
          message: "'\(PythonText.typeName(element))' object has no attribute 'get'")
      }
      let values = element.object?.valuesByKey ?? [:]
      try add(row: headers.map { values[$0].map(PythonText.of) ?? "" })
      for name in nested {
        guard let value = values[name] else { continue }
        try build(value, title: name.text, level: level + 1)
      }
    }
  }

  /// The names of scalars and of containers in a list of objects, each sorted.
  private static func keys(
    of objects: [JSONValue]
  ) throws(FormatFailure) -> (scalars: [ExactKey], others: [ExactKey]) {
    var scalars: Set<ExactKey> = []
    var others: Set<ExactKey> = []
    for element in objects {
      guard let object = element.object else {
        if let failure = failure(of: element) { throw failure }
        continue
      }
      for member in object.members {
        if member.value.isScalar {
          scalars.insert(ExactKey(member.key))
        } else {
          others.insert(ExactKey(member.key))
        }
      }
    }
    return (scalars.sorted(), others.sorted())
  }

  /// What the CLI says of something else in a list that starts with an object.
  private static func failure(of element: JSONValue) -> FormatFailure? {
    switch element {
    case .string(let text):
      return text.isEmpty
        ? nil : FormatFailure(message: "string indices must be integers, not 'str'")
    case .array(let values):
      guard let first = values.first else { return nil }
      let name = PythonText.typeName(first)
      guard name != "int", name != "bool" else { return nil }
      return FormatFailure(message: "list indices must be integers or slices, not \(name)")
    default:
      return FormatFailure(message: "'\(PythonText.typeName(element))' object is not iterable")
    }
  }

  private mutating func add(headers: [String]) throws(FormatFailure) {
    guard !sections.isEmpty else { return }
    try sections[sections.count - 1].add(headers: headers)
  }

  private mutating func add(row: [String]) throws(FormatFailure) {
    guard !sections.isEmpty else { return }
    try sections[sections.count - 1].add(row: row)
  }
}
