import RotationCore
import TestSupport
import Testing

@Suite struct TargetSetTests {
  private static let prefix = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"

  private func set(_ identities: [String?: String] = [:]) -> TargetSet {
    var random = SeededRandom(seed: 7)
    return TargetSet(
      key: SipHash128.Key(using: &random), identities: ProfileIdentities(accounts: identities))
  }

  private func target(
    _ id: String, region: String = "us-east-1", profile: String? = "p", account: String? = nil,
    refusal: String? = nil
  ) -> Target {
    Target(
      ordinal: 0, secretID: id, region: region, profile: profile, accountID: account,
      sources: [RotationCore.SourceLocation(file: "m", line: 1, column: 1)], labels: [],
      refusal: refusal)
  }

  private func arn(_ resource: String) -> Target {
    target(TargetSetTests.prefix + resource, account: "111122223333")
  }

  @Test func `name and ARN of one secret in one account merge`() {
    var set = set(["p": "111122223333"])
    #expect(set.insert(target("db")) == .kept(0))
    #expect(set.insert(arn("db-a1B2c3")) == .merged(0))
    #expect(set.insert(arn("db")) == .merged(0))
    var turned = self.set(["p": "111122223333"])
    #expect(turned.insert(arn("db-a1B2c3")) == .kept(0))
    #expect(turned.insert(target("db")) == .merged(0))
  }

  @Test func `without identities a name and an ARN stay apart`() {
    var set = set()
    #expect(set.insert(target("db")) == .kept(0))
    #expect(set.insert(arn("db-a1B2c3")) == .kept(1))
  }

  @Test func `two full ARNs of one name with different suffixes stay apart`() {
    var set = set(["p": "111122223333"])
    #expect(set.insert(target("db")) == .kept(0))
    #expect(set.insert(arn("db-a1B2c3")) == .merged(0))
    #expect(set.insert(arn("db-XXXXXX")) == .kept(1))
    #expect(set.insert(arn("db-XXXXXX")) == .merged(1))
    #expect(set.insert(arn("db-zzzzzz")) == .kept(2))
    #expect(set.insert(arn("db-a1B2c3")) == .merged(0))
    #expect(set.insert(target("db")) == .merged(0))
    #expect(set.count == 3)
  }

  @Test func `two profiles of one known account merge, of unknown ones not`() {
    var known = set(["p": "111122223333", "q": "111122223333"])
    #expect(known.insert(target("db")) == .kept(0))
    #expect(known.insert(target("db", profile: "q")) == .merged(0))
    var unknown = set()
    #expect(unknown.insert(target("db")) == .kept(0))
    #expect(unknown.insert(target("db", profile: "q")) == .kept(1))
    #expect(unknown.insert(target("db", profile: nil)) == .kept(2))
  }

  @Test func `regions and accounts keep secrets apart`() {
    var set = set()
    #expect(set.insert(target("db", account: "111122223333")) == .kept(0))
    #expect(set.insert(target("db", region: "eu-west-1", account: "111122223333")) == .kept(1))
    #expect(set.insert(target("db", account: "444455556666")) == .kept(2))
    #expect(set.insert(target("db", account: "444455556666")) == .merged(2))
  }

  @Test func `a refused target never hides one that can be called`() {
    var set = set()
    #expect(set.insert(target("db", account: "111122223333", refusal: "no")) == .kept(0))
    #expect(set.insert(target("db", account: "111122223333")) == .kept(1))
  }

  @Test func `a hundred thousand targets are told apart and found again`() {
    var set = set()
    for number in 0..<100_000 { #expect(set.insert(target("s\(number)")) == .kept(number)) }
    var random = SeededRandom(seed: 3)
    for _ in 0..<10_000 {
      let number = Int.random(in: 0..<100_000, using: &random)
      #expect(set.insert(target("s\(number)")) == .merged(number))
    }
    #expect(set.count == 100_000)
  }
}
