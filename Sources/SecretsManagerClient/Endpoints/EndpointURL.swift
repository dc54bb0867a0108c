internal import Glibc

extension Endpoint {
  /// Reads a configured endpoint URL: `http` or `https`, a valid host, no user, query or fragment.
  package init(url: String, signingRegion: String) throws(EndpointError) {
    let plain = url.unicodeScalars.filter { !Endpoint.isUnsafe($0) }
    guard let scheme = Endpoint.scheme(of: String(plain)) else { throw .missingScheme(url) }
    guard plain.count == url.unicodeScalars.count else { throw .invalidURL(url) }
    let text = Endpoint.withoutLeadingBlanks(url)
    let rest = text[text.index(text.startIndex, offsetBy: scheme.count + 1)...]
    guard rest.hasPrefix("//") else { throw .invalidURL(url) }
    let authority = Endpoint.authority(of: rest)
    let path = rest[authority.endIndex...]
    guard scheme == "http" || scheme == "https", !path.contains(where: { "?#".contains($0) }),
      path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }),
      let (host, port) = HostName.split(authority)
    else { throw .invalidURL(url) }
    let isDefault = port == nil || port == (scheme == "http" ? 80 : 443)
    self.scheme = scheme
    self.host = isDefault ? host : "\(host):\(port ?? 0)"
    self.path = path.isEmpty ? "/" : String(path)
    self.signingRegion = signingRegion
  }

  /// The URL as the AWS CLI sends it: escaped where it must be, with the digits of every escape in
  /// capitals.
  var sentURL: String { "\(scheme)://\(host)\(sentPath)" }
  var sentPath: String { Endpoint.escaped(path) }

  /// What may stand in a path as it is (RFC 3986, section 3.3), and the mark of an escape.
  private static let plainInPath = Set(
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
      + "-._~!$&'()*+,;=:@/%").utf8)

  private static func escaped(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    let bytes = Array(path.utf8)
    func isHex(_ index: Int) -> Bool {
      index < bytes.count && digits.contains(bytes[index] & (bytes[index] > 0x60 ? 0xDF : 0xFF))
    }
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), isHex(index + 1), isHex(index + 2) {
        result.append(byte)
        result += bytes[(index + 1)...(index + 2)].map { $0 > 0x60 ? $0 & 0xDF : $0 }
        index += 3
        continue
      }
      if plainInPath.contains(byte) {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
      index += 1
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// What stands between the two slashes and the path, the query or the fragment.
  private static func authority(of rest: Substring) -> Substring {
    rest.dropFirst(2).prefix { !"/?#".contains($0) }
  }

  /// Tabs and line ends, which parsers of URLs pass over and the CLI therefore refuses.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\t" || scalar == "\r" || scalar == "\n"
  }

  /// The AWS CLI's sentence about a URL that cannot be one; a user and a password are hidden.
  static func complaint(about url: String) -> String {
    if let at = url.lastIndex(of: "@") {
      let colon = url.firstIndex(of: ":") ?? url.startIndex
      let scheme = url[colon...].hasPrefix("://") ? url[..<colon] + "://" : ""
      return "Invalid endpoint: \(scheme)***\(url[at...])"
    }
    let plain = "Invalid endpoint: \(url)"
    guard !url.unicodeScalars.contains(where: isUnsafe) else { return plain }
    let text = withoutLeadingBlanks(url)
    let start = scheme(of: url).map { text.index(text.startIndex, offsetBy: $0.count + 1) }
    let rest = text[(start ?? text.startIndex)...]
    guard rest.hasPrefix("//") else { return plain }
    let authority = authority(of: rest)
    if let scheme = scheme(of: url), scheme != "http", scheme != "https",
      HostName.split(authority) != nil
    {
      return "An HTTP Client raised an unhandled exception: Not supported URL scheme \(scheme)"
    }
    guard authority.contains("[") == authority.contains("]") else { return "Invalid IPv6 URL" }
    if let open = authority.firstIndex(of: "["), let close = authority.lastIndex(of: "]") {
      guard open < close else { return plain }
      let inside = authority[authority.index(after: open)..<close]
      let address = inside.prefix { $0 != "%" }
      if HostName.isIPv4(address) { return "An IPv4 address cannot be in brackets" }
      if !HostName.isIPv6(address) {
        return "'\(inside)' does not appear to be an IPv4 or IPv6 address"
      }
      return plain
    }
    guard let colon = authority.firstIndex(of: ":"), HostName.isHost(authority[..<colon]) else {
      return plain
    }
    let port = authority[authority.index(after: colon)...]
    guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return "Port could not be cast to integer value as '\(port)'"
    }
    return (Int(port) ?? .max) > 65535 ? "Port out of range 0-65535" : plain
  }

  /// Whether a request could be sent to the URL.
  static func isValidURL(_ url: String) -> Bool {
    (try? Endpoint(url: url, signingRegion: "")) != nil
  }

  /// Whether the text begins as a URL; the CLI refuses an option that does not on its own.
  package static func hasScheme(_ url: String) -> Bool { scheme(of: url) != nil }

  /// The lower-cased text before the first colon, where it has the form of a scheme.
  private static func scheme(of url: String) -> String? {
    let text = withoutLeadingBlanks(url).utf8
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), let first = text.first else {
      return nil
    }
    let isLetter: (UInt8) -> Bool = {
      (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
    }
    let name = text[..<colon]
    guard isLetter(first),
      name.allSatisfy({
        isLetter($0) || (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E].contains($0)
      })
    else { return nil }
    return String(decoding: name, as: UTF8.self).lowercased()
  }

  private static func withoutLeadingBlanks(_ url: String) -> Substring {
    let scalars = url.unicodeScalars.drop { $0.value <= 0x20 }
    return Substring(scalars)
  }
}

/// Host names as they may stand in an endpoint.
enum HostName {
  /// Splits `host[:port]`; nil where either is not valid.
  static func split(_ authority: Substring) -> (host: String, port: Int?)? {
    guard !authority.contains("@") else { return nil }
    var host = authority
    var port: Int?
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = authority[...end]
      let inside = host.dropFirst().dropLast()
      guard isIPv6(inside) else { return nil }
      let tail = authority[authority.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
      // As in the CLI, a colon without a number stands for the scheme's own port.
      if tail.utf8.count > 1 {
        guard let number = portNumber(tail.dropFirst()) else { return nil }
        port = number
      }
    } else {
      if let colon = authority.firstIndex(of: ":") {
        host = authority[..<colon]
        let digits = authority[authority.index(after: colon)...]
        if !digits.isEmpty {
          guard let number = portNumber(digits) else { return nil }
          port = number
        }
      }
      guard isHost(host) else { return nil }
    }
    return (host.lowercased(), port)
  }

  private static func portNumber(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(text),
      (1...65535).contains(port)
    else {
      return nil
    }
    return port
  }

  /// At most 255 bytes in labels of 1 to 63 letters, digits and hyphens.
  static func isHost(_ text: Substring) -> Bool {
    guard text.utf8.count <= 255 else { return false }
    let name = text.hasSuffix(".") ? text.dropLast() : text
    return !name.isEmpty
      && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
  }

  static func isIPv6(_ text: Substring) -> Bool {
    var address = in6_addr()
    return !text.utf8.contains(0) && inet_pton(AF_INET6, String(text), &address) == 1
  }

  static func isIPv4(_ text: Substring) -> Bool {
    var address = in_addr()
    return !text.utf8.contains(0) && inet_pton(AF_INET, String(text), &address) == 1
  }

  static func isLabel(_ text: some StringProtocol) -> Bool {
    let bytes = text.utf8
    return (1...63).contains(bytes.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
      && bytes.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || $0 == 0x2D
      }
  }
}
