internal import RotationCore
internal import Yams

/// Block YAML with sorted names; a bare scalar is printed as JSON, an empty object not at all.
enum YAMLFormat {
  static func render(_ value: JSONValue) -> RenderedOutput {
    guard !value.isEmptyObject else { return RenderedOutput(bytes: []) }
    guard !value.isScalar else { return RenderedOutput(bytes: JSONFormat.line(value)) }
    return emit(node(value))
  }

  /// One page of `yaml-stream`: a list of one item.
  static func renderPage(_ value: JSONValue) -> RenderedOutput {
    guard !value.isEmptyObject else { return RenderedOutput(bytes: []) }
    return emit(node(.array([value])))
  }

  private static func emit(_ node: Node) -> RenderedOutput {
    do {
      return RenderedOutput(bytes: Array(try serialize(node: node, allowUnicode: true).utf8))
    } catch {
      return RenderedOutput(bytes: [], failure: "\(error)")
    }
  }

  private static func node(_ value: JSONValue) -> Node {
    switch value {
    case .null: return Node("null", Tag(.null), .plain)
    case .bool(let value): return Node(value ? "true" : "false", Tag(.bool), .plain)
    case .number(let number):
      // The point moves behind the sign: `.inf`, `-.inf`.
      return Node(PythonText.number(number, infinity: ".inf"), Tag(.float), .plain)
    case .string(let text): return scalar(text)
    case .array(let values):
      return .sequence(Node.Sequence(values.map(node), Tag(.seq), .block))
    case .object(let object):
      let pairs = object.sortedMembers.map { (scalar($0.key), node($0.value)) }
      return .mapping(Node.Mapping(pairs, Tag(.map), .block))
    }
  }

  /// A string, quoted where it would read as something else.
  ///
  /// The emitter itself quotes what is not allowed bare.
  private static func scalar(_ text: String) -> Node {
    Node(text, Tag(.str), PlainScalar.isString(text) ? .plain : .singleQuoted)
  }
}
