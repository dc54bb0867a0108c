internal import RotationCore

/// Something that a run leaves for a person to do: a line of `open-items.ndjson`.
struct OpenItem {
  static let schema = "rotactl.open-item/1"

  /// What is open, in the order in which a target's items are told.
  enum Kind: String, CaseIterable {
    case failed, unknown, notAttempted
    /// Skipped with a cause that may pass: its rotation ran, or its state was another one.
    case leftAlone
    case leftoverPending, stalledRotation, cancelledInFlight, reEnabler
  }

  let kind: Kind
  let what: String
  /// The command that deals with it, where there is one.
  let command: String?

  /// All that one target leaves open.
  static func items(
    of item: EvidenceEntry, _ action: RunAction, runID: String
  ) -> [OpenItem] {
    var items: [OpenItem] = []
    if !item.isGood {
      let kind: Kind =
        switch item.outcome {
        case .failed: .failed
        case .unknown: .unknown
        case .notAttempted: .notAttempted
        default: .leftAlone
        }
      let command =
        kind == .notAttempted ? NextCommand.resume(runID: runID) : NextCommand.single(item, action)
      items.append(OpenItem(kind: kind, what: cause(of: item), command: command))
    }
    for warning in item.settlement?.warnings ?? [] {
      guard let kind = Kind(rawValue: warning.code.rawValue) else { continue }
      items.append(OpenItem(kind: kind, what: warning.message, command: warning.next))
    }
    return items
  }

  private static func cause(of item: EvidenceEntry) -> String {
    let code = item.settlement?.failure?.code ?? item.settlement?.reason?.rawValue
    let message = ResultsTable.message(of: item)
    return [code ?? "", message].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  /// The line, with its newline.
  func line(of item: EvidenceEntry) -> [UInt8] {
    let target = item.entry.target
    var object: JSONObject = [
      "schema": .string(OpenItem.schema), "kind": .string(kind.rawValue),
      "ordinal": JSONValue(target.ordinal), "secretId": .string(target.secretID),
      "region": .string(target.region),
    ]
    object["account"] = (target.accountID ?? item.entry.callerAccount).map(JSONValue.string)
    object["profile"] = target.profile.map(JSONValue.string)
    object["arn"] = (item.settlement?.after?.arn ?? item.entry.before?.arn).map(JSONValue.string)
    object["what"] = .string(what)
    object["command"] = command.map(JSONValue.string)
    if !target.labels.isEmpty {
      object["labels"] = .object(
        JSONObject(target.labels.map { .init(key: $0.name, value: .string($0.value)) }))
    }
    return JSONValue.object(object).compactBytes + [0x0A]
  }
}
