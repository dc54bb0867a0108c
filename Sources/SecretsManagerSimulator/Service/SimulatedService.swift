package import RotationCore

/// The pretend Secrets Manager and STS: state, quotas and faults, without sockets or clocks.
///
/// Every answer follows from the scenario, the requests so far and the times given.
package struct SimulatedService: Sendable {
  package let scenario: Scenario
  /// When the simulation began.
  package let started: Timestamp
  package private(set) var quota: Quota
  package internal(set) var log = CallLog()
  private var faults: FaultPlan
  private var credentials: [String: SimulatedCredential] = [:]
  var stores: [Place: SecretStore] = [:]
  /// What ListSecrets still shows after a change, by ARN; nil for what is not listed yet.
  var staleListings: [String: (until: Timestamp, secret: SimulatedSecret?)] = [:]
  /// What DescribeSecret still shows after a change, by ARN.
  var staleViews: [String: (until: Timestamp, secret: SimulatedSecret)] = [:]
  private var serial = 0
  /// Whether the request at hand repeats one that took effect, and so changes nothing.
  var isRepetition = false

  package init(scenario: Scenario, started: Timestamp) {
    self.scenario = scenario
    self.started = started
    quota = Quota(limits: scenario.quotas)
    faults = FaultPlan(seed: scenario.seed, rules: scenario.faults)
    for account in scenario.accounts {
      register(
        SimulatedCredential(
          accessKeyID: account.accessKeyID, secretAccessKey: account.secretAccessKey,
          sessionToken: nil, expires: nil, caller: account.user))
    }
    for template in scenario.secrets {
      let made = template.secrets(
        start: started.adding(seconds: scenario.clockSkewSeconds),
        finishesAfterSeconds: scenario.finishesAfterSeconds)
      for secret in made { stores[Place(of: secret), default: SecretStore()].add(secret) }
    }
  }

  mutating func register(_ credential: SimulatedCredential) {
    credentials[credential.accessKeyID] = credential
  }

  /// Every key pair that opens this simulator, by the order of their ids.
  var knownCredentials: [SimulatedCredential] {
    credentials.values.sorted { $0.accessKeyID < $1.accessKeyID }
  }

  package func credential(_ accessKeyID: String) -> SimulatedCredential? {
    credentials[accessKeyID]
  }

  /// A new request id.
  package mutating func nextRequestID() -> String {
    serial += 1
    return Mixer.uuid(["request", String(scenario.seed), started.iso8601, String(serial)])
  }

  /// The time by the service's own, perhaps wrong, clock, which dates secrets and versions too.
  package func serviceTime(_ now: Timestamp) -> Timestamp {
    now.adding(seconds: scenario.clockSkewSeconds)
  }

  /// Takes a request whose signature has been checked.
  ///
  /// The attempt is the header `amz-sdk-request`, for the log.
  package mutating func exchange(
    _ request: ServiceRequest, now: Timestamp, attempt: String? = nil
  ) -> Exchange {
    var exchange = Exchange(answer: .failure(.throttled), requestID: nextRequestID())
    var struck: FaultRule?
    var tookEffect = false
    let group = QuotaGroup(operation: request.operation)
    let admitted = group.map { quota.admit($0, at: request.place, now: now) } ?? true
    if admitted {
      struck = faults.strike(request)
      let refusedEarly = struck.map { !$0.strikesAfter && $0.kind.keepsFromExecuting } ?? false
      if !refusedEarly {
        exchange.answer = perform(
          request, now: request.endpoint == .sts ? now : serviceTime(now))
        if case .success = exchange.answer { tookEffect = request.isMutating && !isRepetition }
      }
      if let kind = struck?.kind { apply(kind, to: &exchange, of: request, now: now) }
      exchange.retryAfterMilliseconds = struck?.retryAfterMilliseconds
    }
    var record = CallRecord(
      time: now, accountID: request.caller.accountID, region: request.region,
      operation: request.operation, secretID: request.secretID, tookEffect: tookEffect,
      status: exchange.status, fault: struck?.kind.word, requestID: exchange.requestID,
      attempt: attempt)
    if exchange.delivery == .whole, case .failure(let refusal) = exchange.answer {
      record.errorCode = refusal.code
    }
    log.append(record)
    return exchange
  }

  private func apply(
    _ kind: FaultKind, to exchange: inout Exchange, of request: ServiceRequest, now: Timestamp
  ) {
    switch kind {
    case .throttle: exchange.answer = .failure(.throttled)
    case .internalError: exchange.answer = .failure(.internalError)
    case .unavailable: exchange.answer = .failure(.unavailable)
    case .expiredToken: exchange.answer = .failure(.expiredToken)
    case .accessDenied:
      exchange.answer = .failure(
        .accessDenied(
          request.caller, operation: request.operation, resource: request.secretID ?? "*",
          because: "no identity-based policy allows the secretsmanager:\(request.operation) action")
      )
    case .invalidNextToken:
      if request.input["NextToken"] != nil { exchange.answer = .failure(.invalidNextToken) }
    case .silence: exchange.delivery = .silence
    case .hugeError(let bytes): exchange.answer = .failure(.internalError(bytes: bytes))
    case .slow(let milliseconds): exchange.delayMilliseconds = milliseconds
    case .reset: exchange.delivery = .reset
    case .cutBody: exchange.delivery = .cut
    case .garbage200: exchange.delivery = .garbage
    case .html: exchange.delivery = .html
    case .clockSkew(let seconds):
      exchange.clockOffsetSeconds = seconds
      exchange.answer = .failure(
        .signatureDate(signed: now, server: serviceTime(now).adding(seconds: seconds)))
    }
  }

  /// Notes a request that never reached an operation.
  package mutating func noteRefused(
    operation: String, refusal: Refusal, requestID: String, now: Timestamp
  ) {
    log.append(
      CallRecord(
        time: now, operation: operation, tookEffect: false, status: refusal.status,
        errorCode: refusal.code, requestID: requestID))
  }

  private mutating func perform(_ request: ServiceRequest, now: Timestamp) -> ServiceAnswer {
    isRepetition = false
    do throws(Refusal) {
      if let regions = scenario.account(request.caller.accountID)?.regions,
        !regions.contains(request.region)
      {
        throw request.endpoint == .sts ? Refusal.unknownToken : .unknownClient
      }
      switch (request.endpoint, request.operation) {
      case (.sts, "GetCallerIdentity"): return .success(callerIdentity(request))
      case (.sts, "AssumeRole"): return .success(try assumeRole(request, now: now))
      case (.sts, "AssumeRoleWithWebIdentity"):
        return .success(try assumeRoleWithWebIdentity(request, now: now))
      case (.sts, _):
        throw Refusal(
          "InvalidAction", "Could not find operation \(request.operation) for version 2011-06-15")
      case (.secretsManager, "DescribeSecret"):
        return .success(try describeSecret(request, now: now))
      case (.secretsManager, "CancelRotateSecret"):
        return .success(try cancelRotateSecret(request, now: now))
      case (.secretsManager, "RotateSecret"):
        return .success(try rotateSecret(request, now: now))
      case (.secretsManager, "ListSecrets"): return .success(try listSecrets(request, now: now))
      case (.secretsManager, "ListSecretVersionIds"):
        return .success(try listSecretVersionIDs(request, now: now))
      case (.secretsManager, "UpdateSecretVersionStage"):
        return .success(try updateSecretVersionStage(request, now: now))
      case (.secretsManager, "CreateSecret"): return .success(try createSecret(request, now: now))
      case (.secretsManager, "GetSecretValue"), (.secretsManager, "BatchGetSecretValue"):
        throw Refusal.accessDenied(
          request.caller, operation: request.operation, resource: request.secretID ?? "*",
          because: "no identity-based policy allows the action")
      case (.secretsManager, _): throw Refusal("UnknownOperationException", "")
      }
    } catch {
      return .failure(error)
    }
  }

  /// Every secret as it truly is, places in order, secrets in the order of creation.
  package mutating func secrets(now: Timestamp) -> [SimulatedSecret] {
    let places = stores.keys.sorted { ($0.accountID, $0.region) < ($1.accountID, $1.region) }
    return places.flatMap { place -> [SimulatedSecret] in
      guard let count = stores[place]?.secrets.count else { return [] }
      return (0..<count).compactMap { current(SecretKey(place: place, index: $0), now: now) }
    }
  }
}

extension Place {
  init(of secret: SimulatedSecret) {
    self.init(accountID: secret.arn.accountID, region: secret.arn.region)
  }
}

extension FaultKind {
  /// Whether a strike before the operation stands in its place.
  var keepsFromExecuting: Bool {
    if case .slow = self { false } else { true }
  }
}
