package import RotationCore

/// A compiled JMESPath query, ready to be put to any number of documents.
///
/// Where the specification leaves room, and in the wording of errors, this follows the Python
/// implementation, because `aws --query` is that implementation.
///
/// Reference: <https://jmespath.org/specification.html>.
package struct JMESPathExpression: Sendable {
  /// How deeply an expression may nest, and how many steps may follow one another.
  ///
  /// A document nests at most ``JSONTokenizer/maximumDepth`` levels and every step adds at most
  /// one, so this also bounds the depth of a result. A thread with a stack of 512 KiB can compile
  /// and evaluate the deepest expression (2 MiB without optimization).
  package static let maximumDepth = 128

  /// The expression as it was written.
  package let text: String
  private let root: Expression

  /// Compiles an expression.
  ///
  /// Unknown functions, wrong arguments and a slice step of zero show only in ``search(_:)``, and
  /// only when evaluation reaches them.
  ///
  /// - Throws: ``JMESPathError`` for a text outside the grammar or nested too deeply.
  package init(_ text: String) throws(JMESPathError) {
    self.text = text
    var lexer = Lexer(text)
    var parser = Parser(expression: text, tokens: try lexer.tokenize())
    root = try parser.parse()
  }

  /// Evaluates the expression on a document.
  ///
  /// Objects in the result keep the order in which their members were written; numbers that are
  /// only passed through keep their literal.
  ///
  /// - Returns: the result; `null` where the document lacks what is asked for.
  /// - Throws: ``JMESPathError`` for an unknown function, a wrong number or type of arguments, or
  ///   a slice step of zero.
  package func search(_ document: JSONValue) throws(JMESPathError) -> JSONValue {
    try Interpreter().evaluate(root, document)
  }
}
