import Cryptography
import Locking
import RotationCore
import SecretsManagerClient
import Testing

/// S3 as far as bundles need it: signatures, hosts, answers, and the way to the bucket's region.
@Suite struct StorageTests {
  // MARK: - Signatures

  /// Amazon S3 API Reference, "Signature calculations for the Authorization header".
  @Test(arguments: [
    (
      "GET", "/test.txt", "", [HTTPHeader("Range", "bytes=0-9")], "",
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ),
    (
      "PUT", "/test%24file.text", "",
      [
        HTTPHeader("Date", "Fri, 24 May 2013 00:00:00 GMT"),
        HTTPHeader("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      ], "Welcome to Amazon S3.",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    ),
    (
      "GET", "/", "lifecycle", [], "",
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    ),
    (
      "GET", "/", "max-keys=2&prefix=J", [], "",
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    ),
  ])
  func `AWS's published examples for S3 get their signatures`(
    _ method: String, _ path: String, _ query: String, _ headers: [HTTPHeader], _ body: String,
    _ expected: String
  ) throws {
    let hash = SHA256.hash(body)
    let signature = SigV4Signer().sign(
      SigningInput(
        method: method, path: path, query: query,
        headers: headers + [
          HTTPHeader("Host", "examplebucket.s3.amazonaws.com"),
          HTTPHeader("x-amz-content-sha256", hash.hex),
        ], body: Array(body.utf8), bodyHash: hash),
      credentials: Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", service: "s3",
      at: try #require(Timestamp(iso8601: "2013-05-24T00:00:00Z")), path: .asSent)
    #expect(signature.signature == expected)
  }

  /// The same requests signed by botocore 1.43 (`S3SigV4Auth`).
  @Test(arguments: [
    (
      "PUT", "evidence.s3.eu-west-1.amazonaws.com",
      "/a/b%20c/%C3%A4%2B%27%28%29%21%2A~..//run.tar.gz", "", "bundle", nil as String?,
      "ec577084f33b79356dece2c52930eb915d398560a1822c1273f2d4e9ff5e5c8b"
    ),
    (
      "PUT", "127.0.0.1:9000", "/plain.dots/k", "partNumber=2&uploadId=a%2Fb%2B~", "",
      "TOKEN/x+y==", "84319a29f9f1384b5a59eade33b825da95abf609c8184dbe2c685b3aafa8e347"
    ),
    (
      "POST", "evidence.s3.eu-west-1.amazonaws.com", "/k", "uploads", "", nil,
      "383b501572f7cf2ce82f6c2aefc3ce6d6ccb704eb10f2260c6b0e3b7cca71e3d"
    ),
    (
      "GET", "evidence.s3.eu-west-1.amazonaws.com", "/k", "retention&versionId=3.x_", "", nil,
      "bb51c17de5b7cc4923806a2b10bd4bc9bf4779054c7086f0a563691c57a39720"
    ),
  ])
  func `requests get botocore's signatures`(
    _ method: String, _ host: String, _ path: String, _ query: String, _ body: String,
    _ token: String?, _ expected: String
  ) throws {
    let hash = SHA256.hash(body)
    var headers = [HTTPHeader("Host", host), HTTPHeader("x-amz-content-sha256", hash.hex)]
    if !body.isEmpty {
      headers += [
        HTTPHeader("If-None-Match", "*"),
        HTTPHeader("x-amz-checksum-sha256", Base64.text(hash.bytes)),
        HTTPHeader("x-amz-object-lock-retain-until-date", "2027-12-31T23:59:59.000Z"),
      ]
    }
    let signature = SigV4Signer().sign(
      SigningInput(
        method: method, path: path, query: query, headers: headers, body: Array(body.utf8)),
      credentials: Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        sessionToken: token),
      region: "eu-west-1", service: "s3",
      at: try #require(Timestamp(iso8601: "2026-01-02T03:04:05Z")), path: .asSent)
    #expect(signature.signature == expected)
  }

  // MARK: - Places

  /// Judged by the hosts that botocore 1.43 calls, the old global one of us-east-1 apart.
  @Test(arguments: [
    ("evidence", "eu-west-1", false, false, "evidence.s3.eu-west-1.amazonaws.com/a%20b/k"),
    ("evidence", "eu-west-1", true, false, "evidence.s3-fips.eu-west-1.amazonaws.com/a%20b/k"),
    ("evidence", "eu-west-1", false, true, "evidence.s3.dualstack.eu-west-1.amazonaws.com/a%20b/k"),
    (
      "evidence", "us-gov-west-1", true, true,
      "evidence.s3-fips.dualstack.us-gov-west-1.amazonaws.com/a%20b/k"
    ),
    (
      "evidence", "cn-north-1", false, true,
      "evidence.s3.dualstack.cn-north-1.amazonaws.com.cn/a%20b/k"
    ),
    (
      "evidence", "eusc-de-east-1", true, false,
      "evidence.s3-fips.eusc-de-east-1.amazonaws.eu/a%20b/k"
    ),
    ("plain.dots", "eu-west-1", false, false, "s3.eu-west-1.amazonaws.com/plain.dots/a%20b/k"),
  ])
  func `a bucket has the host that AWS's rules give it`(
    _ bucket: String, _ region: String, _ fips: Bool, _ dualStack: Bool, _ expected: String
  ) throws {
    let service = try Endpoint.resolve(.s3, region: region, fips: fips, dualStack: dualStack)
    let object = BucketEndpoint.object("a b/k", in: bucket, at: service, isGiven: false)
    #expect(object.url == "https://" + expected)
    #expect(object.signingRegion == region)
  }

  @Test func `a given URL keeps its path and takes the bucket as a part of it`() throws {
    func url(_ text: String, _ addressing: BucketEndpoint.Addressing = .auto) throws -> String {
      BucketEndpoint.object(
        "a b/k", in: "evidence", at: try Endpoint(url: text, signingRegion: "eu-west-1"),
        isGiven: true, addressing: addressing
      ).url
    }
    #expect(try url("http://127.0.0.1:9000/base/") == "http://127.0.0.1:9000/base/evidence/a%20b/k")
    #expect(try url("https://minio.example") == "https://minio.example/evidence/a%20b/k")
    #expect(
      try url("https://minio.example", .virtual) == "https://evidence.minio.example/a%20b/k")
  }

  @Test func `places in S3 are read or refused with a reason`() throws {
    let place = try StorageLocation(parsing: "s3://evidence//a/b//")
    #expect(place.bucket == "evidence")
    #expect(place.prefix == "a/b")
    #expect(place.description == "s3://evidence/a/b")
    #expect(place.key(of: "x.zip") == "a/b/x.zip")
    #expect(try StorageLocation(parsing: "S3://evidence").key(of: "x") == "x")
    for text in [
      "evidence/a", "s3://", "s3:///a", "s3://Evidence", "s3://ab", "s3://-ab", "s3://a..b",
      "s3://10.0.0.1/x", "s3://evidence/a\nb",
      "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/x",
      "https://evidence/a",
    ] {
      #expect(throws: StorageLocationError.self, "\(text)") { try StorageLocation(parsing: text) }
    }
  }

  // MARK: - Answers

  private func answer(
    _ status: Int, _ body: String = "", _ headers: [HTTPHeader] = []
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: headers, body: Array(body.utf8))
  }

  @Test func `errors are told by their XML and answers to HEAD by their status`() throws {
    let told = StorageAnswer.failure(
      answer(
        403,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code>"
          + "<Message>User is not authorized</Message><RequestId>R1</RequestId>"
          + "<HostId>h</HostId></Error>"))
    #expect(told.code == "AccessDenied")
    #expect(told.message == "User is not authorized")
    #expect(told.requestID == "R1")
    let codes = [403, 404, 412, 301].map { StorageAnswer.failure(answer($0)).code }
    #expect(codes == ["AccessDenied", "NotFound", "PreconditionFailed", "PermanentRedirect"])
    #expect(StorageAnswer.failure(answer(418)).code == "418")
  }

  @Test func `an upload that fails after its 200 has failed`() throws {
    let late = StorageAnswer.completed(
      answer(
        200,
        "<?xml version=\"1.0\"?>\n   \n<Error><Code>InternalError</Code><Message>again</Message></Error>"
      ))
    guard case .failure(let failure) = late else {
      Issue.record("succeeded")
      return
    }
    #expect(failure.code == "InternalError")
    #expect(RetryPolicy.verdict(on: failure, of: .completeMultipartUpload) == .transient)
    let done = try StorageAnswer.completed(
      answer(
        200,
        "<CompleteMultipartUploadResult><ETag>\"x-2\"</ETag><ChecksumSHA256>c-2</ChecksumSHA256>"
          + "</CompleteMultipartUploadResult>", [HTTPHeader("x-amz-version-id", "v1")])
    ).get()
    #expect(done.etag == "\"x-2\"")
    #expect(done.checksumSHA256 == "c-2")
    #expect(done.versionID == "v1")
  }

  @Test func `retention, legal hold, upload id and head are read`() throws {
    let kept = try StorageAnswer.retention(
      answer(
        200,
        "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>COMPLIANCE</Mode>"
          + "<RetainUntilDate>2027-12-31T23:59:59.000Z</RetainUntilDate></Retention>")
    ).get()
    #expect(kept.mode == .compliance)
    #expect(kept.until.iso8601 == "2027-12-31T23:59:59.000Z")
    #expect(
      try StorageAnswer.legalHold(answer(200, "<LegalHold><Status>ON</Status></LegalHold>")).get())
    #expect(
      try StorageAnswer.uploadID(
        answer(
          200,
          "<InitiateMultipartUploadResult><UploadId>a+/=</UploadId></InitiateMultipartUploadResult>"
        )
      ).get() == "a+/=")
    let head = try StorageAnswer.head(
      answer(
        200, "",
        [
          HTTPHeader("Content-Length", "12"), HTTPHeader("x-amz-checksum-sha256", "abc-3"),
          HTTPHeader("x-amz-object-lock-mode", "GOVERNANCE"),
          HTTPHeader("x-amz-object-lock-retain-until-date", "2027-12-31T23:59:59Z"),
        ])
    ).get()
    #expect(head.size == 12)
    #expect(head.retention?.mode == .governance)
    for hollow in ["", "<Retention/>", "not XML", "<Retention><Mode>FOREVER</Mode></Retention>"] {
      #expect(throws: ServiceFailure.self) {
        try StorageAnswer.retention(answer(200, hollow)).get()
      }
    }
  }

  @Test func `base64 has its padding`() {
    let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map {
      Base64.text(Array($0.utf8))
    }
    #expect(texts == ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"])
  }

  // MARK: - The way to the bucket

  private func bucket(
    _ environment: [String: String] = [:],
    answering: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) throws -> RemoteBucket {
    let settings = [
      "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hush-hush",
      "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
      "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
    ].merging(environment) { $1 }
    return try RemoteBucket(
      "evidence", profile: nil, region: nil, environment: settings, options: ClientOptions(),
      clock: { Timestamp(milliseconds: 1_795_457_501_000) },
      exchange: { .success(answering($0)) })
  }

  private let attempt = AttemptNumber(number: 1, maximum: 3, invocationID: "i")

  @Test func `a bucket in another region is followed once and signed anew`() async throws {
    let seen = Locked<[HTTPRequest]>([])
    let bucket = try bucket { request in
      seen.with { $0.append(request) }
      return request.url.contains("eu-central-1")
        ? HTTPResponse(status: 200, headers: [HTTPHeader("Content-Length", "3")])
        : HTTPResponse(status: 301, headers: [HTTPHeader("x-amz-bucket-region", "eu-central-1")])
    }
    let reply = await bucket.head("k", owner: nil, attempt: attempt)
    #expect(try reply.result.get().size == 3)
    let requests = seen.with { $0 }
    #expect(
      requests.map(\.url) == [
        "https://evidence.s3.us-east-1.amazonaws.com/k",
        "https://evidence.s3.eu-central-1.amazonaws.com/k",
      ])
    #expect(
      requests[1].headers.contains {
        $0.name == "Authorization" && $0.value.contains("/eu-central-1/s3/aws4_request")
      })
    #expect(bucket.region == "eu-central-1")
    // What is known by then is asked there at once.
    _ = await bucket.head("k", owner: nil, attempt: attempt)
    #expect(seen.with { $0.count } == 3)
  }

  @Test func `a bucket that is sent around in a circle is an error`() async throws {
    let count = Locked(0)
    let bucket = try bucket { request in
      count.with { $0 += 1 }
      let other = request.url.contains("eu-west-1") ? "us-east-1" : "eu-west-1"
      return HTTPResponse(status: 301, headers: [HTTPHeader("x-amz-bucket-region", other)])
    }
    let reply = await bucket.head("k", owner: nil, attempt: attempt)
    #expect(throws: ServiceFailure.self) { try reply.result.get() }
    #expect(count.with { $0 } == 2)
  }

  @Test func `a region that is no host label is not followed`() async throws {
    let bucket = try bucket { _ in
      HTTPResponse(status: 301, headers: [HTTPHeader("x-amz-bucket-region", "evil.example/")])
    }
    let reply = await bucket.head("k", owner: nil, attempt: attempt)
    guard case .failure(let failure) = reply.result else {
      Issue.record("succeeded")
      return
    }
    #expect(failure.code == "PermanentRedirect")
    #expect(bucket.region == "us-east-1")
  }

  @Test func `an object is put with its checksum, its lock, and never over another`() async throws {
    let seen = Locked<HTTPRequest?>(nil)
    let bucket = try bucket(["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9/"]) { request in
      seen.with { $0 = request }
      return HTTPResponse(status: 200, headers: [HTTPHeader("ETag", "\"e\"")])
    }
    var protection = ObjectProtection()
    protection.encryption = .kms(keyID: "alias/evidence")
    protection.retention = .init(
      mode: .compliance, until: Timestamp(milliseconds: 1_830_297_599_000))
    protection.legalHold = true
    protection.expectedOwner = "111122223333"
    let body = Array("bundle".utf8)
    let reply = await bucket.put(
      "p/k", body, hash: SHA256.hash(body), headers: [HTTPHeader("Content-Type", "x/y")],
      protection: protection, attempt: attempt)
    #expect(try reply.result.get().etag == "\"e\"")
    let request = try #require(seen.with { $0 })
    #expect(request.method == "PUT")
    #expect(request.url == "http://127.0.0.1:9/evidence/p/k")
    #expect(request.body == body)
    let expected = [
      "If-None-Match": "*",
      "x-amz-content-sha256": SHA256.hash(body).hex,
      "x-amz-checksum-sha256": Base64.text(SHA256.hash(body).bytes),
      "x-amz-server-side-encryption": "aws:kms",
      "x-amz-server-side-encryption-aws-kms-key-id": "alias/evidence",
      "x-amz-object-lock-mode": "COMPLIANCE",
      "x-amz-object-lock-retain-until-date": "2027-12-31T23:59:59.000Z",
      "x-amz-object-lock-legal-hold": "ON", "x-amz-expected-bucket-owner": "111122223333",
    ]
    for (name, value) in expected {
      #expect(request.headers.first { $0.name == name }?.value == value, "\(name)")
    }
    let signed = try #require(request.headers.first { $0.name == "Authorization" }).value
    for name in expected.keys { #expect(signed.contains(name.lowercased()), "\(name)") }
  }
}
