/// One line of `journal.ndjson`, the only truth about a run.
///
/// Each line is a JSON object with `type`, `at` and `prev`: the SHA-256 of the line before it
/// without its newline, 64 zeros for the first. Lines are only ever appended.
package enum JournalRecord: Sendable, Hashable {
  package static let schema = "rotactl.journal/1"

  /// The first line: which run, over which plan.
  case opened(runID: String, toolVersion: String, planSHA256: String, targets: Int)
  /// Who a profile turned out to be.
  case caller(profile: String?, account: String, arn: String)
  /// Durable before a mutating call leaves.
  case intent(
    ordinal: Int, operation: ServiceOperation, region: String, secretID: String, attempt: Int)
  /// Nothing was sent for the last intent of that target.
  case withdrawn(ordinal: Int)
  case settled(Settlement)
  /// A process took the run up again.
  case resumed(host: String, pid: Int)
  /// The run ends early: `signal`, `deadline`, `threshold`, or a sentence about the fault.
  case stopped(cause: String)
  /// The last line of a complete run: how many targets have each outcome.
  case finished(totals: [Outcome: Int])
}

extension JournalRecord {
  /// The line without its newline.
  package func line(at time: Timestamp, previous: String) -> [UInt8] {
    var object: JSONObject
    switch self {
    case .opened(let runID, let toolVersion, let planSHA256, let targets):
      object = [
        "type": "opened", "schema": .string(JournalRecord.schema), "runId": .string(runID),
        "toolVersion": .string(toolVersion), "planSha256": .string(planSHA256),
        "targets": JSONValue(targets),
      ]
    case .caller(let profile, let account, let arn):
      object = ["type": "caller"]
      object["profile"] = profile.map(JSONValue.string)
      object["account"] = .string(account)
      object["arn"] = .string(arn)
    case .intent(let ordinal, let operation, let region, let secretID, let attempt):
      object = [
        "type": "intent", "ordinal": JSONValue(ordinal), "operation": .string(operation.rawValue),
        "region": .string(region), "secretId": .string(secretID), "attempt": JSONValue(attempt),
      ]
    case .withdrawn(let ordinal): object = ["type": "withdrawn", "ordinal": JSONValue(ordinal)]
    case .settled(let settlement):
      object = ["type": "settled"]
      object.members.append(contentsOf: settlement.recordMembers.members)
    case .resumed(let host, let pid):
      object = ["type": "resumed", "host": .string(host), "pid": JSONValue(pid)]
    case .stopped(let cause): object = ["type": "stopped", "cause": .string(cause)]
    case .finished(let totals):
      object = ["type": "finished"]
      object["totals"] = .object(
        JSONObject(
          Outcome.allCases.map { .init(key: $0.rawValue, value: JSONValue(totals[$0] ?? 0)) }))
    }
    object["at"] = .string(time.iso8601)
    object["prev"] = .string(previous)
    return JSONValue.object(object).compactBytes
  }

  /// A line read back: the record, when it was written, and the hash that it carries.
  package struct Parsed: Sendable {
    package let record: JournalRecord
    package let at: Timestamp
    package let previous: String
  }

  /// Why a line is not a record.
  package struct Damage: Error, Sendable, Hashable {
    package let what: String
  }

  package static func parse(line: [UInt8]) throws(Damage) -> Parsed {
    let value: JSONValue
    do { value = try JSONValue(parsing: line) } catch {
      throw Damage(what: "not JSON: \(error.reason)")
    }
    guard let previous = value["prev"]?.string,
      let at = value["at"]?.string.flatMap(Timestamp.init(iso8601:))
    else { throw Damage(what: "no time or no hash of the line before") }
    guard let type = value["type"]?.string, let record = record(type: type, value) else {
      throw Damage(what: "not a record of \(schema)")
    }
    return Parsed(record: record, at: at, previous: previous)
  }

  private static func record(type: String, _ value: JSONValue) -> JournalRecord? {
    switch type {
    case "opened":
      guard value["schema"]?.string == schema, let runID = value["runId"]?.string,
        let version = value["toolVersion"]?.string, let hash = value["planSha256"]?.string,
        let targets = value["targets"]?.int
      else { return nil }
      return .opened(runID: runID, toolVersion: version, planSHA256: hash, targets: targets)
    case "caller":
      guard let account = value["account"]?.string, let arn = value["arn"]?.string else {
        return nil
      }
      return .caller(profile: value["profile"]?.string, account: account, arn: arn)
    case "intent":
      guard let ordinal = value["ordinal"]?.int, let region = value["region"]?.string,
        let operation = value["operation"]?.string.flatMap(ServiceOperation.init(rawValue:)),
        let secretID = value["secretId"]?.string, let attempt = value["attempt"]?.int
      else { return nil }
      return .intent(
        ordinal: ordinal, operation: operation, region: region, secretID: secretID,
        attempt: attempt)
    case "withdrawn": return value["ordinal"]?.int.map(JournalRecord.withdrawn)
    case "settled": return Settlement(record: value).map(JournalRecord.settled)
    case "resumed":
      guard let host = value["host"]?.string, let pid = value["pid"]?.int else { return nil }
      return .resumed(host: host, pid: pid)
    case "stopped": return value["cause"]?.string.map(JournalRecord.stopped)
    case "finished":
      guard let members = value["totals"]?.object?.members else { return nil }
      var totals: [Outcome: Int] = [:]
      for member in members {
        guard let outcome = Outcome(rawValue: member.key), let count = member.value.int else {
          return nil
        }
        totals[outcome] = count
      }
      return .finished(totals: totals)
    default: return nil
    }
  }
}

/// Checks that each line carries the hash of the line before.
package struct JournalChain: Sendable {
  /// Hexadecimal SHA-256 of the last accepted line; what the next one must carry.
  package private(set) var head = String(repeating: "0", count: 64)
  package private(set) var lines = 0
  private let hash: @Sendable ([UInt8]) -> String

  /// - Parameter hash: SHA-256 in lower-case hexadecimal; this module has no hash of its own.
  package init(hash: @escaping @Sendable ([UInt8]) -> String) { self.hash = hash }

  /// Accepts the next line.
  ///
  /// - Throws: ``JournalRecord/Damage`` when the line is no record or breaks the chain.
  package mutating func accept(
    _ line: [UInt8]
  ) throws(JournalRecord.Damage) -> JournalRecord.Parsed {
    let parsed = try JournalRecord.parse(line: line)
    guard parsed.previous == head else {
      throw JournalRecord.Damage(what: "does not carry the hash of the line before")
    }
    advance(over: line)
    return parsed
  }

  /// Takes a line of our own into the chain without parsing it.
  package mutating func advance(over line: [UInt8]) {
    head = hash(line)
    lines += 1
  }
}
