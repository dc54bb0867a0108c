import Foundation
import RotationCore
import TestSupport
import Testing

/// Bundles to moto's S3, judged by boto3.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("moto_server") != nil
      && Program.foreign("python3") != nil,
    "needs the built binary, moto_server and boto3: see .ci/test"))
struct UploadEndToEndTests {
  private final class Bucket {
    let child: Child
    let folder: TemporaryDirectory
    let endpoint: String

    init() async throws {
      folder = try TemporaryDirectory()
      let program = try #require(Program.foreign("moto_server"))
      let port = 21_000 + Int.random(in: 0..<20_000)
      endpoint = "http://127.0.0.1:\(port)"
      child = try program.start(
        ["-H", "127.0.0.1", "-p", String(port)],
        environment: Program.environment(home: folder.path), folder: folder.path)
      let answer = try await #require(Program.foreign("curl")).run(
        [
          "-sS", "--noproxy", "*", "--retry", "60", "--retry-connrefused", "--retry-delay", "1",
          endpoint + "/moto-api/data.json", "-o", "/dev/null",
        ], environment: Program.environment(home: folder.path))
      #expect(answer.status == 0, "\(answer.error)")
      _ = try await python(
        "s3.create_bucket(Bucket='evidence', ObjectLockEnabledForBucket=True)")
    }

    // On TERM it waits for connections that clients keep open.
    deinit { child.signal(SIGKILL) }

    var environment: [String: String] {
      Program.environment(
        home: folder.path,
        [
          "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
          "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
          "AWS_ENDPOINT_URL_S3": endpoint,
        ])
    }

    /// Runs a statement of Python with boto3's client as `s3`; what it prints is JSON.
    func python(_ code: String) async throws -> JSONValue {
      let result = try await #require(Program.foreign("python3")).run(
        ["-c", "import boto3, json, hashlib\ns3 = boto3.client('s3')\n" + code],
        environment: environment, folder: folder.path)
      #expect(result.status == 0, "\(result.error)")
      return (try? JSONValue(parsing: result.output)) ?? .null
    }

    func rotactl(_ arguments: [String]) async throws -> Program.Result {
      try await #require(Program.rotactl).run(
        arguments, environment: environment, folder: folder.path)
    }
  }

  @Test func `a drill's bundle is uploaded under a lock, confirmed, and never overwritten`()
    async throws
  {
    let bucket = try await Bucket()
    let drill = try await bucket.rotactl([
      "drill", Conformance.repositoryRoot + "/manifests/example.csv", "--run-id", "r1", "--quiet",
    ])
    #expect(drill.status == 0, "\(drill.error)")
    let options = [
      "upload", "r1", "s3://evidence/a b/ü", "--object-lock-mode", "GOVERNANCE", "--retain-until",
      "2090-01-01", "--legal-hold", "--sse-kms-key-id", "alias/evidence", "--json",
    ]
    let first = try await bucket.rotactl(options)
    #expect(first.status == 0, "\(first.error)\(first.output)")
    let told = try #require(first.records.last)
    #expect(told["proven"] == true)
    #expect(try await Program.violations(of: "output-1", in: first.output, bucket.folder) == "")
    let judged = try await bucket.python(
      """
      key = 'a b/ü/r1.tar.gz'
      head = s3.head_object(Bucket='evidence', Key=key, ChecksumMode='ENABLED')
      body = s3.get_object(Bucket='evidence', Key=key)['Body'].read()
      keys = [o['Key'] for o in s3.list_objects_v2(Bucket='evidence')['Contents']]
      print(json.dumps({'mode': head['ObjectLockMode'],
        'until': head['ObjectLockRetainUntilDate'].isoformat(),
        'hold': head['ObjectLockLegalHoldStatus'], 'sse': head['ServerSideEncryption'],
        'key': head['SSEKMSKeyId'], 'meta': head['Metadata']['sha256'],
        'version': head['VersionId'], 'sha256': hashlib.sha256(body).hexdigest(), 'keys': keys}))
      """)
    #expect(judged["mode"]?.string == "GOVERNANCE")
    #expect(judged["until"]?.string == "2090-01-01T23:59:59+00:00")
    #expect(judged["hold"]?.string == "ON")
    #expect(judged["sse"]?.string == "aws:kms")
    #expect(judged["key"]?.string == "alias/evidence")
    #expect(judged["sha256"] == told["sha256"])
    #expect(judged["meta"] == told["sha256"])
    #expect(judged["version"] == told["objects"]?.array?.first?["versionId"])
    #expect(judged["keys"]?.array?.count == 2)

    let again = try await bucket.rotactl(options)
    #expect(again.status == 0, "\(again.error)")
    #expect(again.records.last?["objects"]?.array?.first?["state"]?.string == "alreadyThere")
    let custody = String(
      decoding: try bucket.folder.read("reports/r1.custody.ndjson"), as: UTF8.self
    ).split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
    #expect(custody.suffix(2).map { $0["type"]?.string } == ["uploaded", "confirmed"])

    // Another bundle of that name.
    try bucket.folder.write("r1.tar.gz", "other")
    let other = try await bucket.rotactl(["upload", "r1.tar.gz", "s3://evidence/a b/ü"])
    #expect(other.status == 5, "\(other.error)")
    #expect(other.error.contains("nothing is ever overwritten"))
  }

  @Test func `a large bundle goes in parts and arrives as it was`() async throws {
    let bucket = try await Bucket()
    var random = SeededRandom(seed: 3)
    let bytes = (0..<11_000_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    try bucket.folder.write("big.tar.gz", bytes)
    let result = try await bucket.rotactl([
      "upload", "big.tar.gz", "s3://evidence", "--part-size", "5MiB", "--json",
    ])
    #expect(result.status == 0, "\(result.error)\(result.output)")
    let judged = try await bucket.python(
      """
      head = s3.head_object(Bucket='evidence', Key='big.tar.gz', PartNumber=1)
      body = s3.get_object(Bucket='evidence', Key='big.tar.gz')['Body'].read()
      open_uploads = s3.list_multipart_uploads(Bucket='evidence').get('Uploads', [])
      print(json.dumps({'parts': head['PartsCount'], 'open': len(open_uploads),
        'sha256': hashlib.sha256(body).hexdigest()}))
      """)
    #expect(judged["parts"] == 3)
    #expect(judged["open"] == 0)
    #expect(judged["sha256"] == result.records.last?["sha256"])
    // In parts of another size it is still the same.
    let again = try await bucket.rotactl(["upload", "big.tar.gz", "s3://evidence"])
    #expect(again.status == 0, "\(again.error)")
    #expect(again.output.hasPrefix("ALREADY THERE"))
    // moto forgets the lock of an upload in parts, and that is found out.
    let locked = try await bucket.rotactl([
      "upload", "big.tar.gz", "s3://evidence/locked", "--object-lock-mode", "COMPLIANCE",
      "--retain-until", "30d",
    ])
    #expect(locked.status == 3, "\(locked.error)")
    #expect(locked.output.hasPrefix("NOT PROVEN"))
  }

  @Test func `a run uploads its bundle, and a failing upload leaves the run what it is`()
    async throws
  {
    let bucket = try await Bucket()
    let simulation = try await Simulation(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["default"]}],
       "secrets":[{"name":"db-{n}","count":3,"regions":["us-east-1"]}]}
      """)
    try bucket.folder.write("m.csv", "secret_id,region\ndb-1,us-east-1\n")
    var environment = simulation.environment
    environment["AWS_ENDPOINT_URL_S3"] = bucket.endpoint
    let program = try #require(Program.rotactl)
    func run(_ id: String, _ place: String) async throws -> Program.Result {
      try await program.run(
        ["run", "m.csv", "--yes", "--run-id", id, "--upload", place, "--json"],
        environment: environment, folder: bucket.folder.path)
    }
    let good = try await run("r1", "s3://evidence/runs")
    #expect(good.status == 0, "\(good.error)\(good.output)")
    #expect(good.records.map { $0["type"]?.string }.suffix(2) == ["upload", "summary"])
    let bad = try await run("r2", "s3://no-such-bucket")
    #expect(bad.status == 75, "\(bad.error)")
    #expect(bad.error.contains("THE BUNDLE IS NOT SAFELY IN s3://no-such-bucket"))
    #expect(bad.records.last?["provenOff"] == true)
    #expect(bad.records.last?["exitStatus"] == 75)
  }
}
