package import Cryptography
internal import Locking
package import RotationCore

/// One bucket of S3 over HTTPS: one attempt a call, signed anew each time, nothing overwritten.
///
/// A bucket that turns out to be in another region is followed there once.
///
/// Reference: Amazon S3 API Reference, version 2006-03-01.
package final class RemoteBucket: Sendable {
  package typealias Exchanger =
    @Sendable (HTTPRequest) async -> Result<HTTPResponse, TransportFailure>

  package let bucket: String
  private let profile: String?
  private let options: ClientOptions
  private let environment: [String: String]
  private let transport: CurlTransport?
  private let caller: SignedCaller
  private let sources: CredentialSources
  private let home: Locked<(region: String, hasMoved: Bool)>

  /// Joins settings, credentials and transport.
  ///
  /// - `region`: nil for the profile's own; us-east-1 where there is none, as S3 leads on.
  /// - `exchange`: takes the place of the network; nil for libcurl.
  /// - Throws: ``ClientSetupError`` as ``RemoteSecretsManager`` does.
  package init(
    _ bucket: String, profile: String?, region: String?, environment: [String: String],
    options: ClientOptions, clock: @escaping @Sendable () -> Timestamp,
    exchange: Exchanger? = nil
  ) throws(ClientSetupError) {
    var options = options
    options.endpointService = .s3
    let configuration = try RemoteSecretsManager.load(environment, options)
    try RemoteSecretsManager.check(options)
    let transport = exchange == nil ? try RemoteSecretsManager.transport(options) : nil
    let send: Exchanger =
      exchange ?? { request in
        guard let transport else { return .failure(.abandoned(request.url)) }
        return await transport.exchange(request)
      }
    let caller = SignedCaller(exchange: send, clock: clock, debug: options.debug)
    self.bucket = bucket
    self.profile = profile
    self.options = options
    self.environment = environment
    self.transport = transport
    self.caller = caller
    sources = CredentialSources(
      configuration: configuration, options: options, clock: clock,
      sleep: { try? await Task.sleep(for: .seconds($0)) }, exchange: send, caller: caller)
    let found = region ?? configuration.region(ofProfile: profile) ?? "us-east-1"
    home = Locked((found, false))
  }

  /// Ends what is in flight and stops the transport's thread; waits for it.
  package func close() { transport?.shutdown() }

  /// Where the bucket is, as far as it is known.
  package var region: String { home.with { $0.region } }

  // MARK: - Operations

  /// The head of an object; `part` asks for the size of one part of those that it was uploaded in.
  package func head(
    _ key: String, part: Int? = nil, owner: String?, attempt: AttemptNumber
  ) async -> AttemptReply<ObjectFacts> {
    await call(
      "HEAD", .headObject, key, query: part.map { "partNumber=\($0)" } ?? "",
      headers: owned(owner) + [HTTPHeader("x-amz-checksum-mode", "ENABLED")], attempt: attempt,
      StorageAnswer.head)
  }

  /// Makes an object; answered with PreconditionFailed where there is one.
  package func put(
    _ key: String, _ body: [UInt8], hash: SHA256Digest, headers: [HTTPHeader],
    protection: ObjectProtection, attempt: AttemptNumber
  ) async -> AttemptReply<ObjectReceipt> {
    await call(
      "PUT", .putObject, key,
      headers: owned(protection.expectedOwner) + headers + protection.headers + [
        HTTPHeader("If-None-Match", "*"), HTTPHeader("x-amz-sdk-checksum-algorithm", "SHA256"),
        HTTPHeader("x-amz-checksum-sha256", Base64.text(hash.bytes)),
      ], body: body, hash: hash, attempt: attempt, StorageAnswer.put)
  }

  package func createUpload(
    _ key: String, headers: [HTTPHeader], protection: ObjectProtection, attempt: AttemptNumber
  ) async -> AttemptReply<String> {
    await call(
      "POST", .createMultipartUpload, key, query: "uploads",
      headers: owned(protection.expectedOwner) + headers + protection.headers + [
        HTTPHeader("x-amz-checksum-algorithm", "SHA256"),
        HTTPHeader("x-amz-checksum-type", "COMPOSITE"),
      ], attempt: attempt, StorageAnswer.uploadID)
  }

  package func uploadPart(
    _ key: String, uploadID: String, number: Int, _ body: [UInt8], hash: SHA256Digest,
    owner: String?, attempt: AttemptNumber
  ) async -> AttemptReply<PartReceipt> {
    let checksum = Base64.text(hash.bytes)
    return await call(
      "PUT", .uploadPart, key,
      query: "partNumber=\(number)&uploadId=\(PercentEncoding.encode(uploadID))",
      headers: owned(owner) + [
        HTTPHeader("x-amz-sdk-checksum-algorithm", "SHA256"),
        HTTPHeader("x-amz-checksum-sha256", checksum),
      ], body: body, hash: hash, attempt: attempt
    ) { StorageAnswer.part($0, number: number, checksum: checksum) }
  }

  /// Joins the parts, unless there is an object of that name by now.
  package func completeUpload(
    _ key: String, uploadID: String, _ parts: [PartReceipt], owner: String?,
    attempt: AttemptNumber
  ) async -> AttemptReply<ObjectReceipt> {
    await call(
      "POST", .completeMultipartUpload, key,
      query: "uploadId=\(PercentEncoding.encode(uploadID))",
      headers: owned(owner) + [
        HTTPHeader("Content-Type", "application/xml"), HTTPHeader("If-None-Match", "*"),
      ], body: StorageAnswer.partList(parts), attempt: attempt, StorageAnswer.completed)
  }

  /// Removes the parts of an upload; one that is gone counts as removed.
  package func abortUpload(
    _ key: String, uploadID: String, owner: String?, attempt: AttemptNumber
  ) async -> AttemptReply<Bool> {
    await call(
      "DELETE", .abortMultipartUpload, key,
      query: "uploadId=\(PercentEncoding.encode(uploadID))", headers: owned(owner),
      attempt: attempt
    ) { response in
      if (200..<300).contains(response.status) { return .success(true) }
      let failure = StorageAnswer.failure(response)
      return failure.code == "NoSuchUpload" ? .success(false) : .failure(failure)
    }
  }

  package func retention(
    _ key: String, versionID: String?, owner: String?, attempt: AttemptNumber
  ) async -> AttemptReply<ObjectProtection.Retention> {
    await call(
      "GET", .getObjectRetention, key, query: "retention" + version(versionID),
      headers: owned(owner), attempt: attempt, StorageAnswer.retention)
  }

  package func legalHold(
    _ key: String, versionID: String?, owner: String?, attempt: AttemptNumber
  ) async -> AttemptReply<Bool> {
    await call(
      "GET", .getObjectLegalHold, key, query: "legal-hold" + version(versionID),
      headers: owned(owner), attempt: attempt, StorageAnswer.legalHold)
  }

  private func owned(_ account: String?) -> [HTTPHeader] {
    account.map { [HTTPHeader("x-amz-expected-bucket-owner", $0)] } ?? []
  }

  private func version(_ id: String?) -> String {
    id.map { "&versionId=\(PercentEncoding.encode($0))" } ?? ""
  }

  // MARK: - One attempt

  private func call<Output: Sendable>(
    _ method: String, _ operation: ServiceOperation, _ key: String, query: String = "",
    headers: [HTTPHeader], body: [UInt8] = [], hash: SHA256Digest? = nil, attempt: AttemptNumber,
    _ read: @Sendable (HTTPResponse) -> Result<Output, ServiceFailure>
  ) async -> AttemptReply<Output> {
    let hash = hash ?? SHA256.hash(body)
    var tried: String?
    while true {
      let region = self.region
      var outgoing: OutgoingCall
      switch prepare(method, operation, key, region, headers, body, hash, attempt) {
      case .success(let prepared): outgoing = prepared
      case .failure(let failure): return AttemptReply(.failure(failure))
      }
      outgoing.query = query
      if !options.noSignRequest {
        switch await sources.credentials(profile: profile, region: region) {
        case .success(let credentials): outgoing.credentials = credentials
        case .failure(let failure): return AttemptReply(.failure(failure))
        }
      }
      switch await caller.send(outgoing) {
      case .failure(let failure): return AttemptReply(.failure(ServiceFailure(failure)))
      case .success(let response):
        if let told = StorageAnswer.region(response), told != region, tried == nil, move(to: told) {
          tried = told
          continue
        }
        return await settle(read(response), response, outgoing.credentials)
      }
    }
  }

  /// - Returns: false when the bucket was moved to elsewhere before.
  private func move(to region: String) -> Bool {
    home.with { home in
      guard !home.hasMoved || home.region == region else { return false }
      home = (region, true)
      return true
    }
  }

  private func settle<Output: Sendable>(
    _ result: Result<Output, ServiceFailure>, _ response: HTTPResponse, _ used: Credentials?
  ) async -> AttemptReply<Output> {
    if case .failure(let failure) = result, failure.isExpiredToken, let used {
      await sources.expire(
        profile: profile, accessKeyID: used.accessKeyID,
        fresh: try? AWSConfiguration.load(environment: environment))
    }
    return AttemptReply(
      result, httpStatus: response.status, requestID: ServiceAnswer.requestID(response))
  }

  private func prepare(
    _ method: String, _ operation: ServiceOperation, _ key: String, _ region: String,
    _ headers: [HTTPHeader], _ body: [UInt8], _ hash: SHA256Digest, _ attempt: AttemptNumber
  ) -> Result<OutgoingCall, ServiceFailure> {
    let configuration = sources.configuration
    let preparation = CallPreparation(configuration, options)
    let site = CallSite(profile: profile, region: region)
    do throws(ServiceFailure) {
      let endpoint = BucketEndpoint.object(
        key, in: bucket, at: try preparation.endpoint(.s3, site),
        isGiven: preparation.isEndpointGiven(.s3, site), addressing: addressing(configuration))
      return .success(
        OutgoingCall(
          service: .s3, endpoint: endpoint, method: method,
          headers: headers + [HTTPHeader("x-amz-content-sha256", hash.hex)], body: body,
          bodyHash: hash, trust: try preparation.trust(profile),
          proxy: configuration.proxy(scheme: endpoint.scheme, host: endpoint.host),
          credentials: nil, attempt: attempt, userAgent: preparation.userAgent(profile),
          label: operation.rawValue))
    } catch { return .failure(error) }
  }

  /// `addressing_style` below `s3` in the profile.
  private func addressing(_ configuration: AWSConfiguration) -> BucketEndpoint.Addressing {
    configuration.value("s3", ofProfile: profile).flatMap(ConfigurationFile.nested)?[
      "addressing_style"
    ].flatMap(BucketEndpoint.Addressing.init(rawValue:)) ?? .auto
  }
}
