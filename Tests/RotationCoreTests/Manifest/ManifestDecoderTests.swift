import RotationCore
import TestSupport
import Testing

@Suite struct ManifestDecoderTests {
  @Test func `plain text is one id a line`() {
    let sink = decode(
      "# all\n\n  prod/db  \r\n\tother\t# why\nlast\r#x\r\nname#1", as: .text)
    #expect(sink.problems.isEmpty)
    #expect(sink.entries.map(\.secretID) == ["prod/db", "other", "last", "name#1"])
    #expect(sink.entries.map(\.location.description) == ["m:3:3", "m:4:2", "m:5:1", "m:7:1"])
  }

  @Test func `a bad line of text does not hide the next one`() {
    let sink = decode(
      Array("a\n".utf8) + [0xC3, 0x28, 0x0A] + Array("arn:aws:x\nb\u{0}\nc\n".utf8), as: .text
    ).sink
    #expect(sink.entries.map(\.secretID) == ["a", "c"])
    #expect(sink.problems.map(\.location.line) == [2, 3, 4])
  }

  @Test func `text without an id is empty`() {
    #expect(decode("# nothing\n\n", as: .text).problemTexts.first?.contains("no secret") == true)
  }

  @Test(arguments: [
    ("a.csv", "id\nx", ManifestFormat.csv), ("a.CSV", "id\nx", .csv), ("b/a.tsv", "id\nx", .csv),
    ("a.json", "[]", .json), ("a.jsonl", "\"x\"", .jsonl), ("a.ndjson", "\"x\"", .jsonl),
    ("a.txt", "id", .text), ("a.csv.d/list", "x", .text), ("-", "[\"x\"]", .json),
    ("-", "\n {\"version\":1,\n", .json), ("-", "{\"secrets\":[\"a\"]}\n", .json),
    ("-", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", .jsonl), ("-", "\"a\"\n\"b\"\n", .jsonl),
    ("-", "\"secret_id\",\"region\"\nx,\n", .csv), ("-", "owner, Secret_ID\nx,y\n", .csv),
    ("-", "prod/db\n", .text), ("-", "", .text), ("-", "\u{FEFF}arn\nx\n", .csv),
  ])
  func `the form is told by extension, else by the first line`(
    _ file: String, _ text: String, _ expected: ManifestFormat
  ) {
    for pieces in [1, 5, Int.max] {
      #expect(
        decode(Array(text.utf8), as: nil, file: file, pieces: pieces).decoder.format == expected)
    }
  }

  @Test func `a given form goes before the extension`() {
    #expect(decode(Array("id\nx".utf8), as: .text, file: "a.csv").decoder.format == .text)
  }

  @Test func `a tab divides .tsv and a delimiter may be given`() {
    #expect(
      decode("id\towner\nx\ty,z\n", as: nil, file: "a.tsv").entries[0].labels[0].value == "y,z")
    #expect(
      decode("id;region\nx;us-east-1\n", as: nil, file: "-", delimiter: 0x3B).entries[0].regions
        == ["us-east-1"])
  }

  /// Texts that hold every form, quirk and fault.
  private static let samples: [(ManifestFormat?, String)] = [
    (
      .csv,
      "\u{FEFF}secret_id,region,owner\r\na,us-east-1,\"x,\"\"y\r\nz\"\"\"\r\nb\"c,,\n\r\rd,bad,é\n"
        + ",,\n\"e\"x,,\nf,us-east-1;eu-west-1,\n\"g"
    ),
    (
      .json,
      "{\"version\":1,\"x\":[[1,{\"a\":\"\\ud83d\\ude00\"}]],\"secrets\":[\"a\",7,{\"id\":\"b\","
        + "\"labels\":{\"é\":\"\\n\"}}],\"defaults\":{\"regions\":[\"us-east-1\"]}}"
    ),
    (.json, "{\"SecretList\":[{\"Tags\":[{\"Key\":\"ARN\"}],\"ARN\":\"arn:aws:x\"}]} x"),
    (.jsonl, "\u{FEFF}\"a\"\r\n\r\n{\"id\":\"b\"}\n{\n\"é\"\rnope\n\"z\""),
    (.text, "\u{FEFF}a\r\n\r\n# é\nb # c\r\rarn:x\né"),
    (nil, "\n\n{\"id\":\"a\"}\n{\"id\":\"b\"}\n7"), (nil, "owner,id\r\n\"a\nb\",c\r\n"),
    (nil, "  \n\"x\""),
  ]

  @Test(arguments: samples.indices)
  func `any split of the bytes gives the same entries and problems`(_ index: Int) {
    let (format, text) = ManifestDecoderTests.samples[index]
    let bytes = Array(text.utf8)
    let whole = decode(bytes, as: format)
    var random = SeededRandom(seed: UInt64(index) + 1)
    for round in 0..<200 {
      var decoder = ManifestDecoder(format: format, file: "m")
      var sink = CollectingSink()
      var start = 0
      for length in random.split(bytes.count, longest: round % 20 + 1) {
        let piece = Array(bytes[start..<start + length])
        piece.withUnsafeBytes { decoder.consume($0, into: &sink) }
        start += length
      }
      decoder.finish(into: &sink)
      #expect(sink == whole.sink)
      #expect(decoder.preamble == whole.decoder.preamble)
    }
  }

  @Test func `bytes at random never bring a decoder down`() {
    var random = SeededRandom(seed: 11)
    let alphabet = Array("id,\"\n\r{}[]:\\u;# \u{0}aé".utf8) + [0xFF, 0xEF]
    for _ in 0..<2000 {
      let count = Int.random(in: 0..<80, using: &random)
      let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      for format in [nil] + ManifestFormat.allCases.map(Optional.some) {
        let expected = decode(bytes, as: format).sink
        #expect(decode(bytes, as: format, pieces: 3).sink == expected)
        #expect(!expected.entries.isEmpty || !expected.problems.isEmpty)
      }
    }
  }

  @Test(arguments: [
    ("example.csv", 24), ("example.json", 6), ("example-array.json", 3), ("example.jsonl", 4),
    ("example.txt", 4), ("list-secrets.json", 3),
  ])
  func `the examples read without a problem`(_ name: String, _ count: Int) throws {
    let bytes = try Conformance.repositoryBytes("manifests/" + name)
    let sink = decode(bytes, as: nil, file: name).sink
    #expect(sink.problemTexts == [])
    #expect(sink.entries.count == count)
  }
}
