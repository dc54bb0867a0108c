/// JSON as Python's `json.dumps` writes it: blanks after `,` and `:`, all beyond ASCII escaped.
///
/// The AWS CLI sends its requests in this form and names its cache files by hashes of it.
package enum PythonJSON {
  package static func text(_ value: JSONValue) -> String {
    switch value {
    case .object(let object):
      let members = object.members.map { "\(quoted($0.key)): \(text($0.value))" }
      return "{" + members.joined(separator: ", ") + "}"
    case .array(let values): return "[" + values.map(text).joined(separator: ", ") + "]"
    case .string(let string): return quoted(string)
    default: return value.compact
    }
  }

  /// A string in ASCII alone.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      switch unit {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case 0x08: result += "\\b"
      case 0x0C: result += "\\f"
      case 0x20...0x7E: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }

  /// Bytes as Python's `repr` writes them.
  package static func quoted(bytes: [UInt8]) -> String {
    let mark = bytes.contains(0x27) && !bytes.contains(0x22) ? "\"" : "'"
    var text = "b" + mark
    for byte in bytes {
      switch byte {
      case 0x0A: text += "\\n"
      case 0x0D: text += "\\r"
      case 0x09: text += "\\t"
      case 0x5C: text += "\\\\"
      case 0x27 where mark == "'": text += "\\'"
      case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text + mark
  }
}
