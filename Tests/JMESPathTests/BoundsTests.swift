import JMESPath
import RotationCore
import Testing

@Suite struct BoundsTests {
  private static func nested(_ open: String, _ core: String, _ close: String, _ count: Int)
    -> String
  {
    String(repeating: open, count: count) + core + String(repeating: close, count: count)
  }

  /// What is repeated before and after a core.
  static let wrappings: [(open: String, core: String, close: String)] = [
    ("(", "a", ")"), ("[", "a", "]"), ("!", "a", ""), ("{a:", "a", "}"), ("abs(", "a", ")"),
    ("& ", "a", ""), ("", "a", ".a"), ("", "a", " | [@]"), ("", "a", "[]"), ("", "a", "[*]"),
    ("", "a", "[0]"), ("", "a", "[?a]"), ("[?", "a", "]"), ("a == ", "a", ""), ("*.", "a", ""),
    ("not_null(", "a", ""), ("(", "", ""),
  ]

  @Test(arguments: wrappings)
  func `an expression too deep is an error`(open: String, core: String, close: String) throws {
    let expression = BoundsTests.nested(open, core, close, 100_000)
    let error = #expect(throws: JMESPathError.self) { try JMESPathExpression(expression) }
    guard case .syntax(_, _, _, _, let reason)? = error else {
      Issue.record("not a syntax error")
      return
    }
    #expect(reason == "nested deeper than 128 levels")
  }

  @Test func `a literal too deep is an error`() {
    let expression = "`" + BoundsTests.nested("[", "", "]", 600) + "`"
    #expect(complaint(expression).hasPrefix("Bad jmespath expression: Bad token [[["))
  }

  @Test func `what is allowed at most evaluates on the deepest document`() throws {
    let document = try JSONValue(parsing: BoundsTests.nested("[", "", "]", 512))
    let deep = JMESPathExpression.maximumDepth - 2
    for expression in [
      BoundsTests.nested("[", "@", "]", deep), BoundsTests.nested("", "@", "[0]", deep),
      BoundsTests.nested("", "@", " | [@]", deep / 2), BoundsTests.nested("{a:", "@", "}", deep),
      BoundsTests.nested("", "@", "[]", deep / 3), BoundsTests.nested("to_array(", "@", ")", deep),
      BoundsTests.nested("map(&", "[@]", ", @)", deep / 3),
      BoundsTests.nested("[?", "@", "]", deep / 2),
    ] {
      let result = try JMESPathExpression(expression).search(document)
      #expect(!result.compact.isEmpty)
    }
  }

  @Test func `a run of alternatives has no bound`() throws {
    let names = (0..<5_000).map { "Name == '\($0)'" }.joined(separator: " || ")
    #expect(
      try search("[?\(names)].Name", #"[{"Name":"4999"},{"Name":"x"}]"#) == #"["4999"]"#)
  }

  @Test func `a large array is sorted and filtered`() throws {
    let elements = (0..<20_000).map { "{\"k\":\(($0 * 7_919) % 20_000)}" }
    let document = "[" + elements.joined(separator: ",") + "]"
    #expect(try search("sort_by(@, &k)[?k >= `19998`].k", document) == "[19998,19999]")
  }
}
