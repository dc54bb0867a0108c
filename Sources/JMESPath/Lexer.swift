internal import RotationCore

/// Splits an expression into tokens.
struct Lexer {
  private let expression: String
  private let scalars: [Unicode.Scalar]
  private var position = 0

  init(_ expression: String) {
    self.expression = expression
    scalars = Array(expression.unicodeScalars)
  }

  /// All tokens; the last is ``Token/Kind/endOfExpression``.
  mutating func tokenize() throws(JMESPathError) -> [Token] {
    guard !scalars.isEmpty else { throw .empty }
    var tokens: [Token] = []
    while let scalar = peek() {
      if [" ", "\t", "\n", "\r"].contains(scalar) {
        position += 1
      } else {
        tokens.append(try next(scalar))
      }
    }
    tokens.append(Token(kind: .endOfExpression, start: scalars.count, text: ""))
    return tokens
  }

  private func peek() -> Unicode.Scalar? {
    position < scalars.count ? scalars[position] : nil
  }

  private mutating func next(_ first: Unicode.Scalar) throws(JMESPathError) -> Token {
    let start = position
    if let kind = Lexer.single[first] {
      position += 1
      return Token(kind: kind, start: start, text: String(first))
    }
    switch first {
    case "A"..."Z", "a"..."z", "_": return identifier()
    case "0"..."9", "-": return try number()
    case "[":
      position += 1
      if accept("]") { return Token(kind: .flatten, start: start, text: "[]") }
      if accept("?") { return Token(kind: .filter, start: start, text: "[?") }
      return Token(kind: .leftBracket, start: start, text: "[")
    case "|": return oneOrTwo("|", .or, .pipe)
    case "&": return oneOrTwo("&", .and, .expressionReference)
    case "<": return oneOrTwo("=", .lessOrEqual, .less)
    case ">": return oneOrTwo("=", .greaterOrEqual, .greater)
    case "!": return oneOrTwo("=", .notEqual, .not)
    case "=":
      position += 1
      guard accept("=") else { throw failure(start, "Unknown token '='") }
      return Token(kind: .equal, start: start, text: "==")
    case "'":
      let text = Lexer.unescape("'", in: try delimited(by: "'"))
      return Token(kind: .literal, start: start, text: text, literal: .string(text))
    case "`": return try literal()
    case "\"": return try quotedIdentifier()
    default: throw failure(start, "Unknown token \(first)")
    }
  }

  private static let single: [Unicode.Scalar: Token.Kind] = [
    ".": .dot, "*": .star, "]": .rightBracket, ",": .comma, ":": .colon, "@": .current,
    "(": .leftParenthesis, ")": .rightParenthesis, "{": .leftBrace, "}": .rightBrace,
  ]

  private mutating func accept(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    position += 1
    return true
  }

  private func failure(_ position: Int, _ reason: String) -> JMESPathError {
    .token(expression: expression, position: position, reason: reason)
  }

  private mutating func oneOrTwo(
    _ second: Unicode.Scalar, _ both: Token.Kind, _ alone: Token.Kind
  ) -> Token {
    let start = position
    position += 1
    let kind = accept(second) ? both : alone
    return Token(kind: kind, start: start, text: Lexer.text(scalars[start..<position]))
  }

  private mutating func identifier() -> Token {
    let start = position
    while let scalar = peek(), scalar == "_" || scalar.isASCIILetterOrDigit { position += 1 }
    return Token(
      kind: .unquotedIdentifier, start: start, text: Lexer.text(scalars[start..<position]))
  }

  private mutating func number() throws(JMESPathError) -> Token {
    let start = position
    let negative = accept("-")
    let firstDigit = position
    while let scalar = peek(), ("0"..."9").contains(scalar) { position += 1 }
    guard position > firstDigit else { throw failure(start, "Unknown token '-'") }
    let significant = scalars[firstDigit..<position].drop { $0 == "0" }
    let sign = negative && !significant.isEmpty ? "-" : ""
    let text = significant.isEmpty ? "0" : sign + Lexer.text(significant)
    let limit = Token.numberLimit
    let value = Int(text) ?? (negative ? -limit : limit)
    return Token(
      kind: .number, start: start, text: text, number: max(-limit, min(limit, value)))
  }

  /// What stands between two delimiters, escapes and all.
  private mutating func delimited(
    by delimiter: Unicode.Scalar
  ) throws(JMESPathError) -> [Unicode.Scalar] {
    let start = position
    position += 1
    while let scalar = peek(), scalar != delimiter {
      // Whatever follows a backslash belongs to the text, be it the delimiter.
      position += scalar == "\\" ? 2 : 1
    }
    guard peek() != nil else { throw failure(start, "Unclosed \(delimiter) delimiter") }
    position += 1
    return Array(scalars[(start + 1)..<(position - 1)])
  }

  private static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// Removes the backslash before each delimiter and leaves every other one.
  private static func unescape(
    _ delimiter: Unicode.Scalar, in scalars: [Unicode.Scalar]
  ) -> String {
    var view = String.UnicodeScalarView()
    for (index, scalar) in scalars.enumerated() {
      let next = index + 1 < scalars.count ? scalars[index + 1] : nil
      if scalar == "\\", next == delimiter { continue }
      view.append(scalar)
    }
    return String(view)
  }

  private mutating func literal() throws(JMESPathError) -> Token {
    let start = position
    let lexeme = Lexer.unescape("`", in: try delimited(by: "`"))
    if let value = try? JSONValue(parsing: lexeme) {
      return Token(kind: .literal, start: start, text: DisplayText.of(value), literal: value)
    }
    // A literal too deep to be read must not pass for a string.
    let openings = lexeme.utf8.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
    // JEP-12 lets text that is no JSON stand for a string, leading blanks dropped.
    let bare = lexeme.unicodeScalars.drop { $0.properties.isWhitespace }
    guard openings <= JSONTokenizer.maximumDepth,
      case .string(let text)? = try? JSONValue(parsing: "\"\(String(bare))\"")
    else { throw failure(start, "Bad token \(lexeme)") }
    return Token(kind: .literal, start: start, text: text, literal: .string(text))
  }

  private mutating func quotedIdentifier() throws(JMESPathError) -> Token {
    let start = position
    let lexeme = try delimited(by: "\"")
    guard case .string(let name)? = try? JSONValue(parsing: "\"\(Lexer.text(lexeme))\"") else {
      throw failure(start, Lexer.mistake(in: lexeme))
    }
    return Token(kind: .quotedIdentifier, start: start, text: name)
  }

  /// What is wrong with the inside of a JSON string.
  private static func mistake(in lexeme: [Unicode.Scalar]) -> String {
    var index = 0
    while index < lexeme.count {
      if lexeme[index].value < 0x20 { return "Invalid control character at" }
      if lexeme[index] == "\\" {
        index += 1
        let escape = index < lexeme.count ? lexeme[index] : " "
        if escape == "u" {
          let digits = lexeme[(index + 1)...].prefix(4)
          guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit) else { break }
        } else if !"\"\\/bfnrt".unicodeScalars.contains(escape) {
          return "Invalid \\escape"
        }
      }
      index += 1
    }
    return "Invalid \\uXXXX escape"
  }
}

extension Unicode.Scalar {
  fileprivate var isASCIILetterOrDigit: Bool {
    switch self {
    case "A"..."Z", "a"..."z", "0"..."9": true
    default: false
    }
  }
}
