internal import RotationCore

/// Text from outside on its way into a page.
enum PageText {
  /// Characters that are not seen, or that reorder what stands beside them, spelled out.
  static func visible(_ text: String) -> String {
    ShownText.spelling(out: isInvisible, in: text)
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E,
      0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F:
      true
    default: false
    }
  }

  /// Fit for the content of an element and for an attribute in either kind of quotes.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in visible(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// JSON inside a `script` element: no byte of it can end the element or begin a comment.
  static func json(_ value: JSONValue) -> [UInt8] {
    var bytes: [UInt8] = []
    for byte in value.compactBytes {
      switch byte {
      case UInt8(ascii: "<"): bytes.append(contentsOf: #"\u003c"#.utf8)
      case UInt8(ascii: ">"): bytes.append(contentsOf: #"\u003e"#.utf8)
      case UInt8(ascii: "&"): bytes.append(contentsOf: #"\u0026"#.utf8)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  /// Digits in groups of three: `1,234,567`.
  static func count(_ value: Int) -> String { ShownText.grouped(value) }

  /// A number of tenths as a decimal: `38.2`, `7`.
  static func tenths(_ value: Int) -> String {
    value.isMultiple(of: 10) ? count(value / 10) : "\(count(value / 10)).\(value % 10)"
  }
}
