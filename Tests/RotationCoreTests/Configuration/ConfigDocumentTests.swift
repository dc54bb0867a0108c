import RotationCore
import Testing

@Suite struct ConfigDocumentTests {
  private let known: [ConfigDocument.KnownOption] = [
    .init(member: "rate", kind: .value), .init(member: "inFlight", kind: .value),
    .init(member: "region", kind: .list), .init(member: "reportFiles", kind: .flag),
    .init(member: "laneRate", kind: .table),
  ]

  private func read(_ text: String, file: String = "/etc/rotactl/rotactl.json") -> ConfigDocument {
    ConfigDocument(parsing: Array(text.utf8), file: file, known: known) { text in
      text.hasSuffix("h") ? Double(text.dropLast()).map { $0 * 3600 } : nil
    }
  }

  private func problems(_ text: String) -> [String] {
    read(text).problems.map { "\($0.position.line):\($0.position.column) \($0.what); \($0.mend)" }
  }

  @Test func `options are kept as texts with their places`() {
    let document = read(
      """
      {"schema": "rotactl.config/1", "description": "ours",
       "options": {"rate": 12.50, "inFlight": "skip", "region": ["a", "b"], "reportFiles": true,
         "laneRate": {"111122223333/*": 5}}}
      """)
    #expect(document.problems.isEmpty)
    #expect(
      document.options.map(\.member) == ["rate", "inFlight", "region", "reportFiles", "laneRate"])
    #expect(
      document.options.map(\.values) == [
        ["12.50"], ["skip"], ["a", "b"], ["1"], ["111122223333/*=5"],
      ])
    #expect(document.options[0].position == TextPosition(line: 2, column: 22))
  }

  @Test func `guards are read with the places that set them`() {
    let guards = read(
      """
      {"schema": "rotactl.config/1", "guards": {
        "expectedAccounts": {"pay": "111122223333", "*": ["444455556666"]},
        "forbiddenAccounts": ["999988887777"], "neverTouch": ["prod/root-*"],
        "maxTargets": 500, "maxAccounts": 3, "requireReason": true, "requireIncident": false,
        "freezeFile": "FREEZE", "planMaxAge": "12h"}}
      """
    ).guards
    #expect(guards.expectedAccounts.map(\.value.profile) == ["pay", nil])
    #expect(guards.forbiddenAccounts.first?.origin == "/etc/rotactl/rotactl.json:3:25")
    #expect(guards.neverTouch.first?.value.text == "prod/root-*")
    #expect(guards.maximumTargets.map(\.value) == [500])
    #expect(guards.maximumAccounts.map(\.value) == [3])
    #expect(guards.requiresReason.map(\.value) == [true])
    #expect(guards.freezeFiles.map(\.value) == ["/etc/rotactl/FREEZE"])
    #expect(guards.planMaximumAge.map(\.value) == [43_200])
  }

  @Test func `every problem is found with its place`() {
    #expect(
      problems(
        """
        {"schema": "rotactl.config/1",
         "options": {"rat": 5, "inFlight": true, "region": [1], "reportFiles": "yes"},
         "guards": {"maxTargets": "5", "forbiddenAccounts": [" 1"], "neverTuch": []},
         "gards": {}}
        """) == [
          "2:14 an unknown member 'rat'; did you mean 'rate'?",
          "2:36 'inFlight' is a boolean; write a text in double quotes, or a number",
          "2:53 a number among the texts of 'region'; write a text",
          "2:72 'reportFiles' is a string; write true or false",
          "3:27 'maxTargets' is not a whole number; write one such as 500",
          "3:54 ' 1' is not an account's id; write its 12 digits in quotes",
          "3:61 an unknown member 'neverTuch'; did you mean 'neverTouch'?",
          "4:2 an unknown member 'gards'; did you mean 'guards'?",
        ])
  }

  @Test func `a dash in a name is answered with the name without it`() {
    #expect(
      problems(#"{"schema": "rotactl.config/1", "options": {"in-flight": "skip"}}"#) == [
        "1:44 an unknown member 'in-flight'; did you mean 'inFlight'?"
      ])
  }

  @Test(arguments: [
    ("", "1:1"), ("[]", "1:1"), ("{}", "1:1"), (#"{"schema": 1}"#, "1:12"),
    (#"{"schema": "rotactl.config/2"}"#, "1:12"), (#"{"schema": "rotactl.config/1",}"#, "1:31"),
    (#"{"schema": "rotactl.config/1", "guards": [1]}"#, "1:42"),
    (#"{"schema": "rotactl.config/1", "guards": {"planMaxAge": "old"}}"#, "1:57"),
    (#"{"schema": "rotactl.config/1", "guards": {"maxTargets": 1, "maxTargets": 9}}"#, "1:60"),
  ])
  func `what is no configuration is told with its place`(text: String, place: String) {
    let found = problems(text)
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(place + " ") == true, "\(found)")
  }
}
