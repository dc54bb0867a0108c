/// Reads a manifest that is one JSON document: our own object, a bare array of secrets, or what
/// `aws secretsmanager list-secrets` prints.
///
/// The text is streamed: at any time one element of the list of secrets is held.
struct JSONManifestDecoder: Sendable {
  private var tokenizer = JSONTokenizer()
  private var events: JSONManifestEvents
  private var stopped = false

  init(file: String, preambleOnly: Bool) {
    events = JSONManifestEvents(checker: EntryChecker(file: file), preambleOnly: preambleOnly)
  }

  var preamble: ManifestPreamble { events.preamble }

  mutating func consume(_ bytes: UnsafeRawBufferPointer, into sink: inout some ManifestSink) {
    // Slices bound what one token can gather before it is looked at.
    var start = 0
    while start < bytes.count, !stopped {
      let end = min(bytes.count, start + 64 << 10)
      feed(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &sink)
      start = end
    }
  }

  mutating func finish(into sink: inout some ManifestSink) {
    if stopped { return }
    feed(nil, into: &sink)
    if stopped { return }
    events.finish(into: &sink)
  }

  private mutating func feed(
    _ bytes: UnsafeRawBufferPointer?, into sink: inout some ManifestSink
  ) {
    var failure: JSONSyntaxError?
    withUnsafeMutablePointer(to: &sink) { sink in
      withUnsafeMutablePointer(to: &events) { events in
        var bridge = Bridge(events: events, sink: sink)
        do throws(JSONSyntaxError) {
          if let bytes {
            try tokenizer.consume(bytes, into: &bridge)
          } else {
            try tokenizer.finish(into: &bridge)
          }
        } catch { failure = error }
      }
    }
    if failure == nil, tokenizer.pendingBytes > JSONNodeBuilder.maximumBytes {
      failure = JSONSyntaxError(
        position: tokenizer.pendingPosition, reason: "a value longer than 1 MiB")
    }
    guard let failure else { return }
    stopped = true
    let mend =
      failure.reason.hasPrefix("expected the end of the text")
      ? "name a file of one JSON value a line .jsonl, or pass --manifest-format jsonl"
      : "look at the quotes, commas and brackets near there; nothing after it was read"
    sink.problem(events.checker.problem(failure.position, failure.reason, mend))
  }

  /// Lives within one call, so the pointers stay valid.
  private struct Bridge<Sink: ManifestSink>: JSONSink {
    let events: UnsafeMutablePointer<JSONManifestEvents>
    let sink: UnsafeMutablePointer<Sink>
    mutating func beginObject(at position: TextPosition) {
      events.pointee.begin(object: true, at: position, into: &sink.pointee)
    }
    mutating func endObject(at position: TextPosition) {
      events.pointee.end(at: position, into: &sink.pointee)
    }
    mutating func beginArray(at position: TextPosition) {
      events.pointee.begin(object: false, at: position, into: &sink.pointee)
    }
    mutating func endArray(at position: TextPosition) {
      events.pointee.end(at: position, into: &sink.pointee)
    }
    mutating func key(_ name: String, at position: TextPosition) {
      events.pointee.key(name, at: position, into: &sink.pointee)
    }
    mutating func scalar(_ value: JSONValue, at position: TextPosition) {
      events.pointee.scalar(value, at: position, into: &sink.pointee)
    }
  }
}

/// One line of JSON Lines: a secret as in an array of them.
enum JSONManifestLine {
  static func read(
    _ bytes: UnsafeRawBufferPointer, _ number: Int, _ checker: EntryChecker,
    into sink: inout some ManifestSink
  ) {
    var tokenizer = JSONTokenizer(start: TextPosition(line: number, column: 1))
    var collector = JSONNodeCollector()
    do throws(JSONSyntaxError) {
      try tokenizer.consume(bytes, into: &collector)
      try tokenizer.finish(into: &collector)
    } catch {
      sink.problem(
        checker.problem(
          error.position, error.reason, "write a whole JSON string or object on each line"))
      return
    }
    if let node = collector.node {
      JSONEntryReader(checker: checker).read(node, listing: false, into: &sink)
    }
  }
}

/// Collects a whole JSON text as one node.
struct JSONNodeCollector: JSONSink {
  private var builder = JSONNodeBuilder()
  /// Nil until the text has ended.
  private(set) var node: JSONNode?

  init() {}

  mutating func beginObject(at position: TextPosition) { builder.begin(object: true, at: position) }
  mutating func endObject(at position: TextPosition) { node = builder.end(at: position) }
  mutating func beginArray(at position: TextPosition) {
    builder.begin(object: false, at: position)
  }
  mutating func endArray(at position: TextPosition) { node = builder.end(at: position) }
  mutating func key(_ name: String, at position: TextPosition) { builder.key(name, at: position) }
  mutating func scalar(_ value: JSONValue, at position: TextPosition) {
    node = builder.scalar(value, at: position)
  }
}
