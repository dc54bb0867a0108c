internal import Cryptography
internal import DurableFiles
internal import RotationCore

/// The rows of the page's list, on the disk while the totals that stand above them are not known.
///
/// Texts that occur often stand once in ``strings`` and are numbers in the rows.
struct PageRows {
  /// Rows in one `script` element.
  private static let block = 2000
  /// Different texts that are kept; further ones stand in the rows themselves.
  private static let maximumStrings = 4096
  /// Attempts of one target that are shown.
  private static let shownAttempts = 8

  let listsAll: Bool
  private let limit: Int
  /// Number 0 is the empty text.
  private(set) var strings = [""]
  private(set) var count = 0
  /// Targets that belong into the list and did not fit.
  private(set) var left = 0
  private var numbers: [String: Int] = ["": 0]
  private let spool: TemporaryFolder
  private let action: RunAction
  private var buffer: [UInt8] = []

  /// - `spool`: where the rows are kept; they go with it.
  /// - `limit`: of more targets than this only those that are not good are listed, at most as many.
  init(of evidence: RunEvidence, spool: TemporaryFolder, limit: Int) throws(EvidenceError) {
    self.spool = spool
    self.limit = limit
    action = evidence.header.action
    listsAll = evidence.targets <= limit
    try reading { () throws(FileError) in
      _ = try AppendFile(path: "\(spool.path)/rows", truncate: true, mode: 0o600)
    }
  }

  mutating func add(_ item: EvidenceEntry, path: String) throws(EvidenceError) {
    guard listsAll || !item.isGood else { return }
    guard count < limit else {
      left += 1
      return
    }
    let start =
      count.isMultiple(of: PageRows.block)
      ? (count > 0 ? "]</script>\n" : "") + "<script type=\"application/json\" class=\"rows\">[\n"
      : ",\n"
    count += 1
    buffer.append(contentsOf: start.utf8)
    buffer.append(contentsOf: PageText.json(.array(row(item, path))))
    if buffer.count >= 1 << 17 { try flush() }
  }

  private mutating func flush() throws(EvidenceError) {
    do {
      try AppendFile(path: "\(spool.path)/rows", mode: 0o600).write(buffer)
    } catch { throw .file(error) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Hands the `script` elements on, in pieces that end where a line ends.
  mutating func write(
    to sink: ([UInt8]) throws(EvidenceError) -> Void
  ) throws(EvidenceError) {
    if count > 0 { buffer.append(contentsOf: "\n]</script>\n".utf8) }
    try flush()
    var rest: [UInt8] = []
    var file = try reading { () throws(FileError) in
      try ChunkedFile(path: "\(spool.path)/rows", chunkBytes: 1 << 17)
    }
    while true {
      do {
        let chunk = try file.next()
        if chunk.isEmpty { break }
        rest.append(contentsOf: chunk)
      } catch { throw .file(error) }
      guard let end = rest.lastIndex(of: 0x0A) else { continue }
      try sink(Array(rest[...end]))
      rest.removeFirst(end + 1)
    }
    if !rest.isEmpty { try sink(rest) }
  }

  // MARK: - One row

  private mutating func number(_ text: String) -> JSONValue {
    let text = PageText.visible(text)
    if let known = numbers[text] { return JSONValue(known) }
    guard strings.count < PageRows.maximumStrings, text.utf8.count <= 500 else {
      return .string(text)
    }
    numbers[text] = strings.count
    strings.append(text)
    return JSONValue(strings.count - 1)
  }

  /// The order is the one that the page's script reads; empty members at the end are left out.
  private mutating func row(_ item: EvidenceEntry, _ path: String) -> [JSONValue] {
    let target = item.entry.target
    let settlement = item.settlement
    let before = settlement?.before ?? item.entry.before
    let attempts = settlement?.attempts ?? []
    let seconds = settlement.map { $0.settledAt.seconds(since: $0.startedAt) } ?? 0
    var row: [JSONValue] = [
      JSONValue(target.ordinal), .string(PageText.visible(target.secretID)),
      number(target.accountID ?? item.entry.callerAccount ?? ""), number(target.region),
      JSONValue(Outcome.allCases.firstIndex(of: item.outcome) ?? 0), item.isGood ? 1 : 0,
      PageRows.flag(before?.rotationEnabled), PageRows.flag(settlement?.after?.rotationEnabled),
      PageRows.time(before?.nextRotation), PageRows.time(settlement?.settledAt),
      JSONValue(Int((seconds * 1000).rounded())), JSONValue(attempts.count),
      JSONValue(attempts.count { $0.errorCode.map(RetryPolicy.isThrottling) ?? false }),
      number(PageRows.cause(item)), .string(ResultsTable.requestID(of: settlement)),
      number((settlement?.warnings ?? []).map(\.code.rawValue).joined(separator: ", ")),
      number(target.profile ?? ""),
      .string(PageText.visible(target.sources.first?.description ?? "")), .string(path),
      .string(PageText.visible(PageRows.next(item, action))),
    ]
    if !item.isGood {
      var shown: [JSONValue] = []
      for met in attempts.suffix(PageRows.shownAttempts) { shown.append(attempt(met)) }
      row.append(.array(shown))
    }
    while let last = row.last, last == .string("") || last == .array([]) || last == 0 {
      row.removeLast()
    }
    return row
  }

  private mutating func attempt(_ attempt: AttemptRecord) -> JSONValue {
    .array([
      number(attempt.operation.rawValue), JSONValue(attempt.httpStatus ?? 0),
      number(attempt.errorCode ?? ""), .string(PageText.visible(attempt.requestID ?? "")),
      JSONValue(attempt.durationMilliseconds), JSONValue(attempt.retryDelayMilliseconds ?? 0),
    ])
  }

  static func cause(_ item: EvidenceEntry) -> String {
    guard item.settlement != nil else { return "" }
    return [
      item.settlement?.failure?.code ?? item.settlement?.reason?.rawValue ?? "",
      ResultsTable.message(of: item),
    ].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  static func next(_ item: EvidenceEntry, _ action: RunAction) -> String {
    NextCommand.single(item, action)
      ?? item.settlement?.warnings.lazy.compactMap(\.next).first ?? ""
  }

  /// 1 for on, 2 for off, 0 for not known.
  private static func flag(_ isOn: Bool?) -> JSONValue { isOn.map { $0 ? 1 : 2 } ?? 0 }

  private static func time(_ time: Timestamp?) -> JSONValue {
    JSONValue(Int(time?.milliseconds ?? 0))
  }
}
