/// Receives what a manifest holds, in the order of the text.
package protocol ManifestSink {
  mutating func entry(_ entry: ManifestEntry)
  /// An entry that nobody has made yet; a sink that wants no more of it than a count saves that.
  mutating func row(_ row: PlainRow)
  /// The rows that were lent until now are about to go.
  mutating func endRows()
  /// A selector stands in the place of ids; who plans resolves it.
  mutating func selector(_ selector: ManifestSelector)
  mutating func problem(_ problem: ManifestProblem)
}

extension ManifestSink {
  package mutating func row(_ row: PlainRow) { entry(row.entry) }
  package mutating func endRows() {}
}

/// Passes on what the whole reader makes of one row, and remembers it.
struct WatchingSink<Sink: ManifestSink>: ManifestSink {
  private let sink: UnsafeMutablePointer<Sink>
  private var found: ManifestEntry?
  private var hasMore = false

  /// - Parameter sink: must outlive this one.
  init(_ sink: UnsafeMutablePointer<Sink>) { self.sink = sink }

  /// The entry, where the row came to that and nothing else.
  var entry: ManifestEntry? { hasMore ? nil : found }

  mutating func entry(_ entry: ManifestEntry) {
    if found != nil { hasMore = true }
    found = entry
    sink.pointee.entry(entry)
  }

  mutating func selector(_ selector: ManifestSelector) {
    hasMore = true
    sink.pointee.selector(selector)
  }

  mutating func problem(_ problem: ManifestProblem) {
    hasMore = true
    sink.pointee.problem(problem)
  }
}

/// Problems in the order they were found: the first ones in full, of the others the number.
package struct ManifestProblemList: Sendable, Hashable {
  /// How many are kept: 100.
  package static let limit = 100

  /// At most ``limit``.
  package private(set) var first: [ManifestProblem] = []
  package private(set) var total = 0

  package init() {}

  package var isEmpty: Bool { total == 0 }

  package mutating func append(_ problem: ManifestProblem) {
    if first.count < ManifestProblemList.limit { first.append(problem) }
    total += 1
  }

  /// Adds another list, of which only the kept problems can be kept.
  package mutating func append(_ other: ManifestProblemList) {
    for problem in other.first where first.count < ManifestProblemList.limit {
      first.append(problem)
    }
    total += other.total
  }
}

/// Text from a manifest, cut and cleaned so that it can stand in a message.
enum Excerpt {
  /// At most `limit` characters; control characters become `?`, so that no terminal obeys them.
  static func of(_ text: some StringProtocol, limit: Int = 60) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == limit { return result + "..." }
      let control =
        scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value == 0x2028
        || scalar.value == 0x2029 || (0x202A...0x202E).contains(scalar.value)
        || (0x2066...0x2069).contains(scalar.value)
      result.unicodeScalars.append(control ? "?" : scalar)
    }
    return result
  }
}
