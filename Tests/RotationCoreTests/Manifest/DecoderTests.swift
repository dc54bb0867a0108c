import RotationCore
import TestSupport
import Testing

@Suite struct DecoderTests {
  private static let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"

  @Test func `a CSV row carries its regions, profiles, account and labels`() {
    let sink = decode(
      "secret_id,region,profile,account_id,owner\r\na,us-east-1; eu-west-1,p;q,111122223333,\"x,y\"\r\n",
      as: .csv)
    #expect(sink.problems.isEmpty, "\(sink.problemTexts)")
    let entry = sink.entries.first
    #expect(entry?.secretID == "a")
    #expect(entry?.regions == ["us-east-1", "eu-west-1"])
    #expect(entry?.profiles == ["p", "q"])
    #expect(entry?.accountID == "111122223333")
    #expect(entry?.labels == [Label(name: "owner", value: "x,y")])
    #expect(entry?.location == SourceLocation(file: "m", line: 2, column: 1))
  }

  @Test(arguments: ["secret_id", "SecretId", "ARN", "arn", "name", "id"])
  func `the id's column may have any of its names`(column: String) {
    #expect(decode("\(column)\nx\n", as: .csv).entries.map(\.secretID) == ["x"])
  }

  @Test func `lines are counted through quoted line breaks`() {
    let sink = decode("secret_id,note\na,\"1\n2\n3\"\nb,x,y\n", as: .csv)
    #expect(sink.entries.map(\.location.line) == [2])
    #expect(sink.problems.map(\.location.line) == [5])
  }

  @Test func `a bad row does not hide the next one`() {
    let sink = decode(
      "secret_id,region\n,us-east-1\nb,Mars\n\(DecoderTests.arn),us-east-1\nd,us-east-1\n",
      as: .csv)
    #expect(sink.entries.map(\.secretID) == ["d"])
    #expect(sink.problems.map(\.location.line) == [2, 3, 4])
  }

  @Test func `each JSON shape gives the same entries`() {
    let object = #"{"version":1,"secrets":["a",{"id":"b"}]}"#
    for text in [object, #"["a",{"id":"b"}]"#, #"{"SecretList":[{"ARN":"a"},{"ARN":"b"}]}"#] {
      let sink = decode(text, as: .json)
      #expect(sink.problems.isEmpty, "\(sink.problemTexts)")
      #expect(sink.entries.map(\.secretID) == ["a", "b"], "\(text)")
    }
    #expect(decode("\"a\"\n{\"id\":\"b\"}\n", as: .jsonl).entries.map(\.secretID) == ["a", "b"])
    #expect(decode("# c\na  # d\n\n b\n", as: .text).entries.map(\.secretID) == ["a", "b"])
  }

  @Test func `defaults count wherever they stand`() {
    let bytes = Array(
      #"{"secrets":["a"],"incident":"I","reason":"R","defaults":{"regions":["us-east-1"],"profiles":["p"]},"version":1}"#
        .utf8)
    let (sink, decoder) = decode(bytes, as: .json)
    #expect(sink.problems.isEmpty, "\(sink.problemTexts)")
    #expect(decoder.preamble.incident == "I")
    #expect(decoder.preamble.reason == "R")
    #expect(decoder.preamble.defaultRegions == ["us-east-1"])
    #expect(decoder.preamble.defaultProfiles == ["p"])
  }

  @Test(
    arguments: [
      #"{"version":2,"secrets":["a"]}"#, #"{"version":1,"secret":["a"]}"#, #"{"secrets":"a"}"#,
      #"[{"id":5}]"#, #"[{"ids":"a"}]"#, #"[{"id":"a","regions":["Mars"]}]"#, "[]", "{}", "5",
      #"{"version":1,"secrets":["a"],"secrets":["b"]}"#, #"[{"id":"a","account_id":"12"}]"#,
    ])
  func `a JSON manifest that says nonsense is refused with its place`(text: String) {
    let sink = decode(text, as: .json, file: "m.json")
    #expect(!sink.problems.isEmpty)
    #expect(sink.problemTexts.allSatisfy { $0.hasPrefix("m.json:1:") })
  }

  @Test func `a bad line of JSON Lines is reported and the next is read`() {
    let sink = decode("{\"id\":\"a\"}\n{bad}\n\"c\"\n", as: .jsonl)
    #expect(sink.entries.map(\.secretID) == ["a", "c"])
    #expect(sink.problems.map(\.location.line) == [2])
  }

  @Test func `the form is found from the first bytes where no name tells`() {
    #expect(decode("secret_id,region\na,us-east-1\n", as: nil).entries.count == 1)
    #expect(decode("  [\"a\"]", as: nil).entries.count == 1)
    #expect(decode("{\"id\":\"a\"}\n{\"id\":\"b\"}\n", as: nil).entries.count == 2)
    #expect(decode("a\nb\n", as: nil).entries.count == 2)
  }

  @Test func `any pieces of the bytes give the same entries and problems`() throws {
    let texts: [(String, ManifestFormat)] = [
      (
        "\u{FEFF}secret_id,region,note\r\n\"a\"\"b\",us-east-1,\"x\r\ny\"\r\nbad,Mars,\r\n,us-east-1,\r\nc,us-east-1,é\r\n",
        .csv
      ),
      (
        #"{"version":1,"defaults":{"regions":["us-east-1"]},"secrets":["ä",{"id":"b","x":1},7]}"#,
        .json
      ),
      ("\"a\"\n{\"id\":1}\n\n{\"id\":\"c\"}", .jsonl), ("a\r\n# b\r\nc", .text),
    ]
    var random = SeededRandom(seed: 3)
    for (text, format) in texts {
      let bytes = Array(text.utf8)
      let whole = decode(bytes, as: format).sink
      for _ in 0..<60 {
        var decoder = ManifestDecoder(format: format, file: "m")
        var sink = CollectingSink()
        var start = 0
        for length in random.split(bytes.count, longest: 9) {
          Array(bytes[start..<start + length]).withUnsafeBytes {
            decoder.consume($0, into: &sink)
          }
          start += length
        }
        decoder.finish(into: &sink)
        #expect(sink == whole)
      }
    }
  }

  @Test func `random bytes never end the process`() {
    var random = SeededRandom(seed: 9)
    let alphabet = Array("\"{}[],:;\n\r\\ \u{FEFF}aé0#-".utf8) + [0, 0xFF]
    for _ in 0..<3000 {
      let length = Int.random(in: 0..<60, using: &random)
      let bytes = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
      for format in ManifestFormat.allCases {
        let (sink, _) = decode(bytes, as: format, pieces: 3)
        #expect(sink.problems.allSatisfy { !$0.what.isEmpty && !$0.mend.isEmpty })
      }
    }
  }
}
