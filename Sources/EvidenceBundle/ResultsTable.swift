internal import RotationCore

/// `results.csv`: one row a target, every cell safe against spreadsheet formulas.
struct ResultsTable {
  private static let columns = [
    "secret_id", "region", "profile", "account_id", "arn", "outcome", "reason", "error_code",
    "message", "before_rotation_enabled", "after_rotation_enabled", "next_rotation_before",
    "attempts", "request_id", "started_at", "settled_at", "warnings", "next_command", "source",
  ]

  let labels: [String]
  var action = RunAction.cancel

  var headerLine: [UInt8] {
    var line: [UInt8] = []
    for (index, column) in ResultsTable.columns.enumerated() {
      CSVText.append(column, to: &line, first: index == 0)
    }
    for label in labels { CSVText.append("label_" + label, to: &line) }
    CSVText.end(&line)
    return line
  }

  func line(for item: EvidenceEntry) -> [UInt8] {
    let target = item.entry.target
    let settlement = item.settlement
    let before = settlement?.before ?? item.entry.before
    let cells: [String] = [
      target.secretID, target.region, target.profile ?? "",
      target.accountID ?? item.entry.callerAccount ?? "",
      settlement?.after?.arn ?? before?.arn ?? "", item.outcome.rawValue,
      settlement?.reason?.rawValue ?? "", settlement?.failure?.code ?? "",
      ResultsTable.message(of: item), ResultsTable.text(before?.rotationEnabled),
      ResultsTable.text(settlement?.after?.rotationEnabled),
      before?.nextRotation?.iso8601 ?? "", String(settlement?.attempts.count ?? 0),
      ResultsTable.requestID(of: settlement), settlement?.startedAt.iso8601 ?? "",
      settlement?.settledAt.iso8601 ?? "",
      (settlement?.warnings ?? []).map(\.code.rawValue).joined(separator: ";"),
      NextCommand.single(item, action) ?? settlement?.warnings.lazy.compactMap(\.next).first ?? "",
      target.sources.map(\.description).joined(separator: "; "),
    ]
    var line: [UInt8] = []
    for (index, cell) in cells.enumerated() {
      CSVText.append(CSVText.guarded(cell), to: &line, first: index == 0)
    }
    for label in labels {
      CSVText.append(CSVText.guarded(target.label(label) ?? ""), to: &line)
    }
    CSVText.end(&line)
    return line
  }

  /// What there is to say, most telling first.
  static func message(of item: EvidenceEntry) -> String {
    guard let settlement = item.settlement else { return "the run did not come to this target" }
    if !settlement.message.isEmpty { return settlement.message }
    return settlement.failure?.message ?? ""
  }

  /// The request to look for in CloudTrail: of the failure, else of the last change, else the last.
  static func requestID(of settlement: Settlement?) -> String {
    guard let settlement else { return "" }
    let change = settlement.attempts.last { $0.operation.isMutating && $0.requestID != nil }
    return settlement.failure?.requestID ?? change?.requestID
      ?? settlement.attempts.last { $0.requestID != nil }?.requestID ?? ""
  }

  private static func text(_ flag: Bool?) -> String { flag.map { $0 ? "true" : "false" } ?? "" }
}

/// `failed.csv`: the targets that are not proven, as a manifest that can be run again.
///
/// After a restore it is no manifest: `rotactl run` would turn off what somebody wants on, so that
/// its first column has a name which no manifest's has.
///
/// Names of secrets may begin with `+ = @ -`, and a manifest must give them unchanged: the columns
/// that a manifest interprets are quoted where they look like formulas, never altered. Labels and
/// the two columns on the last run are for people and are guarded as in `results.csv`; a label
/// that a later run carries through here keeps its one apostrophe.
struct FailedTable {
  private static let interpreted: Set<String> = [
    "secret_id", "secretid", "arn", "name", "id", "region", "regions", "profile", "profiles",
    "account_id", "accountid", "account",
  ]
  private static let own = ["last_outcome", "last_error"]

  private let labels: [String]
  private let idColumn: String

  /// - Parameters:
  ///   - labels: of the run; what an earlier `failed.csv` added is written anew.
  ///   - action: what the run did.
  init(labels: [String], action: RunAction) {
    self.labels = labels.filter { !FailedTable.own.contains($0) }
    idColumn = action == .restore ? "secret_to_restore" : "secret_id"
  }

  var headerLine: [UInt8] {
    var line = Array("\(idColumn),region,profile,account_id".utf8)
    for label in labels {
      // A label with the name of such a column would be interpreted in the next run.
      let isTaken = FailedTable.interpreted.contains(label.lowercased())
      CSVText.append(isTaken ? "label_" + label : label, to: &line)
    }
    for column in FailedTable.own { CSVText.append(column, to: &line) }
    CSVText.end(&line)
    return line
  }

  /// - Returns: nil for a target that is good.
  func line(for item: EvidenceEntry) -> [UInt8]? {
    guard !item.isGood else { return nil }
    let target = item.entry.target
    var line: [UInt8] = []
    CSVText.append(target.secretID, to: &line, first: true, alwaysQuoted: true)
    for cell in [target.region, target.profile ?? "", target.accountID ?? ""] {
      CSVText.append(cell, to: &line, alwaysQuoted: CSVText.guarded(cell) != cell)
    }
    for label in labels {
      CSVText.append(CSVText.guarded(target.label(label) ?? ""), to: &line)
    }
    let error = item.settlement?.failure?.code ?? item.settlement?.reason?.rawValue ?? ""
    CSVText.append(item.outcome.rawValue, to: &line)
    CSVText.append(CSVText.guarded(error), to: &line)
    CSVText.end(&line)
    return line
  }
}

extension Target {
  /// The value of the last label of that name.
  func label(_ name: String) -> String? { labels.last { $0.name == name }?.value }
}
