import RotationCore
import TestSupport
import Testing

/// Rows that are read by their shape must come out as those that are parsed.
///
/// A piece of one byte holds no whole row, so what comes in such pieces is parsed to the last row.
@Suite struct PlainRowTests {
  /// Keeps everything, and counts what came by its shape.
  private struct Sink: ManifestSink {
    var found = CollectingSink()
    var rows = 0
    mutating func entry(_ entry: ManifestEntry) { found.entry(entry) }
    mutating func selector(_ selector: ManifestSelector) { found.selector(selector) }
    mutating func problem(_ problem: ManifestProblem) { found.problem(problem) }
    mutating func row(_ row: PlainRow) {
      rows += 1
      found.entry(row.entry)
    }
  }

  private static func read(
    _ bytes: [UInt8], _ format: ManifestFormat, delimiter: UInt8? = nil, pieces: Int = .max
  ) -> Sink {
    var decoder = ManifestDecoder(format: format, file: "m", delimiter: delimiter)
    var sink = Sink()
    inPieces(bytes, of: pieces == .max ? max(1, bytes.count) : pieces) {
      decoder.consume($0, into: &sink)
    }
    decoder.finish(into: &sink)
    return sink
  }

  /// - Returns: how many rows came by their shape when the text came whole.
  @discardableResult
  private func expectSame(
    _ bytes: [UInt8], _ format: ManifestFormat, delimiter: UInt8? = nil
  ) -> Int {
    let parsed = PlainRowTests.read(bytes, format, delimiter: delimiter, pieces: 1)
    #expect(parsed.rows == 0)
    let whole = PlainRowTests.read(bytes, format, delimiter: delimiter)
    for pieces in [whole, PlainRowTests.read(bytes, format, delimiter: delimiter, pieces: 97)]
    where pieces.found != parsed.found {
      let place = zip(pieces.found.entries, parsed.found.entries).first { $0 != $1 }
      Issue.record(
        "\(String(describing: place)) in \(String(decoding: bytes.prefix(4000), as: UTF8.self))")
    }
    return whole.rows
  }

  @discardableResult
  private func expectSame(
    _ text: String, _ format: ManifestFormat, delimiter: UInt8? = nil
  ) -> Int {
    expectSame(Array(text.utf8), format, delimiter: delimiter)
  }

  private static let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"

  // MARK: One after the other

  @Test func `rows of a known shape are not parsed`() {
    let rows = (0..<50).map { "\(Self.arn)db-\($0)-AbCdEf,eu-west-1,\"a \"\"b\"\"\"\n" }
    #expect(expectSame("id,region,profile\n" + rows.joined() + "the,last,one\n", .csv) == 49)
    let lines = (0..<50).map { #"{"id":"name-\#($0)","labels":{"a":"\n"}}"# + "\r\n" }
    #expect(expectSame(lines.joined() + "\"the last\"\n", .jsonl) == 48)
  }

  @Test func `labels of any value belong to their row`() {
    let rows = (0..<40).map {
      "\($0),db-\($0),\"\($0), \"\"\($0)\"\"\",\($0 % 3 == 0 ? "" : "x\($0)"),\"\"\r\n"
    }
    let text = "ticket,id,note,owner,empty\r\n" + rows.joined() + "z,z,z,z,z\r\n"
    #expect(expectSame(text, .csv) == 39)
    let last = PlainRowTests.read(Array(text.utf8), .csv).found.entries[38]
    #expect(
      last.labels == [
        Label(name: "ticket", value: "38"), Label(name: "note", value: "38, \"38\""),
        Label(name: "owner", value: "x38"),
      ])
    #expect(last.location == SourceLocation(file: "m", line: 40, column: 4))
  }

  @Test(arguments: [
    "x,eu-west-1", "x,eu-west-2", "x", "x,,", "", ",", ",eu-west-1", " x,eu-west-1", "x ,eu-west-1",
    "x\t,eu-west-1", "\tx,eu-west-1", "\"x\",eu-west-1", "\"x\"\"y\",eu-west-1", "\" x\",eu-west-1",
    "x\"y,eu-west-1", "\"x\"y,eu-west-1", "\"x,eu-west-1", "x,\"eu-west-1\"", "x\u{0},eu-west-1",
    "x\u{1},eu-west-1", "x\u{7F}y,eu-west-1", "é,eu-west-1", "x,eu-west-1\r", "x\ry,eu-west-1",
    "arn:aws,eu-west-1", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:,eu-west-1",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x,eu-west-1",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x:y-AbCdEf,eu-west-1",
    "arn:aws:secretsmanager:eu-west-2:111122223333:secret:x,eu-west-1",
    "arn:aws:secretsmanager:eu-west-1:11112222333:secret:x,eu-west-1",
    "arn:aws-cn:secretsmanager:eu-west-1:111122223333:secret:x,eu-west-1",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret,eu-west-1",
    "arn,eu-west-1", "arn:,eu-west-1", "Arn:aws:x,eu-west-1", "a;b,eu-west-1;eu-west-2",
    "x,eu-west-1;Mars", "x, eu-west-1 ",
  ])
  func `an odd row among known ones stays odd`(_ row: String) {
    let known = (0..<3).map { "db-\($0),eu-west-1\n\(Self.arn)db-\($0),eu-west-1\n" }.joined()
    for end in ["\n", "\r\n", "\r"] {
      let text = "id,region\n" + known + row + end + row + end + known + known
      #expect(expectSame(text, .csv) > 5)
    }
    expectSame("id,region\n" + known + row, .csv)
    let tabs = ("id,region\n" + known + row + "\n" + known).map { $0 == "," ? "\t" : $0 }
    expectSame(String(tabs), .csv, delimiter: 0x09)
    let semicolons = ("id,region\n" + known + row + "\n" + known).map { $0 == "," ? ";" : $0 }
    expectSame(String(semicolons), .csv, delimiter: 0x3B)
  }

  @Test(arguments: [
    #"{"id":"x","region":"eu-west-1"}"#, #"{"id":"x","region":"eu-west-2"}"#, #"{"id":"x"}"#,
    #"{"id":"x\"","region":"eu-west-1"}"#, #"{"id":"x\\","region":"eu-west-1"}"#,
    #"{"id":"\u0078","region":"eu-west-1"}"#, #"{"id":"","region":"eu-west-1"}"#,
    #"{"id":" x","region":"eu-west-1"}"#, #"{"id":"x ","region":"eu-west-1"}"#,
    #"{"id":"x","region":"eu-west-1"},"#, #"{"id":"x","region":"eu-west-1"}{"#,
    #"{"id":"x","region":"eu-west-1","id":"y"}"#, #" {"id":"x","region":"eu-west-1"}"#,
    #"{"id":"x" ,"region":"eu-west-1"}"#, #"{"id":"é","region":"eu-west-1"}"#, "\"x\"", "",
    #"{"id":"arn:aws","region":"eu-west-1"}"#, "{\"id\":\"x\u{1}\",\"region\":\"eu-west-1\"}",
    "{\"id\":\"x\u{7F}\",\"region\":\"eu-west-1\"}", #"{"id":"x"#, #"{"id":"x""#, "{", #"{"id":"#,
    #"{"id":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:","region":"eu-west-1"}"#,
    #"{"id":"arn:aws:secretsmanager:eu-west-2:111122223333:secret:x","region":"eu-west-1"}"#,
    #"{"select":{"rotating":true},"labels":{"id":"x"}}"#, #"{"id":"x","ids":"y"}"#,
    #"{"ARN":"x","Name":"y","region":"eu-west-1"}"#,
  ])
  func `an odd line among known ones stays odd`(_ line: String) {
    let known = (0..<3).map {
      #"{"id":"db-\#($0)","region":"eu-west-1"}"# + "\n"
        + #"{"id":"\#(Self.arn)db-\#($0)","region":"eu-west-1"}"# + "\n"
    }.joined()
    for end in ["\n", "\r\n", "\r"] {
      #expect(expectSame(known + line + end + line + end + known + known, .jsonl) > 5)
    }
    expectSame(known + line, .jsonl)
  }

  @Test func `the bounds of an id and a row hold for known shapes`() {
    let known = "id,note\na,b\nb,c\n"
    for count in [2047, 2048, 2049] {
      expectSame(known + String(repeating: "x", count: count) + ",c\n" + known, .csv)
      let line = "\"" + String(repeating: "x", count: count) + "\"\n"
      expectSame("\"a\"\n\"b\"\n" + line + "\"c\"\n\"d\"\n", .jsonl)
    }
    for count in [1 << 20 - 2, 1 << 20 - 1, 1 << 20] {
      let note = String(repeating: "n", count: count)
      let whole = PlainRowTests.read(Array((known + "d,\(note)\ne,f\ng,h\n").utf8), .csv)
      let parsed = PlainRowTests.read(
        Array((known + "d,\(note)\ne,f\ng,h\n").utf8), .csv, pieces: 5)
      #expect(whole.found == parsed.found)
    }
  }

  @Test func `more shapes than are remembered change nothing`() {
    var text = "id,account_id\n"
    for round in 0..<2 {
      for number in 0..<8400 {
        text += "a\(round),\(100_000_000_000 + number)\n" + (number % 20 == 0 ? "b,\n" : "")
      }
    }
    #expect(expectSame(text + "c,\n", .csv) > 800)
  }

  @Test func `a line that begins with a byte order mark is no shape`() {
    expectSame("\u{FEFF}\"aaaa\"\n\"bbbb\"\n\"cccc\"\n\"d\"\n", .jsonl)
    expectSame("\"aaaa\"\n\u{FEFF}\"bbbb\"\n\"cccc\"\n\"d\"\n", .jsonl)
  }

  @Test func `texts of labels in JSON belong to their line`() {
    let lines = (0..<40).map {
      #"{"id":"db-\#($0)","labels": {"ticket":"INC-\#($0)", "note" : ""}, "region":"eu-west-1"}"#
        + "\n"
    }
    let text = lines.joined() + "\"the last\"\n"
    #expect(expectSame(text, .jsonl) == 38)
    let last = PlainRowTests.read(Array(text.utf8), .jsonl).found.entries[39]
    #expect(
      last.labels == [Label(name: "ticket", value: "INC-39"), Label(name: "note", value: "")])
  }

  @Test(arguments: [
    #"{"ARN":"ID","Foo":{"labels":{"a":"1"}}}"#,
    #"{"ARN":"ID","Foo":{"labels":{"a":"1"}},"labels":{"a":"1"}}"#,
    #"{"ARN":"ID","labels":{"a":"1"},"Foo":{"labels":{"a":"1"}}}"#,
    #"{"ARN":"ID","Foo":{"labels":{"a":"1"}},"lab\u0065ls":{"a":"1"}}"#,
    #"{"ARN":"ID","a\"labels":{"a":"1"},"labels":{"a":"1"}}"#,
    #"{"ARN":"ID","Foo":["labels",{"a":"1"}],"labels":{"a":"1"}}"#,
    #"{"id":"ID","labels":{"a":"1","b":1}}"#, #"{"id":"ID","labels":{"a":"1","a":"1"}}"#,
    #"{"id":"ID","labels":{"labels":"1"}}"#, #"{"id":"ID","labels":{"a":"1","b":"\n"}}"#,
    #"{"id":"ID","labels":{"é":"1"}}"#, #"{"id":"ID","labels":{"a":"1"}"#,
    #"{"id":"ID","labels":{"a":"1"},"labels":{"a":"1"}}"#, #"{"labels":{"a":"1"},"id":"ID"}"#,
    #"{"id":"ID","labels":{"a":"1"},"regions":["eu-west-1"]}"#, #"{"id":"ID","labels":{}}"#,
    #"{"id":"ID","label":{"a":"1"}}"#, #"{"id":"ID","labels":"1"}"#,
  ])
  func `what looks like labels is told from labels`(_ line: String) {
    var text = "\"first\"\n"
    for number in 0..<12 {
      // Another text in every place that could be a label's, one at a time and all together.
      let parts = line.split(separator: "\"1\"", omittingEmptySubsequences: false)
      var own = String(parts[0])
      for (place, part) in parts.dropFirst().enumerated() {
        own += number % (place + 2) == 0 ? "\"1\"" : "\"text \(number)\""
        own += part
      }
      text += own.replacing("ID", with: "db-\(number)") + "\n"
    }
    expectSame(text + "\"last\"\n", .jsonl)
    expectSame(
      #"{"id":"x","labels":{"a":"b"}}"# + "\n" + text + text + "\"last\"\n", .jsonl)
  }

  @Test(arguments: [
    "x", "", "# x", "x # y", "x#y", "#", " x", "x ", "x y", "x\ty", "x\u{0}", "x\u{7F}", "é",
    "arn:",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:",
    "arn:aws:secretsmanager:eu-west-2:111122223333:secret:x", "arn:aws:x",
  ])
  func `an odd line of text among known ones stays odd`(_ line: String) {
    let known = (0..<3).map { "db-\($0)\n\(Self.arn)db-\($0)\n" }.joined()
    for end in ["\n", "\r\n", "\r"] {
      #expect(expectSame(known + line + end + line + end + known + known, .text) > 5)
    }
    expectSame(known + line, .text)
  }

  // MARK: By chance

  private struct Pool {
    var random: SeededRandom
    mutating func one(of texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
    mutating func id() -> String {
      let name = "app/\(Int.random(in: 0..<30, using: &random))"
      return one(of: [
        name, name + "-AbCdEf", PlainRowTests.arn + name + "-AbCdEf", PlainRowTests.arn + name,
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:" + name, "arn:" + name,
      ])
    }
    mutating func csvRow(_ end: String) -> String {
      let region = one(of: ["eu-west-1", "eu-west-1", "", "us-east-1;eu-west-1", "\"eu-west-1\""])
      let profile = one(of: ["p", "q", "", "\"p, \"\"q\"\"\"", "p;q"])
      let account = one(of: ["", "", "", "111122223333", "1"])
      let label = one(of: ["", "x", "\"x, \"\"y\"\"\"", "\"\"", "é", "\"a\nb\"", "a b", "\"\"\"\""])
      let id = one(of: [self.id(), self.id(), "\"\(self.id())\""])
      return "\(region),\(id),\(label),\(profile),\(account)\(end)"
    }
    mutating func jsonLine(_ end: String) -> String {
      let tail = one(of: [
        "}", ",\"region\":\"eu-west-1\"}", ",\"profiles\":[\"p\",\"q\"]}",
        ",\"labels\":{\"a\":\"\\\"\"}}", ",\"labels\":{\"a\":\"\(id())\"}}",
        ",\"labels\":{\"a\":\"\(id())\"},\"profile\":\"p\"}", ",\"labels\":{\"é\":1}}",
        ",\"region\":\"Mars\"}", "",
      ])
      return one(of: ["{\"id\":\"", "{\"secret_id\": \"", "{\"region\":\"eu-west-1\",\"id\":\""])
        + id() + "\"" + tail + end
    }
    /// Changes a few bytes.
    mutating func mutated(_ text: String) -> [UInt8] {
      var bytes = Array(text.utf8)
      let odd = Array("\",\n\r\\{}:; \t\u{0}a".utf8) + [0xC3, 0xFF, 0x7F, 0x01]
      for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = odd.randomElement(using: &random) ?? 0
        case 1: bytes.insert(odd.randomElement(using: &random) ?? 0, at: place)
        default: bytes.remove(at: place)
        }
      }
      return bytes
    }
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func `manifests by chance, changed by chance, are read as if parsed`(_ seed: UInt64) {
    var pool = Pool(random: SeededRandom(seed: seed))
    var byShape = 0
    for _ in 0..<8 {
      let end = pool.one(of: ["\n", "\n", "\r\n", "\r"])
      var csv = "region,id,note,profile,account_id\(end)"
      var lines = ""
      var text = ""
      for _ in 0..<100 {
        csv += pool.csvRow(end)
        lines += pool.jsonLine(end)
        text += pool.id() + pool.one(of: ["", "", "", " # x", "#", " "]) + end
      }
      byShape += expectSame(pool.mutated(csv), .csv)
      byShape += expectSame(pool.mutated(lines), .jsonl)
      byShape += expectSame(pool.mutated(text), .text)
    }
    #expect(byShape > 50)
  }

  private static let suites: [(String, ManifestFormat)] =
    Conformance.list("csv-spectrum/csvs").map { ("csv-spectrum/csvs/\($0)", .csv) }
    + Conformance.list("csv-sineemore/csv").map { ("csv-sineemore/csv/\($0)", .csv) }
    + Conformance.list("json-testsuite/test_parsing").map {
      ("json-testsuite/test_parsing/\($0)", .jsonl)
    }

  @Test(
    .enabled(if: Conformance.has("csv-spectrum"), "\(Conformance.absence)"), arguments: suites)
  func `public texts between known rows are read as if parsed`(
    _ path: String, _ format: ManifestFormat
  ) throws {
    let bytes = try Conformance.bytes(path)
    let isCSV = format == .csv
    let known = Array((isCSV ? "id\na\nb\nc\n" : "{\"id\":\"a\"}\n{\"id\":\"b\"}\n\"c\"\n").utf8)
    // As a manifest, and as rows under a header that gives them columns enough.
    expectSame(known + bytes + [0x0A] + bytes + [0x0A] + known, format)
    expectSame(Array("a,id,b\n1,2,3\n4,5,6\n".utf8) + bytes + [0x0A] + bytes, .csv)
  }
}
