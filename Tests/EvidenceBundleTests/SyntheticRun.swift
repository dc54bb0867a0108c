import Cryptography
import DurableFiles
import EvidenceBundle
import RotationCore
import TestSupport

/// A run folder made by hand: any plan, any journal.
///
/// The plan is of the first version, without checks and seal, which stays readable.
struct SyntheticRun {
  let folder: TemporaryDirectory
  var path: String { folder.path + "/run-1" }
  var bundle: String { folder.path + "/run-1.tar.gz" }
  static let time = Timestamp(milliseconds: 1_795_457_501_123)

  init(_ outcomes: [Outcome?], finished: Bool = true) throws {
    folder = try TemporaryDirectory()
    let manifest = Array("secret_id,region\n".utf8)
    try folder.write("run-1/manifest/1-m.csv", manifest)
    try folder.write("run-1/run.json", #"{"schema":"rotactl.run/1","runId":"run-1"}"# + "\n")
    let header = PlanHeader(
      createdAt: SyntheticRun.time, toolVersion: "test", offline: false, incident: "INC-1",
      reason: "=cmd()",
      manifests: [
        .init(
          path: "m.csv", copy: "1-m.csv", sha256: SHA256.hash(manifest).hex, bytes: manifest.count,
          entries: outcomes.count)
      ])
    var first = header.record.object ?? JSONObject()
    first["schema"] = "rotactl.plan/1"
    var lines = [JSONValue.object(first)]
    lines += outcomes.indices.map { SyntheticRun.entry($0).record }
    let plan = Array(lines.map { $0.compact + "\n" }.joined().utf8)
    try folder.write("run-1/plan.ndjson", plan)
    var records: [JournalRecord] = [
      .opened(
        runID: "run-1", toolVersion: "test", planSHA256: SHA256.hash(plan).hex,
        targets: outcomes.count)
    ]
    var totals: [Outcome: Int] = [:]
    for (ordinal, outcome) in outcomes.enumerated() {
      guard let outcome else { continue }
      totals[outcome, default: 0] += 1
      var settlement = Settlement(
        ordinal: ordinal, outcome: outcome, reason: outcome == .skipped ? .inFlight : nil,
        startedAt: SyntheticRun.time, settledAt: SyntheticRun.time.adding(seconds: 1))
      if outcome == .failed {
        settlement.failure = ServiceFailure(
          kind: .service, code: "AccessDeniedException", message: "no, \"never\"\n", httpStatus: 400
        )
      }
      records.append(.settled(settlement))
    }
    if finished { records.append(.finished(totals: totals)) }
    try write(journal: records)
  }

  static func entry(_ ordinal: Int) -> PlanEntry {
    var entry = PlanEntry(
      target: Target(
        ordinal: ordinal, secretID: ordinal == 0 ? "=1+1" : "db/\(ordinal)", region: "us-east-1",
        profile: "p", accountID: "111122223333",
        sources: [SourceLocation(file: "m.csv", line: ordinal + 2, column: 1)],
        labels: [Label(name: "owner", value: "+team")]),
      disposition: .cancel, reason: "rotation is on")
    entry.callerAccount = "111122223333"
    return entry
  }

  func write(journal records: [JournalRecord]) throws {
    var chain = JournalChain { SHA256.hash($0).hex }
    var bytes: [UInt8] = []
    for (index, record) in records.enumerated() {
      let line = record.line(
        at: SyntheticRun.time.adding(seconds: Double(index)), previous: chain.head)
      chain.advance(over: line)
      bytes += line + [0x0A]
    }
    try folder.write("run-1/journal.ndjson", bytes)
  }

  @discardableResult
  func seal(
    _ format: BundleFormat = .tarGz, key: SigningKey? = nil, as name: String? = nil,
    protection: BundleProtection = .open
  ) throws -> BundleDigest {
    try EvidenceWriter.finish(
      runFolder: path, bundle: name ?? folder.path + "/run-1." + format.rawValue, format: format,
      looseReports: true, signingKey: key, protection: protection)
  }
}
