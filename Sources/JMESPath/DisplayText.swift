package import RotationCore

/// Values as error messages and `to_string` show them: in Python's notation and in ASCII JSON.
package enum DisplayText {
  /// As Python's `str` writes it: a string bare, anything else as ``nested(_:)``.
  static func of(_ value: JSONValue) -> String {
    if case .string(let text) = value { return text }
    return nested(value)
  }

  /// As Python's `repr` writes it.
  package static func nested(_ value: JSONValue) -> String {
    switch value {
    case .null: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .number(let number):
      let value = number.double
      if value.isNaN { return "nan" }
      let isInfinite = !value.isFinite && !number.isIntegerLiteral
      return isInfinite ? (value < 0 ? "-inf" : "inf") : number.normalized.literal
    case .string(let text): return quoted(text)
    case .array(let values):
      return "[" + values.map(nested).joined(separator: ", ") + "]"
    case .object(let object):
      let members = object.distinctMembers.map { "\(quoted($0.key)): \(nested($0.value))" }
      return "{" + members.joined(separator: ", ") + "}"
    }
  }

  static func list(_ names: [String]) -> String {
    "[" + names.map(quoted).joined(separator: ", ") + "]"
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
      case _ where scalar.value <= 0xFF: result.append(contentsOf: escape("\\x", scalar.value, 2))
      case _ where scalar.value <= 0xFFFF:
        result.append(contentsOf: escape("\\u", scalar.value, 4))
      default: result.append(contentsOf: escape("\\U", scalar.value, 8))
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

  private static func escape(
    _ mark: String, _ value: some BinaryInteger, _ width: Int
  ) -> String.UnicodeScalarView {
    let digits = String(value, radix: 16)
    let zeros = String(repeating: "0", count: max(0, width - digits.count))
    return (mark + zeros + digits).unicodeScalars
  }

  /// Compact JSON in which every character outside printable ASCII is an escape.
  static func asciiJSON(_ value: JSONValue) -> String {
    switch value {
    case .null, .bool: return value.compact
    case .number(let number): return number.normalized.literal
    case .string(let text): return asciiString(text)
    case .array(let values):
      return "[" + values.map(asciiJSON).joined(separator: ",") + "]"
    case .object(let object):
      let members = object.distinctMembers.map { "\(asciiString($0.key)):\(asciiJSON($0.value))" }
      return "{" + members.joined(separator: ",") + "}"
    }
  }

  private static func asciiString(_ text: String) -> String {
    var result = String.UnicodeScalarView("\"".unicodeScalars)
    for unit in text.utf16 {
      switch unit {
      case 0x22: result.append(contentsOf: "\\\"".unicodeScalars)
      case 0x5C: result.append(contentsOf: "\\\\".unicodeScalars)
      case 0x08: result.append(contentsOf: "\\b".unicodeScalars)
      case 0x09: result.append(contentsOf: "\\t".unicodeScalars)
      case 0x0A: result.append(contentsOf: "\\n".unicodeScalars)
      case 0x0C: result.append(contentsOf: "\\f".unicodeScalars)
      case 0x0D: result.append(contentsOf: "\\r".unicodeScalars)
      case 0x20...0x7E: result.append(Unicode.Scalar(UInt8(unit)))
      default: result.append(contentsOf: escape("\\u", unit, 4))
      }
    }
    result.append("\"")
    return String(result)
  }
}
