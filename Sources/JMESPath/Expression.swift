internal import RotationCore

/// A node of the syntax tree.
struct Expression: Sendable {
  indirect enum Kind: Sendable {
    /// `@`, and the empty right-hand side of a projection.
    case current
    case field(String)
    case literal(JSONValue)
    case index(Int)
    case slice(Slice)
    /// The second is evaluated on the result of the first: `a.b`, `a[0]` and `a | b`.
    case sequence(Expression, Expression)
    /// `base[*].each`: each element of an array.
    case projection(base: Expression, each: Expression)
    /// `base.*.each`: each value of an object.
    case valueProjection(base: Expression, each: Expression)
    /// `base[?condition].each`.
    case filter(base: Expression, condition: Expression, each: Expression)
    case flatten(Expression)
    case or([Expression])
    case and([Expression])
    case not(Expression)
    case comparison(Comparator, Expression, Expression)
    case list([Expression])
    case hash([Member])
    /// `&expression`: meant for a function to evaluate.
    case reference(Expression)
    case call(function: String, arguments: [Expression])
  }

  struct Member: Sendable {
    let key: String
    let value: Expression
  }

  struct Slice: Sendable {
    var start: Int?
    var stop: Int?
    var step: Int?
  }

  enum Comparator: Sendable {
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
  }

  let kind: Kind
  /// How many levels evaluation goes down, and by how many levels the result can be deeper than
  /// the document; where one part works on another's result, the sum of both.
  let depth: Int

  init(_ kind: Kind) {
    self.kind = kind
    func deepest(_ parts: [Expression]) -> Int { parts.map(\.depth).max() ?? 0 }
    depth =
      switch kind {
      case .current, .field, .literal, .index, .slice: 1
      case .sequence(let first, let second): first.depth + second.depth
      case .projection(let base, let each), .valueProjection(let base, let each):
        base.depth + each.depth
      case .filter(let base, let condition, let each):
        base.depth + max(condition.depth, each.depth)
      case .flatten(let part), .not(let part), .reference(let part): 1 + part.depth
      case .or(let parts), .and(let parts), .list(let parts): 1 + deepest(parts)
      case .hash(let members): 1 + deepest(members.map(\.value))
      case .comparison(_, let left, let right): 1 + max(left.depth, right.depth)
      case .call(_, let arguments):
        1 + deepest(arguments.filter { !$0.isReference })
          + deepest(arguments.filter(\.isReference))
      }
  }

  var isReference: Bool { if case .reference = kind { true } else { false } }
}
