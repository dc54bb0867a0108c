import RotationCore
import Testing

@Suite struct SelectionTests {
  @Test(arguments: [
    ("prod/*", "prod/db", true), ("prod/*", "prod/a/b", true), ("prod/*", "prod", false),
    ("*", "", true), ("*db", "prod/db", true), ("*db", "prod/db2", false),
    ("p?od", "prod", true), ("p?od", "pod", false), ("?", "é", false),
    ("a*b*c", "a1b2b3c", true), ("a*b*c", "acb", false), ("rds!*", "rds!db-1", true),
    ("Prod/*", "prod/db", false), ("**", "x", true), ("a", "a", true), ("a", "ab", false),
    ("*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
  ])
  func `a pattern is matched against the whole name`(
    pattern: String, name: String, matches: Bool
  ) throws {
    #expect(try NamePattern(parsing: pattern).matches(name) == matches)
  }

  @Test(arguments: ["", "a[b]", "a{b,c}", "a b", "ä", #"a\*"#, String(repeating: "a", count: 513)])
  func `what no name can hold is no pattern`(text: String) {
    #expect(throws: NamePattern.Problem.self) { try NamePattern(parsing: text) }
  }

  private let now = Timestamp(milliseconds: 1_795_457_501_000)

  private func secret(
    _ name: String = "prod/db", on: Bool? = true, next: Double? = 3600, tags: [Label] = []
  ) -> ListedSecret {
    var state = SecretState()
    state.name = name
    state.rotationEnabled = on
    state.nextRotation = next.map { now.adding(seconds: $0) }
    return ListedSecret(state: state, tags: tags)
  }

  @Test func `each reason to leave a secret out has its name`() throws {
    var selection = SecretSelection()
    #expect(selection.exclusion(of: secret(on: nil), now: now) == nil)
    selection.rotating = true
    #expect(selection.exclusion(of: secret(on: nil), now: now) == .neverConfigured)
    #expect(selection.exclusion(of: secret(on: false), now: now) == .rotationOff)
    #expect(selection.exclusion(of: secret(), now: now) == nil)
    selection.include = [try NamePattern(parsing: "prod/*"), try NamePattern(parsing: "dev/*")]
    selection.exclude = [try NamePattern(parsing: "*/test")]
    #expect(selection.exclusion(of: secret("qa/db"), now: now) == .nameNotIncluded)
    #expect(selection.exclusion(of: secret("dev/test"), now: now) == .nameExcluded)
    selection.tags = [Label(name: "team", value: "pay")]
    let tagged = secret(tags: [Label(name: "team", value: "pay"), Label(name: "x", value: "y")])
    #expect(selection.exclusion(of: tagged, now: now) == nil)
    #expect(selection.exclusion(of: secret(), now: now) == .tagsDiffer)
    // Key and value must stand on the same tag.
    let crossed = secret(tags: [Label(name: "team", value: "y"), Label(name: "x", value: "pay")])
    #expect(selection.exclusion(of: crossed, now: now) == .tagsDiffer)
  }

  @Test func `within a time means until its end, and overdue too`() {
    var selection = SecretSelection()
    selection.rotatesWithin = 3600
    #expect(selection.exclusion(of: secret(next: 3600), now: now) == nil)
    #expect(selection.exclusion(of: secret(next: 3601), now: now) == .rotatesLater)
    #expect(selection.exclusion(of: secret(next: -86_400), now: now) == nil)
    #expect(selection.exclusion(of: secret(next: nil), now: now) == .noRotationDate)
    #expect(selection.exclusion(of: secret(on: false), now: now) == .rotationOff)
  }

  @Test func `a population reconciles and says whether it is complete`() throws {
    var good = LanePopulation(account: "111122223333", region: "us-east-1", profile: "a")
    good.status = .listed
    good.seen = 5
    good.selected = 2
    good.excluded = [.rotationOff: 2, .replica: 1]
    #expect(good.reconciles)
    var lost = LanePopulation(account: nil, region: "eu-west-1", profile: "b")
    lost.failure = ServiceFailure(kind: .service, code: "AccessDeniedException", message: "no")
    let population = Population(selection: SecretSelection(), lanes: [good, lost])
    #expect(population.hasUnknown)
    let document = Population.document([population], takenAt: now, toolVersion: "t")
    #expect(document["schema"] == "rotactl.population/1")
    #expect(Population.hasUnknown(document: document))
    let totals = try #require(document["selections"]?.array?[0]["totals"])
    #expect(totals["seen"] == 5 && totals["selected"] == 2 && totals["unknown"] == 1)
    #expect(totals["excluded"] == ["rotationOff": 2, "replica": 1])
    let lanes = try #require(document["selections"]?.array?[0]["lanes"]?.array)
    #expect(lanes[1]["failure"]?["code"] == "AccessDeniedException")
    lost.status = .notEnabled
    let complete = Population(selection: SecretSelection(), lanes: [good, lost])
    #expect(!complete.hasUnknown)
  }

  @Test func `every region of the table is of its partition`() {
    for partition in [
      "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f",
    ] {
      let regions = Region.all(in: partition)
      #expect(!regions.isEmpty && regions == regions.sorted())
      #expect(regions.allSatisfy { Region.isValid($0) && Region.partition(of: $0) == partition })
    }
    #expect(Region.all(in: "aws").count == 34)
    #expect(Region.all(in: "mars").isEmpty)
  }
}
