internal import Cryptography
internal import Locking
package import RotationCore

/// Repeats a call for credentials until an answer that counts, as AWS's own clients do.
package typealias RepeatedCall =
  @Sendable (
    _ send: @Sendable (AttemptNumber) async -> AttemptReply<HTTPResponse>
  ) async -> Result<HTTPResponse, ServiceFailure>

extension CredentialContext {
  /// Makes a call for credentials: once, or as often as the options have it repeated.
  ///
  /// - `refusal`: what an answer stands for whose status is 300 or more.
  func call(
    _ exchange:
      @escaping @Sendable (AttemptNumber) async -> Result<HTTPResponse, TransportFailure>,
    refusal: @escaping @Sendable (HTTPResponse) -> ServiceFailure
  ) async -> Result<HTTPResponse, ServiceFailure> {
    let attempt: @Sendable (AttemptNumber) async -> AttemptReply<HTTPResponse> = { number in
      switch await exchange(number) {
      case .failure(let failure): return AttemptReply(.failure(ServiceFailure(failure)))
      case .success(let response):
        let isGood = (200..<300).contains(response.status)
        return AttemptReply(
          isGood ? .success(response) : .failure(refusal(response)), httpStatus: response.status,
          requestID: ServiceAnswer.requestID(response))
      }
    }
    if let repeats = options.repeatsCredentialCalls { return await repeats(attempt) }
    return await attempt(.only).result
  }
}

extension CredentialContext {
  /// The same for a request that is not signed; every attempt tells its number.
  func call(
    _ request: HTTPRequest, refusal: @escaping @Sendable (HTTPResponse) -> ServiceFailure
  ) async -> Result<HTTPResponse, ServiceFailure> {
    let lead = Locked<Int64?>(nil)
    let exchange: @Sendable (AttemptNumber) async -> Result<HTTPResponse, TransportFailure> = {
      number in
      var request = request
      request.headers.removeAll { $0.name == SignedCaller.attemptHeader }
      let text = SignedCaller.attemptText(number, lead: lead.with { $0 }, now: clock())
      request.headers.append(HTTPHeader(SignedCaller.attemptHeader, text))
      request.needsFreshConnection = options.usesFreshConnections && number.number > 1
      let result = await self.exchange(request)
      if case .success(let response) = result {
        let date = response.header("date").flatMap(HTTPDate.parse)
        lead.with { $0 = date.map { $0.milliseconds - clock().milliseconds } }
      }
      return result
    }
    return await call(exchange, refusal: refusal)
  }
}

extension AttemptNumber {
  /// The one attempt of a call that is not repeated.
  static var only: AttemptNumber {
    AttemptNumber(number: 1, maximum: 1, invocationID: SecureRandom.uuid())
  }
}
