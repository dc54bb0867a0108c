import DurableFiles
import RotationCore
import RunEngine
import TestSupport
import Testing

@Suite struct ManifestCountTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private static let now = Timestamp(milliseconds: 1_700_000_000_000)
  private static let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"

  private struct Plan: Equatable {
    var overview = PlanOverview(now: ManifestCountTests.now)
    var first: [Target] = []
    var profiles: [String?] = []
    var entries = 0
    mutating func add(_ target: Target, count: Int = 1) {
      overview.add(
        PlanEntry(target: target, disposition: .notExamined, reason: ""), count: count)
    }
  }

  private func key() -> SipHash128.Key {
    var random = SeededRandom(seed: 5)
    return SipHash128.Key(using: &random)
  }

  /// In one pass; nil where that does not do.
  private func counted(
    _ sources: [ManifestSource], _ options: Expansion.Options, own: String?, shown: Int
  ) throws -> Plan? {
    var plan = Plan()
    let count = try ManifestCount(
      sources, options: options, key: key(), regionOfProfile: { _ in own }, shown: shown,
      emit: { (target) throws(FileError) in
        plan.add(target)
        plan.first.append(target)
      }, count: { plan.add($0, count: $1) })
    guard let count else { return nil }
    plan.profiles = count.profiles
    plan.entries = count.entryCount
    return plan
  }

  /// In two passes; nil where there is a problem.
  private func read(
    _ sources: [ManifestSource], _ options: Expansion.Options, own: String?, shown: Int
  ) throws -> Plan? {
    let survey = try ManifestSurvey(sources, options: options) { _ in own }
    var plan = Plan()
    let expansion = try ManifestExpansion(
      sources, survey: survey, options: options, key: key(), regionOfProfile: { _ in own },
      emit: { (target) throws(FileError) in
        plan.add(target)
        if plan.first.count < shown { plan.first.append(target) }
      })
    plan.profiles = survey.profiles
    plan.entries = survey.entryCount
    return survey.problems.isEmpty && expansion.problems.isEmpty ? plan : nil
  }

  private func expectSame(
    _ sources: [ManifestSource], _ options: Expansion.Options = .init(), own: String? = nil
  ) throws {
    for shown in [0, 3, 100_000] {
      let counted = try counted(sources, options, own: own, shown: shown)
      let read = try read(sources, options, own: own, shown: shown)
      #expect(counted == read)
    }
  }

  private func csv(rows: Int, seed: UInt64) -> String {
    var random = SeededRandom(seed: seed)
    func one(of texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
    var text = "id,region,profile,account_id,note\n"
    for _ in 0..<rows {
      let name = "app/\(Int.random(in: 0..<rows / 3, using: &random))"
      let suffix = one(of: ["", "-AbCdEf", "-XyZ123", "-AbCdE"])
      if Bool.random(using: &random) {
        text += Self.arn + name + suffix + "," + one(of: ["", "eu-west-1"])
      } else {
        let regions = ["eu-west-1", "eu-west-1;us-east-1", "", "us-east-1"]
        text += name + suffix + "," + one(of: regions)
      }
      text += "," + one(of: ["", "p", "q", "p;q", "\"r, \"\"s\"\"\""])
      text += "," + one(of: ["", "", "111122223333"]) + "," + one(of: ["", "x", "é", "\"y,z\""])
      text += one(of: ["\n", "\r\n"])
    }
    return text
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func `one pass counts what two passes find`(_ seed: UInt64) throws {
    let first = csv(rows: 900, seed: seed)
    let second = csv(rows: 200, seed: seed + 100)
    let lines = (0..<300).map { number in
      #"{"id":"app/\#(number % 250)","profile":"\#(number % 2 == 0 ? "p" : "t")"}"# + "\n"
    }
    let sources = [
      ManifestSource(path: try folder.write("a.csv", first)),
      ManifestSource(path: try folder.write("b.csv", second)),
      ManifestSource(path: try folder.write("c.jsonl", lines.joined())),
      ManifestSource(path: try folder.write("d.txt", "app/1\napp/1\nnew\n")),
      ManifestSource(path: try folder.write("e.json", #"["app/1",{"id":"newer"}]"#)),
    ]
    try expectSame(sources, .init(regions: ["us-east-1"]))
    try expectSame(sources, .init(regions: ["us-east-1", "eu-west-1"], profiles: ["p", "z"]))
    try expectSame(sources, own: "eu-central-1")
    try expectSame(
      sources, .init(regions: ["us-east-1", "eu-west-1"], coversAllRegions: true))
    let plan = try #require(try counted(sources, .init(), own: "us-east-1", shown: 7))
    #expect(plan.first.count == 7 && plan.overview.targets > 500)
  }

  @Test(arguments: [
    ("a.csv", "id,region\nx,us-east-1\ny,Mars\n"), ("a.csv", "id,region\nx,us-east-1\ny,\n"),
    ("a.csv", "id,region\n"), ("a.csv", ""), ("missing", nil),
    ("a.json", #"{"secrets":["x"],"defaults":{"regions":["us-east-1"]}}"#),
    ("a.json", #"{"secrets":["arn:x"],"defaults":{"profiles":["p"]}}"#),
    ("a.json", #"{"secrets":[{"select":{"rotating":true},"regions":["us-east-1"]}]}"#),
  ])
  func `what takes two passes is left to them`(_ name: String, _ text: String?) throws {
    if let text { try folder.write(name, text) }
    let source = ManifestSource(path: folder.path + "/" + name)
    #expect(try counted([source], .init(), own: nil, shown: 50) == nil)
  }

  @Test func `a row of a known shape without a region is a problem of its own`() throws {
    let source = ManifestSource(path: try folder.write("a.csv", "id,region\nx,\ny,\nz,\nlast,\n"))
    let expansion = try ManifestExpansion(
      [source], options: .init(), key: key(), regionOfProfile: { _ in nil }
    ) { _ in }
    #expect(expansion.problems.total == 4 && expansion.entryCount == 4)
    #expect(expansion.problems.first.map(\.location.line) == [2, 3, 4, 5])
  }

  @Test func `an error of the receiver ends one pass too`() throws {
    let source = ManifestSource(
      path: try folder.write("a.csv", "id\n" + String(repeating: "x\n", count: 10)))
    #expect(throws: FileError(code: 28, action: "cannot write plan")) {
      _ = try ManifestCount(
        [source], options: .init(), key: key(), regionOfProfile: { _ in "us-east-1" }, shown: 5,
        emit: { (_) throws(FileError) in throw FileError(code: 28, action: "cannot write plan") },
        count: { _, _ in })
    }
  }
}
