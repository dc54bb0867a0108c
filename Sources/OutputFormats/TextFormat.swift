internal import RotationCore

/// Lines of values separated by tabs, led by the upper-cased name of the member they belong to.
struct TextFormat {
  private(set) var bytes: [UInt8] = []

  /// Writes the document; answers why it broke off.
  mutating func render(_ value: JSONValue) -> FormatFailure? {
    do throws(FormatFailure) {
      try write(value, identifier: nil, columns: nil)
      return nil
    } catch {
      return error
    }
  }

  private mutating func write(
    _ value: JSONValue, identifier: String?, columns: [ExactKey]?
  ) throws(FormatFailure) {
    switch value {
    case .object(let object): try write(object, identifier: identifier, columns: columns)
    case .array(let values): try write(values, identifier: identifier)
    default: writeLine([PythonText.of(value)])
    }
  }

  private mutating func write(
    _ values: [JSONValue], identifier: String?
  ) throws(FormatFailure) {
    guard !values.isEmpty else { return }
    if values.contains(where: { $0.object != nil }) {
      let columns = try TextFormat.columns(of: values)
      for value in values { try write(value, identifier: identifier, columns: columns) }
      return
    }
    let scalars = values.filter(\.isScalar)
    if !scalars.isEmpty { write(scalars: scalars, identifier: identifier) }
    for value in values where !value.isScalar {
      try write(value, identifier: identifier, columns: nil)
    }
  }

  private mutating func write(scalars: [JSONValue], identifier: String?) {
    guard let name = identifier?.uppercased() else {
      return writeLine(scalars.map(PythonText.of))
    }
    for scalar in scalars { writeLine([name, PythonText.of(scalar)]) }
  }

  /// An object's scalars on one line, then what else it holds.
  ///
  /// In a list, the line has all columns of the list: a column is empty where an object lacks it,
  /// and shows a container in Python's notation.
  private mutating func write(
    _ object: JSONObject, identifier: String?, columns: [ExactKey]?
  ) throws(FormatFailure) {
    var line: [String]
    var others: [JSONObject.Member]
    if let columns {
      let values = object.valuesByKey
      line = columns.map { values[$0].map(PythonText.of) ?? "" }
      let shown = Set(columns)
      others = object.sortedMembers.filter { !shown.contains(ExactKey($0.key)) }
    } else {
      let members = object.sortedMembers
      line = members.filter(\.value.isScalar).map { PythonText.of($0.value) }
      others = members.filter { !$0.value.isScalar }
    }
    if !line.isEmpty {
      if let identifier { line.insert(identifier.uppercased(), at: 0) }
      writeLine(line)
    }
    for member in others { try write(member.value, identifier: member.key, columns: nil) }
  }

  /// The names of all scalars in a list of objects, sorted.
  private static func columns(of values: [JSONValue]) throws(FormatFailure) -> [ExactKey] {
    var names: Set<ExactKey> = []
    for value in values {
      guard let object = value.object else {
        throw FormatFailure(
          message: "'\(PythonText.typeName(value))' object has no attribute 'items'")
      }
      for member in object.members where member.value.isScalar {
        names.insert(ExactKey(member.key))
      }
    }
    return names.sorted()
  }

  private mutating func writeLine(_ parts: [String]) {
    for (index, part) in parts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: "\t")) }
      bytes.append(contentsOf: part.utf8)
    }
    bytes.append(UInt8(ascii: "\n"))
  }
}
