import Cryptography
import EvidenceBundle
import RotationCore
import TestSupport
import Testing

/// `summary.html` as a browser and a person get it.
@Suite struct SummaryPageTests {
  private func page(of run: SyntheticRun) throws -> String {
    var pieces: [String] = []
    try RunReader(path: run.path).writePage {
      pieces.append($0)
      return true
    }
    return pieces.map { $0 + "\n" }.joined()
  }

  /// The run with other names for its secrets.
  private func rename(_ run: SyntheticRun, _ names: [String]) throws {
    var lines = String(decoding: try run.folder.read("run-1/plan.ndjson"), as: UTF8.self)
      .split(separator: "\n").map(String.init)
    for (index, name) in names.enumerated() {
      var entry = SyntheticRun.entry(index)
      entry.target.secretID = name
      entry.actingID = name
      lines[index + 1] = entry.record.compact
    }
    let plan = Array(lines.map { $0 + "\n" }.joined().utf8)
    try run.folder.write("run-1/plan.ndjson", plan)
    try run.write(journal: [
      .opened(
        runID: "run-1", toolVersion: "test", planSHA256: SHA256.hash(plan).hex,
        targets: names.count)
    ])
  }

  /// What stands between two texts, each time that they occur.
  private func parts(_ page: String, _ start: String, _ end: String) -> [String] {
    page.split(separator: start, omittingEmptySubsequences: false).dropFirst().compactMap { rest in
      rest.firstRange(of: end).map { String(rest[..<$0.lowerBound]) }
    }
  }

  @Test func `hostile names cannot leave their place and are made visible`() throws {
    let names = [
      "</script><script>alert(1)</script>", "a\"b'c<b>&amp;", "\u{202E}gnp.exe", "nul\0\u{1B}[31m",
      "<!--<script>", "\u{200B}\u{FEFF}x\u{2028}y", "مفتاح", "'; DROP TABLE--",
    ]
    let run = try SyntheticRun(names.map { _ in nil }, finished: false)
    try rename(run, names)
    let page = try page(of: run)
    // One block of rows, the facts, the script: nothing that a name opened.
    #expect(parts(page, "<script", ">").count == 3)
    #expect(page.ranges(of: "</script").count == 3)
    #expect(!page.contains("<b>") && !page.contains("<!--"))
    for scalar in page.unicodeScalars {
      #expect(scalar == "\n" || scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value))
      #expect(![0x202E, 0x200B, 0xFEFF, 0x2028].contains(scalar.value))
    }
    #expect(page.contains("<td>\\u{202e}gnp.exe</td>"))
    #expect(page.contains("<td>nul\\u{0}\\u{1b}[31m</td>"))
    #expect(page.contains("<td>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;</td>"))
    let rows =
      try JSONValue(
        parsing: try #require(parts(page, "class=\"rows\">", "</script>").first)
      ).array ?? []
    #expect(rows.count == names.count)
    #expect(rows[0].array?[1].string == names[0])
    #expect(rows[2].array?[1].string == "\\u{202e}gnp.exe")
  }

  @Test func `only our own script and style may run`() throws {
    let page = try page(of: try SyntheticRun([.cancelled, .failed]))
    let policy = try #require(
      parts(page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">").first)
    let style = try #require(parts(page, "<style>", "</style>").first)
    let script = try #require(parts(page, "<script>", "</script>").first)
    #expect(policy.hasPrefix("default-src 'none'; "))
    #expect(policy.contains("script-src 'sha256-\(Base64.text(SHA256.hash(script).bytes))';"))
    #expect(policy.contains("style-src 'sha256-\(Base64.text(SHA256.hash(style).bytes))';"))
    #expect(!policy.contains("unsafe"))
    for text in ["http://", "https://", "style=", "onclick=", "src="] {
      #expect(!page.replacing(script, with: "").contains(text), "\(text)")
    }
    #expect(!script.contains("innerHTML") && !script.contains("eval("))
  }

  @Test func `the page in the folder, made anew, and from the bundle are the same`() throws {
    let run = try SyntheticRun([.cancelled, .failed, nil, .unknown], finished: false)
    let digest = try run.seal()
    let written = String(decoding: try run.folder.read("run-1/summary.html"), as: UTF8.self)
    #expect(try page(of: run) == written)
    var pieces: [String] = []
    try RunReader(path: digest.path).writePage {
      pieces.append($0)
      return true
    }
    #expect(pieces.map { $0 + "\n" }.joined() == written)
    #expect(written.contains("<td class=\"k\">notAttempted</td>"))
    #expect(written.contains("3 of 4 targets are NOT proven off. The run is not complete."))
  }

  @Test func `every outcome stands in the list under its own name`() throws {
    let outcomes = Outcome.allCases
    let page = try page(of: try SyntheticRun(outcomes.map { $0 == .notAttempted ? nil : $0 }))
    let facts = try JSONValue(
      parsing: try #require(parts(page, "id=\"meta\">", "</script>").first))
    #expect(facts["outcomes"]?.array?.compactMap(\.string) == outcomes.map(\.rawValue))
    let rows =
      try JSONValue(
        parsing: try #require(parts(page, "class=\"rows\">", "</script>").first)
      ).array ?? []
    #expect(rows.map { $0.array?[4].int } == outcomes.indices.map { $0 })
    for outcome in outcomes {
      #expect(page.contains("<th scope=\"row\">\(outcome.rawValue)</th><td class=\"n\">1</td>"))
    }
  }

  @Test func `of too many targets those that are not proven are listed, and the rest is named`()
    throws
  {
    let run = try SyntheticRun([.cancelled, .failed, .cancelled, .unknown, .failed])
    let reader = try RunReader(path: run.path)
    func page(_ limit: Int) throws -> String {
      var text = ""
      try reader.writePage(listing: limit) { piece in
        text += piece + "\n"
        return true
      }
      return text
    }
    let whole = try page(5)
    #expect(whole.contains("All 5 targets."))
    let some = try page(4)
    #expect(some.contains("Of 5 targets the 3 that are not proven; all are in"))
    #expect(!some.contains("more are in <code>failed.csv</code>"))
    let rows = some.split(separator: "\n").filter { $0.hasPrefix("[1,") || $0.hasPrefix("[3,") }
    #expect(rows.count == 2 && !some.contains("\n[0,") && !some.contains("\n[2,"))
    let few = try page(2)
    #expect(few.contains("Of 5 targets the 2 that are not proven"))
    #expect(few.contains("1 more are in <code>failed.csv</code>."))
  }

  @Test func `a reader that goes away ends the page`() throws {
    var taken = 0
    let run = try SyntheticRun([.cancelled])
    try RunReader(path: run.path).writePage { _ in
      taken += 1
      return false
    }
    withExtendedLifetime(run) {}
    #expect(taken == 1)
  }
}
