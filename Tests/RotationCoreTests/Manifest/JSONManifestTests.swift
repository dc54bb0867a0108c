import RotationCore
import Testing

@Suite struct JSONManifestTests {
  @Test func `our own object says everything`() throws {
    let text = """
      {"version":1, "incident":"INC-1", "reason":"why",
       "defaults":{"regions":["us-east-1"],"profiles":["p"]},
       "secrets":["a",
        {"id":"b","regions":["eu-west-1"],"profiles":["q","r"],"account_id":"111122223333",
         "labels":{"owner":"x","n":7}}]}
      """
    let (sink, decoder) = decode(Array(text.utf8), as: .json)
    #expect(sink.problems.isEmpty)
    #expect(sink.entries.map(\.secretID) == ["a", "b"])
    #expect(sink.entries[0].location.description == "m:3:13")
    #expect(sink.entries[1].regions == ["eu-west-1"])
    #expect(sink.entries[1].profiles == ["q", "r"])
    #expect(sink.entries[1].accountID == "111122223333")
    #expect(
      sink.entries[1].labels == [
        Label(name: "owner", value: "x"), Label(name: "n", value: "7"),
      ])
    #expect(decoder.preamble.incident == "INC-1")
    #expect(decoder.preamble.reason == "why")
    #expect(decoder.preamble.defaultRegions == ["us-east-1"])
    #expect(decoder.preamble.defaultProfiles == ["p"])
  }

  @Test func `defaults after the secrets are known at the end`() {
    let text = #"{"secrets":["a"],"defaults":{"regions":["us-east-1"]}}"#
    #expect(
      decode(Array(text.utf8), as: .json).decoder.preamble.defaultRegions == ["us-east-1"])
  }

  @Test func `an array, and objects with an ARN in it, are read`() {
    let sink = decode(
      #"["a",{"id":"b"},{"secret_id":"c"},{"Name":"x","ARN":"\#(arn)","Tags":[{"Key":"k"}]}]"#,
      as: .json)
    #expect(sink.problems.isEmpty)
    #expect(sink.entries.map(\.secretID) == ["a", "b", "c", arn])
  }

  private let arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3"

  @Test func `what list-secrets prints is read by its ARNs alone`() {
    let text = """
      {"SecretList":[{"Name":"x","Tags":[{"ARN":"no"}],"ARN":"\(arn)","V":{"a":["b"]}}],
       "ResponseMetadata":{"RequestId":"r","ARN":[]},"NextToken":"t"}
      """
    let (sink, decoder) = decode(Array(text.utf8), as: .json)
    #expect(sink.problems.isEmpty)
    #expect(sink.entries.map(\.secretID) == [arn])
    #expect(decoder.preamble.isPartialListing)
  }

  @Test func `a listing that ends with this page is not partial`() {
    let text = #"{"SecretList":[{"ARN":"\#(arn)"}],"NextToken":null}"#
    #expect(!decode(Array(text.utf8), as: .json).decoder.preamble.isPartialListing)
  }

  static let bad: [(text: String, problem: String)] = [
    ("", "m:1:1: the text ends where a value is expected"),
    ("[]", "m:1:1: the manifest names no secret"),
    ("{}", "m:1:1: the manifest names no secret"),
    (#"{"SecretList":[]}"#, "m:1:1: the manifest names no secret"),
    ("7", "m:1:1: the manifest is a number"),
    (#"{"version":2,"secrets":["a"]}"#, "m:1:12: a version other than 1"),
    (#"{"version":"1","secrets":["a"]}"#, "m:1:12: a version other than 1"),
    (#"{"secret":["a"]}"#, "m:1:2: an unknown member 'secret'; did you mean 'secrets'?"),
    (#"{"secrets":{"a":1}}"#, "m:1:12: secrets is an object"),
    (#"{"secrets":"a"}"#, "m:1:12: secrets is a string"),
    (#"{"secrets":["a"],"secrets":["b"]}"#, "m:1:18: the member 'secrets' stands twice"),
    (#"{"incident":5,"secrets":["a"]}"#, "m:1:13: incident is a number"),
    (#"{"defaults":[],"secrets":["a"]}"#, "m:1:13: defaults is an array"),
    (#"{"defaults":{"regions":["x"]},"secrets":["a"]}"#, "m:1:25: 'x' is not a region"),
    (#"{"defaults":{"regoins":[]},"secrets":["a"]}"#, "did you mean 'regions'?"),
    ("[7]", "m:1:2: a secret is a number"),
    ("[[]]", "m:1:2: a secret is an array"),
    ("[{}]", "m:1:2: a secret without an id"),
    (#"[""]"#, "m:1:2: the id is empty"),
    (#"["a\u0000b"]"#, "m:1:2: the id holds a control character (0x00)"),
    (#"[{"id":"a","regoin":"us-east-1"}]"#, "m:1:12: an unknown member 'regoin'; did you mean"),
    (#"[{"id":"a","owner":"x"}]"#, #"further columns go under "labels""#),
    (#"[{"id":"a","id":"b"}]"#, "m:1:12: the member 'id' stands twice"),
    (#"[{"id":"a","name":"b"}]"#, "m:1:12: a second id, 'name'"),
    (#"[{"id":7}]"#, "m:1:8: id is a number"),
    (#"[{"id":"a","regions":7}]"#, "m:1:22: regions is a number"),
    (#"[{"id":"a","regions":[7]}]"#, "m:1:23: regions holds a number"),
    (#"[{"id":"a","account_id":111122223333}]"#, "m:1:25: account_id is a number"),
    (#"[{"id":"a","labels":[]}]"#, "m:1:21: labels is an array"),
    (#"[{"id":"a","profiles":[""]}]"#, "m:1:24: a profile is empty"),
    (#"{"SecretList":[{"Name":"x"}]}"#, "m:1:16: an element of SecretList without an ARN"),
    (#"{"SecretList":[{"ARN":7}]}"#, "m:1:23: ARN is a number"),
    (#"{"SecretList":["x"]}"#, "m:1:16: a secret is a string"),
    (#"["a" "b"]"#, "m:1:6: expected ',' or ']', found '\"'"),
    (#"["a"]x"#, "m:1:6: expected the end of the text, found 'x'"),
    ("{\"id\":\"a\"}\n{\"id\":\"b\"}", "pass --manifest-format jsonl"),
    (#"["a"#, "m:1:2: a string is not closed"),
  ]

  @Test(arguments: bad.indices)
  func `what is wrong is told with its place`(_ index: Int) {
    let sample = JSONManifestTests.bad[index]
    let sink = decode(sample.text, as: .json)
    #expect(
      sink.problemTexts.contains { $0.contains(sample.problem) },
      "\(sample.text): \(sink.problemTexts)")
  }

  @Test func `a bad element does not hide the next one`() {
    let sink = decode(#"[7,"a",{"id":""},{"x":1},"b"]"#, as: .json)
    #expect(sink.entries.map(\.secretID) == ["a", "b"])
    #expect(sink.problems.count == 4)
  }

  @Test func `a string of 10 MB is refused without being held`() {
    let long = Array("[\"a\",\"".utf8) + [UInt8](repeating: 0x61, count: 10 << 20)
    let sink = decode(long + Array("\"]".utf8), as: .json).sink
    #expect(sink.problemTexts.first?.hasPrefix("m:1:6: a value longer than 1 MiB") == true)
    #expect(sink.problems.count == 1)
  }

  @Test func `a secret of more than 1 MiB is refused and the next one is read`() {
    let label = String(repeating: "x", count: 600_000)
    let sink = decode(#"[{"id":"a","labels":{"p":"\#(label)","q":"\#(label)"}},"b"]"#, as: .json)
    #expect(sink.entries.map(\.secretID) == ["b"])
    #expect(sink.problemTexts.first?.hasPrefix("m:1:2: a secret of more than 1 MiB") == true)
  }

  @Test func `a bad line of JSON Lines does not hide the next one`() {
    let sink = decode(
      "\"a\"\n\n{\"id\":\n{\"id\":\"b\"}\r\n7\n{\"id\":\"c\"} x\n\"d\"", as: .jsonl)
    #expect(sink.entries.map(\.secretID) == ["a", "b", "d"])
    #expect(sink.entries.map(\.location.line) == [1, 4, 7])
    #expect(sink.problems.map(\.location.line) == [3, 5, 6])
  }

  @Test func `JSON Lines without a line is empty`() {
    #expect(decode("\n\n", as: .jsonl).problemTexts.first?.contains("names no secret") == true)
  }

  @Test func `a line of 10 MB is refused and the next one is read`() {
    let long = [UInt8](repeating: 0x61, count: 10 << 20)
    for format in [ManifestFormat.jsonl, .text] {
      let sink = decode(long + Array("\n\"b\"\n".utf8), as: format, pieces: 65536).sink
      #expect(sink.entries.count == 1)
      #expect(sink.problemTexts.first?.hasPrefix("m:1:1: a line longer than 1 MiB") == true)
    }
  }
}
