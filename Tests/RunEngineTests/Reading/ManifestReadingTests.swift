import Cryptography
import DurableFiles
import RotationCore
import RunEngine
import TestSupport
import Testing

@Suite struct ManifestReadingTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private struct Plan {
    var expansion: ManifestExpansion
    var targets: [Target]
    var merged: [MergedSource]
    var rows: [String] {
      targets.map { "\($0.ordinal) \($0.secretID) \($0.region) \($0.profile ?? "-")" }
    }
  }

  private func survey(
    _ sources: [ManifestSource], options: Expansion.Options = .init(), own: String? = nil
  ) throws -> ManifestSurvey {
    try ManifestSurvey(sources, options: options) { _ in own }
  }

  private func plan(
    _ sources: [ManifestSource], survey: ManifestSurvey? = nil,
    options: Expansion.Options = .init(), identities: [String?: String] = [:], own: String? = nil
  ) throws -> Plan {
    var random = SeededRandom(seed: 5)
    var targets: [Target] = []
    var merged: [MergedSource] = []
    let expansion = try ManifestExpansion(
      sources, survey: survey, options: options,
      identities: ProfileIdentities(accounts: identities), key: SipHash128.Key(using: &random),
      regionOfProfile: { _ in own }, merged: { merged.append($0) },
      emit: { (target) throws(FileError) in targets.append(target) })
    return Plan(expansion: expansion, targets: targets, merged: merged)
  }

  @Test func `several manifests make one run with one row of ordinals`() throws {
    let sources = [
      ManifestSource(path: try folder.write("a.csv", "id,region\nx,us-east-1;eu-west-1\ny,\n")),
      ManifestSource(path: try folder.write("b.txt", "z\nx\n")),
    ]
    let plan = try plan(sources, options: .init(regions: ["us-east-1"], profiles: ["p"]))
    #expect(plan.expansion.problems.isEmpty)
    #expect(
      plan.rows == ["0 x us-east-1 p", "1 x eu-west-1 p", "2 y us-east-1 p", "3 z us-east-1 p"])
    #expect(plan.merged.map(\.ordinal) == [0])
    #expect(plan.merged[0].location.description.hasSuffix("b.txt:2:1"))
    #expect(plan.expansion.targetCount == 4 && plan.expansion.mergedCount == 1)
    #expect(plan.expansion.readings.map { $0?.entryCount } == [2, 2])
  }

  @Test func `defaults after the secrets apply in either way of reading`() throws {
    let source = ManifestSource(
      path: try folder.write(
        "a.json",
        #"{"secrets":["x"],"incident":"I","defaults":{"regions":["eu-west-1"],"profiles":["d"]}}"#))
    let survey = try survey([source])
    #expect(survey.problems.isEmpty && survey.profiles == ["d"] && survey.incident == "I")
    #expect(try plan([source]).rows == ["0 x eu-west-1 d"])
    #expect(try plan([source], survey: survey).rows == ["0 x eu-west-1 d"])
  }

  @Test func `the digest is of the original bytes and the spool holds them`() throws {
    let bytes = [0xEF, 0xBB, 0xBF] + Array("id\r\nx\r\n".utf8)
    let spool = try folder.path("spool/original")
    let source = ManifestSource(path: try folder.write("a.csv", bytes), spool: spool)
    let survey = try survey([source], own: "us-east-1")
    #expect(survey.readings[0]?.sha256 == SHA256.hash(bytes))
    #expect(survey.readings[0]?.byteCount == bytes.count)
    #expect(survey.readings[0]?.format == .csv)
    #expect(try folder.read("spool/original") == bytes)
    let offline = ManifestSource(
      path: try folder.write("b.csv", bytes), spool: try folder.path("spool/second"))
    _ = try plan([offline], own: "us-east-1")
    #expect(try folder.read("spool/second") == bytes)
  }

  @Test func `pass one names the profiles to ask, in the order of their use`() throws {
    let sources = [
      ManifestSource(path: try folder.write("a.csv", "id,profile\nx,b;a\ny,\nz,b\n")),
      ManifestSource(path: try folder.write("b.csv", "id\nx\n")),
    ]
    let named = try survey(sources, options: .init(profiles: ["c"]), own: "us-east-1")
    #expect(named.profiles == ["b", "a", "c"])
    #expect(named.entryCount == 4)
    #expect(try survey(sources, own: "us-east-1").profiles == ["b", "a", nil])
  }

  @Test func `no region anywhere is found in pass one, in JSON too`() throws {
    let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3"
    let sources = [
      ManifestSource(path: try folder.write("a.csv", "id,region\nx,\ny,us-east-1\n\(arn),\n")),
      ManifestSource(path: try folder.write("b.json", #"["x"]"#)),
    ]
    let found = try survey(sources)
    #expect(found.problems.total == 2)
    #expect(found.problems.first[0].text.contains("a.csv:2:1: no region for 'x'"))
    #expect(found.problems.first[1].text.contains("b.json:1:2: no region for 'x'"))
    #expect(try survey(sources, own: "us-east-1").problems.isEmpty)
    #expect(try survey(sources, options: .init(regions: ["us-east-1"])).problems.isEmpty)
    #expect(try plan(sources).expansion.problems.total == 2)
  }

  @Test(arguments: ["missing.csv", "missing.json", ""])
  func `a missing file and a folder are problems`(_ name: String) throws {
    let path = name.isEmpty ? folder.path : folder.path + "/" + name
    for problems in [
      try survey([ManifestSource(path: path)]).problems,
      try plan([ManifestSource(path: path)]).expansion.problems,
    ] {
      #expect(problems.total == 1)
      let text = try #require(problems.first.first?.text)
      #expect(text.hasPrefix("\(path):1:1: cannot read"))
      #expect(text.contains(name.isEmpty ? "directory" : "No such file"))
    }
  }

  @Test(arguments: ["a.csv", "a.json", "a.jsonl", "a.txt", "a"])
  func `an empty manifest is a problem`(_ name: String) throws {
    let source = ManifestSource(path: try folder.write(name, ""))
    #expect(try survey([source]).problems.total == 1)
    #expect(try plan([source]).expansion.problems.total == 1)
  }

  @Test func `standard input needs a spool and is named once`() throws {
    #expect(try survey([ManifestSource(path: "-")]).problems.total == 1)
    let two = [ManifestSource(path: "-", spool: "x"), ManifestSource(path: "-", spool: "y")]
    #expect(try survey(two).problems.first.first?.what.contains("named twice") == true)
  }

  @Test func `a manifest that changed since pass one is a problem`() throws {
    let source = ManifestSource(path: try folder.write("a.txt", "x\n"))
    let before = try survey([source], own: "us-east-1")
    try folder.write("a.txt", "y\n")
    let plan = try plan([source], survey: before, own: "us-east-1")
    #expect(plan.expansion.problems.first.first?.what.contains("changed") == true)
  }

  @Test func `an error of the receiver ends the reading`() throws {
    let source = ManifestSource(
      path: try folder.write("a.txt", String(repeating: "x\n", count: 10)))
    var random = SeededRandom(seed: 5)
    let key = SipHash128.Key(using: &random)
    var calls = 0
    #expect(throws: FileError(code: 28, action: "cannot write plan")) {
      _ = try ManifestExpansion(
        [source], options: .init(), key: key, regionOfProfile: { _ in "us-east-1" },
        emit: { (_) throws(FileError) in
          calls += 1
          throw FileError(code: 28, action: "cannot write plan")
        })
    }
    #expect(calls == 1)
  }

  @Test func `problems beyond the first hundred are counted`() throws {
    let rows = String(repeating: "x,nope\n", count: 5000)
    let survey = try survey([ManifestSource(path: folder.write("a.csv", "id,region\n" + rows))])
    #expect(survey.problems.first.count == 100 && survey.problems.total == 5000)
  }

  @Test func `the example expands over accounts and regions and merges nothing`() throws {
    let source = ManifestSource(path: Conformance.repositoryRoot + "/manifests/example.csv")
    let survey = try survey([source])
    #expect(survey.problems.isEmpty && survey.profiles == ["payments", "platform"])
    let identities: [String?: String] = ["payments": "111122223333", "platform": "444455556666"]
    let plan = try plan([source], survey: survey, identities: identities)
    #expect(plan.expansion.problems.isEmpty && plan.merged.isEmpty)
    #expect(plan.targets.count == 36)
    #expect(plan.targets.allSatisfy { $0.refusal == nil && !$0.isCrossAccount })
    #expect(Set(plan.targets.map(\.region)) == ["us-east-1", "eu-west-1", "ap-southeast-2"])
  }
}
