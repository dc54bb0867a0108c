/// Which names may stand inside a bundle or a run's folder.
enum SafePath {
  /// Bytes of a path, top folder included.
  static let maximumBytes = 1024

  /// A plain name of letters, digits and `. _ -` that does not begin with a dot.
  static func isComponent(_ text: String) -> Bool {
    (1...128).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: ".")
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// Why a relative path must not be used; nil when it is safe.
  static func problem(of path: String) -> String? {
    let bytes = path.utf8
    if bytes.isEmpty { return "an empty path" }
    if bytes.count > maximumBytes { return "a path of more than \(maximumBytes) bytes" }
    if bytes.first == UInt8(ascii: "/") { return "an absolute path" }
    if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "control characters in a path" }
    if bytes.contains(UInt8(ascii: "\\")) { return "a backslash in a path" }
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      if part.isEmpty { return "an empty part in a path" }
      if part == "." || part == ".." { return "'\(part)' in a path" }
      if part.utf8.count > 255 { return "a name of more than 255 bytes" }
    }
    return nil
  }

  /// A text from outside as it may be shown: control characters replaced, cut to a length.
  static func shown(_ text: String, scalars limit: Int = 200) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      scalars.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar)
    }
    return String(scalars)
  }
}
