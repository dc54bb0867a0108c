internal import Locking
package import RotationCore

/// The simulator as a Swift value: no sockets, an injected clock, every fault as the reply that a
/// client would make of it.
package final class InProcessService: SecretsManagerService {
  package let scenario: Scenario
  private let service: Locked<SimulatedService>
  private let now: @Sendable () -> Timestamp
  private let sleep: @Sendable (Duration) async -> Void

  /// Starts the simulation at the time that `now` tells; `sleep` is how a slow answer is waited
  /// for.
  package init(
    scenario: Scenario, now: @escaping @Sendable () -> Timestamp,
    sleep: @escaping @Sendable (Duration) async -> Void
  ) {
    self.scenario = scenario
    self.now = now
    self.sleep = sleep
    service = Locked(SimulatedService(scenario: scenario, started: now()))
  }

  /// Every request so far.
  package var calls: [CallRecord] { service.with { $0.log.records } }

  /// Every secret as it truly is.
  package var secrets: [SimulatedSecret] { service.with { $0.secrets(now: $0.serviceTime(now())) } }

  /// Requests, refusals for rate, and peaks, by account, region and quota group.
  package var usage: [Quota.Key: Quota.Usage] { service.with { $0.quota.usage } }

  /// Alters a secret as `POST /_simulator/secrets/change` does.
  ///
  /// - Returns: the secret afterwards.
  @discardableResult
  package func change(_ change: JSONValue) throws(ScenarioError) -> SimulatedSecret {
    let result = service.with { service in
      Result { () throws(ScenarioError) in
        try service.change(change.compactBytes, now: service.serviceTime(now()))
      }
    }
    return try result.get()
  }

  package func callerIdentity(
    at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<CallerIdentity> {
    await call(.getCallerIdentity, endpoint: .sts, at: site, attempt: attempt) { answer in
      guard let account = answer["Account"]?.string, let arn = answer["Arn"]?.string,
        let user = answer["UserId"]?.string
      else { return nil }
      return CallerIdentity(accountID: account, arn: arn, userID: user)
    }
  }

  package func describeSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState> {
    await call(.describeSecret, secretID, at: site, attempt: attempt) {
      SecretState(wire: $0)
    }
  }

  package func listSecrets(
    _ request: ListSecretsRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretListPage> {
    await call(.listSecrets, input: request.wire, at: site, attempt: attempt) {
      try? SecretListPage(wire: $0)
    }
  }

  package func listSecretVersionIDs(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<[SecretVersion]> {
    await call(.listSecretVersionIDs, secretID, at: site, attempt: attempt) { answer in
      (answer["Versions"]?.array ?? []).compactMap { entry in
        guard let id = entry["VersionId"]?.string else { return nil }
        return SecretVersion(
          versionID: id, stages: (entry["VersionStages"]?.array ?? []).compactMap(\.string),
          createdAt: entry["CreatedDate"]?.double.flatMap(Timestamp.init(epochSeconds:)))
      }
    }
  }

  package func cancelRotateSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await change(.cancelRotateSecret, ["SecretId": .string(secretID)], at: site, attempt: attempt)
  }

  package func rotateSecret(
    _ request: RotationRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await change(.rotateSecret, request.body, at: site, attempt: attempt)
  }

  package func updateSecretVersionStage(
    _ change: StageChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await self.change(.updateSecretVersionStage, change.body, at: site, attempt: attempt)
  }

  private func change(
    _ operation: ServiceOperation, _ input: JSONValue, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    await call(operation, input: input, at: site, attempt: attempt) { answer in
      ChangedSecret(
        arn: answer["ARN"]?.string, name: answer["Name"]?.string,
        versionID: answer["VersionId"]?.string)
    }
  }

  private func call<Output: Sendable>(
    _ operation: ServiceOperation, _ secretID: String, at site: CallSite, attempt: AttemptNumber,
    reading: (JSONValue) -> Output?
  ) async -> AttemptReply<Output> {
    await call(
      operation, input: ["SecretId": .string(secretID)], at: site, attempt: attempt,
      reading: reading)
  }

  private func call<Output: Sendable>(
    _ operation: ServiceOperation, input: JSONValue = [:],
    endpoint: SimulatedEndpoint = .secretsManager, at site: CallSite, attempt: AttemptNumber,
    reading: (JSONValue) -> Output?
  ) async -> AttemptReply<Output> {
    guard let account = scenario.account(ofProfile: site.profile) else {
      return AttemptReply(
        .failure(
          ServiceFailure(
            kind: .credentials, code: "ProfileNotFound",
            message: "The config profile (\(site.profile ?? "default")) could not be found")))
    }
    let request = ServiceRequest(
      endpoint: endpoint, operation: operation.rawValue, input: input,
      caller: account.user, region: site.region)
    let exchange = service.with {
      $0.exchange(
        request, now: now(), attempt: "attempt=\(attempt.number); max=\(attempt.maximum)")
    }
    if exchange.delayMilliseconds > 0 { await sleep(.milliseconds(exchange.delayMilliseconds)) }
    if exchange.delivery == .silence { await sleep(InProcessService.readTimeout) }
    return InProcessService.reply(to: exchange, reading: reading)
  }

  /// How long a client waits for an answer that does not come, the AWS CLI's default.
  private static let readTimeout = Duration.seconds(60)

  private static func reply<Output: Sendable>(
    to exchange: Exchange, reading: (JSONValue) -> Output?
  ) -> AttemptReply<Output> {
    func failure(_ kind: ServiceFailure.Kind, _ code: String, _ message: String)
      -> AttemptReply<Output>
    {
      let seen = exchange.status == nil ? nil : exchange.requestID
      return AttemptReply(
        .failure(
          ServiceFailure(
            kind: kind, code: code, message: message, httpStatus: exchange.status, requestID: seen,
            retryAfterMilliseconds: exchange.retryAfterMilliseconds)),
        httpStatus: exchange.status, requestID: seen)
    }
    switch exchange.delivery {
    case .reset: return failure(.lost, "ConnectionReset", "connection reset by peer")
    case .silence: return failure(.lost, "ReadTimeoutError", "no answer within a minute")
    case .cut: return failure(.lost, "BodyCut", "the connection ended within the body")
    case .garbage: return failure(.malformed, "MalformedAnswer", "the body is not JSON")
    case .html:
      return failure(.service, "502", "<html><body><h1>502 Bad Gateway</h1></body></html>")
    case .whole: break
    }
    switch exchange.answer {
    case .failure(let refusal): return failure(.service, refusal.code, refusal.message)
    case .success(let body):
      guard let output = reading(body) else {
        return failure(.malformed, "MalformedAnswer", "the body lacks what the operation returns")
      }
      return AttemptReply(.success(output), httpStatus: 200, requestID: exchange.requestID)
    }
  }
}
