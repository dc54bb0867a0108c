internal import ArgumentParser
internal import RotationCore
internal import SecretsManagerClient

/// How a bundle is to be encrypted and kept in S3.
struct UploadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Encrypt by AES256 or aws:kms (default: as the bucket says).", valueName: "algorithm"),
    completion: .list(["AES256", "aws:kms"]))
  var sse: String?

  @Option(
    name: .customLong("sse-kms-key-id"),
    help: ArgumentHelp("Encrypt by this KMS key: its id, alias or ARN.", valueName: "key"))
  var sseKMSKeyID: String?

  @Option(
    help: ArgumentHelp(
      "Keep by Object Lock: GOVERNANCE or COMPLIANCE; needs --retain-until.", valueName: "mode"),
    completion: .list(ObjectProtection.LockMode.allCases.map(\.rawValue)))
  var objectLockMode: String?

  @Option(
    help: ArgumentHelp(
      "Until when: a date, a time in UTC, or days from now as in 400d.", valueName: "when"))
  var retainUntil: String?

  @Flag(help: "Put the objects under a legal hold.")
  var legalHold = false

  @Option(
    help: ArgumentHelp("The account that must own the bucket.", valueName: "account"))
  var expectedBucketOwner: String?

  @Option(
    help: ArgumentHelp(
      "Files larger than this go in parts of this size (default: 8MiB).", valueName: "size"))
  var partSize: String?

  /// The options that were typed, which mean nothing without a place to upload to.
  var typed: String? {
    let given: [(String, Bool)] = [
      ("--sse", sse != nil), ("--sse-kms-key-id", sseKMSKeyID != nil),
      ("--object-lock-mode", objectLockMode != nil), ("--retain-until", retainUntil != nil),
      ("--legal-hold", legalHold), ("--expected-bucket-owner", expectedBucketOwner != nil),
      ("--part-size", partSize != nil),
    ]
    return given.first { $0.1 }?.0
  }

  /// The values; days are counted from `now`, which what is kept must outlive.
  func resolved(
    _ settings: Settings, to location: StorageLocation, now: Timestamp
  ) throws(UsageProblem) -> ResolvedUpload {
    var protection = ObjectProtection()
    protection.encryption = try encryption(settings)
    let mode = try settings.value(
      objectLockMode, "object-lock-mode", SettingReader.word(ObjectProtection.LockMode.self))
    let until = try settings.value(retainUntil, "retain-until") { (text) throws(ValueProblem) in
      try RetainUntil.read(text, now: now)
    }
    switch (mode, until) {
    case (let mode?, let until?):
      protection.retention = .init(mode: mode, until: until)
    case (.some, nil):
      throw UsageProblem(
        place: "--object-lock-mode", what: "nothing says until when",
        hint: "add --retain-until, as in --retain-until 400d")
    case (nil, .some):
      throw UsageProblem(
        place: "--retain-until", what: "nothing says how strictly",
        hint: "add --object-lock-mode GOVERNANCE or COMPLIANCE")
    case (nil, nil): break
    }
    protection.legalHold = try settings.flag(legalHold, "legal-hold")
    protection.expectedOwner = try settings.value(
      expectedBucketOwner, "expected-bucket-owner", UploadOptions.readAccount)
    return ResolvedUpload(
      location: location, protection: protection,
      partBytes: try settings.value(partSize, "part-size", ByteSize.readPart) ?? 8 << 20)
  }

  private func encryption(
    _ settings: Settings
  ) throws(UsageProblem) -> ObjectProtection.Encryption {
    let algorithm = try settings.value(sse, "sse", UploadOptions.readAlgorithm)
    let key = try settings.value(sseKMSKeyID, "sse-kms-key-id", SettingReader.line)
    guard let key else {
      return switch algorithm {
      case nil: .ofBucket
      case "AES256": .aes256
      default: .kms(keyID: nil)
      }
    }
    guard algorithm != "AES256" else {
      throw UsageProblem(
        place: "--sse-kms-key-id", what: "AES256 has no KMS key", hint: "leave one of them out")
    }
    return .kms(keyID: key)
  }

  private static func readAlgorithm(_ text: String) throws(ValueProblem) -> String {
    guard ["AES256", "aws:kms"].contains(text) else {
      throw ValueProblem("'\(text)' is not known here", hint: "use AES256 or aws:kms")
    }
    return text
  }

  private static func readAccount(_ text: String) throws(ValueProblem) -> String {
    guard AccountID.isValid(text) else {
      throw ValueProblem("'\(text)' is not an account", hint: "write its twelve digits")
    }
    return text
  }

  /// `s3://bucket/prefix`.
  static func readLocation(_ text: String) throws(ValueProblem) -> StorageLocation {
    do { return try StorageLocation(parsing: text) } catch {
      throw ValueProblem(error.what, hint: error.hint)
    }
  }
}

/// Where a bundle goes and how it is kept there.
struct ResolvedUpload: Sendable, Hashable {
  var location: StorageLocation
  var protection: ObjectProtection
  /// Of one part; a larger file goes in parts.
  var partBytes: Int
}

/// The time until which Object Lock keeps an object.
enum RetainUntil {
  /// S3's own limit.
  private static let longestDays = 36_500

  /// Reads `2027-12-31` (to the end of that day in UTC), `2027-12-31T12:00:00Z` or `400d`.
  ///
  /// In whole seconds, since that is what S3 gives back.
  static func read(_ text: String, now: Timestamp) throws(ValueProblem) -> Timestamp {
    let form = ValueProblem(
      "'\(text)' is no time to keep something until",
      hint: "write it as in 2027-12-31, 2027-12-31T12:00:00Z or 400d")
    let until: Timestamp
    if text.hasSuffix("d") {
      let digits = text.dropLast()
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let days = Int(digits),
        days > 0
      else { throw form }
      guard days <= longestDays else {
        throw ValueProblem("\(days) days are more than the 100 years that S3 allows")
      }
      until = now.adding(seconds: Double(days) * 86_400)
    } else if text.utf8.count == 10, let day = Timestamp(iso8601: text + "T23:59:59Z") {
      until = day
    } else if text.hasSuffix("Z"), let time = Timestamp(iso8601: text) {
      until = time
    } else {
      throw form
    }
    guard until > now else { throw ValueProblem("\(text) is over already") }
    guard until.seconds(since: now) <= Double(longestDays) * 86_400 else {
      throw ValueProblem("\(text) is more than 100 years away, which S3 does not allow")
    }
    return Timestamp(milliseconds: until.milliseconds / 1000 * 1000)
  }
}

/// Sizes in bytes with a unit: `8MiB`, `16MB`, `5242880`.
enum ByteSize {
  /// S3's least size of a part, and the most that this tool holds in memory for one.
  static let partBounds = (5 << 20)...(256 << 20)

  static func readPart(_ text: String) throws(ValueProblem) -> Int {
    let bytes = try read(text)
    guard partBounds.contains(bytes) else {
      throw ValueProblem("'\(text)' is outside of 5MiB to 256MiB")
    }
    return bytes
  }

  static func read(_ text: String) throws(ValueProblem) -> Int {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let factors = [
      "": 1, "B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "KiB": 1 << 10,
      "MiB": 1 << 20, "GiB": 1 << 30,
    ]
    guard digits.utf8.count <= 9 || text == digits, let amount = Int(digits),
      let factor = factors[String(text.dropFirst(digits.count))], amount < 1 << 33
    else {
      throw ValueProblem("'\(text)' is not a size", hint: "write it as in 8MiB")
    }
    return amount * factor
  }
}
