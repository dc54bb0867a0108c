import JMESPath
import RotationCore
import Testing

@Suite struct ErrorTests {
  /// The texts are those of `jmespath.py` 1.1.0.
  static let texts: [(expression: String, text: String)] = [
    ("a[", "Invalid jmespath expression: Incomplete expression:\n\"a[\"\n   ^"),
    (" ", "Invalid jmespath expression: Incomplete expression:\n\" \"\n  ^"),
    ("", "Invalid JMESPath expression: cannot be empty."),
    (
      "a.",
      "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: eof: "
        + "Parse error at column 2, token \"\" (EOF), for expression:\n\"a.\"\n   ^"
    ),
    (
      "a b",
      "Unexpected token: b: Parse error at column 2, token \"b\" (UNQUOTED_IDENTIFIER), "
        + "for expression:\n\"a b\"\n   ^"
    ),
    (
      "a[b]",
      "Expecting: star, got: unquoted_identifier: Parse error at column 2, "
        + "token \"b\" (UNQUOTED_IDENTIFIER), for expression:\n\"a[b]\"\n   ^"
    ),
    (
      "a.`{\"k\": [1, null, true, \"x\"]}`",
      "Expecting: ['quoted_identifier', 'unquoted_identifier', 'lbracket', 'lbrace'], got: literal"
        + ": Parse error at column 2, token \"{'k': [1, None, True, 'x']}\" (LITERAL), "
        + "for expression:\n\"a.`{\"k\": [1, null, true, \"x\"]}`\"\n   ^"
    ),
    (
      "{1:a}",
      "Expecting: ['quoted_identifier', 'unquoted_identifier'], got: number: Parse error at "
        + "column 1, token \"1\" (NUMBER), for expression:\n\"{1:a}\"\n  ^"
    ),
    (
      "\"f\"(a)",
      "Quoted identifier not allowed for function names.: Parse error at column 0, "
        + "token \"(\" (LPAREN), for expression:\n\"\"f\"(a)\"\n ^"
    ),
    (
      "a[0](b)",
      "Invalid function name ']': Parse error at column 3, token \"]\" (RBRACKET), "
        + "for expression:\n\"a[0](b)\"\n    ^"
    ),
    (
      "a[1:2:3:4]",
      "syntax error: Parse error at column 7, token \":\" (COLON), "
        + "for expression:\n\"a[1:2:3:4]\"\n        ^"
    ),
    ("a=b", "Bad jmespath expression: Unknown token '=':\na=b\n ^"),
    ("a-", "Bad jmespath expression: Unknown token '-':\na-\n ^"),
    ("né#", "Bad jmespath expression: Unknown token é:\nné#\n ^"),
    ("a == 'x", "Bad jmespath expression: Unclosed ' delimiter:\na == 'x\n     ^"),
    ("`\"a`", "Bad jmespath expression: Bad token \"a:\n`\"a`\n^"),
    ("\"\\q\"", "Bad jmespath expression: Invalid \\escape:\n\"\\q\"\n^"),
    ("\"\\u12\"", "Bad jmespath expression: Invalid \\uXXXX escape:\n\"\\u12\"\n^"),
    ("\"\t\"", "Bad jmespath expression: Invalid control character at:\n\"\t\"\n^"),
    ("nope(@)", "Unknown function: nope()"),
    ("abs()", "Expected 1 argument for function abs(), received 0"),
    ("join('', `[]`, @)", "Expected 2 arguments for function join(), received 3"),
    ("merge()", "Expected at least 1 argument for function merge(), received 0"),
    (
      "abs('x')",
      "In function abs(), invalid type for value: x, expected one of: ['number'], "
        + "received: \"string\""
    ),
    (
      "sum(`[1, \"it's\"]`)",
      "In function sum(), invalid type for value: it's, expected one of: ['array-number'], "
        + "received: \"str\""
    ),
    (
      "max(`[\"a\", 1]`)",
      "In function max(), invalid type for value: 1, expected one of: "
        + "['array-number', 'array-string'], received: \"int\""
    ),
    (
      "sort_by(`[{\"k\": [\"it's\", 1.50]}]`, &k)",
      "In function sort_by(), invalid type for value: {'k': [\"it's\", 1.5]}, "
        + "expected one of: ['string', 'number'], received: \"array\""
    ),
    ("`[1]`[::0]", "slice step cannot be zero"),
  ]

  @Test(arguments: texts)
  func `an error has the text of the Python implementation`(expression: String, text: String) {
    #expect(complaint(expression) == text)
  }

  @Test func `an error has the name of the specification`() throws {
    let names = [
      "": "syntax", "a[": "syntax", "a b": "syntax", "#": "syntax", "nope()": "unknown-function",
      "abs()": "invalid-arity", "abs('')": "invalid-type", "`[]`[::0]": "invalid-value",
      "&a": "invalid-value",
    ]
    for (expression, name) in names {
      let error = #expect(throws: JMESPathError.self) {
        try JMESPathExpression(expression).search(.null)
      }
      #expect(error?.code == name, "\(expression)")
    }
  }

  @Test func `the caret stands under the place`() {
    let error = #expect(throws: JMESPathError.self) { try JMESPathExpression("foo ]") }
    #expect(error?.caret == "\"foo ]\"\n     ^")
    #expect(JMESPathError.unknownFunction(name: "f").caret == nil)
  }

  @Test func `mistakes in a branch that is not reached are not errors`() throws {
    #expect(try search("a[].nope(@)", #"{"a":[]}"#) == "[]")
    #expect(try search("`true` || abs('x')") == "true")
  }
}
