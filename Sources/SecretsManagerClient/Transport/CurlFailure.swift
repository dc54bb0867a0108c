internal import CCurl
internal import Glibc
internal import RotationCore

/// What libcurl reports about a transfer that failed, read before its handle is used again.
struct CurlReport {
  var code: CURLcode
  /// The text in CURLOPT_ERRORBUFFER, else curl_easy_strerror.
  var detail: String
  /// CURLINFO_REQUEST_SIZE: zero while nothing of the request has left.
  var sentBytes: Int
  var connectStatus: Int
  var systemError: Int32
  var overflow: Bool
  var url: String
  var proxy: String?
}

extension TransportFailure {
  /// Sorts a CURLcode: what could have reached the service is `lost`, all else is not.
  ///
  /// Source: https://curl.se/libcurl/c/libcurl-errors.html; the sentences are the AWS CLI's.
  init(_ report: CurlReport) {
    let url = report.url
    func make(_ kind: ServiceFailure.Kind, _ code: String, _ message: String) -> TransportFailure {
      TransportFailure(kind: kind, code: code, message: message, detail: report.detail)
    }
    let noConnection = "Could not connect to the endpoint URL: \"\(url)\""
    let closed =
      "Connection was closed before we received a valid response from endpoint URL: \"\(url)\"."
    if report.overflow {
      self = make(.lost, "AnswerTooLarge", "The answer is too large from endpoint URL: \"\(url)\"")
      return
    }
    if report.wasSentBefore {
      self = make(.lost, "ConnectionClosedError", closed)
      return
    }
    if let proxy = report.proxy,
      report.connectStatus >= 300 || report.code == CURLE_COULDNT_RESOLVE_PROXY
        || report.code == CURLE_PROXY
        // With a proxy, the only connection that libcurl opens itself is the one to the proxy.
        || report.code == CURLE_COULDNT_CONNECT
    {
      self = make(
        .connect, "ProxyConnectionError",
        "Failed to connect to proxy URL: \"\(Redaction.withoutUserInfo(proxy))\"")
      return
    }
    switch report.code {
    case CURLE_COULDNT_RESOLVE_HOST:
      self = make(.connect, "HostNotResolved", noConnection)
    case CURLE_COULDNT_CONNECT:
      self = make(.connect, "EndpointConnectionError", noConnection)
    case CURLE_OPERATION_TIMEDOUT where report.sentBytes == 0:
      self = make(
        .connect, "ConnectTimeoutError", "Connect timeout on endpoint URL: \"\(url)\"")
    case CURLE_OPERATION_TIMEDOUT:
      self = make(.lost, "ReadTimeoutError", "Read timeout on endpoint URL: \"\(url)\"")
    case CURLE_SSL_CONNECT_ERROR where report.isBrokenHandshake:
      // The peer went away during the handshake: the network's fault, so worth another attempt.
      self = make(.connect, "EndpointConnectionError", noConnection)
    case _ where report.isRefusedTLS:
      self = make(.tls, "SSLError", "SSL validation failed for \(url) \(report.detail)")
    default:
      self =
        report.sentBytes > 0
        ? make(.lost, "ConnectionClosedError", closed)
        : make(.connect, "EndpointConnectionError", noConnection)
    }
  }

  static func abandoned(_ url: String) -> TransportFailure {
    TransportFailure(
      kind: .abandoned, code: "Abandoned", message: "The call to \(url) was given up")
  }

  static func unusable(_ url: String, _ detail: String) -> TransportFailure {
    TransportFailure(
      kind: .credentials, code: "InvalidRequest",
      message: "The request to \(url) cannot be sent: \(detail)", detail: detail)
  }
}

extension CurlReport {
  /// Whether the request had left on a kept connection before a new one could not be made.
  ///
  /// libcurl makes a new one by itself when a kept connection ends before any byte of an answer
  /// came. The service may have carried the request out.
  fileprivate var wasSentBefore: Bool {
    guard sentBytes > 0 else { return false }
    return switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: true
    // Through a proxy the bytes may be those of CONNECT.
    default: isRefusedTLS && proxy == nil
    }
  }

  /// Whether a handshake or a certificate was refused.
  fileprivate var isRefusedTLS: Bool {
    switch code {
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_PEER_FAILED_VERIFICATION,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED,
      CURLE_USE_SSL_FAILED:
      true
    default: false
    }
  }

  fileprivate var isBrokenHandshake: Bool {
    systemError == ECONNRESET || systemError == EPIPE || detail.contains("SSL_ERROR_SYSCALL")
      || detail.contains("Connection reset")
  }
}

/// Removing what must not be printed.
package enum Redaction {
  /// A URL without `user:password@`.
  package static func withoutUserInfo(_ url: String) -> String {
    guard let slashes = url.firstRange(of: "://") else {
      return url.split(separator: "@").last.map(String.init) ?? url
    }
    let rest = url[slashes.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    guard let at = authority.lastIndex(of: "@") else { return url }
    return String(url[..<slashes.upperBound] + rest[rest.index(after: at)...])
  }
}
