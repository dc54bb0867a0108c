extension AWSConfiguration {
  /// The proxy for a URL of that scheme and host; nil for a direct connection.
  package func proxy(scheme: String, host: String) -> String? {
    proxies.proxy(scheme: scheme, host: host)
  }
}

/// What an environment says about proxies.
///
/// As in the CLI: a variable `<scheme>_proxy` in any case of letters, the lower-case one first,
/// which switches the others off when it is empty. ALL_PROXY is not read. `no_proxy` is `*`, or a
/// list of host suffixes, with or without a port; it knows no address ranges.
package struct ProxyVariables: Sendable, Hashable {
  private let variables: [String: String]

  /// - `environment`: all variables, also the empty ones.
  package init(_ environment: [String: String]) {
    variables = environment.filter {
      $0.key.lowercased().hasSuffix("_proxy") || $0.key == "REQUEST_METHOD"
    }
  }

  /// The proxy for a URL of that scheme and host; nil for a direct connection.
  package func proxy(scheme: String, host: String) -> String? {
    guard let proxy = proxyVariable(scheme), !bypassesProxy(host) else { return nil }
    if proxy.hasPrefix("http:") || proxy.hasPrefix("https:") { return proxy }
    return (proxy.hasPrefix("//") ? "http:" : "http://") + proxy
  }

  /// The value of `<name>_proxy`; a name that ends in lower case beats another one.
  private func proxyVariable(_ name: String) -> String? {
    let wanted = "\(name)_proxy"
    if let value = variables[wanted] { return value.isEmpty ? nil : value }
    let others = variables.keys.filter { $0.lowercased() == wanted }.sorted()
    if let half = others.first(where: { $0.hasSuffix("_proxy") }) {
      return variables[half].flatMap { $0.isEmpty ? nil : $0 }
    }
    // Inside of a CGI program, HTTP_PROXY is a header that the client has sent (CVE-2016-1000110).
    if name == "http", variables["REQUEST_METHOD"] != nil { return nil }
    return others.lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
  }

  private func bypassesProxy(_ host: String) -> Bool {
    guard let list = proxyVariable("no") else { return false }
    if list == "*" { return true }
    let authority = host.lowercased()
    let name = ProxyVariables.withoutPort(authority)
    for entry in list.split(separator: ",") {
      let trimmed = PythonText.trim(entry)
      guard !trimmed.isEmpty else { continue }
      let suffix = trimmed.drop { $0 == "." }.lowercased()
      for candidate in [name, authority]
      where candidate == suffix || candidate.hasSuffix(".\(suffix)") {
        return true
      }
    }
    return false
  }

  private static func withoutPort(_ authority: String) -> String {
    guard let colon = authority.lastIndex(of: ":"),
      authority[authority.index(after: colon)...].utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return authority }
    return String(authority[..<colon])
  }
}
