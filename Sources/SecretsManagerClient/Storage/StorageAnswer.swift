package import RotationCore

/// Reading what S3 answers: headers, small XML documents, errors.
package enum StorageAnswer {
  /// The failure that an answer stands for.
  ///
  /// Answers to HEAD have no body, so that their status alone has to tell.
  package static func failure(_ response: HTTPResponse) -> ServiceFailure {
    var failure = ServiceAnswer.queryFailure(response)
    guard failure.code == String(response.status) else { return failure }
    let (code, message) =
      switch response.status {
      case 301, 307: ("PermanentRedirect", "the bucket is in another region")
      case 400: ("BadRequest", "the request was not understood")
      case 403: ("AccessDenied", "not allowed")
      case 404: ("NotFound", "there is no such object or bucket")
      case 409: ("ConditionalRequestConflict", "another request for the key was under way")
      case 412: ("PreconditionFailed", "there is such an object already")
      default: (failure.code, failure.message)
      }
    failure.code = code
    if failure.message.isEmpty { failure.message = message }
    return failure
  }

  /// The region that an answer says the bucket is in; nil where it does not say.
  static func region(_ response: HTTPResponse) -> String? {
    guard response.status >= 300 else { return nil }
    let told =
      response.header("x-amz-bucket-region")
      ?? (try? XMLElement(parsing: response.body))?.first("Region")?.text
    guard let told, Endpoint.isRegion(told) else { return nil }
    return told
  }

  package static func head(_ response: HTTPResponse) -> Result<ObjectFacts, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    guard let size = response.header("content-length").flatMap({ Int($0) }), size >= 0 else {
      return .failure(ServiceAnswer.malformed(response, "tells no length"))
    }
    return .success(
      ObjectFacts(
        size: size, etag: response.header("etag"),
        checksumSHA256: response.header("x-amz-checksum-sha256"),
        isComposite: response.header("x-amz-checksum-type") == "COMPOSITE",
        parts: response.header("x-amz-mp-parts-count").flatMap { Int($0) },
        versionID: response.header("x-amz-version-id"),
        encryption: response.header("x-amz-server-side-encryption"),
        kmsKeyID: response.header("x-amz-server-side-encryption-aws-kms-key-id"),
        lockMode: response.header("x-amz-object-lock-mode"),
        retainUntil: response.header("x-amz-object-lock-retain-until-date")
          .flatMap(Timestamp.init(iso8601:)),
        legalHold: response.header("x-amz-object-lock-legal-hold"),
        lastModified: response.header("last-modified")))
  }

  static func put(_ response: HTTPResponse) -> Result<ObjectReceipt, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    return .success(
      ObjectReceipt(
        etag: response.header("etag"), checksumSHA256: response.header("x-amz-checksum-sha256"),
        versionID: response.header("x-amz-version-id")))
  }

  package static func uploadID(_ response: HTTPResponse) -> Result<String, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    guard let document = try? XMLElement(parsing: response.body),
      let id = document["UploadId"]?.text, !id.isEmpty
    else { return .failure(ServiceAnswer.malformed(response, "names no upload")) }
    return .success(id)
  }

  static func part(
    _ response: HTTPResponse, number: Int, checksum: String
  ) -> Result<PartReceipt, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    guard let etag = response.header("etag"), !etag.isEmpty else {
      return .failure(ServiceAnswer.malformed(response, "has no ETag"))
    }
    return .success(PartReceipt(number: number, etag: etag, checksumSHA256: checksum))
  }

  /// CompleteMultipartUpload, which can fail after it has answered 200.
  package static func completed(
    _ response: HTTPResponse
  ) -> Result<ObjectReceipt, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    guard let document = try? XMLElement(parsing: response.body) else {
      return .failure(ServiceAnswer.malformed(response, "is not XML"))
    }
    if document.name == "Error" { return .failure(ServiceAnswer.queryFailure(response)) }
    guard document["ETag"] != nil else {
      return .failure(ServiceAnswer.malformed(response, "does not tell what became of the upload"))
    }
    return .success(
      ObjectReceipt(
        etag: document["ETag"]?.text, checksumSHA256: document["ChecksumSHA256"]?.text,
        versionID: response.header("x-amz-version-id")))
  }

  package static func retention(
    _ response: HTTPResponse
  ) -> Result<ObjectProtection.Retention, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    guard let document = try? XMLElement(parsing: response.body),
      let mode = document["Mode"].flatMap({ ObjectProtection.LockMode(rawValue: $0.text) }),
      let until = document["RetainUntilDate"].flatMap({ Timestamp(iso8601: $0.text) })
    else { return .failure(ServiceAnswer.malformed(response, "tells no retention")) }
    return .success(ObjectProtection.Retention(mode: mode, until: until))
  }

  package static func legalHold(_ response: HTTPResponse) -> Result<Bool, ServiceFailure> {
    guard (200..<300).contains(response.status) else { return .failure(failure(response)) }
    guard let status = (try? XMLElement(parsing: response.body))?["Status"]?.text else {
      return .failure(ServiceAnswer.malformed(response, "tells no legal hold"))
    }
    return .success(status == "ON")
  }

  /// The body of CompleteMultipartUpload.
  package static func partList(_ parts: [PartReceipt]) -> [UInt8] {
    var text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    for part in parts {
      text += "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(escaped(part.etag))</ETag>"
      text += "<ChecksumSHA256>\(part.checksumSHA256)</ChecksumSHA256></Part>"
    }
    return Array((text + "</CompleteMultipartUpload>").utf8)
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
