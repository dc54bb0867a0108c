internal import Cryptography
internal import RotationCore

/// `index.json`: what the bundle holds, and the journal's head that everything hangs on.
struct IndexDocument {
  static let schema = "rotactl.index/1"

  let evidence: RunEvidence
  let summary: RunSummary
  /// All files before the index, reports apart.
  let files: [WrittenFile]
  /// Of all reports together.
  let reportBytes: Int

  var record: JSONValue {
    let journal = evidence.journal
    var object: JSONObject = [
      "schema": .string(IndexDocument.schema), "edition": JSONValue(BundleShape.edition),
      "runId": .string(journal.runID), "toolVersion": .string(journal.toolVersion),
    ]
    object["incident"] = evidence.header.incident.map(JSONValue.string)
    object["lastRecordAt"] = .string(journal.lastAt.iso8601)
    object["finished"] = .bool(journal.finished != nil)
    object["journal"] = [
      "lines": JSONValue(journal.records), "head": .string(journal.head),
      "sha256": .string(journal.sha256),
    ]
    object["totals"] = .object(totals)
    object["files"] = .array(
      files.map {
        [
          "path": .string($0.name), "bytes": JSONValue($0.bytes), "sha256": .string($0.digest.hex),
        ]
      })
    object["reports"] = [
      "folder": .string(RunLayout.secretsFolder), "files": JSONValue(evidence.targets),
      "bytes": JSONValue(reportBytes),
    ]
    return .object(object)
  }

  /// Rows of the manifests, targets, and outcomes that add up to the targets.
  private var totals: JSONObject {
    var outcomes = JSONObject()
    for outcome in Outcome.allCases {
      outcomes[outcome.rawValue] = JSONValue(summary.count(outcome))
    }
    return [
      "manifestEntries": JSONValue(evidence.header.manifests.reduce(0) { $0 + $1.entries }),
      "targets": JSONValue(summary.targets), "outcomes": .object(outcomes),
      "reconciles": .bool(summary.reconciles), "notGood": JSONValue(summary.notGood),
    ]
  }
}
