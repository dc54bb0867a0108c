internal import RotationCore

/// The URL of a metadata service, taken apart as Python's `urlsplit` does.
///
/// What is sent is put together again from these parts, so that the host that was judged is the
/// host that is asked. User and password are dropped.
struct MetadataURL: Sendable, Hashable {
  /// In lower case; empty where the text has none.
  let scheme: String
  /// In lower case, without brackets and port; nil where the text names none.
  let host: String?
  /// Host and port as they are sent; an IPv6 address in brackets.
  let authority: String
  /// With the query; begins with a slash.
  let path: String

  init(_ text: String) {
    let text = TextTrimming.trim(text)
    guard let slashes = text.firstRange(of: "://") else {
      (scheme, host, authority, path) = ("", nil, "", "/")
      return
    }
    scheme = text[..<slashes.lowerBound].lowercased()
    let rest = text[slashes.upperBound...]
    let whole = rest.prefix { !"/?#".contains($0) }
    let named = whole.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    authority = named.lowercased()
    let name =
      named.hasPrefix("[") ? named.dropFirst().prefix { $0 != "]" } : named.prefix { $0 != ":" }
    host = name.isEmpty ? nil : name.lowercased()
    let tail = PercentEncoding.encode(
      String(rest[whole.endIndex...].prefix { $0 != "#" }), keeping: "/?%:@!$&'()*+,;=")
    path = tail.hasPrefix("/") ? tail : "/\(tail)"
  }

  /// Without what must not be printed.
  var text: String { "\(scheme)://\(authority)\(path)" }

  /// Why a request cannot go there, in the AWS CLI's words; nil when it can.
  var obstacle: String? {
    let prefix = "An HTTP Client raised an unhandled exception: "
    guard scheme == "http" || scheme == "https" else {
      return "\(prefix)Not supported URL scheme \(scheme)"
    }
    return hasValidAuthority ? nil : "\(prefix)Failed to parse: \(text)"
  }

  var hasValidAuthority: Bool { HostName.split(Substring(authority)) != nil }
}

/// Requests to the services that hand out an instance's or a container's credentials.
enum MetadataRequest {
  /// One request that never takes a proxy and holds each of its steps to the limit.
  static func make(
    _ method: String, _ url: MetadataURL, _ headers: [HTTPHeader], limitSeconds: Double,
    _ context: CredentialContext
  ) -> HTTPRequest {
    let agent = context.preparation.userAgent(context.explicitProfile)
    var request = HTTPRequest(
      method: method, url: url.text,
      headers: [HTTPHeader("Host", url.authority)] + headers
        + [HTTPHeader("User-Agent", agent)], body: [])
    request.connectTimeoutSeconds = limitSeconds
    request.readTimeoutSeconds = limitSeconds
    return request
  }

  /// The beginning of a body on one line, for an error; never keys or the token that was sent.
  static func excerpt(_ body: [UInt8], hiding token: String?) -> String {
    var text = String(decoding: body, as: UTF8.self)
    guard !text.contains("SecretAccessKey") else { return "<redacted>" }
    if let token, !token.isEmpty { text.replace(token, with: "<redacted>") }
    return TextTrimming.excerpt(text, 200)
  }
}

/// The keys in a metadata service's answer.
struct MetadataKeys: Sendable {
  enum Problem: Error, Sendable, Hashable {
    /// The field is not there, or is no text.
    case missing(String)
    /// `Expiration` is no time.
    case unreadableExpiration(String)
  }

  private let accessKeyID: String
  private let secretAccessKey: String
  private let sessionToken: String?
  private let accountID: String?
  let expiration: Timestamp

  /// Reads the answer's object.
  ///
  /// As in the AWS CLI, `Token` must be there but may be null.
  init(_ answer: JSONValue) throws(Problem) {
    func text(_ field: String) throws(Problem) -> String {
      guard let value = answer[field]?.string, !value.isEmpty else { throw .missing(field) }
      return value
    }
    accessKeyID = try text("AccessKeyId")
    secretAccessKey = try text("SecretAccessKey")
    guard let token = answer.object?["Token"], token.isNull || token.string != nil else {
      throw .missing("Token")
    }
    sessionToken = token.string
    accountID = answer["AccountId"]?.string
    let end = try text("Expiration")
    guard let expiration = Timestamp(iso8601: end) else { throw .unreadableExpiration(end) }
    self.expiration = expiration
  }

  func credentials(until end: Timestamp) -> Credentials {
    Credentials(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken,
      expiration: end, accountID: accountID)
  }
}
