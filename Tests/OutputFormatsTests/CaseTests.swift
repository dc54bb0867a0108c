import JMESPath
import OutputFormats
import RotationCore
import TestSupport
import Testing

@Suite struct CaseTests {
  /// What AWS CLI 2.36.7 printed for a document in every format.
  static func recorded() throws -> [JSONValue] {
    let path = "Tests/OutputFormatsTests/Fixtures/formats.json"
    return try JSONValue(parsing: Conformance.repositoryBytes(path)).array ?? []
  }

  @Test(arguments: OutputFormat.allCases)
  func `every recorded document is printed to the byte`(format: OutputFormat) throws {
    let cases = try CaseTests.recorded()
    #expect(cases.count >= 400)
    for testCase in cases {
      let input = try #require(testCase["input"]?.string)
      let style = OutputStyle(format: format, operationName: "CancelRotateSecret")
      let output = render(try JSONValue(parsing: input), style)
      let expected = testCase[format.rawValue]
      let text = expected?.string ?? expected?.array?.first?.string ?? ""
      #expect(output.bytes == Array(text.utf8), "\(input): \(output.text)")
      #expect(output.failure == expected?.array?.last?.string, "\(input)")
    }
  }

  @Test(arguments: [("wide", 200, OutputStyle.Color.none), ("cells", 40, .cells)])
  func `tables obey the terminal's width and colour`(
    name: String, width: Int, color: OutputStyle.Color
  ) throws {
    var count = 0
    for testCase in try CaseTests.recorded() {
      guard let expected = testCase[name]?.string, let input = testCase["input"]?.string else {
        continue
      }
      count += 1
      let style = OutputStyle(
        format: .table, operationName: "CancelRotateSecret", color: color, terminalWidth: width)
      #expect(
        render(try JSONValue(parsing: input), style).bytes == Array(expected.utf8), "\(input)")
    }
    #expect(count >= 6)
  }

  @Test(.enabled(if: Conformance.has("output-formatters"), Comment(rawValue: Conformance.absence)))
  func `the CLI's own formatter cases hold`() throws {
    let bytes = try Conformance.bytes("output-formatters/cases.json")
    let cases = try JSONValue(parsing: bytes).array ?? []
    #expect(cases.count == 46)
    for testCase in cases {
      let format = try #require(OutputFormat(rawValue: testCase["format"]?.string ?? ""))
      var data = testCase.object?["data"] ?? .null
      if let query = testCase["query"]?.string {
        data = try JMESPathExpression(query).search(data)
      }
      let style = OutputStyle(
        format: format, operationName: testCase["operation_name"]?.string ?? "",
        terminalWidth: testCase["auto_reformat"]?.bool == false ? nil : 80)
      let expected = try #require(testCase.object?["expected"]?.string)
      #expect(render(data, style).text == expected, "\(testCase["name"]?.string ?? "")")
    }
  }
}
