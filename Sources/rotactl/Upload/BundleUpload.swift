internal import Cryptography
internal import DurableFiles
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Takes the files of a bundle to S3, never over something else, and reads back what is there.
struct BundleUpload: Sendable {
  let bucket: RemoteBucket
  let loop: AttemptLoop
  let pacer: LanePacer
  let upload: ResolvedUpload
  /// Told the bytes that S3 has taken.
  let progress: @Sendable (_ file: String, _ done: Int, _ total: Int) -> Void
  /// Told what the operator should know although the upload goes on.
  let warn: @Sendable (String) -> Void

  /// Parts of one file that are in flight together.
  static let concurrency = 4

  /// How one call of the bucket is made, attempts and all.
  func call<Output: Sendable>(
    _ operation: ServiceOperation,
    _ send: (AttemptNumber) async -> AttemptReply<Output>
  ) async -> Result<Output, ServiceFailure> {
    var attempts: [AttemptRecord] = []
    return await loop.call(operation, pacer: pacer, attempts: &attempts, send: send)
  }

  /// Uploads what is not there yet, once it is clear that nothing else lies under any of the names.
  ///
  /// - Throws: ``Diagnostic``, with `refused` where other bytes are there.
  func perform(_ files: [LocalObject]) async throws -> [StoredObject] {
    var states: [(file: LocalObject, isThere: Bool)] = []
    for file in files { states.append((file, try await isThere(file))) }
    var stored: [StoredObject] = []
    for (file, isThere) in states {
      var origin = StoredObject.Origin.alreadyThere
      if !isThere { origin = try await send(file) }
      stored.append(try await prove(file, origin))
    }
    return stored
  }

  func key(_ file: LocalObject) -> String { upload.location.key(of: file.name) }
  func url(_ file: LocalObject) -> String { "s3://\(bucket.bucket)/\(key(file))" }
  var owner: String? { upload.protection.expectedOwner }

  // MARK: - Looking first

  /// Whether these very bytes are there; nothing is, where that cannot be seen.
  ///
  /// Without s3:ListBucket S3 says `AccessDenied` for a key that does not exist; the upload then
  /// goes ahead, since it never takes the place of another object.
  private func isThere(_ file: LocalObject) async throws -> Bool {
    let head = await call(.headObject) {
      await bucket.head(key(file), owner: owner, attempt: $0)
    }
    switch head {
    case .success(let facts):
      guard try await isSame(facts, file) else { throw otherBytes(file, facts) }
      return true
    case .failure(let failure) where failure.httpStatus == 404 && failure.code != "NoSuchBucket":
      return false
    case .failure(let failure) where failure.httpStatus == 403: return false
    case .failure(let failure): throw diagnostic(failure, "the bucket cannot be looked at", file)
    }
  }

  private func isSame(_ facts: ObjectFacts, _ file: LocalObject) async throws -> Bool {
    guard facts.size == file.bytes, let text = facts.checksumSHA256 else { return false }
    let checksum = text.prefix { $0 != "-" }
    guard facts.isComposite || checksum.utf8.count < text.utf8.count else {
      return text == Base64.text(file.digest.bytes)
    }
    if file.isMultipart, file.checksum.prefix(while: { $0 != "-" }) == checksum { return true }
    // Whoever uploaded it may have cut it into other parts, all alike but for the last one.
    let first = await call(.headObject) {
      await bucket.head(key(file), part: 1, owner: owner, attempt: $0)
    }
    guard case .success(let part) = first else { return false }
    return try file.composite(partBytes: part.size).prefix { $0 != "-" } == checksum
  }

  private func otherBytes(_ file: LocalObject, _ facts: ObjectFacts) -> Diagnostic {
    let cause =
      facts.size != file.bytes
      ? "\(facts.size) bytes there, \(file.bytes) here"
      : facts.checksumSHA256 == nil
        ? "as large, and without a SHA-256 checksum that could show it to be the same"
        : "as large, with another SHA-256 checksum"
    return Diagnostic(
      "another object has this name, and nothing is ever overwritten", at: url(file),
      because: cause, hint: "upload to another prefix", status: .refused)
  }

  // MARK: - Sending

  private func send(_ file: LocalObject) async throws -> StoredObject.Origin {
    progress(file.name, 0, file.bytes)
    let result = try await file.isMultipart ? sendParts(file) : sendWhole(file)
    switch result {
    case .success: return .uploaded
    case .failure(let failure)
    where failure.code == "PreconditionFailed" || failure.code == "NoSuchUpload":
      // Someone was faster, or the answer to an earlier attempt of ours was lost.
      guard try await isThere(file) else {
        throw diagnostic(failure, "the bundle cannot be uploaded", file)
      }
      return .alreadyThere
    case .failure(let failure): throw diagnostic(failure, "the bundle cannot be uploaded", file)
    }
  }

  private func sendWhole(_ file: LocalObject) async throws -> Result<ObjectReceipt, ServiceFailure>
  {
    guard let body = try file.part(0) else { throw changed(file) }
    let result = await call(.putObject) {
      await bucket.put(
        key(file), body, hash: file.digest, headers: headers(file),
        protection: upload.protection, attempt: $0)
    }
    if case .success = result { progress(file.name, file.bytes, file.bytes) }
    return result
  }

  func headers(_ file: LocalObject) -> [HTTPHeader] {
    let type =
      switch file.name.split(separator: ".").last {
      case "gz": "application/gzip"
      case "zst": "application/zstd"
      case "zip": "application/zip"
      case "sha256": "text/plain"
      default: "application/octet-stream"
      }
    // A composite checksum cannot be compared with `sha256sum`; this can.
    return [
      HTTPHeader("Content-Type", type), HTTPHeader("x-amz-meta-sha256", file.digest.hex),
    ]
  }

  func changed(_ file: LocalObject) -> Diagnostic {
    Diagnostic(
      "the file changed while it was being uploaded", at: file.path, hint: "upload it again",
      status: .refused)
  }

  func diagnostic(
    _ failure: ServiceFailure, _ what: String, _ file: LocalObject
  ) -> Diagnostic {
    Diagnostic(failure, doing: what, at: url(file))
  }

  // MARK: - Reading back

  /// Reads the object's head, retention and legal hold, and compares them with what was asked for.
  private func prove(
    _ file: LocalObject, _ origin: StoredObject.Origin
  ) async throws -> StoredObject {
    let head = await call(.headObject) { await bucket.head(key(file), owner: owner, attempt: $0) }
    let facts: ObjectFacts
    switch head {
    case .success(let found): facts = found
    case .failure(let failure):
      throw diagnostic(failure, "the object is there and cannot be read back", file)
    }
    var stored = StoredObject(
      key: key(file), url: url(file), bytes: file.bytes, sha256: file.digest.hex, origin: origin,
      facts: facts)
    if try await !isSame(facts, file) {
      stored.problems.append(
        "it has \(facts.size) bytes and the checksum \(facts.checksumSHA256 ?? "none"), not "
          + "\(file.bytes) and \(file.checksum)")
    }
    stored.problems += encryptionProblems(facts)
    await proveLock(&stored, file)
    return stored
  }

  private func encryptionProblems(_ facts: ObjectFacts) -> [String] {
    let wanted: String
    switch upload.protection.encryption {
    case .ofBucket: return []
    case .aes256: wanted = "AES256"
    case .kms: wanted = "aws:kms"
    }
    guard facts.encryption != wanted else { return [] }
    return ["it is encrypted by \(facts.encryption ?? "nothing"), not \(wanted)"]
  }

  /// A server that has no such operation, or does not allow it, may still tell in the head.
  private func proveLock(_ stored: inout StoredObject, _ file: LocalObject) async {
    let version = stored.facts.versionID
    if let wanted = upload.protection.retention {
      let answer = await call(.getObjectRetention) {
        await bucket.retention(key(file), versionID: version, owner: owner, attempt: $0)
      }
      stored.retention = stored.facts.retention
      var refusal = "its retention cannot be read"
      switch answer {
      case .success(let found): stored.retention = found
      case .failure(let failure): refusal += ": \(failure.code): \(failure.message)"
      }
      stored.problems += BundleUpload.problems(stored.retention, wanted, refusal)
    }
    guard upload.protection.legalHold else { return }
    let answer = await call(.getObjectLegalHold) {
      await bucket.legalHold(key(file), versionID: version, owner: owner, attempt: $0)
    }
    switch answer {
    case .success(let isHeld): stored.legalHold = isHeld
    case .failure(let failure):
      stored.legalHold = stored.facts.legalHold.map { $0 == "ON" }
      if stored.legalHold == nil {
        stored.problems.append(
          "its legal hold cannot be read: \(failure.code): \(failure.message)")
      }
    }
    if stored.legalHold == false { stored.problems.append("it is under no legal hold") }
  }

  private static func problems(
    _ found: ObjectProtection.Retention?, _ wanted: ObjectProtection.Retention, _ refusal: String
  ) -> [String] {
    guard let found else { return [refusal] }
    let isStrict = found.mode == wanted.mode || found.mode == .compliance
    guard !isStrict || found.until < wanted.until else { return [] }
    return [
      "it is kept by \(found.mode.rawValue) until \(found.until.iso8601), not by "
        + "\(wanted.mode.rawValue) until \(wanted.until.iso8601)"
    ]
  }
}
