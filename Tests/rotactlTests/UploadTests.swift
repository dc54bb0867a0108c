import Cryptography
import DurableFiles
import Locking
import RotationCore
import RunEngine
import SecretsManagerClient
import TestSupport
import Testing

@testable import rotactl

/// Bundles on their way to a bucket in memory.
@Suite struct UploadTests {
  private static let now = Timestamp(milliseconds: 1_795_456_800_000)  // 2026-11-23T18:00:00Z
  private static let partBytes = 1000

  private let folder: TemporaryDirectory
  private let pretend = PretendBucket()

  init() throws { folder = try TemporaryDirectory() }

  private func file(_ name: String, bytes: Int, seed: UInt64 = 1) throws -> LocalObject {
    var random = SeededRandom(seed: seed)
    let content = (0..<bytes).map { _ in UInt8.random(in: 0...255, using: &random) }
    return try LocalObject(path: folder.write(name, content), partBytes: Self.partBytes)
  }

  private func upload(
    _ protection: ObjectProtection = ObjectProtection(), stop: StopSignal = StopSignal(),
    warnings: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> BundleUpload {
    let bucket = try RemoteBucket(
      "evidence", profile: nil, region: nil,
      environment: [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hush-hush",
        "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
      ], options: ClientOptions(), clock: { UploadTests.now }, exchange: pretend.exchange)
    let clock = RunClock(now: { UploadTests.now }, elapsed: { 0 }, sleep: { _ in })
    return BundleUpload(
      bucket: bucket,
      loop: AttemptLoop(
        policy: RetryPolicy(maximumAttempts: 3), clock: clock, limit: ConcurrencyLimit(4),
        stop: stop, board: ProgressBoard(), unit: { 0 }),
      pacer: LanePacer.unpaced(LaneID(account: "evidence", region: "us-east-1"), now: 0),
      upload: ResolvedUpload(
        location: try StorageLocation(parsing: "s3://evidence/a"), protection: protection,
        partBytes: Self.partBytes),
      progress: { _, _, _ in }, warn: warnings)
  }

  private func refusal(_ work: () async throws -> Void) async -> Diagnostic? {
    do { try await work() } catch { return error as? Diagnostic }
    return nil
  }

  private static let locked: ObjectProtection = {
    var protection = ObjectProtection()
    protection.retention = .init(mode: .compliance, until: now.adding(seconds: 86_400))
    protection.legalHold = true
    protection.encryption = .aes256
    return protection
  }()

  @Test(arguments: [0, 1, 999, 1000, 1001, 2000, 9_500])
  func `files of any size arrive whole, locked, and are read back`(bytes: Int) async throws {
    let file = try file("r.tar.gz", bytes: bytes)
    let stored = try await upload(Self.locked).perform([file])
    #expect(stored.map(\.problems) == [[]])
    #expect(stored[0].origin == .uploaded)
    #expect(stored[0].retention?.mode == .compliance)
    #expect(stored[0].legalHold == true)
    let object = try #require(pretend.objects["a/r.tar.gz"])
    #expect(object.body == (try folder.read("r.tar.gz")))
    #expect(object.parts.count == (bytes > 1000 ? (bytes + 999) / 1000 : 0))
    #expect(object.headers["x-amz-meta-sha256"] == SHA256.hash(object.body).hex)
    #expect(pretend.openUploads == 0)
  }

  @Test func `the same bytes there are a success, whatever parts they came in`() async throws {
    let file = try file("r.zip", bytes: 3500)
    _ = try await upload().perform([file])
    let sent = pretend.log.count
    let again = try await upload().perform([file])
    #expect(again[0].origin == .alreadyThere)
    #expect(pretend.log.dropFirst(sent).allSatisfy { $0.hasPrefix("HeadObject") })
    let otherParts = try LocalObject(path: file.path, partBytes: 1500)
    #expect(try await upload().perform([otherParts])[0].origin == .alreadyThere)
    let whole = try LocalObject(path: file.path, partBytes: 9000)
    #expect(try await upload().perform([whole])[0].origin == .alreadyThere)
  }

  @Test func `other bytes there are refused before anything is sent`() async throws {
    let bundle = try file("r.zip", bytes: 500)
    let sum = try file("r.zip.sha256", bytes: 70)
    let others: [PretendBucket.Object] = [
      .init(body: [1, 2, 3], checksum: "AAAA"),
      .init(body: Array(repeating: 0, count: 70), checksum: "AAAA"),
      .init(body: try folder.read("r.zip.sha256"), checksum: nil),
      .init(body: Array(repeating: 0, count: 70), checksum: "AAAA-2", parts: [35, 35]),
    ]
    for other in others {
      pretend.put("a/r.zip.sha256", other)
      let worker = try upload()
      let met = await refusal { _ = try await worker.perform([bundle, sum]) }
      #expect(met?.status == .refused)
      #expect(met?.place == "s3://evidence/a/r.zip.sha256")
      #expect(pretend.objects["a/r.zip"] == nil)
    }
  }

  @Test func `parts are tried again by themselves`() async throws {
    let file = try file("r.zip", bytes: 3500)
    pretend.meet(.refuse(503, "SlowDown"), on: "UploadPart")
    pretend.meet(.loseAnswer, on: "UploadPart")
    pretend.meet(.refuse(500, "InternalError"), on: "CreateMultipartUpload")
    pretend.meet(.refuse(409, "ConditionalRequestConflict"), on: "CompleteMultipartUpload")
    #expect(try await upload().perform([file])[0].problems.isEmpty)
    #expect(pretend.objects["a/r.zip"]?.body == (try folder.read("r.zip")))
    #expect(pretend.log.count { $0.hasPrefix("UploadPart") } == 6)
    #expect(pretend.log.count { $0.hasPrefix("CompleteMultipartUpload") } == 2)
  }

  @Test(arguments: ["PutObject", "CompleteMultipartUpload"])
  func `an answer that is lost after the fact ends well`(operation: String) async throws {
    let file = try file("r.zip", bytes: operation == "PutObject" ? 900 : 2500)
    pretend.meet(.loseAnswer, on: operation)
    let stored = try await upload().perform([file])
    #expect(stored[0].problems.isEmpty)
    #expect(pretend.objects["a/r.zip"]?.body == (try folder.read("r.zip")))
    #expect(pretend.openUploads == 0)
  }

  @Test(arguments: ["UploadPart", "CompleteMultipartUpload"])
  func `an upload that fails leaves no parts`(operation: String) async throws {
    let file = try file("r.zip", bytes: 3500)
    pretend.meet(.refuse(403, "AccessDenied"), on: operation)
    // The abort meets a fault, too, and is tried again.
    pretend.meet(.refuse(503, "SlowDown"), on: "AbortMultipartUpload")
    let worker = try upload()
    let met = await refusal { _ = try await worker.perform([file]) }
    #expect(met?.status == .preflight)
    #expect(met?.cause?.hasPrefix("AccessDenied") == true)
    #expect(pretend.openUploads == 0)
    #expect(pretend.objects.isEmpty)
  }

  @Test func `parts that cannot be removed are named with the command that does`() async throws {
    let file = try file("r.zip", bytes: 3500)
    pretend.meet(.refuse(403, "AccessDenied"), on: "UploadPart")
    pretend.meet(.refuse(403, "AccessDenied"), on: "AbortMultipartUpload")
    let told = Locked<[String]>([])
    let worker = try upload(warnings: { text in told.with { $0.append(text) } })
    _ = await refusal { _ = try await worker.perform([file]) }
    #expect(
      told.with { $0 }.first?.contains(
        "--bucket evidence --key a/r.zip --upload-id id/+1") == true)
  }

  @Test func `a cancelled upload removes its parts`() async throws {
    let file = try file("r.zip", bytes: 3500)
    pretend.meet(.stall, on: "UploadPart")
    let worker = try upload()
    let task = Task { try await worker.perform([file]) }
    while !pretend.log.contains(where: { $0.hasPrefix("UploadPart") }) { await Task.yield() }
    task.cancel()
    let met = await refusal { _ = try await task.value }
    #expect(met?.status == .interrupted)
    #expect(pretend.openUploads == 0)
    #expect(pretend.objects.isEmpty)
  }

  @Test func `a file that changes on the way is not uploaded`() async throws {
    let file = try file("r.zip", bytes: 3500)
    try folder.write("r.zip", Array(repeating: UInt8(7), count: 3500))
    let worker = try upload()
    let met = await refusal { _ = try await worker.perform([file]) }
    #expect(met?.what == "the file changed while it was being uploaded")
    #expect(pretend.openUploads == 0)
    #expect(pretend.objects.isEmpty)
  }

  @Test func `a lock that did not hold is a problem, not a success`() async throws {
    let file = try file("r.zip", bytes: 900)
    pretend.ignoreLocks()
    let stored = try await upload(Self.locked).perform([file])
    #expect(stored[0].problems.count == 2)
    #expect(stored[0].problems[0].contains("NoSuchObjectLockConfiguration"))
    #expect(stored[0].problems[1] == "it is under no legal hold")
  }

  @Test func `a shorter or weaker lock is told as it is`() async throws {
    let file = try file("r.zip", bytes: 900)
    var weak = Self.locked
    weak.retention = .init(mode: .governance, until: Self.now.adding(seconds: 3600))
    _ = try await upload(weak).perform([file])
    let stored = try await upload(Self.locked).perform([file])
    #expect(
      stored[0].problems == [
        "it is kept by GOVERNANCE until 2026-11-23T19:00:00.000Z, not by COMPLIANCE until "
          + "2026-11-24T18:00:00.000Z"
      ])
  }

  @Test func `without the right to list, what is not there looks forbidden and is sent`()
    async throws
  {
    let file = try file("r.zip", bytes: 900)
    pretend.meet(.refuse(403, "AccessDenied"), on: "HeadObject")
    #expect(try await upload().perform([file])[0].origin == .uploaded)
    // What is there is not overwritten then either.
    let other = try self.file("r.zip", bytes: 901, seed: 2)
    pretend.meet(.refuse(403, "AccessDenied"), on: "HeadObject")
    let worker = try upload()
    let met = await refusal { _ = try await worker.perform([other]) }
    #expect(met?.status == .refused)
    #expect(pretend.objects["a/r.zip"]?.body.count == 900)
  }

  // MARK: - Values

  @Test(arguments: [
    ("400d", "2027-12-28T18:00:00.000Z"), ("1d", "2026-11-24T18:00:00.000Z"),
    ("2027-12-31", "2027-12-31T23:59:59.000Z"),
    ("2027-12-31T12:00:00Z", "2027-12-31T12:00:00.000Z"),
    ("2027-12-31T12:00:00.999Z", "2027-12-31T12:00:00.000Z"),
    ("2028-02-29", "2028-02-29T23:59:59.000Z"),
  ])
  func `times to keep something until are read`(text: String, expected: String) throws {
    #expect(try RetainUntil.read(text, now: Self.now).iso8601 == expected)
  }

  @Test(arguments: [
    "", "d", "0d", "-1d", "1.5d", "36501d", "9999999999999999999d", "400", "7y", "2026-11-22",
    "2027-02-29", "2027-13-01", "2027-12-31T12:00:00", "tomorrow", "2127-01-01", "٤d",
  ])
  func `other times are refused`(text: String) {
    #expect(throws: ValueProblem.self) { try RetainUntil.read(text, now: Self.now) }
  }

  @Test func `sizes carry their unit`() throws {
    #expect(try ByteSize.readPart("8MiB") == 8 << 20)
    #expect(try ByteSize.readPart("16MB") == 16_000_000)
    #expect(try ByteSize.readPart("5242880") == 5 << 20)
    for text in ["", "MiB", "4MiB", "1GiB", "8 MiB", "8mib", "-8MiB", "99999999999999999999"] {
      #expect(throws: ValueProblem.self, "\(text)") { try ByteSize.readPart(text) }
    }
  }

  @Test func `a bundle that its checksum was not written for is refused`() throws {
    let path = try folder.write("20261123T181141Z-0a1b2c.tar.gz", Array("bundle".utf8))
    try folder.write(
      "20261123T181141Z-0a1b2c.tar.gz.sha256", "\(SHA256.hash("bundle").hex)  x.tar.gz\n")
    let files = try BundleFiles(path: path, partBytes: 1000)
    #expect(files.runID == "20261123T181141Z-0a1b2c")
    #expect(files.all.map(\.name) == [files.bundle.name, files.bundle.name + ".sha256"])
    try folder.write("20261123T181141Z-0a1b2c.tar.gz", Array("bundlf".utf8))
    #expect(throws: Diagnostic.self) { try BundleFiles(path: path, partBytes: 1000) }
  }

  @Test func `a large file gets parts that are few enough`() throws {
    let path = try folder.write("sparse", [])
    let file = try AppendFile(path: path)
    try file.truncate(to: 30_000_000)
    let object = try LocalObject(path: path, partBytes: 1000)
    #expect(object.partBytes == 1 << 20)
    #expect(object.parts.count == 29)
  }
}
