/// Writes selected secrets as a manifest that every reader of ours takes back unchanged, row by
/// row.
package struct DiscoveredManifest: Sendable {
  package enum Format: String, Sendable, Hashable, CaseIterable {
    case csv, json, jsonl
  }

  package let format: Format
  private var isFirst = true

  package init(format: Format) { self.format = format }

  /// What stands before the first row.
  package var head: [UInt8] {
    switch format {
    case .csv:
      var line = Array("secret_id,region,profile,account_id".utf8)
      for name in DiscoveredSecret.labelNames { CSVText.append(name, to: &line) }
      line.append(0x0A)
      return line
    case .json: return Array("{\"version\":1,\"secrets\":[".utf8)
    case .jsonl: return []
    }
  }

  package mutating func row(_ secret: DiscoveredSecret) -> [UInt8] {
    defer { isFirst = false }
    switch format {
    case .csv: return DiscoveredManifest.csv(secret)
    case .json:
      return Array((isFirst ? "\n" : ",\n").utf8) + DiscoveredManifest.json(secret).compactBytes
    case .jsonl: return DiscoveredManifest.json(secret).compactBytes + [0x0A]
    }
  }

  /// What stands behind the last row.
  package var tail: [UInt8] { format == .json ? Array("\n]}\n".utf8) : [] }

  /// One row.
  ///
  /// A cell that a manifest interprets is never altered: a profile that looks like a formula is
  /// quoted. What is only carried along gets an apostrophe.
  private static func csv(_ secret: DiscoveredSecret) -> [UInt8] {
    var line: [UInt8] = []
    CSVText.append(secret.arn.text, to: &line, first: true)
    CSVText.append(secret.arn.region, to: &line)
    let profile = secret.profile ?? ""
    CSVText.append(profile, to: &line, alwaysQuoted: CSVText.guarded(profile) != profile)
    CSVText.append(secret.arn.accountID, to: &line)
    let labels = secret.labels
    for name in DiscoveredSecret.labelNames {
      CSVText.append(
        CSVText.guarded(labels.first { $0.name == name }?.value ?? ""), to: &line)
    }
    line.append(0x0A)
    return line
  }

  private static func json(_ secret: DiscoveredSecret) -> JSONValue {
    var object: JSONObject = [
      "id": .string(secret.arn.text), "regions": [.string(secret.arn.region)],
    ]
    object["profiles"] = secret.profile.map { [.string($0)] }
    object["account_id"] = .string(secret.arn.accountID)
    object["labels"] = .object(
      JSONObject(secret.labels.map { .init(key: $0.name, value: .string($0.value)) }))
    return .object(object)
  }

  /// Whether a profile's name can stand in a CSV cell, where `;` parts several.
  package static func canWrite(profile: String, as format: Format) -> Bool {
    format != .csv || !profile.contains(";")
  }
}
