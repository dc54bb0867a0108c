internal import RotationCore

/// One way in which a request can go wrong.
package enum FaultKind: Sendable, Hashable {
  /// ThrottlingException, status 400.
  case throttle
  /// InternalServiceError, status 500.
  case internalError
  /// ServiceUnavailable, status 503.
  case unavailable
  case slow(milliseconds: Int)
  /// The connection is reset without an answer.
  case reset
  /// The connection ends in the middle of the body.
  case cutBody
  /// Status 200 with bytes that are not JSON.
  case garbage200
  /// Status 502 with a page of HTML, as a proxy sends it.
  case html
  /// This request is judged by a clock that is so far ahead.
  case clockSkew(seconds: Double)
  /// ExpiredTokenException, status 400.
  case expiredToken
  /// AccessDeniedException, status 400, as where a policy denies the operation.
  case accessDenied
  /// InvalidNextTokenException, status 400, for requests that carry a NextToken.
  case invalidNextToken
  /// The connection stays open and no answer ever comes.
  case silence
  /// InternalServiceError, status 500, with a message of so many bytes.
  case hugeError(bytes: Int)

  /// The word in scenarios and in the call log.
  package var word: String {
    switch self {
    case .throttle: "throttle"
    case .internalError: "500"
    case .unavailable: "503"
    case .slow: "slow"
    case .reset: "reset"
    case .cutBody: "cutBody"
    case .garbage200: "garbage200"
    case .html: "html"
    case .clockSkew: "clockSkew"
    case .expiredToken: "expiredToken"
    case .accessDenied: "accessDenied"
    case .invalidNextToken: "invalidNextToken"
    case .silence: "silence"
    case .hugeError: "hugeError"
    }
  }

  /// Whether the operation is carried out first unless a rule says otherwise.
  package var strikesAfterByDefault: Bool {
    self == .cutBody || self == .garbage200 || self == .invalidNextToken
  }
}

/// When and where a fault strikes.
package struct FaultRule: Sendable, Hashable {
  /// How it is decided whether a request is struck.
  package enum Trigger: Sendable, Hashable {
    /// From 0 to 1.
    case probability(Double)
    /// The first so many requests of each operation for each secret.
    case firstAttempts(Int)
  }

  package var kind: FaultKind
  package var trigger: Trigger
  /// AWS's names; empty for every Secrets Manager operation.
  package var operations: Set<String> = []
  /// A name or ARN as the request has it, with `*` at the end for any continuation; nil for any.
  package var secret: String?
  package var accountID: String?
  package var region: String?
  /// Whether the operation is carried out before the answer is lost.
  package var strikesAfter: Bool
  /// The most times that the rule strikes; nil for no limit.
  package var maximum: Int?
  /// `x-amz-retry-after` of the answer, in milliseconds; nil for no such header.
  package var retryAfterMilliseconds: Int?

  package init(
    kind: FaultKind, trigger: Trigger, operations: Set<String> = [], secret: String? = nil,
    accountID: String? = nil, region: String? = nil, strikesAfter: Bool? = nil,
    maximum: Int? = nil, retryAfterMilliseconds: Int? = nil
  ) {
    self.kind = kind
    self.trigger = trigger
    self.operations = operations
    self.secret = secret
    self.accountID = accountID
    self.region = region
    self.strikesAfter = strikesAfter ?? kind.strikesAfterByDefault
    self.maximum = maximum
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  func covers(_ request: ServiceRequest) -> Bool {
    if operations.isEmpty {
      guard request.endpoint == .secretsManager else { return false }
    } else {
      guard operations.contains(request.operation) else { return false }
    }
    if let accountID, accountID != request.caller.accountID { return false }
    if let region, region != request.region { return false }
    guard let secret else { return true }
    guard let asked = request.secretID else { return false }
    return secret.hasSuffix("*") ? asked.hasPrefix(secret.dropLast()) : asked == secret
  }
}

/// Decides which requests go wrong.
///
/// The decision rests on the seed, the request, and how often it was made, not on the order in
/// which requests of different secrets arrive; so a scenario repeats itself under any concurrency.
package struct FaultPlan: Sendable {
  /// What makes two requests attempts of the same thing.
  private struct Subject: Sendable, Hashable {
    let rule: Int
    let operation: String
    let place: Place
    let secretID: String
  }

  private let seed: Int
  private let rules: [FaultRule]
  private var attempts: [Subject: Int] = [:]
  private var strikes: [Int]

  package init(seed: Int, rules: [FaultRule]) {
    self.seed = seed
    self.rules = rules
    strikes = rules.map { _ in 0 }
  }

  /// The first rule that strikes this request; the attempt is counted with every rule it meets.
  package mutating func strike(_ request: ServiceRequest) -> FaultRule? {
    var found: FaultRule?
    for (index, rule) in rules.enumerated() where rule.covers(request) {
      let subject = Subject(
        rule: index, operation: request.operation, place: request.place,
        secretID: request.secretID ?? "")
      let attempt = (attempts[subject] ?? 0) + 1
      attempts[subject] = attempt
      guard found == nil, strikes[index] < rule.maximum ?? .max else { continue }
      let hit =
        switch rule.trigger {
        case .firstAttempts(let count): attempt <= count
        case .probability(let probability):
          Mixer.fraction([
            String(seed), String(index), subject.operation, subject.place.accountID,
            subject.place.region, subject.secretID, String(attempt),
          ]) < probability
        }
      guard hit else { continue }
      strikes[index] += 1
      found = rule
    }
    return found
  }
}
