import Cryptography
import Locking
import RotationCore
import SecretsManagerClient

/// A bucket of S3 in memory: objects, uploads in parts, locks, and faults on demand.
///
/// Takes and answers whole requests, so that all of the client but its sockets is in play.
final class PretendBucket: Sendable {
  struct Object: Sendable {
    var body: [UInt8]
    /// As HeadObject tells it.
    var checksum: String?
    /// Sizes of the parts; empty for an object that came as a whole.
    var parts: [Int] = []
    var headers: [String: String] = [:]
  }

  enum Fault: Sendable {
    /// Answers so and does nothing.
    case refuse(Int, String)
    /// Does it, and the answer is lost.
    case loseAnswer
    /// Waits until the caller gives up.
    case stall
  }

  fileprivate struct State {
    var objects: [String: Object] = [:]
    var uploads: [String: (key: String, headers: [String: String], parts: [Int: [UInt8]])] = [:]
    var faults: [(operation: String, fault: Fault)] = []
    var log: [String] = []
    var made = 0
    var ignoresLocks = false
  }

  private let state = Locked(State())

  var objects: [String: Object] { state.with { $0.objects } }
  var openUploads: Int { state.with { $0.uploads.count } }
  /// `PUT key` and the like, in the order of arrival.
  var log: [String] { state.with { $0.log } }

  func put(_ key: String, _ object: Object) { state.with { $0.objects[key] = object } }
  /// The next request of that operation meets the fault; several in their order.
  func meet(_ fault: Fault, on operation: String) {
    state.with { $0.faults.append((operation, fault)) }
  }
  func ignoreLocks() { state.with { $0.ignoresLocks = true } }

  @Sendable func exchange(_ request: HTTPRequest) async -> Result<HTTPResponse, TransportFailure> {
    let (path, query) = PretendBucket.split(request.url)
    let operation = PretendBucket.operation(request.method, query)
    let fault = state.with { state -> Fault? in
      state.log.append("\(operation) \(path)" + (query["partNumber"].map { " \($0)" } ?? ""))
      guard let index = state.faults.firstIndex(where: { $0.operation == operation }) else {
        return nil
      }
      return state.faults.remove(at: index).fault
    }
    let lost = TransportFailure(kind: .lost, code: "ReadTimeoutError", message: "lost")
    switch fault {
    case .refuse(let status, let code): return .success(PretendBucket.error(status, code))
    case .stall:
      while !Task.isCancelled { await Task.yield() }
      return .failure(TransportFailure(kind: .abandoned, code: "Abandoned", message: "given up"))
    case .loseAnswer:
      _ = answer(operation, path, query, request)
      return .failure(lost)
    case nil: return .success(answer(operation, path, query, request))
    }
  }

  private func answer(
    _ operation: String, _ key: String, _ query: [String: String], _ request: HTTPRequest
  ) -> HTTPResponse {
    var headers: [String: String] = [:]
    for header in request.headers { headers[header.name.lowercased()] = header.value }
    let hash = SHA256.hash(request.body)
    guard headers["x-amz-content-sha256"] == hash.hex else {
      return PretendBucket.error(400, "XAmzContentSHA256Mismatch")
    }
    if let sum = headers["x-amz-checksum-sha256"], sum != Base64.text(hash.bytes) {
      return PretendBucket.error(400, "BadDigest")
    }
    return state.with { state in
      switch operation {
      case "HeadObject": PretendBucket.head(state.objects[key], query["partNumber"])
      case "PutObject":
        state.make(
          key, Object(body: request.body, checksum: headers["x-amz-checksum-sha256"]), headers)
      case "CreateMultipartUpload": state.begin(key, headers)
      case "UploadPart": state.take(query, request.body, hash)
      case "CompleteMultipartUpload": state.complete(query, headers)
      case "AbortMultipartUpload":
        state.uploads.removeValue(forKey: query["uploadId"] ?? "") == nil
          ? PretendBucket.error(404, "NoSuchUpload") : HTTPResponse(status: 204)
      case "GetObjectRetention": PretendBucket.retention(state.objects[key])
      case "GetObjectLegalHold":
        PretendBucket.xml(
          "LegalHold",
          "<Status>\(state.objects[key]?.headers["x-amz-object-lock-legal-hold"] ?? "OFF")</Status>"
        )
      default: PretendBucket.error(405, "MethodNotAllowed")
      }
    }
  }

  // MARK: - Requests

  private static func split(_ url: String) -> (path: String, query: [String: String]) {
    let parts = url.split(separator: "?", maxSplits: 1)
    // http://127.0.0.1:9/bucket/key
    let path = parts[0].split(separator: "/", maxSplits: 3)
    var query: [String: String] = [:]
    for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
      let halves = pair.split(separator: "=", maxSplits: 1)
      query[String(halves[0])] = halves.count > 1 ? PercentEncoding.decode(halves[1]) : ""
    }
    return (path.count > 3 ? PercentEncoding.decode(path[3]) : "", query)
  }

  private static func operation(_ method: String, _ query: [String: String]) -> String {
    switch method {
    case "HEAD": "HeadObject"
    case "DELETE": "AbortMultipartUpload"
    case "POST": query["uploads"] == nil ? "CompleteMultipartUpload" : "CreateMultipartUpload"
    case "PUT": query["partNumber"] == nil ? "PutObject" : "UploadPart"
    default: query["retention"] == nil ? "GetObjectLegalHold" : "GetObjectRetention"
    }
  }

  // MARK: - Answers

  static func error(_ status: Int, _ code: String) -> HTTPResponse {
    HTTPResponse(
      status: status,
      body: Array("<Error><Code>\(code)</Code><Message>said the bucket</Message></Error>".utf8))
  }

  static func xml(_ root: String, _ body: String) -> HTTPResponse {
    HTTPResponse(
      status: 200, body: Array("<?xml version=\"1.0\"?>\n<\(root)>\(body)</\(root)>".utf8))
  }

  private static func head(_ object: Object?, _ part: String?) -> HTTPResponse {
    guard let object else { return HTTPResponse(status: 404) }
    let size = part.flatMap { Int($0) }.map { object.parts[$0 - 1] } ?? object.body.count
    var headers = [HTTPHeader("Content-Length", String(size)), HTTPHeader("ETag", "\"e\"")]
    if let checksum = object.checksum {
      headers.append(HTTPHeader("x-amz-checksum-sha256", checksum))
    }
    for (name, value) in object.headers.sorted(by: { $0.key < $1.key })
    where name.hasPrefix("x-amz-server-side") || name.hasPrefix("x-amz-object-lock") {
      headers.append(HTTPHeader(name, value))
    }
    return HTTPResponse(status: 200, headers: headers)
  }

  private static func retention(_ object: Object?) -> HTTPResponse {
    guard let mode = object?.headers["x-amz-object-lock-mode"],
      let until = object?.headers["x-amz-object-lock-retain-until-date"]
    else { return error(404, "NoSuchObjectLockConfiguration") }
    return xml(
      "Retention", "<Mode>\(mode)</Mode><RetainUntilDate>\(until)</RetainUntilDate>")
  }
}

extension PretendBucket.State {
  fileprivate mutating func make(
    _ key: String, _ object: PretendBucket.Object, _ headers: [String: String]
  ) -> HTTPResponse {
    guard objects[key] == nil || headers["if-none-match"] != "*" else {
      return PretendBucket.error(412, "PreconditionFailed")
    }
    var object = object
    object.headers = headers.filter { !(ignoresLocks && $0.key.hasPrefix("x-amz-object-lock")) }
    objects[key] = object
    return HTTPResponse(status: 200, headers: [HTTPHeader("ETag", "\"e\"")])
  }

  fileprivate mutating func begin(_ key: String, _ headers: [String: String]) -> HTTPResponse {
    made += 1
    let id = "id/+\(made)"
    uploads[id] = (key, headers, [:])
    return PretendBucket.xml("InitiateMultipartUploadResult", "<UploadId>\(id)</UploadId>")
  }

  fileprivate mutating func take(
    _ query: [String: String], _ body: [UInt8], _ hash: SHA256Digest
  ) -> HTTPResponse {
    guard let id = query["uploadId"], let number = query["partNumber"].flatMap({ Int($0) }),
      uploads[id] != nil
    else { return PretendBucket.error(404, "NoSuchUpload") }
    uploads[id]?.parts[number] = body
    return HTTPResponse(status: 200, headers: [HTTPHeader("ETag", "\"p\(number)\"")])
  }

  fileprivate mutating func complete(
    _ query: [String: String], _ headers: [String: String]
  ) -> HTTPResponse {
    guard let id = query["uploadId"], let upload = uploads[id] else {
      return PretendBucket.error(404, "NoSuchUpload")
    }
    let parts = upload.parts.sorted { $0.key < $1.key }.map(\.value)
    let sums = parts.flatMap { SHA256.hash($0).bytes }
    let object = PretendBucket.Object(
      body: Array(parts.joined()),
      checksum: Base64.text(SHA256.hash(sums).bytes) + "-\(parts.count)",
      parts: parts.map(\.count))
    var all = upload.headers
    all["if-none-match"] = headers["if-none-match"]
    let made = make(upload.key, object, all)
    guard made.status == 200 else { return made }
    uploads[id] = nil
    return PretendBucket.xml("CompleteMultipartUploadResult", "<ETag>\"e\"</ETag>")
  }
}
