package import RotationCore

/// What a simulation starts from: accounts, secrets, quotas, faults, clocks.
///
/// `manifests/SCENARIO.md` documents the file form, schema `rotactl.scenario/1`.
package struct Scenario: Sendable, Hashable {
  package static let schema = "rotactl.scenario/1"
  /// The most secrets that one scenario may spell out.
  package static let maximumSecrets = 2_000_000

  /// What the chance of faults is drawn from.
  package var seed = 1
  package var accounts: [SimulatedAccount] = []
  package var secrets: [SecretTemplate] = []
  package var faults: [FaultRule] = []
  package var quotas: [QuotaGroup: QuotaLimit] = [:]
  /// How far the service's clock is ahead of the true one.
  package var clockSkewSeconds = 0.0
  /// For how long after a cancel DescribeSecret still shows the state before.
  package var staleReadsMilliseconds = 0
  /// For how long after a change ListSecrets still shows the state before; AWS's may be 300.
  package var staleListingSeconds = 0.0
  /// How long a rotation takes unless a secret says otherwise.
  package var finishesAfterSeconds = 8.0
  /// How long the keys of a role, of IAM Identity Center and of instance metadata hold, unless the
  /// caller asked for a time of its own.
  package var sessionSeconds = 3600.0
  /// Whether every second page of ListSecrets is empty although more follow.
  package var emptyPages = false

  package init() {}

  package func account(_ accountID: String) -> SimulatedAccount? {
    accounts.first { $0.accountID == accountID }
  }

  /// The account that a profile's credentials belong to; nil stands for the profile `default`,
  /// and where no account lists that, for the first account.
  package func account(ofProfile profile: String?) -> SimulatedAccount? {
    accounts.first { $0.profiles.contains(profile ?? "default") }
      ?? (profile == nil ? accounts.first : nil)
  }
}

/// A moment that may be told relative to the start of the simulation.
package enum Moment: Sendable, Hashable {
  case at(Timestamp)
  case after(seconds: Double)

  package func resolved(start: Timestamp) -> Timestamp {
    switch self {
    case .at(let moment): moment
    case .after(let seconds): start.adding(seconds: seconds)
    }
  }
}

/// One secret, or many alike, as a scenario describes them.
package struct SecretTemplate: Sendable, Hashable {
  /// What rotation has come to.
  package enum State: String, Sendable, Hashable, CaseIterable {
    case rotating
    /// Configured before, switched off since.
    case off
    case neverConfigured
    /// A rotation began two seconds before the start.
    case inFlight
    /// A rotation began a day before the start and will never finish.
    case stalled
    case markedForDeletion
    /// No version at all, and rotation never configured.
    case empty
  }

  /// With `{n}` for the number among `count`, from 1, padded with zeros to the width of `count`.
  package var name: String
  package var count = 1
  package var accountIDs: [String]
  package var regions: [String]
  /// The six characters at the end of the ARN; made up when nil.
  package var suffix: String?
  package var state: State
  package var nextRotation: Moment?
  /// What is added to `nextRotation` for each further one of `count`.
  package var nextRotationStepSeconds = 0.0
  package var lastRotation: Moment?
  package var rules: JSONValue?
  package var lambdaARN: String?
  package var finishesAfterSeconds: Double?
  package var owningService: String?
  /// Partner type of a managed external secret.
  package var type: String?
  package var description: String?
  package var replicas: [String] = []
  package var tags: [Label] = []
  package var sharedWith: [String] = []
  package var denied = false

  package init(name: String, accountIDs: [String], regions: [String], state: State = .rotating) {
    self.name = name
    self.accountIDs = accountIDs
    self.regions = regions
    self.state = state
  }

  /// How many secrets come of it, replicas not counted.
  package var total: Int { count * accountIDs.count * regions.count }

  /// The name of the one with that number.
  package func name(number: Int) -> String {
    guard name.contains("{n}") else { return name }
    let digits = String(number)
    let padding = String(repeating: "0", count: max(0, String(count).count - digits.count))
    return name.split(separator: "{n}", omittingEmptySubsequences: false)
      .joined(separator: padding + digits)
  }
}
