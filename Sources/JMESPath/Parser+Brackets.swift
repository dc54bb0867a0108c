/// What stands in brackets and braces, and what a projection does with each element.
extension Parser {
  /// After `[` at the start of an expression: an index, a slice, `*` or a list.
  mutating func parseBracket() throws(JMESPathError) -> Expression {
    switch current.kind {
    case .number, .colon: return try parseIndexOrSlice(of: nil)
    case .star where next.kind == .rightBracket: return try parseElements(of: nil)
    default: return try parseList()
    }
  }

  /// After `[` behind a value: an index, a slice or `*`.
  mutating func parseBracket(after left: Expression) throws(JMESPathError) -> Expression {
    switch current.kind {
    case .number, .colon: try parseIndexOrSlice(of: left)
    default: try parseElements(of: left)
    }
  }

  private mutating func parseElements(
    of base: Expression?
  ) throws(JMESPathError) -> Expression {
    try expect(.star)
    try expect(.rightBracket)
    let each = try parseProjected(Token.Kind.star.bindingPower)
    return Expression(.projection(base: base ?? Expression(.current), each: each))
  }

  private mutating func parseIndexOrSlice(
    of base: Expression?
  ) throws(JMESPathError) -> Expression {
    func applied(_ part: Expression) -> Expression {
      base.map { Expression(.sequence($0, part)) } ?? part
    }
    guard current.kind == .colon || next.kind == .colon else {
      let number = advance().number
      try expect(.rightBracket)
      return applied(Expression(.index(number)))
    }
    let slice = applied(Expression(.slice(try parseSlice())))
    let each = try parseProjected(Token.Kind.star.bindingPower)
    return Expression(.projection(base: slice, each: each))
  }

  private mutating func parseSlice() throws(JMESPathError) -> Expression.Slice {
    var parts: [Int?] = [nil, nil, nil]
    var part = 0
    while current.kind != .rightBracket {
      switch current.kind {
      case .number: parts[part] = current.number
      case .colon where part < 2: part += 1
      default: throw syntaxError(current, "syntax error")
      }
      advance()
    }
    try expect(.rightBracket)
    return Expression.Slice(start: parts[0], stop: parts[1], step: parts[2])
  }

  mutating func parseFlatten(of base: Expression) throws(JMESPathError) -> Expression {
    let each = try parseProjected(Token.Kind.flatten.bindingPower)
    return Expression(.projection(base: Expression(.flatten(base)), each: each))
  }

  /// After `[?`.
  mutating func parseFilter(of base: Expression) throws(JMESPathError) -> Expression {
    let condition = try parseExpression()
    try expect(.rightBracket)
    let each =
      current.kind == .flatten
      ? Expression(.current) : try parseProjected(Token.Kind.filter.bindingPower)
    return Expression(.filter(base: base, condition: condition, each: each))
  }

  /// What a projection does with each of its elements; nothing where an operator ends it.
  mutating func parseProjected(_ power: Int) throws(JMESPathError) -> Expression {
    switch current.kind {
    case let kind where kind.bindingPower < Token.Kind.projectionStop:
      return Expression(.current)
    case .leftBracket, .filter: return try parseExpression(power)
    case .dot:
      advance()
      return try parseMember(power)
    default: throw syntaxError(current, "syntax error")
    }
  }

  /// After a dot.
  mutating func parseMember(_ power: Int) throws(JMESPathError) -> Expression {
    switch current.kind {
    case .quotedIdentifier, .unquotedIdentifier, .star: return try parseExpression(power)
    case .leftBracket:
      advance()
      return try parseList()
    case .leftBrace:
      advance()
      return try parseHash()
    default:
      let allowed = "['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace']"
      throw syntaxError(current, "Expecting: \(allowed), got: \(current.kind.rawValue)")
    }
  }

  /// After `[`: expressions up to `]`.
  private mutating func parseList() throws(JMESPathError) -> Expression {
    var elements = [try parseExpression()]
    while !accept(.rightBracket) {
      try expect(.comma)
      elements.append(try parseExpression())
    }
    return Expression(.list(elements))
  }

  /// After `{`: members up to `}`.
  mutating func parseHash() throws(JMESPathError) -> Expression {
    var members: [Expression.Member] = []
    repeat {
      guard current.kind == .quotedIdentifier || current.kind == .unquotedIdentifier else {
        throw unexpected(wanted: "['quoted_identifier', 'unquoted_identifier']")
      }
      let key = advance().text
      try expect(.colon)
      members.append(Expression.Member(key: key, value: try parseExpression()))
      // A brace ends the object only where no comma promised another member.
    } while accept(.comma) || !accept(.rightBrace)
    return Expression(.hash(members))
  }
}
