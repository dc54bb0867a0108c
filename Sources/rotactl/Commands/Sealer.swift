internal import Cryptography
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Seals a run's evidence: tables and sums, signature, time stamp, bundle, a line of custody.
struct Sealer: Sendable {
  let folder: RunFolder
  let reports: String
  let format: BundleFormat
  let writesReportFiles: Bool
  let tools: SealTools
  /// Whose certificates a time-stamping authority under HTTPS may show.
  let trust: ResolvedConnection
  let console: Console

  /// Loose report files are written up to this many targets.
  private static let looseReportLimit = 10_000

  /// Seals what is in the run's folder.
  ///
  /// - `targets`: how many the plan holds.
  /// - `path`: of the bundle; nil for `<reports>/<run-id>.<format>`.
  func seal(targets: Int, to path: String? = nil) async throws -> (BundleDigest, SealedRun) {
    var sealed = try SealedRun(
      runFolder: folder.path,
      looseReports: writesReportFiles || targets <= Sealer.looseReportLimit,
      signingKey: tools.signingKey)
    if let url = tools.timestampURL { await stamp(&sealed, url) }
    let bundle = try sealed.pack(
      to: path ?? "\(reports)/\(folder.runID).\(format.rawValue)", format: format,
      protection: tools.protection)
    keepCustody(bundle, sealed)
    return (bundle, sealed)
  }

  /// A time stamp is worth having and never worth failing for.
  private func stamp(_ sealed: inout SealedRun, _ url: String) async {
    do {
      let request = try TimestampRequest(over: sealed.sumsDigest)
      let answer = try await TimestampPost.send(request, to: url, tools.proxies, trust)
      try sealed.attach(timestamp: answer, to: request)
    } catch {
      let kept = sealed.isTimestamped ? "; the earlier time stamp stays" : ""
      console.warn("no time stamp from \(url): \(Sealer.words(error))\(kept)")
    }
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case let error as KeyError: error.what
    case let error as EvidenceError: error.description
    case let error as TransportFailure: error.message
    case let error as TimestampPost.Refusal: error.what
    default: String(describing: error)
    }
  }

  private func keepCustody(_ bundle: BundleDigest, _ sealed: SealedRun) {
    var details: JSONObject = [
      "file": .string(bundle.path.split(separator: "/").last.map(String.init) ?? bundle.path),
      "sha256": .string(bundle.sha256), "bytes": JSONValue(bundle.bytes),
      "sumsSha256": .string(sealed.sumsDigest.hex),
      "journalHead": .string(sealed.evidence.journal.head),
      "signed": .bool(sealed.isSigned), "timestamped": .bool(sealed.isTimestamped),
    ]
    if let key = try? tools.signingKey?.verifyingKey.fingerprint {
      details["signedBy"] = .string(key)
    }
    switch tools.protection {
    case .open: details["protection"] = "open"
    case .passphrase: details["protection"] = "passphrase"
    case .recipients(let list):
      details["protection"] = "recipients"
      details["recipients"] = JSONValue(list.count)
    }
    Custody.append("sealed", details, reports: reports, runID: folder.runID, console)
  }
}

/// Lines in the custody log of a run, by whoever runs this process.
enum Custody {
  /// A log that cannot be written is told and ends nothing.
  static func append(
    _ type: String, _ details: JSONObject, reports: String, runID: String, _ console: Console
  ) {
    let log = CustodyLog(reports: reports, runID: runID)
    let event = CustodyLog.Event(
      type, at: Session.now(), host: HostFacts.host, operatorName: HostFacts.operatorName(),
      toolVersion: ToolVersion.text, details: details)
    do { try log.append(event) } catch {
      console.warn("the custody log cannot be written: \(error.description)")
    }
  }
}

/// Asks a time-stamping authority (RFC 3161, section 3.4).
enum TimestampPost {
  struct Refusal: Error {
    let what: String
  }

  static func send(
    _ request: TimestampRequest, to url: String, _ proxies: ProxyVariables,
    _ connection: ResolvedConnection
  ) async throws -> [UInt8] {
    var settings = TransportSettings()
    settings.connectTimeoutSeconds = min(connection.connectTimeout.seconds, 20)
    settings.readTimeoutSeconds = min(connection.readTimeout.seconds, 20)
    let transport = try CurlTransport(settings: settings)
    defer { transport.shutdown() }
    let parts = url.split(separator: "/", maxSplits: 3)
    let scheme = parts[0].dropLast().lowercased()
    let authority = String(parts[1])
    let trust: CertificateTrust =
      connection.verifiesTLS
      ? connection.caBundle.map(CertificateTrust.bundle(path:)) ?? .system : .unverified
    let result = await transport.exchange(
      HTTPRequest(
        url: url,
        headers: [
          HTTPHeader("Host", authority),
          HTTPHeader("Content-Type", TimestampRequest.mediaType),
          HTTPHeader("User-Agent", "rotactl/\(ToolVersion.text)"),
        ], body: request.bytes, trust: trust,
        proxy: proxies.proxy(scheme: scheme, host: authority)))
    let response = try result.get()
    guard response.status == 200 else { throw Refusal(what: "HTTP status \(response.status)") }
    return response.body
  }
}
