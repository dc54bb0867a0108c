/// Builds the syntax tree by operator precedence.
///
/// The grammar is as lenient as that of `jmespath.py`: a comma may lack between arguments, or
/// follow the last.
///
/// Reference: Vaughan R. Pratt, Top down operator precedence, 1973.
struct Parser {
  let expression: String
  /// Never empty; ends with the end of the expression, which no rule goes past.
  private let tokens: [Token]
  private var index = 0
  private var nesting = 0

  init(expression: String, tokens: [Token]) {
    self.expression = expression
    self.tokens = tokens
  }

  mutating func parse() throws(JMESPathError) -> Expression {
    let root = try parseExpression()
    guard current.kind == .endOfExpression else {
      throw syntaxError(current, "Unexpected token: \(current.text)")
    }
    return root
  }

  // MARK: Tokens

  var current: Token { tokens[index] }

  /// The token after the current one; the last one again at the end.
  var next: Token { tokens[min(index + 1, tokens.count - 1)] }

  @discardableResult
  mutating func advance() -> Token {
    let token = tokens[index]
    index = min(index + 1, tokens.count - 1)
    return token
  }

  /// Goes past the token if it is of that kind.
  mutating func accept(_ kind: Token.Kind) -> Bool {
    guard current.kind == kind else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind) throws(JMESPathError) {
    guard accept(kind) else { throw unexpected(wanted: kind.rawValue) }
  }

  func unexpected(wanted: String) -> JMESPathError {
    guard current.kind != .endOfExpression else { return .incomplete(expression: expression) }
    return syntaxError(current, "Expecting: \(wanted), got: \(current.kind.rawValue)")
  }

  func syntaxError(_ token: Token, _ reason: String, at position: Int? = nil) -> JMESPathError {
    .syntax(
      expression: expression, position: position ?? token.start, token: token.text,
      kind: token.kind.rawValue.uppercased(), reason: reason)
  }

  private func tooDeep(_ token: Token) -> JMESPathError {
    syntaxError(token, "nested deeper than \(JMESPathExpression.maximumDepth) levels")
  }

  // MARK: Expressions

  /// Reads as far as every operator binds tighter than `power`.
  mutating func parseExpression(_ power: Int = 0) throws(JMESPathError) -> Expression {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= JMESPathExpression.maximumDepth else { throw tooDeep(current) }
    let start = current
    var left = try parsePrefix()
    while power < current.kind.bindingPower {
      let token = advance()
      left = try parseInfix(token, after: left)
      guard left.depth <= JMESPathExpression.maximumDepth else { throw tooDeep(token) }
    }
    guard left.depth <= JMESPathExpression.maximumDepth else { throw tooDeep(start) }
    return left
  }

  private mutating func parsePrefix() throws(JMESPathError) -> Expression {
    let token = advance()
    switch token.kind {
    case .literal: return Expression(.literal(token.literal))
    case .unquotedIdentifier: return Expression(.field(token.text))
    case .quotedIdentifier:
      guard current.kind != .leftParenthesis else {
        throw syntaxError(
          current, "Quoted identifier not allowed for function names.", at: 0)
      }
      return Expression(.field(token.text))
    case .current: return Expression(.current)
    case .star:
      let each =
        current.kind == .rightBracket
        ? Expression(.current) : try parseProjected(Token.Kind.star.bindingPower)
      return Expression(.valueProjection(base: Expression(.current), each: each))
    case .filter: return try parseFilter(of: Expression(.current))
    case .flatten: return try parseFlatten(of: Expression(.current))
    case .leftBrace: return try parseHash()
    case .leftBracket: return try parseBracket()
    case .leftParenthesis:
      let inner = try parseExpression()
      try expect(.rightParenthesis)
      return inner
    case .not: return Expression(.not(try parseExpression(token.kind.bindingPower)))
    case .expressionReference:
      return Expression(.reference(try parseExpression(token.kind.bindingPower)))
    case .endOfExpression: throw .incomplete(expression: expression)
    default: throw syntaxError(token, "invalid token")
    }
  }

  private mutating func parseInfix(
    _ token: Token, after left: Expression
  ) throws(JMESPathError) -> Expression {
    let power = token.kind.bindingPower
    switch token.kind {
    case .dot:
      guard accept(.star) else {
        return Expression(.sequence(left, try parseMember(power)))
      }
      return Expression(.valueProjection(base: left, each: try parseProjected(power)))
    case .pipe: return Expression(.sequence(left, try parseExpression(power)))
    case .or: return Expression(.or(try parseOperands(left, token.kind)))
    case .and: return Expression(.and(try parseOperands(left, token.kind)))
    case .equal: return try compare(.equal, left, power)
    case .notEqual: return try compare(.notEqual, left, power)
    case .less: return try compare(.less, left, power)
    case .lessOrEqual: return try compare(.lessOrEqual, left, power)
    case .greater: return try compare(.greater, left, power)
    case .greaterOrEqual: return try compare(.greaterOrEqual, left, power)
    case .flatten: return try parseFlatten(of: left)
    case .filter: return try parseFilter(of: left)
    case .leftBracket: return try parseBracket(after: left)
    case .leftParenthesis: return try parseCall(of: left)
    default: throw syntaxError(token, "invalid token")
    }
  }

  private mutating func compare(
    _ comparator: Expression.Comparator, _ left: Expression, _ power: Int
  ) throws(JMESPathError) -> Expression {
    Expression(.comparison(comparator, left, try parseExpression(power)))
  }

  /// All operands of a run of `||` or of `&&`, so that a long run is no deep tree.
  private mutating func parseOperands(
    _ first: Expression, _ kind: Token.Kind
  ) throws(JMESPathError) -> [Expression] {
    var operands = [first]
    repeat {
      operands.append(try parseExpression(kind.bindingPower))
    } while accept(kind)
    return operands
  }

  private mutating func parseCall(of left: Expression) throws(JMESPathError) -> Expression {
    guard case .field(let name) = left.kind else {
      let before = tokens[max(0, index - 2)]
      throw syntaxError(before, "Invalid function name '\(before.text)'")
    }
    var arguments: [Expression] = []
    while !accept(.rightParenthesis) {
      arguments.append(try parseExpression())
      _ = accept(.comma)
    }
    return Expression(.call(function: name, arguments: arguments))
  }
}
