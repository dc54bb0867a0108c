internal import RotationCore

/// The credentials of each profile: resolved once, renewed before they end, one renewal at a time.
///
/// A failure is handed to those who waited for it and then forgotten, so that the next call tries
/// again.
actor CredentialCache {
  typealias Resolve =
    @Sendable (_ profile: String?, _ region: String) async -> Result<Credentials, ServiceFailure>

  private struct Holding {
    var credentials: Credentials
    /// After a failed renewal: no other before this moment while the old keys still hold.
    var nextRenewal: Timestamp?
  }

  /// Temporary credentials are renewed this long before they end.
  static let renewalWindowSeconds: Double = 600
  private static let renewalPauseSeconds: Double = 30

  private let clock: @Sendable () -> Timestamp
  private let resolve: Resolve
  private var held: [String?: Holding] = [:]
  private var running: [String?: Task<Result<Credentials, ServiceFailure>, Never>] = [:]

  init(clock: @escaping @Sendable () -> Timestamp, resolve: @escaping Resolve) {
    self.clock = clock
    self.resolve = resolve
  }

  /// The profile's credentials, nil standing for the default chain.
  func credentials(
    profile: String?, region: String
  ) async -> Result<Credentials, ServiceFailure> {
    if let holding = held[profile], isUsable(holding) { return .success(holding.credentials) }
    if let task = running[profile] { return await task.value }
    // Awaited right here and by all who come meanwhile; unstructured so that one caller's
    // cancellation does not fail the others.
    let task = Task { await self.renew(profile, region) }
    running[profile] = task
    return await task.value
  }

  /// Forgets keys that the service has called expired, unless they were replaced meanwhile.
  func invalidate(profile: String?, accessKeyID: String) {
    if held[profile]?.credentials.accessKeyID == accessKeyID { held[profile] = nil }
  }

  private func isUsable(_ holding: Holding) -> Bool {
    guard let end = holding.credentials.expiration else { return true }
    let now = clock()
    if end.seconds(since: now) > CredentialCache.renewalWindowSeconds { return true }
    return end > now && holding.nextRenewal.map { now < $0 } ?? false
  }

  private func renew(
    _ profile: String?, _ region: String
  ) async -> Result<Credentials, ServiceFailure> {
    let result = await resolve(profile, region)
    running[profile] = nil
    switch result {
    case .success(let credentials):
      // Keys that end within the window already are used, and renewed after a pause.
      held[profile] = Holding(credentials: credentials, nextRenewal: pause())
      return result
    case .failure:
      guard var holding = held[profile], let end = holding.credentials.expiration, end > clock()
      else { return result }
      holding.nextRenewal = pause()
      held[profile] = holding
      return .success(holding.credentials)
    }
  }

  private func pause() -> Timestamp {
    clock().adding(seconds: CredentialCache.renewalPauseSeconds)
  }
}
