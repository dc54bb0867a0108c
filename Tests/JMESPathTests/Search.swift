import JMESPath
import RotationCore

/// Compiles and evaluates in one go; the document and the result are JSON texts.
func search(_ expression: String, _ document: String = "{}") throws -> String {
  try JMESPathExpression(expression).search(JSONValue(parsing: document)).compact
}

/// What a failing expression says.
func complaint(_ expression: String, _ document: String = "{}") -> String {
  do {
    return "no error but \(try search(expression, document))"
  } catch {
    return "\(error)"
  }
}
