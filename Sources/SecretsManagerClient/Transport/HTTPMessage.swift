package import RotationCore

/// One header line of a request or an answer.
package struct HTTPHeader: Sendable, Hashable {
  package let name: String
  package let value: String
  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Whether it has that name, given in lower case, in any case of letters.
  func isNamed(_ lowerCaseName: String) -> Bool {
    let (own, other) = (name.utf8, lowerCaseName.utf8)
    guard own.count == other.count else { return false }
    var (a, b) = (own.startIndex, other.startIndex)
    while a < own.endIndex {
      let byte = own[a]
      let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
      guard lower == other[b] else { return false }
      a = own.index(after: a)
      b = other.index(after: b)
    }
    return true
  }
}

/// Which certificates a TLS server may show.
package enum CertificateTrust: Sendable, Hashable {
  /// The system's roots: the hashed directory where there is one, else libcurl's file.
  case system
  /// The roots in this PEM file and no others.
  case bundle(path: String)
  /// Any certificate: the operator gave `--no-verify-ssl`.
  case unverified
}

/// One HTTP request, ready to be sent as it is.
package struct HTTPRequest: Sendable {
  package var method: String
  /// Absolute, `http` or `https`.
  package var url: String
  /// Sent in this order; must hold `Host`, which is not derived from the URL again.
  package var headers: [HTTPHeader]
  package var body: [UInt8]
  package var trust: CertificateTrust
  /// The proxy's URL, nil for a direct connection; libcurl's own variables are never read.
  package var proxy: String?
  /// Instead of the transport's limit for connecting; in seconds, 0 for none.
  package var connectTimeoutSeconds: Double?
  /// Instead of the transport's limit for silence; in seconds, 0 for none.
  ///
  /// Below a second the whole exchange is held to it.
  package var readTimeoutSeconds: Double?
  /// Whether no kept connection may carry it.
  package var needsFreshConnection = false

  package init(
    method: String = "POST", url: String, headers: [HTTPHeader], body: [UInt8],
    trust: CertificateTrust = .system, proxy: String? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.trust = trust
    self.proxy = proxy
  }

  /// Whether a header of that name, given in lower case, is there.
  func hasHeader(_ name: String) -> Bool { headers.contains { $0.isNamed(name) } }

  /// Scheme and authority, the key that connections are limited by.
  package var origin: String {
    guard let slashes = url.firstRange(of: "://") else { return url }
    let end = url[slashes.upperBound...].firstIndex { "/?#".contains($0) } ?? url.endIndex
    return url[..<end].lowercased()
  }
}

/// A whole HTTP answer, whatever its status.
package struct HTTPResponse: Sendable, Hashable {
  package var status: Int
  package var headers: [HTTPHeader]
  /// At most ``TransportSettings/maximumBodyBytes``.
  package var body: [UInt8]

  package init(status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first header of that name, in any case of letters.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.isNamed(wanted) }?.value
  }
}

/// Why an exchange gave no whole answer.
package struct TransportFailure: Error, Sendable, Hashable {
  /// `connect`, `lost`, `tls` or `abandoned`.
  package let kind: ServiceFailure.Kind
  /// The name of the error, such as `ReadTimeoutError`; the AWS CLI's name where it has one.
  package let code: String
  /// The AWS CLI's sentence for this error, which names the endpoint.
  package let message: String
  /// libcurl's own words, for debugging.
  package let detail: String

  package init(kind: ServiceFailure.Kind, code: String, message: String, detail: String = "") {
    self.kind = kind
    self.code = code
    self.message = message
    self.detail = detail
  }
}

/// Limits of ``CurlTransport`` that hold for all of its requests.
package struct TransportSettings: Sendable, Hashable {
  /// To resolve, connect and shake hands; 0 for no limit.
  package var connectTimeoutSeconds: Double = 60
  /// Silence from the server after which an answer is given up.
  ///
  /// In whole seconds (rounded up); 0 for no limit. A whole exchange may take twice this and the connect timeout, so that a
  /// server that drips bytes cannot hold it for ever.
  package var readTimeoutSeconds: Double = 60
  /// Connections to one scheme, host and port; further requests wait their turn.
  package var maxHostConnections = 64

  /// A body may hold 2 MiB; the largest answer that is expected has some 64 KiB.
  package static let maximumBodyBytes = 2 << 20
  /// All header lines of one answer together.
  package static let maximumHeaderBytes = 64 << 10

  package init() {}
}
