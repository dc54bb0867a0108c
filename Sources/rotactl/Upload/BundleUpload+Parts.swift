internal import DurableFiles
internal import Locking
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

extension BundleUpload {
  /// Uploads a file in parts, each tried again by itself; whatever goes wrong, no part is left.
  func sendParts(_ file: LocalObject) async throws -> Result<ObjectReceipt, ServiceFailure> {
    let created = await call(.createMultipartUpload) {
      await bucket.createUpload(
        key(file), headers: headers(file), protection: upload.protection, attempt: $0)
    }
    let uploadID: String
    switch created {
    case .success(let id): uploadID = id
    case .failure(let failure): return .failure(failure)
    }
    do {
      let parts = try await parts(of: file, uploadID)
      let completed: Result<ObjectReceipt, ServiceFailure>
      switch parts {
      case .success(let receipts):
        completed = await call(.completeMultipartUpload) {
          await bucket.completeUpload(
            key(file), uploadID: uploadID, receipts, owner: owner, attempt: $0)
        }
      case .failure(let failure): completed = .failure(failure)
      }
      if case .failure = completed { await abort(file, uploadID) }
      return completed
    } catch {
      await abort(file, uploadID)
      throw error
    }
  }

  /// Sends all parts, a few at a time; the first failure ends the others.
  private func parts(
    of file: LocalObject, _ uploadID: String
  ) async throws -> Result<[PartReceipt], ServiceFailure> {
    let total = file.parts.count
    let sent = Locked(0)
    return try await withThrowingTaskGroup(of: Result<PartReceipt, ServiceFailure>.self) { group in
      var next = 0
      func start() {
        guard next < total else { return }
        let index = next
        next += 1
        group.addTask { try await part(index, of: file, uploadID, sent) }
      }
      for _ in 0..<BundleUpload.concurrency { start() }
      var receipts: [PartReceipt] = []
      var failure: ServiceFailure?
      while let result = try await group.next() {
        switch result {
        case .success(let receipt):
          receipts.append(receipt)
          if failure == nil { start() }
        case .failure(let met):
          // The first one tells; the others were abandoned because of it.
          if failure == nil { failure = met }
          group.cancelAll()
        }
      }
      if let failure { return .failure(failure) }
      return .success(receipts.sorted { $0.number < $1.number })
    }
  }

  private func part(
    _ index: Int, of file: LocalObject, _ uploadID: String, _ sent: Locked<Int>
  ) async throws -> Result<PartReceipt, ServiceFailure> {
    guard let body = try file.part(index) else { throw changed(file) }
    let result = await call(.uploadPart) {
      await bucket.uploadPart(
        key(file), uploadID: uploadID, number: index + 1, body, hash: file.parts[index],
        owner: owner, attempt: $0)
    }
    if case .success = result {
      let done = sent.with { sent in
        sent += body.count
        return sent
      }
      progress(file.name, done, file.bytes)
    }
    return result
  }

  /// Removes the parts, also when the upload was ended by a signal.
  private func abort(_ file: LocalObject, _ uploadID: String) async {
    let fresh = AttemptLoop(
      policy: RetryPolicy(), clock: loop.clock, limit: ConcurrencyLimit(1), stop: StopSignal(),
      board: ProgressBoard(), unit: loop.unit)
    // A task of its own is not cancelled with ours; it is awaited right here.
    let work = Task {
      var attempts: [AttemptRecord] = []
      return await fresh.call(.abortMultipartUpload, pacer: pacer, attempts: &attempts) {
        await bucket.abortUpload(key(file), uploadID: uploadID, owner: owner, attempt: $0)
      }
    }
    guard case .failure(let failure) = await work.value else { return }
    warn(
      "parts of a broken upload may be left (\(failure.code): \(failure.message)); remove them "
        + "with `aws s3api abort-multipart-upload --bucket \(bucket.bucket) --key "
        + "\(HumanText.shellWord(key(file))) --upload-id \(HumanText.shellWord(uploadID))`")
  }
}
