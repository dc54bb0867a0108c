internal import Locking
internal import RotationCore

/// What a set of credentials is held for.
enum CredentialKey: Sendable, Hashable {
  /// The whole chain for a call site; nil stands for the default chain.
  case profile(String?)
  /// A profile as the source of roles, shared by all that name it and reach STS the same way.
  case source(String, route: SourceRoute)
  /// A `credential_source`, shared by all.
  case named(NamedSource)
}

/// What the profile of a call site changes in the calls for its sources.
struct SourceRoute: Sendable, Hashable {
  let stsURL: String?
  let caBundle: String?
}

/// Who asks for credentials, and where.
struct CredentialRequest: Sendable {
  let key: CredentialKey
  /// The profile of the call site.
  let profile: String?
  let region: String
}

/// The credentials of each profile and source: resolved once, renewed before they end, one renewal
/// of each at a time.
///
/// From 15 minutes before their end one task renews them while all go on with the old ones; from
/// 10 minutes before it all wait. A failure is handed to those who waited for it and then
/// forgotten, so that the next call tries again; while the old keys hold it is a warning.
actor CredentialCache {
  /// Finds credentials; sources of roles are asked for through the cache again.
  typealias Resolve =
    @Sendable (CredentialRequest, CredentialCache) async -> Result<Credentials, ServiceFailure>

  private typealias Renewal = Task<Result<Credentials, ServiceFailure>, Never>

  private struct Holding {
    var credentials: Credentials
    /// None before this moment while the old keys still hold.
    var nextRenewal: Timestamp
  }

  private enum Freshness {
    case fresh
    /// Ends soon; a renewal is due, and nobody need wait for it.
    case aging
    /// Ends very soon; a renewal is waited for.
    case dying
  }

  static let advisorySeconds: Double = 900
  static let mandatorySeconds: Double = 600
  private static let pauseSeconds: Double = 30

  private let clock: @Sendable () -> Timestamp
  private let warn: @Sendable (String) -> Void
  private let resolve: Resolve
  private var held: [CredentialKey: Holding] = [:] {
    didSet { atHand.with { $0 = held.mapValues(\.credentials) } }
  }
  /// What is held, for those who need not wait.
  private nonisolated let atHand = Locked<[CredentialKey: Credentials]>([:])
  private var running: [CredentialKey: Renewal] = [:]

  init(
    clock: @escaping @Sendable () -> Timestamp, warn: @escaping @Sendable (String) -> Void,
    resolve: @escaping Resolve
  ) {
    self.clock = clock
    self.warn = warn
    self.resolve = resolve
  }

  /// Credentials that are held and need no renewal yet; nil to ask ``credentials(_:)``.
  nonisolated func fresh(_ key: CredentialKey) -> Credentials? {
    guard let credentials = atHand.with({ $0[key] }) else { return nil }
    guard let end = credentials.expiration else { return credentials }
    return end.seconds(since: clock()) >= CredentialCache.advisorySeconds ? credentials : nil
  }

  func credentials(_ request: CredentialRequest) async -> Result<Credentials, ServiceFailure> {
    if let holding = held[request.key] {
      switch freshness(holding) {
      case .fresh: return .success(holding.credentials)
      case .aging:
        if running[request.key] == nil { _ = start(request) }
        return .success(holding.credentials)
      case .dying: break
      }
    }
    return await (running[request.key] ?? start(request)).value
  }

  /// Forgets keys that the service has called expired, unless they were replaced meanwhile.
  func invalidate(_ key: CredentialKey, accessKeyID: String) {
    if held[key]?.credentials.accessKeyID == accessKeyID { held[key] = nil }
  }

  private func freshness(_ holding: Holding) -> Freshness {
    guard let end = holding.credentials.expiration else { return .fresh }
    let now = clock()
    let left = end.seconds(since: now)
    if left >= CredentialCache.advisorySeconds { return .fresh }
    if left > 0, now < holding.nextRenewal { return .fresh }
    return left >= CredentialCache.mandatorySeconds ? .aging : .dying
  }

  /// Begins a renewal, of which there is one for a key.
  ///
  /// Unstructured, so that one caller's cancellation does not fail the others and nobody need wait
  /// for it early; whoever comes when the keys are about to end awaits it.
  private func start(_ request: CredentialRequest) -> Renewal {
    let task = Task { await self.renew(request) }
    running[request.key] = task
    return task
  }

  private func renew(_ request: CredentialRequest) async -> Result<Credentials, ServiceFailure> {
    let result = await resolve(request, self)
    running[request.key] = nil
    let now = clock()
    let next = now.adding(seconds: CredentialCache.pauseSeconds)
    switch result {
    case .success(let credentials):
      // Keys that end within the window already are used, and renewed after a pause.
      held[request.key] = Holding(credentials: credentials, nextRenewal: next)
      return result
    case .failure(let failure):
      guard var holding = held[request.key], let end = holding.credentials.expiration, end > now
      else { return result }
      holding.nextRenewal = next
      held[request.key] = holding
      warn(
        "The credentials \(CredentialCache.owner(request)) could not be renewed and end at "
          + "\(end.iso8601): \(failure.message)")
      return .success(holding.credentials)
    }
  }

  private static func owner(_ request: CredentialRequest) -> String {
    switch request.key {
    case .profile(let name?), .source(let name, _): "of the profile \"\(name)\""
    case .profile(nil): "of the default chain"
    case .named(let source): "of the credential source \(source.rawValue)"
    }
  }
}
