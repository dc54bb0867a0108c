internal import Cryptography

/// The canonical request's parts.
///
/// Source: AWS IAM User Guide, "Elements of an AWS API request signature".
enum CanonicalForm {
  /// Headers that intermediaries change or that the HTTP library adds.
  private static let unsigned: Set<String> = [
    "authorization", "user-agent", "x-amzn-trace-id", "expect", "connection", "keep-alive",
    "transfer-encoding", "te", "trailer", "upgrade", "content-length", "accept-encoding",
    "amz-sdk-invocation-id", "amz-sdk-request",
  ]

  static func isSigned(_ name: String) -> Bool {
    !unsigned.contains(name) && !name.hasPrefix("proxy-")
  }

  /// - Returns: one `name:value` line per header, each ended by a newline, and the names joined
  ///   by `;`.
  static func headers(_ headers: [HTTPHeader]) -> (lines: String, names: String) {
    var signed: [(name: String, place: Int)] = []
    signed.reserveCapacity(headers.count)
    for (place, header) in headers.enumerated() {
      let name = header.name.lowercased()
      if isSigned(name) { signed.append((name, place)) }
    }
    signed.sort { a, b in
      a.name == b.name ? a.place < b.place : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }
    var lines = ""
    var names = ""
    lines.reserveCapacity(512)
    names.reserveCapacity(128)
    var last: String?
    for (name, place) in signed {
      if name == last {
        lines += ","
      } else {
        if last != nil {
          lines += "\n"
          names += ";"
        }
        names += name
        lines += name
        lines += ":"
      }
      last = name
      lines += collapse(headers[place].value)
    }
    if last != nil { lines += "\n" }
    return (lines, names)
  }

  /// Trimmed, runs of blanks made one.
  private static func collapse(_ value: String) -> String {
    var wasBlank = true
    var isCollapsed = true
    for byte in value.utf8 {
      let isBlank = byte == 0x20 || (0x09...0x0D).contains(byte)
      if isBlank, wasBlank || byte != 0x20 { isCollapsed = false }
      wasBlank = isBlank
    }
    if isCollapsed, !wasBlank || value.isEmpty { return value }
    let words = value.utf8.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
    return words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }

  static func path(_ path: String, _ form: CanonicalPath) -> String {
    if path == "/" { return path }
    let start = path.hasPrefix("/") ? path : "/" + path
    switch form {
    case .asSent: return start
    case .encodedAgain: return PercentEncoding.encode(start, keeping: "/")
    case .normalized: return PercentEncoding.encode(normalized(start), keeping: "/")
    }
  }

  /// A path that begins with a slash, without dot segments and doubled slashes.
  private static func normalized(_ start: String) -> String {
    var segments: [Substring] = []
    let parts = start.split(separator: "/", omittingEmptySubsequences: false)
    for part in parts where !part.isEmpty && part != "." {
      if part == ".." { _ = segments.popLast() } else { segments.append(part) }
    }
    // The service keeps a slash at the end, also the one that a last dot segment leaves behind.
    let endsInSlash = parts.last.map { $0.isEmpty || $0 == "." || $0 == ".." } ?? true
    var result = "/" + segments.joined(separator: "/")
    if endsInSlash, !segments.isEmpty { result += "/" }
    return result
  }

  /// Parameters sorted by name, then value, by the bytes of their encoded form.
  static func query(_ query: String) -> String {
    if query.isEmpty { return query }
    let pairs = query.split(separator: "&").map { part -> (String, String) in
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let encoded = halves.map { PercentEncoding.encode(PercentEncoding.decode($0)) }
      return (encoded[0], encoded.count > 1 ? encoded[1] : "")
    }
    let sorted = pairs.sorted { a, b in
      let (x, y) = (Array(a.0.utf8), Array(b.0.utf8))
      return x == y
        ? Array(a.1.utf8).lexicographicallyPrecedes(Array(b.1.utf8))
        : x.lexicographicallyPrecedes(y)
    }
    return sorted.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }
}

/// Percent encoding (RFC 3986, section 2).
package enum PercentEncoding {
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// All bytes but `A-Za-z0-9-._~` and those kept become `%XX`.
  package static func encode(_ text: String, keeping: String = "") -> String {
    let kept = Array(keeping.utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
      case _ where kept.contains(byte): bytes.append(byte)
      default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Resolves `%XX`; a `%` without two digits stays as it is.
  package static func decode(_ text: some StringProtocol) -> String {
    let source = Array(text.utf8)
    var bytes: [UInt8] = []
    var index = 0
    while index < source.count {
      if source[index] == 0x25, index + 2 < source.count,
        let value = Hex.bytes(String(decoding: source[index + 1...index + 2], as: UTF8.self))
      {
        bytes += value
        index += 3
      } else {
        bytes.append(source[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
