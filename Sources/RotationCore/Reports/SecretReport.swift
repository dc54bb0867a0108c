/// The report of one target: a function of its plan entry and its settlement, nothing else.
package enum SecretReport {
  package static let schema = "rotactl.report/1"

  /// The report as a document.
  ///
  /// - `settlement`: nil stands for a target that the run never came to.
  /// - `callerARN`: whose credentials made the calls, where that is known.
  package static func record(
    runID: String, entry: PlanEntry, settlement: Settlement?, callerARN: String? = nil
  ) -> JSONValue {
    var object: JSONObject = ["schema": .string(schema), "runId": .string(runID)]
    object.members.append(contentsOf: entry.target.recordMembers.members)
    object["callerAccount"] = entry.callerAccount.map(JSONValue.string)
    object["callerArn"] = callerARN.map(JSONValue.string)
    object["arn"] = (settlement?.after?.arn ?? settlement?.before?.arn ?? entry.before?.arn).map(
      JSONValue.string)
    if entry.actingRegion != entry.target.region {
      object["actingRegion"] = .string(entry.actingRegion)
    }
    object["plannedAs"] = .string(entry.disposition.rawValue)
    object["planReason"] = .string(entry.reason)
    object["saved"] = entry.saved?.record
    guard let settlement else {
      object["outcome"] = .string(Outcome.notAttempted.rawValue)
      object["before"] = entry.before?.record
      return .object(object)
    }
    for member in settlement.recordMembers.members where member.key != "ordinal" {
      object.members.append(member)
    }
    if settlement.before == nil { object["before"] = entry.before?.record }
    return .object(object)
  }

  /// `secrets/<account>/<region>/<name>.json` inside a run.
  ///
  /// Characters that a file name cannot hold everywhere are percent-encoded byte by byte; a
  /// name longer than 180 bytes is cut. The ordinal follows where two targets would share a path.
  package static func path(of entry: PlanEntry, distinct: Bool = false) -> String {
    let arn = entry.before?.arn ?? entry.target.secretID
    let name = (try? SecretARN(parsing: arn))?.resource ?? arn
    let account = entry.target.accountID ?? entry.callerAccount ?? "unknown"
    var encoded = fileName(name)
    if encoded.utf8.count > 180 { encoded = String(encoded.prefix(180)) }
    if distinct || encoded.isEmpty { encoded += "~\(entry.target.ordinal)" }
    return "secrets/\(fileName(account))/\(fileName(entry.target.region))/\(encoded).json"
  }

  private static func fileName(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for (index, byte) in text.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "!"):
        bytes.append(byte)
      case UInt8(ascii: ".") where index > 0: bytes.append(byte)
      default:
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
