import Glibc
import JMESPath
import RotationCore
import Testing

/// The public compliance suite of JMESPath, read from where the conformance data lies.
@Suite(
  .enabled(
    if: ComplianceSuite.isPresent,
    "no conformance data: set ROTACTL_CONFORMANCE, or put it at ../shared/conformance"))
struct ComplianceTests {
  @Test(arguments: ComplianceSuite.files)
  func `every case of the compliance suite holds`(file: String) throws {
    for testCase in try ComplianceSuite.cases(in: file) {
      let comment: Comment = "\(file): \(testCase.expression)"
      switch testCase.expected {
      case .parses:
        #expect(throws: Never.self, comment) { try JMESPathExpression(testCase.expression) }
      case .result(let result):
        let found = try? JMESPathExpression(testCase.expression).search(testCase.given)
        #expect(found == result, comment)
      case .error(let code):
        let error = #expect(throws: JMESPathError.self, comment) {
          try JMESPathExpression(testCase.expression).search(testCase.given)
        }
        #expect(error?.code == code, comment)
      }
    }
  }

  @Test func `the suite is read to its last case`() throws {
    let count = try ComplianceSuite.files.reduce(0) {
      try $0 + ComplianceSuite.cases(in: $1).count
    }
    #expect(count >= 908)
  }
}

/// The files of the suite: lists of `{given, cases: [{expression, result | error | bench}]}`.
enum ComplianceSuite {
  struct Case {
    enum Expectation {
      case result(JSONValue)
      case error(String)
      /// A benchmark: it must compile.
      case parses
    }
    let given: JSONValue
    let expression: String
    let expected: Expectation
  }

  static let files = [
    "tests/basic.json", "tests/benchmarks.json", "tests/boolean.json", "tests/current.json",
    "tests/escape.json", "tests/filters.json", "tests/functions.json", "tests/identifiers.json",
    "tests/indices.json", "tests/literal.json", "tests/multiselect.json", "tests/pipe.json",
    "tests/slice.json", "tests/syntax.json", "tests/unicode.json", "tests/wildcard.json",
    "legacy/literal.json",
  ]

  private static var folder: String {
    let root =
      getenv("ROTACTL_CONFORMANCE").map { String(cString: $0) }
      ?? #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
      + "/shared/conformance"
    return root + "/jmespath-compliance/"
  }

  static var isPresent: Bool { access(folder + "tests/basic.json", R_OK) == 0 }

  static func cases(in file: String) throws -> [Case] {
    let groups = try #require(try JSONValue(parsing: read(folder + file)).array)
    return try groups.flatMap { group in
      let given = group.object?["given"] ?? .null
      return try #require(group["cases"]?.array).map { entry in
        let members = try #require(entry.object)
        let expected: Case.Expectation =
          if let code = entry["error"]?.string {
            .error(code)
          } else if let result = members["result"] {
            .result(result)
          } else {
            .parses
          }
        return Case(
          given: given, expression: try #require(entry["expression"]?.string),
          expected: expected)
      }
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "rb"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
      bytes += buffer[..<count]
    }
    return bytes
  }
}
