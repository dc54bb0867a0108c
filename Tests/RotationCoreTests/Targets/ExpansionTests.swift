import RotationCore
import Testing

@Suite struct ExpansionTests {
  private let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"

  private func expand(
    _ entry: ManifestEntry, regions: [String] = [], profiles: [String] = [],
    defaults: [String] = [], accounts: [String?: String] = [:], own: String? = nil
  ) -> (targets: [Target], problem: ManifestProblem?) {
    var preamble = ManifestPreamble()
    preamble.defaultRegions = defaults
    let expansion = Expansion(
      preamble: preamble, options: .init(regions: regions, profiles: profiles),
      identities: ProfileIdentities(accounts: accounts), regionOfProfile: { _ in own })
    var targets: [Target] = []
    let problem = expansion.expand(entry) { targets.append($0) }
    return (targets, problem)
  }

  private func entry(
    _ id: String, regions: [String] = [], profiles: [String] = [], account: String? = nil
  ) -> ManifestEntry {
    ManifestEntry(
      location: SourceLocation(file: "m", line: 2, column: 1), secretID: id, regions: regions,
      profiles: profiles, accountID: account)
  }

  @Test func `regions and profiles multiply in their order`() {
    let targets = expand(
      entry("a", regions: ["us-east-1", "eu-west-1"], profiles: ["p", "q"])
    ).targets
    #expect(
      targets.map { "\($0.region)/\($0.profile ?? "-")" } == [
        "us-east-1/p", "us-east-1/q", "eu-west-1/p", "eu-west-1/q",
      ])
  }

  @Test func `the row beats the defaults, those the options, those the profile`() {
    func region(_ row: [String], _ defaults: [String], _ options: [String]) -> [String] {
      expand(
        entry("a", regions: row), regions: options, defaults: defaults, own: "ca-central-1"
      ).targets.map(\.region)
    }
    #expect(region(["us-east-1"], ["us-east-2"], ["us-west-1"]) == ["us-east-1"])
    #expect(region([], ["us-east-2"], ["us-west-1"]) == ["us-east-2"])
    #expect(region([], [], ["us-west-1"]) == ["us-west-1"])
    #expect(region([], [], []) == ["ca-central-1"])
  }

  @Test func `without any region there is a problem and no target`() {
    let (targets, problem) = expand(entry("a"))
    #expect(targets.isEmpty)
    #expect(problem?.text.contains("region") == true)
  }

  @Test func `an ARN goes to its own region and to the profile of its account`() {
    let targets = expand(
      entry(arn), regions: ["us-east-1"], profiles: ["p", "q"],
      accounts: ["p": "444455556666", "q": "111122223333"]
    ).targets
    #expect(targets.map(\.region) == ["eu-west-1"])
    #expect(targets.map(\.profile) == ["q"])
    #expect(targets.map(\.accountID) == ["111122223333"])
  }

  @Test func `an ARN that no profile's account owns is refused when several are given`() {
    let targets = expand(
      entry(arn), profiles: ["p", "q"], accounts: ["p": "444455556666", "q": "777788889999"]
    ).targets
    #expect(targets.count == 1)
    #expect(targets.first?.refusal?.contains("111122223333") == true)
  }

  @Test func `one profile of another account is used for an ARN and refused for a name`() {
    let accounts: [String?: String] = ["p": "444455556666"]
    let cross = expand(entry(arn), profiles: ["p"], accounts: accounts).targets.first
    #expect(cross?.profile == "p" && cross?.refusal == nil)
    let wrong = expand(
      entry("a", regions: ["us-east-1"], account: "111122223333"), profiles: ["p"],
      accounts: accounts
    ).targets.first
    #expect(wrong?.refusal != nil)
  }

  private func merged(
    _ ids: [(String, String?)], accounts: [String?: String] = [:]
  ) -> [TargetSet.Insertion] {
    var set = TargetSet(
      key: SipHash128.Key(low: 1, high: 2), identities: ProfileIdentities(accounts: accounts))
    return ids.map { id, profile in
      let parsed = try? SecretARN(parsing: id)
      return set.insert(
        Target(
          ordinal: 0, secretID: id, region: parsed?.region ?? "eu-west-1", profile: profile,
          accountID: parsed?.accountID, sources: [], labels: []))
    }
  }

  @Test func `name and ARN, two rows, and two profiles of one account are one secret`() {
    let accounts: [String?: String] = ["p": "111122223333", "q": "111122223333"]
    #expect(
      merged(
        [("db", "p"), (arn, "p"), ("db", "p"), ("db", "q"), ("other", "p")], accounts: accounts)
        == [.kept(0), .merged(0), .merged(0), .merged(0), .kept(1)])
  }

  @Test func `two suffixes of one name are two secrets`() {
    let later = arn.replacing("AbCdEf", with: "GhIjKl")
    #expect(
      merged([(arn, nil), (later, nil), (later, nil), (arn, nil)])
        == [.kept(0), .kept(1), .merged(1), .merged(0)])
  }

  @Test func `a hundred thousand targets are told apart`() {
    var set = TargetSet(key: SipHash128.Key(low: 3, high: 4))
    for round in 0..<2 {
      for number in 0..<100_000 {
        let target = Target(
          ordinal: 0, secretID: "s\(number)", region: "us-east-1", profile: nil, accountID: nil,
          sources: [], labels: [])
        let insertion = set.insert(target)
        #expect(insertion == (round == 0 ? .kept(number) : .merged(number)))
      }
    }
    #expect(set.count == 100_000)
  }
}
