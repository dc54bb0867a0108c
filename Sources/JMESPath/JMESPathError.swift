/// Why an expression cannot be compiled, or cannot be evaluated on a document.
///
/// Positions count Unicode scalars of the expression from 0.
package enum JMESPathError: Error, Sendable, Hashable {
  /// The expression has no character at all.
  case empty
  /// The expression ends where more is needed.
  case incomplete(expression: String)
  /// A character that starts no token, an open quotation, or a literal that is no value.
  case token(expression: String, position: Int, reason: String)
  /// A token that cannot stand where it stands; `kind` is its name in capitals.
  case syntax(expression: String, position: Int, token: String, kind: String, reason: String)
  /// A call of a function that does not exist.
  case unknownFunction(name: String)
  /// A call with too few or too many arguments; `atLeast` marks a function that takes any more.
  case invalidArity(function: String, expected: Int, atLeast: Bool, received: Int)
  /// An argument, or a value computed for one element of it, of the wrong type.
  case invalidType(function: String, value: String, expected: [String], received: String)
  /// A value of the right type that has no meaning, such as a slice step of zero.
  case invalidValue(reason: String)

  /// The error's name in the specification: `syntax`, `invalid-type`, and so on.
  package var code: String {
    switch self {
    case .empty, .incomplete, .token, .syntax: "syntax"
    case .unknownFunction: "unknown-function"
    case .invalidArity: "invalid-arity"
    case .invalidType: "invalid-type"
    case .invalidValue: "invalid-value"
    }
  }

  /// The expression in quotation marks and under it a caret at the place; nil where no place is
  /// known.
  package var caret: String? {
    switch self {
    case .incomplete(let expression):
      JMESPathError.underline(
        "\"\(expression)\"", at: expression.unicodeScalars.count + 1)
    case .syntax(let expression, let position, _, _, _):
      JMESPathError.underline("\"\(expression)\"", at: position + 1)
    case .token(let expression, let position, _):
      JMESPathError.underline(expression, at: position)
    default: nil
    }
  }

  private static func underline(_ line: String, at column: Int) -> String {
    line + "\n" + String(repeating: " ", count: column) + "^"
  }
}

extension JMESPathError: CustomStringConvertible {
  /// The text that `jmespath.py` 1.1 gives for the same mistake, up to three lines.
  package var description: String {
    switch self {
    case .empty: "Invalid JMESPath expression: cannot be empty."
    case .incomplete:
      "Invalid jmespath expression: Incomplete expression:\n\(caret ?? "")"
    case .token(_, _, let reason): "Bad jmespath expression: \(reason):\n\(caret ?? "")"
    case .syntax(_, let position, let token, let kind, let reason):
      "\(reason): Parse error at column \(position), token \"\(token)\" (\(kind)), "
        + "for expression:\n\(caret ?? "")"
    case .unknownFunction(let name): "Unknown function: \(name)()"
    case .invalidArity(let function, let expected, let atLeast, let received):
      "Expected \(atLeast ? "at least " : "")\(expected) "
        + "argument\(expected == 1 ? "" : "s") for function \(function)(), received \(received)"
    case .invalidType(let function, let value, let expected, let received):
      "In function \(function)(), invalid type for value: \(value), "
        + "expected one of: \(DisplayText.list(expected)), received: \"\(received)\""
    case .invalidValue(let reason): reason
    }
  }
}
