import RotationCore
import Testing

@Suite struct CSVManifestTests {
  private func csv(_ text: String) -> CollectingSink { decode(text, as: .csv, file: "m.csv") }

  private func place(_ line: Int, _ column: Int) -> RotationCore.SourceLocation {
    RotationCore.SourceLocation(file: "m.csv", line: line, column: column)
  }

  @Test func `columns are known by name, cells split, further columns are labels`() {
    let sink = csv(
      """
      ticket,Secret_ID,region,profile,account_id
      T-1, prod/db ,us-east-1; eu-west-1;,a;b,111122223333
      ,other,,,
      """)
    #expect(sink.problems.isEmpty)
    #expect(
      sink.entries == [
        ManifestEntry(
          location: place(2, 5), secretID: "prod/db", regions: ["us-east-1", "eu-west-1"],
          profiles: ["a", "b"], accountID: "111122223333",
          labels: [Label(name: "ticket", value: "T-1")]),
        ManifestEntry(location: place(3, 2), secretID: "other"),
      ])
  }

  @Test(arguments: [
    "secret_id", "SecretId", "ARN", "arn", "name", "Name", "id", "ID", "SECRET_ID", "\"name\"",
    " id ",
  ])
  func `the id's column has several names`(_ name: String) {
    let sink = csv("\(name)\nprod/db\n")
    #expect(sink.problems.isEmpty)
    #expect(sink.entries.map(\.secretID) == ["prod/db"])
  }

  @Test func `beside secret_id a name is a label`() {
    let sink = csv("name,secret_id\nn,s\n")
    #expect(sink.entries.first?.secretID == "s")
    #expect(sink.entries.first?.labels == [Label(name: "name", value: "n")])
  }

  @Test func `blank lines are passed over`() {
    let sink = csv("\n\nid\n\na\n\r\nb\n\n")
    #expect(sink.problems.isEmpty)
    #expect(sink.entries.map(\.location.line) == [5, 7])
  }

  /// Each input, the number of its good entries, and what its only problem says.
  static let bad: [(name: String, text: String, entries: Int, problem: String)] = [
    ("empty", "", 0, "m.csv:1:1: the manifest is empty"),
    ("blank", "\n \n", 0, "m.csv:2:1: no column is named secret_id"),
    ("header only", "secret_id,region\n", 0, "m.csv:1:1: a header row and nothing else"),
    ("missing column", "region,owner\nx,y\n", 0, "m.csv:1:1: no column is named secret_id"),
    ("other delimiter", "secret_id;region\nx;y\n", 0, "pass --delimiter ';'"),
    ("duplicate column", "id,region,Region\nx,,\n", 0, "m.csv:1:11: the column 'Region' stands"),
    ("few fields", "id,region\na\nb,\n", 1, "m.csv:2:1: 1 fields in a row; the header has 2"),
    ("many fields", "id\na,b\nc\n", 1, "m.csv:2:1: 2 fields in a row; the header has 1"),
    ("open quote", "id\na\n\"b\nc\n", 1, "m.csv:3:1: a quote that is never closed"),
    ("stray quote", "id\na\nb\"c\nd\n", 2, "m.csv:3:2: a quote inside a field"),
    ("text after quote", "id\n\"a\"b\nd\n", 1, "m.csv:2:4: text after a closing quote"),
    ("empty id", "id,region\na,\n  ,us-east-1\nb,\n", 2, "m.csv:3:1: id is empty"),
    ("NUL", "id\na\u{0}b\nc\n", 1, "m.csv:2:1: a NUL byte in a field"),
    ("control", "id\na\u{1b}[2J\nc\n", 1, "m.csv:2:1: id holds a control character (0x1B)"),
    ("bad region", "id,region\na,us-east\nb,\n", 1, "m.csv:2:3: 'us-east' is not a region"),
    ("region all", "id,region\na,all\nb,\n", 1, "m.csv:2:3: a manifest cannot say region 'all'"),
    (
      "hostile region", "id,region\na,us-east-1.example.com/\nb,\n", 1,
      "m.csv:2:3: 'us-east-1.example.com/' is not a region"
    ),
    ("bad account", "id,account_id\na,1.11E+11\nb,\n", 1, "m.csv:2:3: account_id is '1.11E+11'"),
    ("short account", "id,account_id\na,11112222333\nb,\n", 1, "it has 12 digits"),
    ("nameless", "id,\na,x\nb,\n", 1, "m.csv:2:3: a value in a column that has no name"),
    (
      "long id", "id\n" + String(repeating: "x", count: 2049) + "\nb\n", 1,
      "m.csv:2:1: id has 2049 characters; AWS allows 2048"
    ),
    (
      "ARN of another service", "id\narn:aws:sns:us-east-1:111122223333:topic:x\nb\n", 1,
      "m.csv:2:1: an ARN of the service 'sns', not secretsmanager"
    ),
    (
      "ARN of another partition",
      "id\narn:aws:secretsmanager:cn-north-1:111122223333:secret:x-a1B2c3\nb\n", 1,
      "m.csv:2:1: an ARN of partition 'aws' with a region of 'aws-cn'"
    ),
    ("cut ARN", "id\narn:aws:secretsmanager:us-east-1\nb\n", 1, "an ARN with 4 of its 7 fields"),
    (
      "ARN's region",
      "id,region\n"
        + "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3,eu-west-1\nb,\n", 1,
      "m.csv:2:63: the row says region 'eu-west-1' but the ARN is of 'us-east-1'"
    ),
    (
      "ARN's account",
      "id,account_id\n"
        + "arn:aws:secretsmanager:us-east-1:111122223333:secret:x-a1B2c3,444455556666\nb,\n", 1,
      "the row says account '444455556666' but the ARN is of '111122223333'"
    ),
  ]

  @Test(arguments: bad.map(\.name))
  func `what is wrong is told with its place, and reading goes on`(_ name: String) throws {
    let sample = try #require(CSVManifestTests.bad.first { $0.name == name })
    let sink = csv(sample.text)
    #expect(sink.entries.count == sample.entries)
    #expect(sink.problems.count == 1)
    let text = try #require(sink.problemTexts.first)
    #expect(text.contains(sample.problem), "\(text)")
    #expect(sink.problems.allSatisfy { !$0.mend.isEmpty })
  }

  @Test func `invalid UTF-8 is told with its place`() {
    let bytes = Array("id,owner\na,x\nb,".utf8) + [0xFF, 0x0A] + Array("c,y\n".utf8)
    let sink = decode(bytes, as: .csv).sink
    #expect(sink.entries.map(\.secretID) == ["a", "c"])
    #expect(sink.problemTexts.first?.hasPrefix("m:3:3: a field that is not valid UTF-8") == true)
  }

  @Test func `UTF-16 is named as such`() {
    for mark: [UInt8] in [[0xFF, 0xFE], [0xFE, 0xFF]] {
      let sink = decode(mark + [0x69, 0, 0x64, 0], as: .csv).sink
      #expect(sink.problems.count == 1)
      #expect(sink.problemTexts.first?.contains("UTF-16") == true)
    }
  }

  @Test func `all problems of a file are found`() {
    let sink = csv("id,region,account_id\n,nope,12\na,us-east-1,\nb\nc\"d,,\n")
    #expect(sink.entries.count == 1)
    #expect(sink.problems.map(\.location.line) == [2, 2, 2, 3 + 1, 5])
  }

  @Test func `a message cannot drive a terminal`() {
    let sink = csv("id,region\na,\u{1b}]0x\n")
    #expect(sink.problems.count == 1)
    #expect(sink.problemTexts.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 } })
  }

  @Test func `the list of problems keeps a hundred and counts all`() {
    var list = ManifestProblemList()
    for problem in csv("id,region\n" + String(repeating: "a,x\n", count: 250)).problems {
      list.append(problem)
    }
    #expect(list.first.count == 100)
    #expect(list.total == 250)
  }
}
