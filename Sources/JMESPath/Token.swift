internal import RotationCore

/// One word of an expression.
struct Token {
  /// What a token is; the raw values stand in error messages.
  enum Kind: String {
    case endOfExpression = "eof"
    case unquotedIdentifier = "unquoted_identifier"
    case quotedIdentifier = "quoted_identifier"
    case literal
    case number
    case dot, star, comma, colon, current, pipe, flatten, filter
    case leftBracket = "lbracket"
    case rightBracket = "rbracket"
    case leftParenthesis = "lparen"
    case rightParenthesis = "rparen"
    case leftBrace = "lbrace"
    case rightBrace = "rbrace"
    case expressionReference = "expref"
    case or, and, not
    case equal = "eq"
    case notEqual = "ne"
    case less = "lt"
    case lessOrEqual = "lte"
    case greater = "gt"
    case greaterOrEqual = "gte"

    /// How tightly the token binds what stands to its left (Pratt's left binding power).
    ///
    /// Whatever binds less than ``projectionStop`` ends a projection.
    var bindingPower: Int {
      switch self {
      case .pipe: 1
      case .or: 2
      case .and: 3
      case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 5
      case .flatten: 9
      case .star: 20
      case .filter: 21
      case .dot: 40
      case .not: 45
      case .leftBrace: 50
      case .leftBracket: 55
      case .leftParenthesis: 60
      default: 0
      }
    }

    static let projectionStop = 10
  }

  let kind: Kind
  /// Where the token starts, in Unicode scalars from 0.
  let start: Int
  /// What an error message shows; for identifiers the name, without quotation marks.
  let text: String
  /// The value of a literal.
  var literal = JSONValue.null
  /// The value of a number, held within ``numberLimit``.
  var number = 0

  /// No array is as long, so that an index beyond it may stand for every larger one.
  static let numberLimit = 1 << 40
}
