import Cryptography
import DurableFiles
import EvidenceBundle
import RotationCore
import TestSupport
import Testing

/// Plan and journal read together, from a folder and from a bundle.
@Suite struct RunReadingTests {
  private func lines(_ evidence: RunEvidence) throws -> [String] {
    var cursor = try evidence.entries()
    var lines: [String] = []
    while let item = try cursor.next() {
      lines.append("\(item.entry.target.ordinal) \(item.outcome.rawValue)")
    }
    return lines
  }

  private func damage(_ run: SyntheticRun) -> String? {
    do {
      _ = try RunEvidence(folder: run.path)
      return nil
    } catch { return error.description }
  }

  @Test(arguments: BundleFormat.allCases)
  func `a bundle reads like its folder`(format: BundleFormat) throws {
    let run = try SyntheticRun([.cancelled, nil, .failed], finished: false)
    let digest = try run.seal(format)
    let fromFolder = try lines(RunReader(path: run.path).evidence)
    let reader = try RunReader(path: digest.path)
    #expect(try lines(reader.evidence) == fromFolder)
    #expect(fromFolder == ["0 cancelled", "1 notAttempted", "2 failed"])
    let kept = DurableFile.folder(of: reader.evidence.planPath)
    #expect(DurableFile.isFolder(kept))
    withExtendedLifetime(reader) {}
  }

  @Test func `a torn last line is dropped and any other damage names its line`() throws {
    let run = try SyntheticRun([.cancelled, .failed], finished: false)
    let whole = try run.folder.read("run-1/journal.ndjson")
    try run.folder.write("run-1/journal.ndjson", whole + Array(#"{"type":"settl"#.utf8))
    let evidence = try RunEvidence(folder: run.path)
    #expect(evidence.journal.isTorn)
    #expect(evidence.journal.records == 3)
    #expect(try lines(evidence) == ["0 cancelled", "1 failed"])

    try run.folder.write("run-1/journal.ndjson", whole.dropLast())
    #expect(try lines(RunEvidence(folder: run.path)) == ["0 cancelled", "1 notAttempted"])

    var rows = whole.split(separator: 0x0A).map { Array($0) }
    rows.remove(at: 1)
    try run.folder.write(
      "run-1/journal.ndjson", Array(rows.map { $0 + [0x0A] }.joined()))
    #expect(damage(run)?.contains("journal.ndjson:2: does not carry the hash") == true)
  }

  @Test func `a target that settles twice, or that the plan lacks, is damage`() throws {
    let run = try SyntheticRun([nil, nil], finished: false)
    let plan = SHA256.hash(try run.folder.read("run-1/plan.ndjson")).hex
    let opened = JournalRecord.opened(
      runID: "run-1", toolVersion: "t", planSHA256: plan, targets: 2)
    func settled(_ ordinal: Int, _ outcome: Outcome) -> JournalRecord {
      .settled(
        Settlement(
          ordinal: ordinal, outcome: outcome, startedAt: SyntheticRun.time,
          settledAt: SyntheticRun.time))
    }
    try run.write(journal: [opened, settled(0, .failed), settled(0, .cancelled)])
    #expect(damage(run)?.contains("journal.ndjson:3: target 0 settles twice") == true)
    for ordinal in [-1, 2, Int.max] {
      try run.write(journal: [opened, settled(ordinal, .cancelled)])
      #expect(damage(run)?.contains("journal.ndjson:2: ") == true)
    }
    // A resumed run may do better than the one before.
    try run.write(journal: [
      opened, settled(0, .failed), .resumed(host: "h", pid: 1), settled(0, .cancelled),
    ])
    #expect(try lines(RunEvidence(folder: run.path)) == ["0 cancelled", "1 notAttempted"])
  }

  @Test func `targets that would share a report path get their own`() throws {
    let run = try SyntheticRun([nil, nil, nil], finished: false)
    let plan = String(decoding: try run.folder.read("run-1/plan.ndjson"), as: UTF8.self)
      .replacing("db/2", with: "db/1")
    try run.folder.write("run-1/plan.ndjson", plan)
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "t", planSHA256: SHA256.hash(plan).hex, targets: 3)
    ])
    let digest = try run.seal()
    let verification = BundleVerifier.verify(digest.path)
    #expect(verification.isSound, "\(verification.findings)")
    let names = try DurableFile.list(run.path + "/secrets/111122223333/us-east-1")
    #expect(names == ["=1+1.json", "db%2F1.json", "db%2F1~2.json"])
  }

  @Test func `report paths that differ in case alone get their own`() throws {
    let run = try SyntheticRun([nil, nil, nil], finished: false)
    let plan = String(decoding: try run.folder.read("run-1/plan.ndjson"), as: UTF8.self)
      .replacing("db/2", with: "DB/1")
    try run.folder.write("run-1/plan.ndjson", plan)
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "t", planSHA256: SHA256.hash(plan).hex, targets: 3)
    ])
    let digest = try run.seal()
    #expect(BundleVerifier.verify(digest.path).isSound)
    let names = try DurableFile.list(run.path + "/secrets/111122223333/us-east-1")
    #expect(names == ["=1+1.json", "DB%2F1~2.json", "db%2F1.json"])
  }

  @Test(arguments: [BundleFormat.tarGz, .zip])
  func `one report is found in a folder and in a bundle as it stands there`(
    format: BundleFormat
  ) throws {
    let run = try SyntheticRun([.cancelled, .failed, nil, .unknown], finished: false)
    let digest = try run.seal(format)
    for (secret, file) in [("db/1", "db%2F1"), ("db/2", "db%2F2"), ("=1+1", "=1+1")] {
      let written = String(
        decoding: try run.folder.read("run-1/secrets/111122223333/us-east-1/\(file).json"),
        as: UTF8.self)
      for path in [run.path, digest.path] {
        let found = try ReportFinder(secret: secret, in: path).reports
        #expect(found.map { $0.pretty() + "\n" } == [written], "\(secret)")
      }
    }
    for absent in ["db", "db/", "", "db/11"] {
      #expect(try ReportFinder(secret: absent, in: digest.path).reports.isEmpty)
    }
  }

  @Test func `the report of a change in doubt is found as unknown`() throws {
    let run = try SyntheticRun([nil, nil])
    let plan = SHA256.hash(try run.folder.read("run-1/plan.ndjson")).hex
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "t", planSHA256: plan, targets: 2),
      .caller(profile: "p", account: "111122223333", arn: "arn:aws:sts::111122223333:a/b"),
      .intent(
        ordinal: 1, operation: .cancelRotateSecret, region: "us-east-1", secretID: "s", attempt: 1),
    ])
    try run.seal()
    let report = try #require(try ReportFinder(secret: "db/1", in: run.bundle).reports.first)
    #expect(report["outcome"] == "unknown")
    #expect(report["callerArn"] == "arn:aws:sts::111122223333:a/b")
  }

  @Test func `a plan that would lead out of the folder is refused`() throws {
    let run = try SyntheticRun([nil, nil], finished: false)
    let plan = String(decoding: try run.folder.read("run-1/plan.ndjson"), as: UTF8.self)
      .replacing("us-east-1", with: "../../../up")
    try run.folder.write("run-1/plan.ndjson", plan)
    try run.write(journal: [
      .opened(runID: "run-1", toolVersion: "t", planSHA256: SHA256.hash(plan).hex, targets: 2)
    ])
    #expect(throws: EvidenceError.self) { try run.seal() }
    #expect(!DurableFile.exists(run.folder.path + "/up"))
    #expect(!DurableFile.exists(run.bundle))
    #expect(!DurableFile.exists(run.bundle + ".partial"))
    #expect(try DurableFile.list(run.path).allSatisfy { !$0.hasSuffix(".partial") })
  }
}
