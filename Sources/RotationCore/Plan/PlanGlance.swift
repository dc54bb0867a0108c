/// What a first reading of a plan needs of each target, without the state that was seen.
package struct PlanGlance: Sendable, Hashable {
  package let ordinal: Int
  /// The names of its labels, in their order.
  package let labels: [String]

  /// - Returns: nil when the line is not an entry of a plan.
  package init?(line: [UInt8]) {
    var ordinal: Int?
    var labels: [String]? = []
    var members = 0
    let isPlain = line.withUnsafeBytes { bytes in
      JSONGlance.members(of: bytes) { name, value in
        switch String(decoding: name, as: UTF8.self) {
        case "ordinal": ordinal = JSONGlance.wholeNumber(value)
        case "labels": labels = (try? JSONValue(parsing: value))?.object?.keys
        case "secretId", "planReason": if value.first == UInt8(ascii: "\"") { members += 1 }
        case "region":
          let text = JSONGlance.string(value).map { String(decoding: $0, as: UTF8.self) }
          if let text, Region.isValid(text) { members += 1 }
        case "disposition":
          let text = JSONGlance.string(value).map { String(decoding: $0, as: UTF8.self) }
          if text.flatMap(Disposition.init(rawValue:)) != nil { members += 1 }
        default: break
        }
      }
    }
    if isPlain, members == 4, let ordinal, let labels {
      self.ordinal = ordinal
      self.labels = labels
      return
    }
    guard let value = try? JSONValue(parsing: line), let entry = PlanEntry(record: value) else {
      return nil
    }
    self.ordinal = entry.target.ordinal
    self.labels = entry.target.labels.map(\.name)
  }
}
