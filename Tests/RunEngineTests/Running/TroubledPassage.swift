import RotationCore
import RunEngine
import SecretsManagerSimulator
import TestSupport

/// The way to the simulator with the troubles of a network, which no service can make.
///
/// Chance is seeded; which call meets it depends on the order of calls.
final class TroubledPassage: SecretsManagerService, @unchecked Sendable {
  enum Trouble: Sendable {
    /// The name of the endpoint is not resolved, at once.
    case unresolved
    /// No packet comes back: a minute passes, and there is no connection.
    case blackHole
    /// The connection ends before an answer, at once; the service sees nothing.
    case lost
    /// The handshake is refused.
    case tls
    /// A proxy delivers the last answer to DescribeSecret once more and keeps the new one for the
    /// next request.
    case swapped
  }

  struct Rule: Sendable {
    var trouble: Trouble
    var probability = 1.0
    /// Seconds of the run during which it holds.
    var during = 0.0..<Double.infinity
    var region: String?
  }

  private let service: InProcessService
  private let time: VirtualTime
  private let rules: [Rule]
  /// Keys are called expired after so many seconds, once for each set of keys.
  private let sessionSeconds: Double
  // What changes is guarded by the one thread of virtual time.
  private var random: SeededRandom
  private var heldBack: AttemptReply<SecretState>?
  private var keysSince = 0.0
  private(set) var renewals = 0

  init(
    _ harness: EngineHarness, seed: UInt64 = 1, sessionSeconds: Double = .infinity, _ rules: Rule...
  ) {
    service = harness.service
    time = harness.time
    self.rules = rules
    self.sessionSeconds = sessionSeconds
    random = SeededRandom(seed: seed)
  }

  private func trouble(at site: CallSite) -> Trouble? {
    rules.first {
      $0.during.contains(time.elapsed) && ($0.region ?? site.region) == site.region
        && Double.random(in: 0..<1, using: &random) < $0.probability
    }?.trouble
  }

  /// - Returns: nil when the call reaches the service.
  private func obstacle<Output>(_ trouble: Trouble?) async -> AttemptReply<Output>? {
    func failed(_ kind: ServiceFailure.Kind, _ code: String) -> AttemptReply<Output> {
      AttemptReply(.failure(ServiceFailure(kind: kind, code: code, message: "")))
    }
    switch trouble {
    case .unresolved: return failed(.connect, "HostNotResolved")
    case .blackHole:
      await time.sleep(60)
      return failed(.connect, "ConnectTimeoutError")
    case .lost: return failed(.lost, "ConnectionClosedError")
    case .tls: return failed(.tls, "SSLError")
    case .swapped, nil: break
    }
    guard time.elapsed - keysSince >= sessionSeconds else { return nil }
    keysSince = time.elapsed
    renewals += 1
    return AttemptReply(
      .failure(
        ServiceFailure(
          kind: .service, code: "ExpiredTokenException", message: "", httpStatus: 400)),
      httpStatus: 400)
  }

  func callerIdentity(
    at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<CallerIdentity> {
    await service.callerIdentity(at: site, attempt: attempt)
  }

  func describeSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretState> {
    let trouble = trouble(at: site)
    if let reply: AttemptReply<SecretState> = await obstacle(trouble) { return reply }
    let reply = await service.describeSecret(secretID, at: site, attempt: attempt)
    guard trouble == .swapped, let late = heldBack else {
      heldBack = heldBack ?? reply
      return reply
    }
    heldBack = reply
    return late
  }

  func listSecrets(
    _ request: ListSecretsRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<SecretListPage> {
    if let reply: AttemptReply<SecretListPage> = await obstacle(trouble(at: site)) { return reply }
    return await service.listSecrets(request, at: site, attempt: attempt)
  }

  func listSecretVersionIDs(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<[SecretVersion]> {
    if let reply: AttemptReply<[SecretVersion]> = await obstacle(trouble(at: site)) { return reply }
    return await service.listSecretVersionIDs(secretID, at: site, attempt: attempt)
  }

  func cancelRotateSecret(
    _ secretID: String, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    if let reply: AttemptReply<ChangedSecret> = await obstacle(trouble(at: site)) { return reply }
    return await service.cancelRotateSecret(secretID, at: site, attempt: attempt)
  }

  func rotateSecret(
    _ request: RotationRequest, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    if let reply: AttemptReply<ChangedSecret> = await obstacle(trouble(at: site)) { return reply }
    return await service.rotateSecret(request, at: site, attempt: attempt)
  }

  func updateSecretVersionStage(
    _ change: StageChange, at site: CallSite, attempt: AttemptNumber
  ) async -> AttemptReply<ChangedSecret> {
    if let reply: AttemptReply<ChangedSecret> = await obstacle(trouble(at: site)) { return reply }
    return await service.updateSecretVersionStage(change, at: site, attempt: attempt)
  }
}
