import RotationCore
import Testing

@Suite struct SelectorReadingTests {
  private func read(_ text: String, as format: ManifestFormat = .json) -> CollectingSink {
    decode(Array(text.utf8), as: format, file: "m.json").sink
  }

  @Test func `a selector stands among ids`() throws {
    let sink = read(
      """
      {"secrets":["db",
        {"select":{"tags":{"team":"pay"},"rotating":true,"rotatesWithin":"24h",
                   "name":["prod/","!prod/old"],"include":["*db*"],"exclude":"*/test",
                   "owningService":"rds","regions":["all"],"profiles":["a","b"],"confirm":true},
         "labels":{"owner":"me"}}]}
      """)
    #expect(sink.problemTexts == [])
    #expect(sink.entries.map(\.secretID) == ["db"])
    let selector = try #require(sink.selectors.first)
    #expect(selector.location.description == "m.json:2:3")
    #expect(selector.regions == ["all"] && selector.profiles == ["a", "b"])
    #expect(selector.labels == [Label(name: "owner", value: "me")])
    #expect(selector.confirms)
    let selection = selector.selection
    #expect(selection.tags == [Label(name: "team", value: "pay")])
    #expect(selection.rotating && selection.rotatesWithin == 86_400)
    #expect(
      selection.filters == [
        SecretListFilter(key: .name, values: ["prod/"]),
        SecretListFilter(key: .name, values: ["!prod/old"]),
        SecretListFilter(key: .owningService, values: ["rds"]),
      ])
    #expect(selection.include.map(\.text) == ["*db*"])
    #expect(selection.exclude.map(\.text) == ["*/test"])
  }

  @Test func `a selector may stand on a line and in a bare array`() {
    let line = #"{"select":{"rotating":true},"regions":["eu-west-1"]}"#
    for (text, format) in [
      (line + "\n\"db\"\n", ManifestFormat.jsonl), ("[\(line),\"db\"]", .json),
    ] {
      let sink = read(text, as: format)
      #expect(sink.problemTexts == [])
      #expect(sink.selectors.map(\.regions) == [["eu-west-1"]])
      #expect(sink.entries.count == 1)
    }
  }

  @Test(arguments: [
    (#"[{"select":true}]"#, "m.json:1:12: select is a boolean"),
    (#"[{"select":{}}]"#, "m.json:1:12: a selector without a condition"),
    (#"[{"select":{"regions":["all"]}}]"#, "m.json:1:12: a selector without a condition"),
    (#"[{"select":{"rotating":false}}]"#, "m.json:1:24: rotating is a boolean"),
    (#"[{"select":{"rotating":"yes"}}]"#, "m.json:1:24: rotating is a string"),
    (#"[{"select":{"rotatesWithin":"24"}}]"#, "m.json:1:29: rotatesWithin is a string"),
    (#"[{"select":{"rotatesWithin":24}}]"#, "m.json:1:29: rotatesWithin is a number"),
    (#"[{"select":{"rotatin":true}}]"#, "m.json:1:13: an unknown member 'rotatin' in select"),
    (#"[{"select":{"tags":["a"]}}]"#, "m.json:1:20: tags is an array"),
    (#"[{"select":{"tags":{"a":1}}}]"#, "m.json:1:25: a is a number"),
    (#"[{"select":{"name":"a,b"}}]"#, "m.json:1:20: 'a,b' is no value that the service"),
    (#"[{"select":{"name":["a","!"]}}]"#, "m.json:1:25: '!' is no value that the service"),
    (#"[{"select":{"include":["a","[b]"]}}]"#, "m.json:1:28: '[b]' holds a character"),
    (#"[{"select":{"rotating":true,"regions":["here"]}}]"#, "m.json:1:40: 'here' is not a region"),
    (#"[{"select":{"rotating":true},"id":"db"}]"#, "m.json:1:30: an unknown member 'id' beside"),
    (
      #"[{"select":{"rotating":true,"regions":["eu-west-1"]},"regions":["us-east-1"]}]"#,
      "m.json:1:54: regions stand twice"
    ),
    (#"[{"select":{"rotating":true,"rotating":true}}]"#, "m.json:1:29: the member 'rotating'"),
  ])
  func `a bad selector is told with its place and mend`(text: String, start: String) {
    let sink = read(text)
    #expect(sink.selectors.isEmpty)
    #expect(sink.problemTexts.contains { $0.hasPrefix(start) }, "\(sink.problemTexts)")
    #expect(sink.problemTexts.allSatisfy { $0.contains("; ") })
  }

  @Test func `a row without select may not say region all`() {
    let sink = read(#"[{"id":"db","regions":["all"]}]"#)
    #expect(sink.problemTexts.first?.contains("or write a selector") == true)
  }

  @Test func `own words go before defaults, and those before options`() {
    let selector = ManifestSelector(
      location: SourceLocation(file: "m", line: 1, column: 1), selection: SecretSelection())
    var preamble = ManifestPreamble()
    func scope(_ selector: ManifestSelector, all: Bool = false) -> ScopedSelector {
      Expansion(
        preamble: preamble,
        options: .init(regions: ["us-east-1"], profiles: ["o"], coversAllRegions: all),
        identities: ProfileIdentities(), regionOfProfile: { _ in nil }
      ).scope(of: selector)
    }
    #expect(scope(selector).regions == ["us-east-1"])
    #expect(scope(selector, all: true).regions == ["all"])
    #expect(scope(selector).profiles == ["o"])
    preamble.defaultRegions = ["eu-west-1"]
    preamble.defaultProfiles = ["d"]
    #expect(scope(selector, all: true).regions == ["eu-west-1"])
    #expect(scope(selector).profiles == ["d"])
    var own = selector
    own.regions = ["all"]
    own.profiles = ["p"]
    #expect(scope(own).regions == ["all"] && scope(own).profiles == ["p"])
  }
}
