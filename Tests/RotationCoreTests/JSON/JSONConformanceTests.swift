import RotationCore
import TestSupport
import Testing

@Suite struct JSONConformanceTests {
  private func parse(_ bytes: [UInt8], pieces: Int) -> JSONSyntaxError? {
    var tokenizer = JSONTokenizer()
    var sink = IgnoringJSONSink()
    do throws(JSONSyntaxError) {
      try inPieces(bytes, of: pieces) { (piece) throws(JSONSyntaxError) in
        try tokenizer.consume(piece, into: &sink)
      }
      try tokenizer.finish(into: &sink)
      return nil
    } catch { return error }
  }

  @Test(
    .enabled(if: Conformance.has("json-testsuite"), "\(Conformance.absence)"),
    arguments: Conformance.list("json-testsuite/test_parsing"))
  func `JSONTestSuite is read and refused as it says`(_ name: String) throws {
    let bytes = try Conformance.bytes("json-testsuite/test_parsing/\(name)")
    let whole = max(1, bytes.count)
    let failures = [1, 7, whole].map { parse(bytes, pieces: $0) }
    // The size of the pieces changes neither the verdict nor the place.
    #expect(failures[0] == failures[1] && failures[1] == failures[2])
    if name.hasPrefix("y_") { #expect(failures[0] == nil) }
    if name.hasPrefix("n_") {
      let failure = try #require(failures[0])
      #expect(failure.position.line >= 1 && failure.position.column >= 1)
      #expect(!failure.reason.isEmpty)
    }
  }

  @Test(
    .enabled(if: Conformance.has("json-testsuite"), "\(Conformance.absence)"),
    arguments: Conformance.list("json-testsuite/test_parsing"))
  func `no JSON text brings a manifest decoder down`(_ name: String) throws {
    let bytes = try Conformance.bytes("json-testsuite/test_parsing/\(name)")
    for format in [ManifestFormat.json, .jsonl, .csv, .text] {
      let expected = decode(bytes, as: format).sink
      for pieces in [1, 7] { #expect(decode(bytes, as: format, pieces: pieces).sink == expected) }
      if name.hasPrefix("n_"), format == .json { #expect(!expected.problems.isEmpty) }
    }
  }

  @Test(
    .enabled(if: Conformance.has("json-testsuite"), "\(Conformance.absence)"),
    arguments: Conformance.list("json-testsuite/test_transform"))
  func `a text of two readings gives the same value in any pieces`(_ name: String) throws {
    let bytes = try Conformance.bytes("json-testsuite/test_transform/\(name)")
    func value(_ pieces: Int) -> JSONValue? {
      var tokenizer = JSONTokenizer()
      var builder = JSONValueBuilder()
      do throws(JSONSyntaxError) {
        try inPieces(bytes, of: pieces) { (piece) throws(JSONSyntaxError) in
          try tokenizer.consume(piece, into: &builder)
        }
        try tokenizer.finish(into: &builder)
        return builder.value
      } catch { return nil }
    }
    #expect(value(1)?.compact == value(bytes.count)?.compact)
    #expect(value(7)?.compact == value(bytes.count)?.compact)
  }
}
