internal import Cryptography
internal import DurableFiles
internal import EvidenceBundle
internal import JMESPath
internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Every reader of bytes that somebody else may have written.
///
/// Each takes any bytes: it must end, trap on nothing, and keep what it promises about what it
/// accepts. A broken promise is a trap, which every driver finds.
package enum FuzzTarget: String, Sendable, CaseIterable {
  case csv, json, jsonl, text
  case jsonValue = "json-value"
  case configuration, jmespath
  case awsError = "aws-error"
  case journalLine = "journal-line"
  case journal
  /// The journal's lines get the right hashes, so that what they say is looked at.
  case chainedJournal = "chained-journal"
  case plan, archive, names

  /// Reads the bytes; `scratch` is a folder for the files of readers that want one.
  package func read(_ bytes: [UInt8], scratch: String) {
    switch self {
    case .csv: FuzzTarget.manifest(bytes, .csv)
    case .json: FuzzTarget.manifest(bytes, .json)
    case .jsonl: FuzzTarget.manifest(bytes, .jsonl)
    case .text: FuzzTarget.manifest(bytes, .text)
    case .jsonValue: FuzzTarget.jsonValue(bytes)
    case .configuration: FuzzTarget.configuration(bytes)
    case .jmespath: FuzzTarget.jmespath(bytes)
    case .awsError: FuzzTarget.awsError(bytes)
    case .journalLine: FuzzTarget.journalLine(bytes)
    case .journal: FuzzTarget.file(bytes, scratch) { _ = try JournalReader.read($0) }
    case .chainedJournal:
      FuzzTarget.file(FuzzTarget.chained(bytes), scratch) { _ = try JournalReader.read($0) }
    case .plan:
      FuzzTarget.file(bytes, scratch) { path in
        var reader = try PlanFileReader(path: path)
        while try reader.next() != nil {}
      }
    case .archive:
      FuzzTarget.file(bytes, scratch) { path in
        precondition(!BundleVerifier.verify(path).isSound || bytes.count > 1000)
        _ = try RunReader(path: path)
      }
    case .names: FuzzTarget.names(bytes)
    }
  }

  // MARK: Manifests

  private struct Sink: ManifestSink {
    var entries: [ManifestEntry] = []
    var problems: [String] = []
    mutating func entry(_ entry: ManifestEntry) { entries.append(entry) }
    mutating func problem(_ problem: ManifestProblem) { problems.append(problem.text) }
    mutating func selector(_ selector: ManifestSelector) {}
  }

  private static func decoded(_ bytes: [UInt8], _ format: ManifestFormat, piece: Int) -> Sink {
    var sink = Sink()
    var decoder = ManifestDecoder(format: format, file: "m")
    bytes.withUnsafeBytes { whole in
      var start = 0
      while start < whole.count {
        let end = min(whole.count, start + piece)
        decoder.consume(UnsafeRawBufferPointer(rebasing: whole[start..<end]), into: &sink)
        start = end
      }
    }
    decoder.finish(into: &sink)
    return sink
  }

  /// What is read must not depend on the pieces in which it comes, nor on what was met before: rows
  /// that are met again are not parsed when they come whole.
  private static func manifest(_ bytes: [UInt8], _ format: ManifestFormat) {
    sameInPieces(bytes, format)
    if format != .json { sameInPieces(bytes + [0x0A] + bytes, format) }
  }

  private static func sameInPieces(_ bytes: [UInt8], _ format: ManifestFormat) {
    let whole = decoded(bytes, format, piece: max(1, bytes.count))
    let pieces = decoded(bytes, format, piece: 1 + bytes.count % 7)
    precondition(whole.entries == pieces.entries, "entries depend on the pieces")
    precondition(whole.problems == pieces.problems, "problems depend on the pieces")
    for entry in whole.entries { precondition(!entry.secretID.isEmpty, "an entry without an id") }
  }

  // MARK: JSON

  /// What is written must be read back as the same.
  private static func jsonValue(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes) else { return }
    guard let again = try? JSONValue(parsing: value.compactBytes) else {
      preconditionFailure("compact JSON is not JSON")
    }
    precondition(again.compactBytes == value.compactBytes, "compact JSON changes")
    guard let pretty = try? JSONValue(parsing: value.pretty()) else {
      preconditionFailure("indented JSON is not JSON")
    }
    precondition(pretty.compactBytes == value.compactBytes, "indented JSON is another value")
  }

  private static let document: JSONValue = [
    "a": [1, 2, [3, nil], "x", ["a": 1, "b": "y"]], "b": ["a": true, "k": ["z": [], "y": 2]],
    "k": "text", "n": -1.5e3,
  ]

  /// The text up to a zero byte is the expression, what follows is the document.
  private static func jmespath(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let text = String(decoding: parts.first ?? [], as: UTF8.self)
    let document = parts.count > 1 ? try? JSONValue(parsing: Array(parts[1])) : nil
    guard let expression = try? JMESPathExpression(text),
      let found = try? expression.search(document ?? FuzzTarget.document)
    else { return }
    guard (try? JSONValue(parsing: found.compactBytes)) != nil else {
      preconditionFailure("a result that cannot be written")
    }
  }

  // MARK: AWS

  /// The text up to a zero byte is the config file, what follows are the credentials.
  private static func configuration(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard let config = try? ConfigurationFile(parsing: Array(parts.first ?? []), path: "config"),
      let credentials = try? ConfigurationFile(
        parsing: parts.count > 1 ? Array(parts[1]) : [], path: "credentials")
    else { return }
    let settings = AWSConfiguration(
      environment: ["HOME": "/nonexistent"], config: config, credentials: credentials)
    for profile in [nil, "default", "a"] {
      _ = settings.region(ofProfile: profile)
      _ = settings.usesFIPS(profile: profile)
      _ = try? settings.retrySettings(profile: profile)
      _ = settings.caBundle(profile: profile)
      _ = settings.userAgentAppID(profile: profile)
      for service in EndpointService.allCases {
        _ = try? settings.endpointURL(service, profile: profile)
      }
    }
  }

  /// The first line is a header and its value, the second the status, the rest the body.
  private static func awsError(_ bytes: [UInt8]) {
    let lines = bytes.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
    func text(_ index: Int) -> String {
      lines.indices.contains(index) ? String(decoding: lines[index], as: UTF8.self) : ""
    }
    let header = text(0).split(separator: ":", maxSplits: 1)
    let response = HTTPResponse(
      status: Int(text(1)).map { 200 + abs($0 % 400) } ?? 400,
      headers: header.count == 2 ? [HTTPHeader(String(header[0]), String(header[1]))] : [],
      body: lines.count > 2 ? Array(lines[2]) : [])
    for failure in [ServiceAnswer.jsonFailure(response), ServiceAnswer.queryFailure(response)] {
      precondition(!failure.code.isEmpty, "a failure without a code")
      precondition(failure.code.unicodeScalars.count <= 128, "a code without an end")
      precondition((failure.requestID ?? "").unicodeScalars.count <= 128)
      _ = RetryPolicy.verdict(on: failure)
      precondition(failure.excerpt(500).utf8.count <= 2000)
    }
    _ = ServiceAnswer.object(response)
  }

  // MARK: What a run leaves

  /// A record that is read must be written as one that says the same.
  private static func journalLine(_ bytes: [UInt8]) {
    guard let parsed = try? JournalRecord.parse(line: bytes) else { return }
    let line = parsed.record.line(at: parsed.at, previous: parsed.previous)
    guard let again = try? JournalRecord.parse(line: line) else {
      preconditionFailure("a record that cannot be read back")
    }
    precondition(
      again.record.line(at: again.at, previous: again.previous) == line, "a record changes")
  }

  /// Gives every line that is an object the hash of the line before it.
  private static func chained(_ bytes: [UInt8]) -> [UInt8] {
    var chain = JournalReader.chain
    var result: [UInt8] = []
    for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      guard case .object(var object) = try? JSONValue(parsing: Array(line)) else {
        result += line + [0x0A]
        continue
      }
      object["prev"] = .string(chain.head)
      let changed = JSONValue.object(object).compactBytes
      chain.advance(over: changed)
      result += changed + [0x0A]
    }
    return Array(result.dropLast())
  }

  /// ARNs, regions and times.
  private static func names(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let arn = try? SecretARN(parsing: text) {
      precondition(arn.text == text, "an ARN changes")
      precondition(SecretARN.text(text, answers: text))
    }
    _ = Timestamp(iso8601: text)
    _ = Timestamp(parsing: text)
  }

  private static func file(_ bytes: [UInt8], _ scratch: String, _ body: (String) throws -> Void) {
    let path = scratch + "/input"
    do {
      let file = try AppendFile(path: path, truncate: true)
      try file.write(bytes)
      extendLifetime(file)
    } catch { preconditionFailure("\(error)") }
    try? body(path)
  }
}
