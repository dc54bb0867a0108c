internal import RotationCore

/// Values as Python prints them, which is what text and tables show.
enum PythonText {
  /// As `str` writes it: a string bare, anything else as ``nested(_:)``.
  static func of(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return nested(value)
  }

  /// As `repr` writes it.
  private static func nested(_ value: JSONValue) -> String {
    switch value {
    case .null: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .number(let number): return self.number(number, infinity: "inf")
    case .string(let text): return quoted(text)
    case .array(let values): return "[" + values.map(nested).joined(separator: ", ") + "]"
    case .object(let object):
      let members = object.members.map { "\(quoted($0.key)): \(nested($0.value))" }
      return "{" + members.joined(separator: ", ") + "}"
    }
  }

  /// A whole literal as it is, any other as the nearest double; beyond all doubles, the word for
  /// infinity.
  static func number(_ number: JSONNumber, infinity: String) -> String {
    if number.isIntegerLiteral { return number.literal == "-0" ? "0" : number.literal }
    let value = number.double
    if value.isNaN { return infinity == ".inf" ? ".nan" : infinity == "inf" ? "nan" : "NaN" }
    guard value.isFinite else { return (value < 0 ? "-" : "") + infinity }
    // Swift changes to an exponent where doubles stop being exact, Python at 10^16.
    let writtenInFull = value.magnitude >= 0x1p53 && value.magnitude < 1e16
    return writtenInFull ? "\(Int(value)).0" : value.description
  }

  /// Whether Python takes the value for false.
  static func isFalse(_ value: JSONValue) -> Bool {
    switch value {
    case .null: true
    case .bool(let value): !value
    case .number(let number): number.double == 0
    case .string(let text): text.isEmpty
    case .array(let values): values.isEmpty
    case .object(let object): object.isEmpty
    }
  }

  /// The name of the value's type.
  static func typeName(_ value: JSONValue) -> String {
    switch value {
    case .null: "NoneType"
    case .bool: "bool"
    case .number(let number): number.isIntegerLiteral ? "int" : "float"
    case .string: "str"
    case .array: "list"
    case .object: "dict"
    }
  }

  private static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView([quote])
    for scalar in scalars {
      switch scalar {
      case quote, "\\": result.append(contentsOf: ["\\", scalar])
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case _ where isPrintable(scalar): result.append(scalar)
      default: result.append(contentsOf: escape(scalar.value).unicodeScalars)
      }
    }
    result.append(quote)
    return String(result)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  private static func escape(_ value: UInt32) -> String {
    let (mark, width) = value <= 0xFF ? ("\\x", 2) : value <= 0xFFFF ? ("\\u", 4) : ("\\U", 8)
    let digits = String(value, radix: 16)
    return mark + String(repeating: "0", count: width - digits.count) + digits
  }
}
