internal import Cryptography
internal import Locking
internal import RotationCore

/// A request of one service before it is signed.
struct OutgoingCall: Sendable {
  var service: EndpointService
  var endpoint: Endpoint
  var method = "POST"
  /// What follows the `?`; empty for none.
  var query = ""
  /// Content type, target and the like; `Host` and the signature are added.
  var headers: [HTTPHeader]
  var body: [UInt8]
  /// Of the body, where it is known already.
  var bodyHash: SHA256Digest?
  var trust: CertificateTrust
  var proxy: String?
  /// Nil sends the request unsigned.
  var credentials: Credentials?
  var attempt: AttemptNumber
  var userAgent: String
  /// What `--debug` calls it, such as `DescribeSecret`.
  var label: String
}

/// How far a service's clock is from ours, by the `Date` of an answer.
package struct ClockObservation: Sendable, Hashable {
  package let host: String
  /// How much the service's clock is ahead; good to half a second and half of the exchange.
  package let leadMilliseconds: Int64
}

/// Signs a call with the corrected clock of its endpoint, sends it once, and learns from the
/// answer's date.
final class SignedCaller: Sendable {
  private let exchange: @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>
  private let signer = SigV4Signer()
  private let clock: @Sendable () -> Timestamp
  private let debug: (@Sendable (String) -> Void)?
  private let usesFreshConnections: Bool
  /// Milliseconds that each endpoint host is ahead of our clock.
  private let offsets = Locked<[String: Int64]>([:])
  /// Milliseconds that each host was ahead by its last answer, whatever that means for signatures.
  private let leads = Locked<[String: Int64]>([:])
  /// What the first answer told about our clock.
  private let firstLead = Locked<ClockObservation?>(nil)
  /// Secrets Manager's own clock.
  let serviceClock: ServiceClock
  /// How long an attempt may take, by which the service can drop what nobody waits for.
  private static let attemptSeconds = 60.0

  init(
    exchange:
      @escaping @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>,
    clock: @escaping @Sendable () -> Timestamp,
    debug: (@Sendable (String) -> Void)?, usesFreshConnections: Bool = false
  ) {
    self.usesFreshConnections = usesFreshConnections
    self.exchange = exchange
    self.clock = clock
    self.debug = debug
    serviceClock = ServiceClock(clock)
  }

  var now: Timestamp { clock() }

  /// What the first answer with a date told about our clock.
  var observedClock: ClockObservation? { firstLead.with { $0 } }

  private func observe(_ response: HTTPResponse, host: String, since started: Timestamp) {
    guard firstLead.with({ $0 == nil }),
      let date = response.header("date").flatMap(HTTPDate.parse)
    else { return }
    let middle = (started.milliseconds + clock().milliseconds) / 2
    // The header is cut to whole seconds: its middle is the better guess.
    let lead = date.milliseconds + 500 - middle
    firstLead.with { $0 = $0 ?? ClockObservation(host: host, leadMilliseconds: lead) }
  }

  func send(_ call: OutgoingCall) async -> Result<HTTPResponse, TransportFailure> {
    let host = call.endpoint.host
    let started = clock()
    let offset = offsets.with { $0[host] ?? 0 }
    let request = build(call, at: Timestamp(milliseconds: started.milliseconds + offset))
    let result = await exchange(request)
    if let debug { debug(line(call, result, clock().seconds(since: started))) }
    if case .success(let response) = result {
      observe(response, host: host, since: started)
      if call.service == .secretsManager, let date = response.header("date") {
        serviceClock.saw(date: date)
      }
    }
    if case .success(let response) = result, response.status >= 300 {
      let date = response.header("date").flatMap(HTTPDate.parse)
      leads.with { $0[host] = date.map { $0.milliseconds - clock().milliseconds } }
      learn(response, call, host: host, signedAt: started)
    }
    return result
  }

  static let attemptHeader = "amz-sdk-request"

  /// As botocore tells it: a first attempt has nothing but its number.
  ///
  /// - `lead`: milliseconds that the host's clock was ahead by its last answer, if that told.
  static func attemptText(_ attempt: AttemptNumber, lead: Int64?, now: Timestamp) -> String {
    guard attempt.number > 1 else { return "attempt=1" }
    let text = "attempt=\(attempt.number); max=\(attempt.maximum)"
    guard let lead else { return text }
    let end = now.adding(seconds: SignedCaller.attemptSeconds)
    return "ttl=\(Timestamp(milliseconds: end.milliseconds + lead).basic); \(text)"
  }

  private func build(_ call: OutgoingCall, at time: Timestamp) -> HTTPRequest {
    let signed = [HTTPHeader("Host", call.endpoint.host)] + call.headers
    var headers = signed
    if let credentials = call.credentials {
      let signature = signer.sign(
        SigningInput(
          method: call.method, path: call.endpoint.path, query: call.query, headers: signed,
          body: call.body, bodyHash: call.bodyHash),
        credentials: credentials, region: call.endpoint.signingRegion,
        service: call.service.rawValue, at: time,
        path: call.service == .s3 ? .asSent : .normalized)
      headers = signature.headers + [HTTPHeader("Authorization", signature.authorization)]
    }
    let attempt = call.attempt
    headers += [
      HTTPHeader("User-Agent", call.userAgent),
      HTTPHeader("Accept-Encoding", "identity"),
      HTTPHeader("amz-sdk-invocation-id", attempt.invocationID),
      HTTPHeader(
        SignedCaller.attemptHeader,
        SignedCaller.attemptText(
          attempt, lead: leads.with { $0[call.endpoint.host] }, now: clock())),
    ]
    let query = call.query.isEmpty ? "" : "?" + call.query
    var request = HTTPRequest(
      method: call.method, url: call.endpoint.sentURL + query, headers: headers, body: call.body,
      trust: call.trust, proxy: call.proxy)
    request.needsFreshConnection = usesFreshConnections && attempt.number > 1
    return request
  }

  /// Corrects the clock of a host that refused a request for its time.
  private func learn(
    _ response: HTTPResponse, _ call: OutgoingCall, host: String, signedAt: Timestamp
  ) {
    let failure =
      call.service == .secretsManager
      ? ServiceAnswer.jsonFailure(response) : ServiceAnswer.queryFailure(response)
    guard failure.isClockSkew, let date = response.header("date") else { return }
    offsets.with { offsets in
      let current = offsets[host] ?? 0
      if let new = ClockSkew.newOffset(date: date, signedAt: signedAt, current: current) {
        offsets[host] = new
      }
    }
  }

  /// One line without credentials, signature or body.
  private func line(
    _ call: OutgoingCall, _ result: Result<HTTPResponse, TransportFailure>, _ seconds: Double
  ) -> String {
    let head =
      "\(call.label) \(call.endpoint.url) region=\(call.endpoint.signingRegion) "
      + "attempt=\(call.attempt.number)/\(call.attempt.maximum)"
    let took = "\(Int(seconds * 1000)) ms"
    switch result {
    case .success(let response):
      let id = ServiceAnswer.requestID(response) ?? "-"
      return "\(head) -> \(response.status) request-id=\(id) \(response.body.count) bytes \(took)"
    case .failure(let failure):
      let detail = TextTrimming.excerpt(failure.detail, 200)
      return "\(head) -> \(failure.kind.rawValue) \(failure.code) (\(detail)) \(took)"
    }
  }
}

extension ServiceFailure {
  /// The same failure in the words of the services' seam.
  init(_ failure: TransportFailure) {
    self.init(kind: failure.kind, code: failure.code, message: failure.message)
  }

  /// The failure with a place at the end of its message, beside the AWS CLI's own sentence.
  func adding(_ place: String) -> ServiceFailure {
    var told = self
    told.message += " " + place
    told.refusedCall =
      refusedCall ?? RefusedCall(operation: "", message: message, isAnswered: false)
    return told
  }

  /// A failure before anything was sent.
  static func local(_ code: String, _ message: String) -> ServiceFailure {
    ServiceFailure(kind: .credentials, code: code, message: message)
  }
}
