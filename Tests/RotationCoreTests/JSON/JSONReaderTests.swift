import RotationCore
import TestSupport
import Testing

/// The reader of whole documents beside the tokenizer that it stands in front of.
@Suite struct JSONReaderTests {
  private func byTokenizer(_ bytes: [UInt8]) -> JSONValue? {
    var tokenizer = JSONTokenizer()
    var builder = JSONValueBuilder()
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(JSONSyntaxError) in
        try tokenizer.consume(raw, into: &builder)
        try tokenizer.finish(into: &builder)
      }
    }
    if case .failure = result { return nil }
    return builder.value
  }

  private func agree(_ bytes: [UInt8]) -> Bool {
    let value = try? JSONValue(parsing: bytes)
    return value?.compact == byTokenizer(bytes)?.compact
  }

  @Test(
    .enabled(if: Conformance.has("json-testsuite"), "\(Conformance.absence)"),
    arguments: Conformance.list("json-testsuite/test_parsing"))
  func `every text of JSONTestSuite is read as the tokenizer reads it`(_ name: String) throws {
    #expect(agree(try Conformance.bytes("json-testsuite/test_parsing/\(name)")))
  }

  @Test func `texts with one byte changed, dropped or doubled are read alike`() {
    let text = Array(
      #"""
      {"type":"settled","ordinal":14,"a":[1,-0.5e+7,[],{},[{"k":"v\\\"\n\/"}]],"ü":"😀 \u00e9",
      "empty":"","t":true,"f":false,"n":null,"long":"arn:aws:secretsmanager:us-east-1:1:secret:x/y"}
      """#.utf8)
    var random = SeededRandom(seed: 7)
    for _ in 0..<20_000 {
      var changed = text
      let place = Int.random(in: 0..<text.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
      case 1: changed.remove(at: place)
      default: changed.insert(changed[place], at: place)
      }
      #expect(agree(changed), "\(String(decoding: changed, as: UTF8.self))")
    }
  }

  @Test func `nesting is bounded where the tokenizer bounds it`() {
    for depth in [511, 512, 513, 100_000] {
      let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      let isRead = (try? JSONValue(parsing: text)) != nil
      #expect(isRead == (depth <= JSONTokenizer.maximumDepth))
    }
  }

  @Test func `strings with something to escape are written as before at every place`() throws {
    for length in 0..<20 {
      for place in 0...length {
        for special in ["\"", "\\", "\u{1}", "\u{7f}", "é", "\u{80}", "a"] {
          var text = String(repeating: "x", count: length)
          text.insert(contentsOf: special, at: text.index(text.startIndex, offsetBy: place))
          let written = JSONValue.string(text).compact
          #expect(try JSONValue(parsing: written) == .string(text))
          #expect(!written.dropFirst().dropLast().utf8.contains { $0 < 0x20 || $0 == 0x7F })
        }
      }
    }
  }
}
