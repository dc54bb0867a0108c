/// A JSON value that knows where its parts stand, for messages about an entry.
indirect enum JSONNode: Sendable {
  case scalar(JSONValue, TextPosition)
  case array([JSONNode], TextPosition)
  case object([Member], TextPosition)

  struct Member: Sendable {
    let key: String
    let keyPosition: TextPosition
    let value: JSONNode
  }

  var position: TextPosition {
    switch self {
    case .scalar(_, let position), .array(_, let position), .object(_, let position): position
    }
  }

  var string: String? {
    if case .scalar(.string(let text), _) = self { text } else { nil }
  }

  var isNull: Bool {
    if case .scalar(.null, _) = self { true } else { false }
  }

  var kindName: String {
    switch self {
    case .scalar(let value, _): value.kindName
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// Builds one ``JSONNode`` from a tokenizer's events and bounds what it holds.
struct JSONNodeBuilder: Sendable {
  /// The bound of the texts of one node (1 MiB) and of its parts.
  static let maximumBytes = 1 << 20
  static let maximumParts = 100_000

  private enum Frame {
    case array([JSONNode], TextPosition)
    case object([JSONNode.Member], TextPosition, key: String, keyPosition: TextPosition)
  }

  private var frames: [Frame] = []
  private var held = 0
  private var parts = 0
  private var depth = 0
  /// The node outgrew the bounds; its content is dropped until it ends.
  private(set) var isTooLong = false

  /// No node is begun.
  var isIdle: Bool { depth == 0 }

  mutating func begin(object: Bool, at position: TextPosition) {
    depth += 1
    grow(8)
    if isTooLong { return }
    frames.append(
      object ? .object([], position, key: "", keyPosition: position) : .array([], position))
  }

  /// - Returns: the whole node when this ends it; of one that is too long, an empty stand-in.
  mutating func end(at position: TextPosition) -> JSONNode? {
    depth -= 1
    if isTooLong { return depth == 0 ? finish(.array([], position)) : nil }
    switch frames.popLast() {
    case .array(let values, let start): return add(.array(values, start))
    case .object(let members, let start, _, _): return add(.object(members, start))
    case nil: return nil
    }
  }

  mutating func key(_ name: String, at position: TextPosition) {
    grow(name.utf8.count)
    guard !isTooLong, case .object(let members, let start, _, _)? = frames.popLast() else { return }
    frames.append(.object(members, start, key: name, keyPosition: position))
  }

  mutating func scalar(_ value: JSONValue, at position: TextPosition) -> JSONNode? {
    if case .string(let text) = value { grow(text.utf8.count) } else { grow(8) }
    if isTooLong { return depth == 0 ? finish(.array([], position)) : nil }
    return add(.scalar(value, position))
  }

  /// Ready for the next node.
  mutating func reset() { self = JSONNodeBuilder() }

  private mutating func grow(_ bytes: Int) {
    held += bytes
    parts += 1
    if held > JSONNodeBuilder.maximumBytes || parts > JSONNodeBuilder.maximumParts {
      isTooLong = true
      frames.removeAll()
    }
  }

  private func finish(_ node: JSONNode) -> JSONNode { node }

  private mutating func add(_ node: JSONNode) -> JSONNode? {
    switch frames.popLast() {
    case nil: return node
    case .array(var values, let start):
      values.append(node)
      frames.append(.array(values, start))
    case .object(var members, let start, let key, let keyPosition):
      members.append(JSONNode.Member(key: key, keyPosition: keyPosition, value: node))
      frames.append(.object(members, start, key: key, keyPosition: keyPosition))
    }
    return nil
  }
}
