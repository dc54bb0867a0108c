package import RotationCore

/// One request as the simulator saw it.
package struct CallRecord: Sendable, Hashable {
  package var time: Timestamp
  /// Nil when the signature was refused.
  package var accountID: String?
  package var region: String?
  package var operation: String
  /// As the request has it.
  package var secretID: String?
  /// Whether a mutating operation was carried out, however the answer fared.
  package var tookEffect: Bool
  /// Nil when no answer was sent.
  package var status: Int?
  /// Nil for success.
  package var errorCode: String?
  /// The word of the fault that struck.
  package var fault: String?
  package var requestID: String
  /// The header `amz-sdk-request` as it came.
  package var attempt: String?

  /// The form in `/_simulator/calls`; absent members are left out.
  package var record: JSONValue {
    var object: JSONObject = ["time": .string(time.iso8601)]
    object["account"] = accountID.map(JSONValue.string)
    object["region"] = region.map(JSONValue.string)
    object["operation"] = .string(operation)
    object["secretId"] = secretID.map(JSONValue.string)
    object["tookEffect"] = .bool(tookEffect)
    object["status"] = status.map { JSONValue($0) }
    object["code"] = errorCode.map(JSONValue.string)
    object["fault"] = fault.map(JSONValue.string)
    object["requestId"] = .string(requestID)
    object["attempt"] = attempt.map(JSONValue.string)
    return .object(object)
  }
}

/// Every request in the order of arrival, up to a bound.
package struct CallLog: Sendable {
  /// Records beyond this many are counted and not kept: about a gigabyte.
  package static let capacity = 4_000_000

  package private(set) var records: [CallRecord] = []
  /// How many were not kept.
  package private(set) var dropped = 0

  package init() {}

  package mutating func append(_ record: CallRecord) {
    guard records.count < CallLog.capacity else {
      dropped += 1
      return
    }
    records.append(record)
  }
}
