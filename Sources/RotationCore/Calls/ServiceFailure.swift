/// Why an attempt did not give what was asked for.
package struct ServiceFailure: Error, Sendable, Hashable {
  package enum Kind: String, Sendable, Hashable {
    /// The service answered with an error.
    case service
    /// No connection: name not resolved, refused, timed out before anything was sent.
    case connect
    /// Sent, and no whole answer came back; the service may have acted.
    case lost
    /// The certificate or the TLS handshake was refused; retried only by a run that was answered.
    case tls
    /// A 200 whose body is not what the operation returns; the service may have acted.
    case malformed
    /// Credentials or region could not be resolved; nothing was sent.
    case credentials
    /// The call was given up because the run ends.
    case abandoned
  }

  /// A call that was made for the sake of another one, and failed.
  package struct RefusedCall: Sendable, Hashable {
    /// AWS's name, such as `AssumeRole`.
    package let operation: String
    /// The AWS CLI's name for the error where it is not the failure's own.
    package var code: String?
    /// The service's own words, or what stood in the way of an answer.
    package let message: String
    /// Whether the service answered with an error of its own.
    package let isAnswered: Bool
    /// Whether the answer named the code before the message, as XML does.
    package let namesCodeFirst: Bool

    package init(
      operation: String, message: String, isAnswered: Bool, code: String? = nil,
      namesCodeFirst: Bool = false
    ) {
      self.operation = operation
      self.code = code
      self.message = message
      self.isAnswered = isAnswered
      self.namesCodeFirst = namesCodeFirst
    }
  }

  package var kind: Kind
  /// The service's error code, such as `ResourceNotFoundException`, else a code of ours.
  package var code: String
  package var message: String
  /// The message as the service sent it, where that was no text.
  package var untypedMessage: JSONValue?
  package var httpStatus: Int?
  package var requestID: String?
  /// `x-amz-retry-after`: milliseconds that the service asks to wait.
  package var retryAfterMilliseconds: Int?
  /// The retries of a call that ended because its attempts were used up; nil in all other cases.
  ///
  /// The AWS CLI writes it as ` (reached max retries: 2)`.
  package var exhaustedRetries: Int?

  /// The call that was refused, where it is not the one that was asked for.
  package var refusedCall: RefusedCall?

  package init(
    kind: Kind, code: String, message: String, httpStatus: Int? = nil, requestID: String? = nil,
    retryAfterMilliseconds: Int? = nil
  ) {
    self.kind = kind
    self.code = code
    self.message = message
    self.httpStatus = httpStatus
    self.requestID = requestID
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  /// The service knows no such secret.
  package var isMissingSecret: Bool {
    kind == .service && code == "ResourceNotFoundException"
  }

  /// The beginning of the message, at most so many Unicode scalars.
  ///
  /// Not characters: one of them can be as long as the whole answer.
  package func excerpt(_ limit: Int) -> String {
    guard message.utf8.count > limit else { return message }
    return String(String.UnicodeScalarView(message.unicodeScalars.prefix(limit)))
  }

  /// Whether the service may have carried the call out although we hold no answer that says so.
  package var leavesDoubt: Bool {
    switch kind {
    case .lost, .malformed, .abandoned: true
    case .service: (httpStatus ?? 0) >= 500
    case .connect, .tls, .credentials: false
    }
  }

  private static let strangerCodes: Set<String> = [
    "UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired",
    "RegionDisabledException",
  ]

  /// Whether the service does not know the caller there at all.
  ///
  /// Of credentials that are known elsewhere it says that the region is not enabled for the
  /// account; or, of a session token from STS's old global endpoint, that it is not valid in a
  /// region that is off by default.
  package var isStranger: Bool { kind == .service && ServiceFailure.strangerCodes.contains(code) }
}
