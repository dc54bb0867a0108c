internal import RotationCore

extension Scenario {
  /// One secret that a drill must find.
  package typealias SeedTarget = (
    secretID: String, region: String, profile: String?, accountID: String?
  )

  /// Account ids that made-up accounts get first.
  private static let firstAccountIDs = ["111122223333", "444455556666"]

  /// Makes the accounts and secrets that a manifest's targets name, the same ones each time.
  ///
  /// About four in five rotate at some time of the next 30 days; the others are off, were never
  /// configured, rotate right now for a few seconds, stalled, or belong to RDS. About three in a
  /// hundred requests meet a mild fault. Nothing of it keeps a run from ending well.
  ///
  /// An ARN exists exactly as given; what is named twice exists once.
  package static func seeded(from targets: some Sequence<SeedTarget>) -> Scenario {
    var scenario = Scenario()
    var indexByKey: [[String]: Int] = [:]
    var books = AccountBook()
    let list = Array(targets)
    for target in list { books.learn(target) }
    for target in list {
      let caller = books.accountID(ofProfile: target.profile)
      let arn = try? SecretARN(parsing: target.secretID)
      let account = arn?.accountID ?? caller
      let region = arn?.region ?? target.region
      let name = arn?.name ?? target.secretID
      let key = [account, region, name]
      if let index = indexByKey[key] {
        if let arn, arn.hasSuffix { scenario.secrets[index].suffix = String(arn.text.suffix(6)) }
        scenario.secrets[index].share(with: caller, owner: account)
        continue
      }
      var template = SecretTemplate(name: name, accountIDs: [account], regions: [region])
      if let arn, arn.hasSuffix { template.suffix = String(arn.text.suffix(6)) }
      template.share(with: caller, owner: account)
      template.settle(by: Mixer.hash(["seeded"] + key) % 100)
      indexByKey[key] = scenario.secrets.count
      scenario.secrets.append(template)
      books.add(account)
    }
    scenario.accounts = books.accounts
    scenario.finishesAfterSeconds = 4
    scenario.faults = mildFaults
    return scenario
  }

  private static let mildFaults = [
    FaultRule(kind: .throttle, trigger: .probability(0.01)),
    FaultRule(kind: .internalError, trigger: .probability(0.005)),
    FaultRule(kind: .unavailable, trigger: .probability(0.005)),
    FaultRule(kind: .slow(milliseconds: 300), trigger: .probability(0.005)),
    FaultRule(
      kind: .reset, trigger: .probability(0.005), operations: ["CancelRotateSecret"],
      strikesAfter: true),
  ]

  /// Which profile reaches which account, in the order of first mention.
  private struct AccountBook {
    private(set) var accounts: [SimulatedAccount] = []
    private var accountByProfile: [String: String] = [:]

    mutating func add(_ accountID: String) {
      guard !accounts.contains(where: { $0.accountID == accountID }) else { return }
      accounts.append(SimulatedAccount(accountID: accountID, profiles: []))
    }

    func accountID(ofProfile profile: String?) -> String {
      accountByProfile[profile ?? "default"] ?? Scenario.firstAccountIDs[0]
    }

    /// The first target of a profile that tells an account decides which one it reaches.
    mutating func learn(_ target: SeedTarget) {
      let profile = target.profile ?? "default"
      guard accountByProfile[profile] == nil else { return }
      let stated = target.accountID ?? (try? SecretARN(parsing: target.secretID))?.accountID
      let accountID = stated ?? unusedAccountID(for: profile)
      add(accountID)
      accountByProfile[profile] = accountID
      if let index = accounts.firstIndex(where: { $0.accountID == accountID }) {
        accounts[index].profiles.append(profile)
      }
    }

    private func unusedAccountID(for profile: String) -> String {
      let used = Set(accounts.map(\.accountID))
      if let free = Scenario.firstAccountIDs.first(where: { !used.contains($0) }) { return free }
      for salt in 0... {
        let id = Mixer.text(12, from: "123456789", ["account", profile, String(salt)])
        if !used.contains(id) { return id }
      }
      return Scenario.firstAccountIDs[0]
    }
  }
}

extension SecretTemplate {
  fileprivate mutating func share(with caller: String, owner: String) {
    guard caller != owner, !sharedWith.contains(caller) else { return }
    sharedWith.append(caller)
  }

  /// Gives the secret its place in the mix.
  fileprivate mutating func settle(by percentile: UInt64) {
    switch percentile {
    case ..<80: state = .rotating
    case ..<86: state = .off
    case ..<90: state = .neverConfigured
    case ..<95:
      state = .inFlight
      finishesAfterSeconds = Double(2 + percentile % 4)
    case ..<97: state = .stalled
    default:
      state = .rotating
      owningService = "rds"
    }
  }
}

extension Scenario {
  /// The text of an AWS config file: a section for each profile, leading to the endpoint.
  ///
  /// The endpoint is a URL without a slash at the end.
  package func awsConfigText(endpoint: String) -> String {
    profileSections(prefix: "profile ") { account in
      let region =
        secrets.first { $0.accountIDs.contains(account.accountID) }?.regions.first ?? "us-east-1"
      return ["region = \(region)", "endpoint_url = \(endpoint)"]
    }
  }

  /// The text of an AWS credentials file with the simulator's keys, which open nothing else.
  package func awsCredentialsText() -> String {
    profileSections(prefix: "") { account in
      [
        "aws_access_key_id = \(account.accessKeyID)",
        "aws_secret_access_key = \(account.secretAccessKey)",
      ]
    }
  }

  private func profileSections(
    prefix: String, _ lines: (SimulatedAccount) -> [String]
  ) -> String {
    var names = accounts.flatMap { account in account.profiles.map { ($0, account) } }
    if !names.contains(where: { $0.0 == "default" }), let first = accounts.first {
      names.append(("default", first))
    }
    return names.map { name, account in
      let section = name == "default" ? name : prefix + name
      return "[\(section)]\n" + lines(account).map { $0 + "\n" }.joined()
    }.joined(separator: "\n")
  }
}
