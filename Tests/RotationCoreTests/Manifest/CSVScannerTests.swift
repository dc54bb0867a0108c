import RotationCore
import TestSupport
import Testing

@Suite struct CSVScannerTests {
  private func scan(_ bytes: [UInt8], pieces: Int = .max, delimiter: UInt8 = 0x2C)
    -> CollectingCSVSink
  {
    var scanner = CSVScanner(delimiter: delimiter)
    var sink = CollectingCSVSink()
    inPieces(bytes, of: min(pieces, max(1, bytes.count))) { scanner.consume($0, into: &sink) }
    scanner.finish(into: &sink)
    return sink
  }

  private func scan(_ text: String) -> CollectingCSVSink { scan(Array(text.utf8)) }

  /// In upstream's JSON of this file a telephone number differs from that in its CSV.
  private static let divergences: Set<String> = ["location_coordinates"]

  @Test(
    .enabled(if: Conformance.has("csv-spectrum"), "\(Conformance.absence)"),
    arguments: Conformance.list("csv-spectrum/csvs"))
  func `csv-spectrum reads as its authors say`(_ name: String) throws {
    let base = String(name.dropLast(4))
    if CSVScannerTests.divergences.contains(base) { return }
    let expected = try JSONValue(parsing: Conformance.bytes("csv-spectrum/json/\(base).json"))
    let bytes = try Conformance.bytes("csv-spectrum/csvs/\(name)")
    for pieces in [1, 7, Int.max] {
      let sink = scan(bytes, pieces: pieces)
      #expect(sink.faults.isEmpty)
      let header = try #require(sink.rows.first)
      let objects = sink.rows.dropFirst().map { row in
        JSONValue.object(
          JSONObject(zip(header, row).map { JSONObject.Member(key: $0, value: .string($1)) }))
      }
      #expect(JSONValue.array(Array(objects)) == expected)
    }
  }

  @Test(
    .enabled(if: Conformance.has("csv-sineemore"), "\(Conformance.absence)"),
    arguments: Conformance.list("csv-sineemore/json"))
  func `csv-sineemore reads as its authors say`(_ name: String) throws {
    let base = String(name.dropLast(5))
    let expected = try JSONValue(parsing: Conformance.bytes("csv-sineemore/json/\(name)"))
    let bytes = try Conformance.bytes("csv-sineemore/csv/\(base).csv")
    for pieces in [1, 7, Int.max] {
      let sink = scan(bytes, pieces: pieces)
      #expect(sink.faults.isEmpty)
      var rows = sink.rows.map { row in JSONValue.array(row.map { .string($0) }) }
      if base.hasPrefix("header-") {
        let header = try #require(sink.rows.first)
        rows = sink.rows.dropFirst().map { row in
          .object(
            JSONObject(zip(header, row).map { JSONObject.Member(key: $0, value: .string($1)) }))
        }
      }
      #expect(JSONValue.array(rows) == expected)
    }
  }

  @Test(
    .enabled(if: Conformance.has("csv-sineemore"), "\(Conformance.absence)"),
    arguments: ["bad-missing-quote", "bad-quotes-with-unescaped-quote", "bad-unescaped-quote"])
  func `csv-sineemore's bad quotes are refused`(_ name: String) throws {
    let bytes = try Conformance.bytes("csv-sineemore/csv/\(name).csv")
    for pieces in [1, 7, Int.max] { #expect(!scan(bytes, pieces: pieces).faults.isEmpty) }
  }

  @Test(
    .enabled(if: Conformance.has("csv-sineemore"), "\(Conformance.absence)"),
    arguments: [
      "bad-header-less-fields", "bad-header-more-fields", "bad-header-no-header",
      "bad-header-wrong-header",
    ])
  func `csv-sineemore's bad headers are refused as manifests`(_ name: String) throws {
    let bytes = try Conformance.bytes("csv-sineemore/csv/\(name).csv")
    #expect(!decode(bytes, as: .csv).sink.problems.isEmpty)
  }

  @Test func `each line end counts once, quoted ones too`() {
    let sink = scan("a\r\n\"x\ny\r\nz\rw\"\rb\nc")
    #expect(sink.rows == [["a"], ["x\ny\r\nz\rw"], ["b"], ["c"]])
    #expect(sink.positions.map(\.line) == [1, 2, 6, 7])
    #expect(sink.positions.allSatisfy { $0.column == 1 })
  }

  @Test func `a byte order mark belongs to no field and no column`() {
    let bytes = [0xEF, 0xBB, 0xBF] + Array("a,b\n".utf8)
    for pieces in [1, 2, 3, 64] {
      let sink = scan(bytes, pieces: pieces)
      #expect(sink.rows == [["a", "b"]])
      #expect(sink.positions == [TextPosition(line: 1, column: 1)])
    }
  }

  @Test func `half a byte order mark is text`() {
    for pieces in [1, 2, 64] {
      #expect(scan([0xEF, 0xBB, 0x61, 0x0A], pieces: pieces).rows == [["<invalid>"]])
      #expect(scan([0xEF, 0xBB], pieces: pieces).rows == [["<invalid>"]])
    }
  }

  @Test func `any byte can be the delimiter`() {
    #expect(scan(Array("a;b,c\n".utf8), delimiter: 0x3B).rows == [["a", "b,c"]])
    #expect(scan(Array("a\tb\n".utf8), delimiter: 0x09).rows == [["a", "b"]])
  }

  @Test func `faults stand where they are and the next line is read`() {
    let sink = scan("a\nb\"c,d\n\"e\"f\ng\n")
    #expect(sink.rows == [["a"], ["g"]])
    #expect(
      sink.faults == [
        CSVFault(kind: .strayQuote, position: TextPosition(line: 2, column: 2)),
        CSVFault(
          kind: .textAfterQuote(opened: TextPosition(line: 3, column: 1)),
          position: TextPosition(line: 3, column: 4)),
      ])
  }

  @Test func `an open quote is reported where it was opened`() {
    let sink = scan("a\nb,\"c\nd\n")
    #expect(
      sink.faults == [CSVFault(kind: .openQuote, position: TextPosition(line: 2, column: 3))])
  }

  @Test(arguments: [1 << 20 - 1, 4096, 100_000])
  func `a record of 10 MB is refused and the next one is read`(_ pieces: Int) {
    for body in [
      [UInt8](repeating: 0x61, count: 10 << 20), [UInt8](repeating: 0x2C, count: 10 << 20),
      [0x22] + [UInt8](repeating: 0x0A, count: 2 << 20),
    ] {
      let sink = scan(Array("h\n".utf8) + body + Array("\nnext\n".utf8), pieces: pieces)
      #expect(sink.faults.first?.kind == .tooLong)
      #expect(sink.faults.first?.position == TextPosition(line: 2, column: 1))
      #expect(sink.rows.last == ["next"])
    }
  }
}
