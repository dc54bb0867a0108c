package import RotationCore

/// The two services that the simulator plays.
package enum SimulatedEndpoint: String, Sendable, Hashable {
  case secretsManager = "secretsmanager"
  case sts
}

/// A request that has passed the signature check.
package struct ServiceRequest: Sendable, Hashable {
  package var endpoint: SimulatedEndpoint
  /// AWS's name, such as `CancelRotateSecret`.
  package var operation: String
  /// The JSON object, or the form's fields as strings.
  package var input: JSONValue
  package var caller: CallerIdentity
  /// From the credential scope.
  package var region: String

  package init(
    endpoint: SimulatedEndpoint = .secretsManager, operation: String, input: JSONValue,
    caller: CallerIdentity, region: String
  ) {
    self.endpoint = endpoint
    self.operation = operation
    self.input = input
    self.caller = caller
    self.region = region
  }

  package var secretID: String? { input["SecretId"]?.string }
  package var place: Place { Place(accountID: caller.accountID, region: region) }

  /// Whether success changes something.
  package var isMutating: Bool {
    switch operation {
    case "CancelRotateSecret", "RotateSecret", "UpdateSecretVersionStage", "CreateSecret": true
    default: false
    }
  }
}

/// A refusal as the service words it.
package struct Refusal: Error, Sendable, Hashable {
  package let status: Int
  package let code: String
  package let message: String

  package init(_ code: String, _ message: String, status: Int = 400) {
    self.status = status
    self.code = code
    self.message = message
  }

  static let notFound = Refusal(
    "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
  static let throttled = Refusal("ThrottlingException", "Rate exceeded")
  static let internalError = Refusal(
    "InternalServiceError", "An error occurred on the server side.", status: 500)
  /// The same with a message of so many bytes.
  static func internalError(bytes: Int) -> Refusal {
    let text = String(decoding: [UInt8](repeating: UInt8(ascii: "x"), count: bytes), as: UTF8.self)
    return Refusal("InternalServiceError", text, status: 500)
  }
  static let unavailable = Refusal(
    "ServiceUnavailable", "The service is temporarily unable to handle the request.", status: 503)
  static let expiredToken = Refusal(
    "ExpiredTokenException", "The security token included in the request is expired")

  static let invalidNextToken = Refusal(
    "InvalidNextTokenException", "The NextToken value is invalid.")
  private static let unknown = "The security token included in the request is invalid."
  /// What a region that the account has not enabled says; STS has a code of its own for it.
  static let unknownClient = Refusal("UnrecognizedClientException", unknown)
  static let unknownToken = Refusal("InvalidClientTokenId", unknown, status: 403)

  static func invalidParameter(_ message: String) -> Refusal {
    Refusal("InvalidParameterException", message)
  }
  static func invalidRequest(_ message: String) -> Refusal {
    Refusal("InvalidRequestException", message)
  }
}

/// What the service says, before any fault of the way back.
package typealias ServiceAnswer = Result<JSONValue, Refusal>

/// A request's answer and what becomes of it on its way.
package struct Exchange: Sendable, Hashable {
  /// How the answer reaches the caller.
  package enum Delivery: Sendable, Hashable {
    case whole
    /// The connection is closed without an answer.
    case reset
    /// The status line and headers arrive, half the body does not.
    case cut
    /// Status 200 with a body that is not JSON.
    case garbage
    /// Status 502 with a page of HTML, as a proxy sends it.
    case html
    /// Nothing is sent, and the connection stays open until the caller leaves.
    case silence
  }

  package var answer: ServiceAnswer
  package var delivery: Delivery = .whole
  /// How long the answer is held back.
  package var delayMilliseconds = 0
  /// How far the clock that the `Date` header tells is ahead.
  package var clockOffsetSeconds = 0.0
  /// `x-amz-retry-after`; nil for no such header.
  package var retryAfterMilliseconds: Int?
  /// A UUID, `x-amzn-RequestId`.
  package var requestID: String

  /// The HTTP status; nil when no answer arrives.
  package var status: Int? {
    switch delivery {
    case .reset, .silence: nil
    case .html: 502
    case .garbage: 200
    case .whole, .cut:
      switch answer {
      case .success: 200
      case .failure(let refusal): refusal.status
      }
    }
  }
}
