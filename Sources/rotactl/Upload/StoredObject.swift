internal import RotationCore
internal import SecretsManagerClient

/// A file of a bundle as it lies in S3, read back.
struct StoredObject: Sendable {
  enum Origin: String, Sendable {
    case uploaded
    /// The same bytes were there before.
    case alreadyThere
  }

  let key: String
  let url: String
  let bytes: Int
  let sha256: String
  var origin: Origin
  var facts: ObjectFacts
  /// As GetObjectRetention tells it; nil where none was asked for.
  var retention: ObjectProtection.Retention?
  /// As GetObjectLegalHold tells it; nil where none was asked for.
  var legalHold: Bool?
  /// What is not as it was asked for; sentences without a final stop.
  var problems: [String] = []

  var record: JSONValue {
    var object: JSONObject = [
      "key": .string(key), "state": .string(origin.rawValue), "bytes": JSONValue(bytes),
      "sha256": .string(sha256),
    ]
    object["checksumSha256"] = facts.checksumSHA256.map(JSONValue.string)
    object["etag"] = facts.etag.map(JSONValue.string)
    object["versionId"] = facts.versionID.map(JSONValue.string)
    object["encryption"] = facts.encryption.map(JSONValue.string)
    object["kmsKeyId"] = facts.kmsKeyID.map(JSONValue.string)
    object["lockMode"] = retention.map { .string($0.mode.rawValue) }
    object["retainUntil"] = retention.map { .string($0.until.iso8601) }
    object["legalHold"] = legalHold.map(JSONValue.bool)
    if !problems.isEmpty { object["problems"] = .array(problems.map(JSONValue.string)) }
    return .object(object)
  }
}
