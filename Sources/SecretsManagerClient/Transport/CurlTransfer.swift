internal import CCurl
internal import Glibc

/// A reused easy handle and the answer that is growing on it.
///
/// Not Sendable: it lives on the transport's thread and nowhere else.
final class CurlTransfer {
  let easy: UnsafeMutableRawPointer
  private let settings: TransportSettings
  private let headerBlock = HeaderBlock()
  /// What the handle was last told, so that it is told only what differs.
  private var told: Told?
  private let errorText: UnsafeMutablePointer<CChar>
  private(set) var overflow = false
  private var headerBytes = 0
  /// Whether the exchange has sent its one request.
  private var hasSent = false
  /// When the connection was ready for the request, or the last part of an answer came; monotonic
  /// milliseconds, nil before that.
  private var lastSign: Int?
  /// Whether the empty line after the headers has come; libcurl takes a close before it for an end.
  private var headIsWhole = false
  private var headers: [HTTPHeader] = []
  private var body: [UInt8] = []
  /// The exchange being served; nil while the handle rests in the pool.
  private(set) var exchange: Exchange?
  /// Whose connection the exchange uses; nil while the handle rests.
  var origin: Origin?

  /// - Returns: nil when libcurl has no memory or lacks an option.
  init?(settings: TransportSettings) {
    guard let easy = curl_easy_init() else { return nil }
    self.easy = easy
    self.settings = settings
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    guard configure() else { return nil }
  }

  deinit {
    curl_easy_cleanup(easy)
    errorText.deallocate()
  }

  /// Options that never change.
  private func configure() -> Bool {
    let tls12 = 6  // CURL_SSLVERSION_TLSv1_2
    let longs: [(CURLoption, Int)] = [
      (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_HTTP_VERSION, 2),
      (CURLOPT_SSLVERSION, tls12), (CURLOPT_TCP_KEEPALIVE, 1), (CURLOPT_TCP_NODELAY, 1),
      (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1), (CURLOPT_NOPROGRESS, 1), (CURLOPT_HTTP09_ALLOWED, 0),
      // What was signed is sent: libcurl would take dot segments out of the path.
      (CURLOPT_PATH_AS_IS, 1),
    ]
    let me = Unmanaged.passUnretained(self).toOpaque()
    return longs.allSatisfy { rotactl_easy_set_long(easy, $0.0, $0.1) == CURLE_OK }
      && rotactl_easy_set_string(easy, CURLOPT_NOPROXY, "") == CURLE_OK
      && rotactl_easy_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
      && rotactl_easy_set_pointer(easy, CURLOPT_PRIVATE, me) == CURLE_OK
      && rotactl_easy_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText) == CURLE_OK
      && rotactl_easy_set_pointer(easy, CURLOPT_WRITEDATA, me) == CURLE_OK
      && rotactl_easy_set_pointer(easy, CURLOPT_HEADERDATA, me) == CURLE_OK
      && rotactl_easy_set_callback(easy, CURLOPT_WRITEFUNCTION, curlTransferBody) == CURLE_OK
      && rotactl_easy_set_callback(easy, CURLOPT_HEADERFUNCTION, curlTransferHeader) == CURLE_OK
      && rotactl_easy_set_pointer(easy, CURLOPT_PREREQDATA, me) == CURLE_OK
      && rotactl_easy_set_request_callback(easy, curlTransferRequest) == CURLE_OK
  }

  private func limitTime(of request: HTTPRequest) -> CURLcode {
    let read = request.readTimeoutSeconds ?? settings.readTimeoutSeconds
    let connect = CurlTransfer.milliseconds(
      request.connectTimeoutSeconds ?? settings.connectTimeoutSeconds)
    let idle = read > 0 ? Int(min(read, 1e6).rounded(.up)) : 0
    // libcurl counts silence in whole seconds, so a shorter limit is one for everything.
    let whole =
      switch read {
      case 0: 0
      case ..<1: connect + CurlTransfer.milliseconds(read)
      default: connect + 2 * idle * 1000 + CurlTransfer.sendingMilliseconds(request.body.count)
      }
    for (option, value) in [
      (CURLOPT_CONNECTTIMEOUT_MS, connect), (CURLOPT_LOW_SPEED_LIMIT, idle > 0 ? 1 : 0),
      (CURLOPT_LOW_SPEED_TIME, idle), (CURLOPT_TIMEOUT_MS, whole),
    ] {
      let code = rotactl_easy_set_long(easy, option, value)
      if code != CURLE_OK { return code }
    }
    return CURLE_OK
  }

  /// What a slow line needs for a body, at 16 KiB a second, in steps of 4 s.
  private static func sendingMilliseconds(_ bytes: Int) -> Int { (bytes >> 16) * 4000 }

  private static func milliseconds(_ seconds: Double) -> Int {
    // libcurl takes 0 for its own default of 300 s; a day stands for no limit.
    seconds > 0 ? max(1, Int(min(seconds, 86_400) * 1000)) : 86_400_000
  }

  /// Sets what differs from request to request.
  ///
  /// - Returns: nil when ready, else why libcurl or the rules for headers refuse the request.
  func prepare(_ exchange: Exchange) -> String? {
    let request = exchange.request
    self.exchange = exchange
    overflow = false
    headerBytes = 0
    hasSent = false
    lastSign = nil
    headIsWhole = false
    headers.removeAll(keepingCapacity: true)
    body = []
    errorText[0] = 0
    if let name = headerBlock.fill(request) { return "the header \(name) holds a line break" }
    let code = apply(request)
    return code == CURLE_OK ? nil : String(cString: curl_easy_strerror(code))
  }

  /// The parts of a request that are the same for most of those that a handle serves.
  private struct Told: Equatable {
    let url: String
    let proxy: String?
    let method: String
    let trust: CertificateTrust
    let connectTimeout: Double?
    let readTimeout: Double?
    let needsFreshConnection: Bool
    let sendingMilliseconds: Int

    init(_ request: HTTPRequest) {
      url = request.url
      proxy = request.proxy
      method = request.method
      trust = request.trust
      connectTimeout = request.connectTimeoutSeconds
      readTimeout = request.readTimeoutSeconds
      needsFreshConnection = request.needsFreshConnection
      sendingMilliseconds = CurlTransfer.sendingMilliseconds(request.body.count)
    }
  }

  private func apply(_ request: HTTPRequest) -> CURLcode {
    var code = rotactl_easy_set_list(easy, CURLOPT_HTTPHEADER, headerBlock.list)
    func then(_ next: CURLcode) { if code == CURLE_OK { code = next } }
    let new = Told(request)
    if new != told {
      told = nil
      then(tell(request))
      if code == CURLE_OK { told = new }
    }
    if request.sendsBody {
      then(rotactl_easy_set_long(easy, CURLOPT_POSTFIELDSIZE, request.body.count))
      request.body.withUnsafeBytes { bytes in
        let start = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        then(
          rotactl_easy_set_pointer(
            easy, CURLOPT_COPYPOSTFIELDS, start ?? UnsafeMutableRawPointer(errorText)))
      }
    }
    return code
  }

  private func tell(_ request: HTTPRequest) -> CURLcode {
    var code = rotactl_easy_set_string(easy, CURLOPT_URL, request.url)
    func then(_ next: CURLcode) { if code == CURLE_OK { code = next } }
    then(rotactl_easy_set_string(easy, CURLOPT_PROXY, request.proxy ?? ""))
    then(limitTime(of: request))
    then(
      rotactl_easy_set_long(easy, CURLOPT_FRESH_CONNECT, request.needsFreshConnection ? 1 : 0))
    if !request.sendsBody {
      then(rotactl_easy_set_long(easy, CURLOPT_HTTPGET, 1))
      then(rotactl_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, nil))
      // Without this libcurl would wait for the body that the length announces.
      if request.method == "HEAD" { then(rotactl_easy_set_long(easy, CURLOPT_NOBODY, 1)) }
    } else {
      then(rotactl_easy_set_long(easy, CURLOPT_POST, 1))
      then(rotactl_easy_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method))
    }
    let (file, directory) = SystemTrust.paths(for: request.trust)
    let verify = request.trust == .unverified ? 0 : 1
    then(rotactl_easy_set_long(easy, CURLOPT_SSL_VERIFYPEER, verify))
    then(rotactl_easy_set_long(easy, CURLOPT_SSL_VERIFYHOST, verify * 2))
    then(rotactl_easy_set_string(easy, CURLOPT_CAINFO, file))
    then(rotactl_easy_set_string(easy, CURLOPT_CAPATH, directory))
    return code
  }

  /// Keeps an exchange to one request: libcurl would send it once more by itself where a kept
  /// connection ends before any byte of an answer came, and the answer to the second one says
  /// nothing about the first, which the service may have carried out.
  ///
  /// - Returns: false for the second request of an exchange.
  func beginRequest() -> Bool {
    lastSign = MonotonicClock.milliseconds
    defer { hasSent = true }
    return !hasSent
  }

  /// How long the exchange may be silent, in milliseconds; nil for no limit.
  ///
  /// libcurl's own limit goes by the average speed of some seconds, which the request raises, so that
  /// it comes five seconds late.
  var silenceLimit: Int? {
    guard let request = exchange?.request else { return nil }
    let seconds = request.readTimeoutSeconds ?? settings.readTimeoutSeconds
    guard seconds > 0 else { return nil }
    return CurlTransfer.milliseconds(seconds)
  }

  /// When the silence will have lasted too long, as far as can be told now.
  ///
  /// Until the request has left, the limit for the connection counts.
  func silenceEnd(now: Int) -> Int? {
    guard let limit = silenceLimit, let exchange else { return nil }
    guard let lastSign else { return now + limit }
    let sending =
      headers.isEmpty ? CurlTransfer.sendingMilliseconds(exchange.request.body.count) : 0
    return lastSign + limit + sending
  }

  func appendBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    lastSign = MonotonicClock.milliseconds
    guard body.count + bytes.count <= TransportSettings.maximumBodyBytes else {
      overflow = true
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  func appendHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    lastSign = MonotonicClock.milliseconds
    headerBytes += bytes.count
    guard headerBytes <= TransportSettings.maximumHeaderBytes else {
      overflow = true
      return false
    }
    if bytes.starts(with: "HTTP/".utf8) {
      // An interim answer came before; only the last one counts.
      headers.removeAll(keepingCapacity: true)
      headIsWhole = false
    } else if bytes.first == 0x0A || bytes.elementsEqual([0x0D, 0x0A]) {
      headIsWhole = true
    } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
      let name = String(decoding: bytes[..<colon], as: UTF8.self)
      headers.append(HTTPHeader(name, TextTrimming.trim(bytes[(colon + 1)...])))
    }
    return true
  }

  /// The outcome of the transfer; the handle can serve another exchange afterwards.
  func finish(_ code: CURLcode) -> Result<HTTPResponse, TransportFailure> {
    defer { exchange = nil }
    guard code != CURLE_OK || !headIsWhole else {
      let answer = HTTPResponse(status: info(CURLINFO_RESPONSE_CODE), headers: headers, body: body)
      body = []
      return .success(answer)
    }
    let text = String(cString: errorText)
    let report = CurlReport(
      code: code == CURLE_OK ? CURLE_PARTIAL_FILE : code,
      detail: text.isEmpty ? String(cString: curl_easy_strerror(code)) : text,
      sentBytes: info(CURLINFO_REQUEST_SIZE), connectStatus: info(CURLINFO_HTTP_CONNECTCODE),
      systemError: Int32(truncatingIfNeeded: info(CURLINFO_OS_ERRNO)), overflow: overflow,
      url: exchange?.request.url ?? "", proxy: exchange?.request.proxy)
    body = []
    return .failure(TransportFailure(report))
  }

  /// Lets go of the exchange without an outcome of libcurl's.
  func release() { exchange = nil }

  private func info(_ info: CURLINFO) -> Int {
    var value = 0
    return rotactl_easy_get_long(easy, info, &value) == CURLE_OK ? value : 0
  }
}

extension HTTPRequest {
  fileprivate var sendsBody: Bool { method != "GET" && method != "HEAD" }
}

extension HTTPHeader {
  /// Whether no byte of it could end the line or begin another one.
  var isSendable: Bool {
    !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x3A }
      && !value.utf8.contains { $0 == 0 || $0 == 0x0A || $0 == 0x0D }
  }
}

private func curlTransferBody(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let context, let bytes else { return 0 }
  let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
  let kept = transfer.appendBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
  return kept ? size * count : 0
}

private func curlTransferHeader(
  _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let context, let bytes else { return 0 }
  let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
  let kept = transfer.appendHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
  return kept ? size * count : 0
}

private func curlTransferRequest(
  _ context: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<CChar>?,
  _ ownAddress: UnsafeMutablePointer<CChar>?, _ port: Int32, _ ownPort: Int32
) -> Int32 {
  guard let context else { return CURL_PREREQFUNC_ABORT }
  let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
  return transfer.beginRequest() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

/// Where the system keeps its roots.
enum SystemTrust {
  private static let directory = "/etc/ssl/certs"

  /// Whether the directory is hashed: holds a name such as `1d3472b9.0`, as c_rehash makes them.
  ///
  /// libcurl parses a whole CA file again for each connection as soon as a directory is set beside
  /// it, so exactly one of the two is ever used.
  private static let isHashed: Bool = {
    guard let stream = opendir(directory) else { return false }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.utf8.count == 10, name.hasSuffix(".0"), name.dropLast(2).allSatisfy(\.isHexDigit) {
        return true
      }
    }
    return false
  }()

  private static let files = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
  ]

  static func paths(for trust: CertificateTrust) -> (file: String?, directory: String?) {
    switch trust {
    case .bundle(let path): (path, nil)
    case .unverified: (nil, nil)
    case .system where isHashed: (nil, directory)
    case .system: (files.first { access($0, R_OK) == 0 }, nil)
    }
  }
}
