import Cryptography
import DurableFiles
import RotationCore
import RunEngine
import TestSupport
import Testing

@Suite struct PlanFileTests {
  private let folder: TemporaryDirectory
  private var path: String { folder.path + "/plan.ndjson" }

  init() throws { folder = try TemporaryDirectory() }

  private func header(saved: Bool = true) -> PlanHeader {
    var header = PlanHeader(
      createdAt: Timestamp(milliseconds: 1_795_457_501_123), toolVersion: "test", offline: false,
      incident: "INC-1", reason: nil,
      manifests: [
        .init(path: "m.csv", copy: saved ? nil : "1-m.csv", sha256: "00", bytes: 5, entries: 1)
      ])
    if saved {
      header.saved = SavedPlan(
        operatorName: "ops", host: "bastion",
        callers: [
          .init(profile: nil, account: "111122223333", arn: "arn:a"),
          .init(profile: "p", account: "444455556666", arn: "arn:b"),
        ],
        settings: [
          .init(name: "rate", values: ["20"], origin: "--rate"),
          .init(name: "burst", values: ["2"], origin: "default"),
        ])
    }
    return header
  }

  private func entry(_ ordinal: Int) -> PlanEntry {
    PlanEntry(
      target: Target(
        ordinal: ordinal, secretID: "db-\(ordinal)", region: "us-east-1", profile: nil,
        accountID: nil, sources: [], labels: []),
      disposition: .cancel, reason: "rotation is on")
  }

  private func write(_ count: Int, saved: Bool = true) throws -> String {
    var writer = try PlanFileWriter(path: path, header: header(saved: saved))
    for ordinal in 0..<count { try writer.append(entry(ordinal)) }
    return try writer.finish()
  }

  /// Reads to the end: the number of targets, or the first complaint.
  private func read() throws -> (count: Int, digest: String, damage: PlanDamage?) {
    do {
      var reader = try PlanFileReader(path: path)
      var count = 0
      while try reader.next() != nil { count += 1 }
      return (count, try reader.digest(), nil)
    } catch let damage as PlanDamage {
      return (0, "", damage)
    }
  }

  private func lines() throws -> [String] {
    String(decoding: try folder.read("plan.ndjson"), as: UTF8.self)
      .split(separator: "\n").map(String.init)
  }

  private func put(_ lines: [String]) throws {
    try folder.write("plan.ndjson", lines.map { $0 + "\n" }.joined())
  }

  @Test func `a plan reads back as it was written and its hash is that of its bytes`() throws {
    let sha256 = try write(300)
    let found = try read()
    #expect(found.damage == nil)
    #expect(found.count == 300)
    #expect(found.digest == sha256)
    #expect(SHA256.hash(try folder.read("plan.ndjson")).hex == sha256)
    let reader = try PlanFileReader(path: path)
    #expect(reader.header.version == 2)
    #expect(reader.header.saved == header().saved)
    #expect(reader.header.manifests == header().manifests)
    #expect(reader.header.copiedManifests.isEmpty)
  }

  @Test func `each changed line is named`() throws {
    _ = try write(3)
    let sound = try lines()
    #expect(sound.count == 5)
    for index in sound.indices {
      var edited = sound
      edited[index] = edited[index].replacing("us-east-1", with: "eu-west-1")
        .replacing("INC-1", with: "INC-2").replacing(#""targets":3"#, with: #""targets":2"#)
      #expect(edited != sound)
      try put(edited)
      #expect(try read().damage?.line == index + 1, "line \(index + 1)")
    }
  }

  @Test func `dropped, added, moved and cut lines are found`() throws {
    _ = try write(4)
    let sound = try lines()
    let cases: [(String, [String], Int)] = [
      ("dropped", sound.enumerated().filter { $0.offset != 2 }.map(\.element), 3),
      ("doubled", Array(sound.prefix(3) + sound.suffix(from: 2)), 4),
      ("swapped", [0, 2, 1, 3, 4, 5].map { sound[$0] }, 2),
      ("last dropped", sound.enumerated().filter { $0.offset != 4 }.map(\.element), 5),
      ("no seal", sound.dropLast(), 6),
      ("behind the seal", sound + [sound[1]], 7),
    ]
    for (name, edited, line) in cases {
      try put(edited)
      #expect(try read().damage?.line == line, "\(name)")
    }
    let bytes = try folder.read("plan.ndjson")
    try folder.write("plan.ndjson", Array(bytes.dropLast()))
    #expect(try read().damage != nil)
  }

  @Test func `a line with a mended check is found by the seal`() throws {
    _ = try write(2)
    var edited = try lines()
    var other = entry(1)
    other.target.secretID = "another"
    let forged = PlanLines { SHA256.hash($0).hex }.line(of: other.record)
    edited[2] = String(decoding: forged, as: UTF8.self)
    try put(edited)
    let damage = try read().damage
    #expect(damage?.what.contains("not those that were sealed") == true)
  }

  @Test func `a plan of the first version still reads`() throws {
    var first = header(saved: false).record.object ?? JSONObject()
    first["schema"] = "rotactl.plan/1"
    try put([JSONValue.object(first).compact, entry(0).record.compact, entry(1).record.compact])
    let found = try read()
    #expect(found.damage == nil && found.count == 2)
    let reader = try PlanFileReader(path: path)
    #expect(reader.header.version == 1 && reader.header.saved == nil)
    #expect(reader.header.copiedManifests.map(\.copy) == ["1-m.csv"])
    #expect(reader.header.record["schema"] == "rotactl.plan/1")
  }

  @Test(arguments: ["", "{}\n", "not json\n", #"{"schema":"rotactl.plan/3"}"# + "\n"])
  func `anything else is no plan`(text: String) throws {
    try folder.write("plan.ndjson", text)
    #expect(try read().damage?.line == 1)
  }
}
