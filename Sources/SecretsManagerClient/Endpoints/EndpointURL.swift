extension Endpoint {
  /// Reads a configured endpoint URL: `http` or `https`, a valid host, no user, query or fragment.
  package init(url: String, signingRegion: String) throws(EndpointError) {
    let text = TextTrimming.trim(url)
    guard let slashes = text.firstRange(of: "://"), slashes.lowerBound > text.startIndex else {
      throw .missingScheme(url)
    }
    let scheme = text[..<slashes.lowerBound].lowercased()
    let rest = text[slashes.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let path = rest[authority.endIndex...]
    guard scheme == "http" || scheme == "https", !path.contains(where: { "?#".contains($0) }),
      path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
      let (host, port) = HostName.split(authority)
    else { throw .invalidURL(url) }
    let isDefault = port == nil || port == (scheme == "http" ? 80 : 443)
    self.scheme = scheme
    self.host = isDefault ? host : "\(host):\(port ?? 0)"
    self.path = path.isEmpty ? "/" : String(path)
    self.signingRegion = signingRegion
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
      guard !inside.isEmpty, inside.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
        return nil
      }
      let tail = authority[authority.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
      if !tail.isEmpty {
        guard let number = portNumber(tail.dropFirst()) else { return nil }
        port = number
      }
    } else {
      if let colon = authority.firstIndex(of: ":") {
        host = authority[..<colon]
        guard let number = portNumber(authority[authority.index(after: colon)...]) else {
          return nil
        }
        port = number
      }
      guard isHost(host) else { return nil }
    }
    return (host.lowercased(), port)
  }

  private static func portNumber(_ text: Substring) -> Int? {
    guard text.allSatisfy(\.isNumber), let port = Int(text), (1...65535).contains(port) else {
      return nil
    }
    return port
  }

  /// At most 255 bytes in labels of 1 to 63 letters, digits, hyphens and underscores.
  private static func isHost(_ text: Substring) -> Bool {
    guard text.utf8.count <= 255 else { return false }
    let name = text.hasSuffix(".") ? text.dropLast() : text
    return !name.isEmpty
      && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel($0) }
  }

  static func isLabel(_ text: some StringProtocol) -> Bool {
    let bytes = text.utf8
    return (1...63).contains(bytes.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
      && bytes.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
          || $0 == 0x2D || $0 == 0x5F
      }
  }
}
