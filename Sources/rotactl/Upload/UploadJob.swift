internal import Cryptography
internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// One upload from the files to the custody log, the same for `upload` and for `--upload`.
struct UploadJob: Sendable {
  let upload: ResolvedUpload
  /// Its endpoint URL is S3's.
  let connection: ResolvedConnection
  let profile: String?
  /// Nil for the profile's own; the bucket's is found from there.
  let region: String?
  let environment: [String: String]

  /// Attempts of each call: a part is worth more of them than AWS's usual three.
  private static let attempts = 5

  /// What became of the files.
  struct Result: Sendable {
    let files: BundleFiles
    let region: String
    let objects: [StoredObject]
    let custody: String

    var problems: [(url: String, what: String)] {
      objects.flatMap { object in object.problems.map { (object.url, $0) } }
    }
  }

  /// Uploads a bundle with what lies beside it, proves it, and writes it down.
  ///
  /// - Throws: ``Diagnostic``; a stop ends the upload and leaves no parts behind.
  func perform(_ path: String, console: Console, stop: StopSignal) async throws -> Result {
    let files = try BundleFiles(path: path, partBytes: upload.partBytes)
    let bucket = try bucket(console)
    defer { bucket.close() }
    let clock = RunClock(ContinuousClock(), now: Session.now)
    let worker = BundleUpload(
      bucket: bucket,
      loop: AttemptLoop(
        policy: RetryPolicy(maximumAttempts: UploadJob.attempts), clock: clock,
        limit: ConcurrencyLimit(BundleUpload.concurrency), stop: stop, board: ProgressBoard(),
        unit: { Double.random(in: 0..<1) }),
      pacer: LanePacer.unpaced(
        LaneID(account: upload.location.bucket, region: bucket.region), now: clock.elapsed()),
      upload: upload,
      progress: { file, done, total in
        console.showLive([
          "uploading \(HumanText.printable(file)): \(HumanText.count(done)) of "
            + "\(HumanText.count(total)) bytes"
        ])
      },
      warn: { console.warn($0) })
    console.say(
      "uploading \(HumanText.printable(files.bundle.name)), "
        + "\(HumanText.count(files.bundle.bytes)) bytes, to \(upload.location)")
    defer { console.endLive() }
    let objects = try await UploadJob.until(stop, clock) { try await worker.perform(files.all) }
    let custody = try record(files, objects, bucket.region)
    return Result(files: files, region: bucket.region, objects: objects, custody: custody)
  }

  private func bucket(_ console: Console) throws(Diagnostic) -> RemoteBucket {
    var options = ClientOptions(connection, command: "upload", console: console)
    options.maxHostConnections = BundleUpload.concurrency
    do {
      return try RemoteBucket(
        upload.location.bucket, profile: profile, region: region, environment: environment,
        options: options, clock: Session.now)
    } catch {
      throw Diagnostic(error.message, because: nil, status: .usage)
    }
  }

  /// Runs the work and cancels it when a stop comes.
  private static func until<Output: Sendable>(
    _ stop: StopSignal, _ clock: RunClock,
    _ work: @escaping @Sendable () async throws -> Output
  ) async throws -> Output {
    let task = Task { try await work() }
    let watch = Task {
      // Ends with the work: it is cancelled below.
      while await stop.wait(1, on: clock) {}
      if stop.isStopped { task.cancel() }
    }
    defer { watch.cancel() }
    do { return try await task.value } catch var met as Diagnostic {
      guard let cause = stop.cause else { throw met }
      met.status = cause == .terminate ? .terminated : .interrupted
      met.hint = "upload the bundle again"
      throw met
    }
  }

  /// Appends to the custody log what was proven, or what was not.
  private func record(
    _ files: BundleFiles, _ objects: [StoredObject], _ region: String
  ) throws -> String {
    let isProven = objects.allSatisfy(\.problems.isEmpty)
    let isNew = objects.contains { $0.origin == .uploaded }
    var details: JSONObject = [
      "file": .string(files.bundle.name), "sha256": .string(files.bundle.digest.hex),
      "bytes": JSONValue(files.bundle.bytes), "to": .string(upload.location.description),
      "bucket": .string(upload.location.bucket), "bucketRegion": .string(region),
    ]
    details["profile"] = profile.map(JSONValue.string)
    details["objects"] = .array(objects.map(\.record))
    let log = CustodyLog(reports: files.folder, runID: files.runID)
    do {
      try log.append(
        CustodyLog.Event(
          isProven ? (isNew ? "uploaded" : "confirmed") : "unproven", at: Session.now(),
          host: HostFacts.host, operatorName: HostFacts.operatorName(environment),
          toolVersion: ToolVersion.text, details: details))
    } catch {
      throw Diagnostic(
        "the bundle is uploaded, and the custody log cannot be written", at: log.path,
        because: error.description, hint: "mend it and upload again, which sends nothing twice",
        status: .internalError)
    }
    return log.path
  }
}

/// What an upload came to, for people and for machines.
struct UploadView {
  let result: UploadJob.Result
  let upload: ResolvedUpload

  var isProven: Bool { result.problems.isEmpty }

  func text(style: Style) -> String {
    var lines: [String] = []
    if isProven {
      let isNew = result.objects.contains { $0.origin == .uploaded }
      lines.append(
        style.green(
          isNew
            ? "UPLOADED: sizes and SHA-256 checksums are read back and right"
            : "ALREADY THERE: the same bytes, read back and right"))
    } else {
      lines.append(style.red("NOT PROVEN: the bucket does not hold what was asked for"))
    }
    for object in result.objects {
      var line = object.origin == .uploaded ? "  uploaded      " : "  already there "
      line += "\(HumanText.printable(object.url)), \(HumanText.count(object.bytes)) bytes"
      if let version = object.facts.versionID {
        line += ", version \(HumanText.printable(version))"
      }
      lines.append(line)
      for problem in object.problems { lines.append("    \(HumanText.printable(problem))") }
    }
    if let kept = result.objects.first?.retention {
      lines.append("kept     by \(kept.mode.rawValue) until \(kept.until.iso8601)")
    }
    if result.objects.first?.legalHold == true { lines.append("held     by a legal hold") }
    lines.append("sha256   \(result.files.bundle.digest.hex)")
    lines.append("custody  \(HumanText.printable(result.custody))")
    return lines.joined(separator: "\n")
  }

  var json: JSONValue {
    [
      "type": "upload", "version": 1, "runId": .string(result.files.runID),
      "proven": .bool(isProven), "to": .string(upload.location.description),
      "bucketRegion": .string(result.region),
      "sha256": .string(result.files.bundle.digest.hex),
      "objects": .array(result.objects.map(\.record)), "custody": .string(result.custody),
    ]
  }

  /// Shows it on standard output.
  func show(on console: Console, isJSON: Bool) {
    if isJSON {
      console.result(json)
    } else {
      console.result(text(style: console.outputStyle))
    }
  }
}
