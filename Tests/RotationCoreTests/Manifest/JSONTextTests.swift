import RotationCore
import TestSupport
import Testing

/// Refused texts as manifests, and what is written as it is read back.
@Suite struct JSONTextTests {
  @Test(
    .enabled(if: Conformance.has("json-testsuite"), "\(Conformance.absence)"),
    arguments: Conformance.list("json-testsuite/test_parsing").filter { $0.hasPrefix("n_") })
  func `as a manifest each refused text is a problem with its place`(_ name: String) throws {
    let bytes = try Conformance.bytes("json-testsuite/test_parsing/\(name)")
    let (sink, _) = decode(bytes, as: .json, file: "m.json")
    #expect(!sink.problems.isEmpty)
    #expect(sink.problems.allSatisfy { $0.text.hasPrefix("m.json:") && !$0.mend.isEmpty })
  }

  @Test func `what is written is read back the same`() throws {
    let texts = [
      #"{"a":[1,-2.5e3,true,null,"x\n\"\\é😀"],"b":{}}"#, "[]", #""""#, "0", "-0.0", "1E400",
    ]
    for text in texts {
      let value = try JSONValue(parsing: text)
      #expect(try JSONValue(parsing: value.compact) == value)
      #expect(try JSONValue(parsing: value.pretty()) == value)
    }
  }
}
