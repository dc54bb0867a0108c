package import RotationCore

extension RunEvidence {
  /// `summary.json`: the totals, and which run, by whom, over what, they belong to.
  func summaryRecord(_ summary: RunSummary, openItems: [OpenItem.Kind: Int]) -> JSONValue {
    var object =
      summary.record(
        runID: journal.runID, action: header.action, incident: header.incident,
        reason: header.reason
      ).object ?? JSONObject()
    object["openItems"] = .object(
      JSONObject(
        OpenItem.Kind.allCases.map { .init(key: $0.rawValue, value: JSONValue(openItems[$0] ?? 0)) }
      ))
    object["toolVersion"] = .string(journal.toolVersion)
    object["finished"] = .bool(journal.finished != nil)
    object["stopped"] = journal.stopped.map(JSONValue.string)
    object["resumed"] = JSONValue(journal.resumed)
    object["plannedAt"] = .string(header.createdAt.iso8601)
    object["openedAt"] = .string(journal.openedAt.iso8601)
    object["lastRecordAt"] = .string(journal.lastAt.iso8601)
    object["callers"] = .array(
      journal.callers.map { caller in
        var item = JSONObject()
        item["profile"] = caller.profile.map(JSONValue.string)
        item["account"] = .string(caller.account)
        item["arn"] = .string(caller.arn)
        return .object(item)
      })
    object["manifests"] = .array(
      header.manifests.map { manifest in
        var item: JSONObject = ["path": .string(manifest.path)]
        item["copy"] = manifest.copy.map(JSONValue.string)
        item["sha256"] = .string(manifest.sha256)
        item["bytes"] = JSONValue(manifest.bytes)
        item["entries"] = JSONValue(manifest.entries)
        return .object(item)
      })
    object["source"] = header.source.map { source in
      ["runId": .string(source.runID), "planSha256": .string(source.planSHA256)]
    }
    object["planSha256"] = .string(planSHA256)
    object["journalSha256"] = .string(journal.sha256)
    object["journalHead"] = .string(journal.head)
    object["journalRecords"] = JSONValue(journal.records)
    return .object(object)
  }

  /// Whether the run is complete and every one of its targets is proven.
  package func isProven(_ summary: RunSummary) -> Bool {
    summary.targets > 0 && summary.notGood == 0 && summary.reconciles && journal.finished != nil
  }
}
