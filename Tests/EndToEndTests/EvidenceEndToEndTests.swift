import Foundation
import RotationCore
import TestSupport
import Testing

/// Evidence as its users meet it: the built binary, keys, an authority for time stamps, encrypted
/// bundles, and tools that are not ours.
@Suite(
  .enabled(
    if: Program.rotactl != nil && Program.foreign("python3") != nil
      && Program.foreign("openssl") != nil,
    "needs the built binary, python3 and openssl: see .ci/test"))
struct EvidenceEndToEndTests {
  private let folder: TemporaryDirectory
  private var path: String { folder.path }

  init() throws { folder = try TemporaryDirectory() }

  private func rotactl(
    _ arguments: [String], _ more: [String: String] = [:]
  ) async throws -> Program.Result {
    try await #require(Program.rotactl).run(
      arguments, environment: Program.environment(home: path, more), folder: path)
  }

  private func tool(_ name: String, _ arguments: [String]) async throws -> Program.Result {
    try await #require(Program.foreign(name)).run(
      arguments, environment: Program.environment(home: path), folder: path)
  }

  private func drill(_ more: [String], manifest: String = "example.csv") async throws
    -> Program.Result
  {
    try await rotactl(
      ["drill", Conformance.repositoryRoot + "/manifests/" + manifest, "--reports", path]
        + ["--run-id", "d", "--progress", "none"] + more)
  }

  /// Opens each of a run's custody records.
  private func custody(_ run: String = "d") throws -> [JSONValue] {
    String(decoding: try folder.read("\(run).custody.ndjson"), as: UTF8.self).split(separator: "\n")
      .compactMap { try? JSONValue(parsing: String($0)) }
  }

  private static func server(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Servers/" + name).path
  }

  // MARK: Keys

  @Test func `keys are made, shown, and neither overwritten nor opened without their word`()
    async throws
  {
    try folder.write("word", "correct horse\n")
    let made = try await rotactl(["keys", "new", "seal.pem", "--passphrase-file", "word"])
    #expect(made.status == 0, "\(made.error)")
    let mode = try FileManager.default.attributesOfItem(atPath: path + "/seal.pem")
    #expect(mode[.posixPermissions] as? Int == 0o600)
    #expect(try await rotactl(["keys", "new", "seal.pem"]).status == 2)
    let shown = try await tool("openssl", ["pkey", "-pubin", "-in", "seal.pem.pub"])
    #expect(shown.status == 0 && made.output.contains(shown.output))
    let byPublic = try await rotactl(["keys", "show", "seal.pem.pub", "--json"])
    let byPrivate = try await rotactl(
      ["keys", "show", "seal.pem", "--passphrase-file", "word", "--json"])
    #expect(byPublic.status == 0 && byPrivate.status == 0)
    let print = try #require(byPublic.records.first?["fingerprintSha256"]?.string)
    #expect(byPrivate.records.first?["fingerprintSha256"]?.string == print)
    #expect(made.output.contains("sha256:" + print))
    try folder.write("other", "wrong horse\n")
    let wrong = try await rotactl(["keys", "show", "seal.pem", "--passphrase-file", "other"])
    #expect(wrong.status == 2 && wrong.error.contains("does not open the key"))
    #expect(try await rotactl(["keys", "show", "absent"]).status == 2)
    #expect(try await rotactl(["keys", "new", "plain.pem", "--no-passphrase"]).status == 0)
    #expect(try await tool("openssl", ["pkey", "-in", "plain.pem", "-noout"]).status == 0)
  }

  @Test func `a run signs with a key under a passphrase and fails early without the word`()
    async throws
  {
    try folder.write("word", "correct horse\n")
    _ = try await rotactl(["keys", "new", "seal.pem", "--passphrase-file", "word"])
    let locked = try await drill(["--signing-key", "seal.pem"])
    #expect(locked.status == 2 && !locked.error.contains("targets"), "\(locked.error)")
    let drilled = try await drill([
      "--signing-key", "seal.pem", "--signing-key-passphrase-file", "word",
    ])
    #expect(drilled.status == 0, "\(drilled.error)")
    let good = try await rotactl(["verify", "d.tar.gz", "--public-key", "seal.pem.pub"])
    #expect(good.status == 0 && good.output.contains("signature good"))
    let unasked = try await rotactl(["verify", "d.tar.gz"])
    #expect(unasked.status == 0 && unasked.output.contains("not checked"))
    _ = try await rotactl(["keys", "new", "other.pem", "--no-passphrase"])
    let bad = try await rotactl(["verify", "d.tar.gz", "--public-key", "other.pem.pub"])
    #expect(bad.status == 3 && bad.output.contains("the signature does not fit"))
    let records = try custody()
    #expect(records.map { $0["type"]?.string } == ["sealed", "verified", "verified", "verified"])
    #expect(records.map { $0["sound"]?.bool } == [nil, true, true, false])
    #expect(records[0]["signed"] == true && records[0]["signedBy"] != nil)
    #expect(Set(records.compactMap { $0["sha256"]?.string }).count == 1)
  }

  // MARK: Time stamps

  @Test func `a time stamp is asked for, kept, and checked under its authority`() async throws {
    let authority = try #require(Program.foreign("python3")).start(
      [Self.server("timestamp.py"), path], environment: Program.environment(home: path))
    defer { authority.signal(SIGKILL) }
    let port = try #require(
      await authority.output(containing: "\n")?.split(separator: "\n").first.map(String.init))
    let url = "http://127.0.0.1:\(port)"
    let drilled = try await drill(["--timestamp-url", url])
    #expect(drilled.status == 0 && !drilled.error.contains("no time stamp"), "\(drilled.error)")
    let good = try await rotactl(["verify", "d.tar.gz", "--tsa-ca", "ca.crt"])
    #expect(good.status == 0 && good.output.contains("there since"), "\(good.output)")
    let openssl = try await tool(
      "openssl",
      [
        "ts", "-verify", "-data", "d/SHA256SUMS", "-in", "d/SHA256SUMS.tsr", "-CAfile", "ca.crt",
      ])
    #expect(openssl.status == 0, "\(openssl.error)")
    let foreign = try await rotactl(["verify", "d.tar.gz", "--tsa-ca", "tsa.crt"])
    #expect(foreign.status == 3)
    let before = try folder.read("d.tar.gz")
    for broken in [url + "/refuse", url + "/noise", "http://127.0.0.1:1/tsa"] {
      let again = try await rotactl(["bundle", "d", "--reports", path, "--timestamp-url", broken])
      #expect(again.status == 0, "\(again.error)")
      #expect(again.error.contains("warning: no time stamp"), "\(again.error)")
      #expect(try folder.read("d.tar.gz") == before)
    }
    let absent = try await rotactl([
      "drill", Conformance.repositoryRoot + "/manifests/example-array.json", "--reports", path,
      "--run-id", "e", "--timestamp-url", url + "/refuse",
    ])
    #expect(absent.status == 0 && absent.error.contains("warning: no time stamp"))
    #expect(try await rotactl(["verify", "e.tar.gz", "--tsa-ca", "ca.crt"]).status == 3)
    // The authority's name exists nowhere: only a proxy can have led there.
    let proxied = try await rotactl(
      ["bundle", "e", "--reports", path, "--timestamp-url", "http://tsa.invalid/tsa"],
      ["http_proxy": url, "NO_PROXY": ""])
    #expect(proxied.status == 0 && !proxied.error.contains("no time stamp"), "\(proxied.error)")
    let direct = try await rotactl(
      ["bundle", "e", "--reports", path, "--timestamp-url", "http://tsa.invalid/tsa"],
      ["http_proxy": url, "NO_PROXY": "", "no_proxy": ".invalid"])
    #expect(direct.error.contains("no time stamp"))
    #expect(try await rotactl(["verify", "e.tar.gz", "--tsa-ca", "ca.crt"]).status == 0)
  }

  // MARK: The same bytes

  @Test(arguments: ["tar.gz", "tar.zst", "zip"])
  func `a bundle made again elsewhere has the same bytes`(format: String) async throws {
    #expect(try await drill(["--bundle-format", format]).status == 0)
    let first = try folder.read("d." + format)
    let binary = try #require(Program.rotactl).path
    for (zone, mask) in [("Pacific/Kiritimati", "077"), ("America/St_Johns", "002")] {
      try FileManager.default.removeItem(atPath: path + "/d." + format)
      try FileManager.default.removeItem(atPath: path + "/d/SHA256SUMS")
      try FileManager.default.removeItem(atPath: path + "/d/secrets")
      let again = try await #require(Program.foreign("sh")).run(
        ["-c", "umask \(mask); exec \"$0\" bundle d --reports .", binary],
        environment: Program.environment(
          home: path, ["TZ": zone, "LC_ALL": "tr_TR.UTF-8", "SUDO_USER": "someone"]),
        folder: path)
      #expect(again.status == 0, "\(again.error)")
      #expect(try folder.read("d." + format) == first, "\(zone)")
    }
    // As another user, where the test may become one.
    guard getuid() == 0, let change = Program.foreign("setpriv") else { return }
    let other = path + "/other"
    try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: path + "/d", toPath: other + "/d")
    _ = try await tool("chown", ["-R", "65534:65534", "other"])
    _ = try await tool("chmod", ["755", "."])
    let again = try await change.run(
      ["--reuid", "65534", "--regid", "65534", "--clear-groups", binary, "bundle", "d"]
        + ["--reports", "."],
      environment: Program.environment(home: "/nonexistent"), folder: other)
    #expect(again.status == 0, "\(again.error)")
    #expect(try folder.read("other/d." + format) == first)
  }

  // MARK: Encryption

  @Test func `an encrypted bundle is opened by its recipient and by openssl as README says`()
    async throws
  {
    for line in [
      "req -x509 -newkey rsa:2048 -nodes -keyout recipient.pem -out auditor.crt -subj /CN=A -days 9",
      "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out second.pem",
      "pkey -in second.pem -pubout -out second.pub",
    ] {
      #expect(try await tool("openssl", line.split(separator: " ").map(String.init)).status == 0)
    }
    let drilled = try await drill(["--encrypt-to", "auditor.crt", "--encrypt-to", "second.pub"])
    #expect(drilled.status == 0, "\(drilled.error)")
    #expect(drilled.output.contains("d.tar.gz.cms"))
    #expect(!FileManager.default.fileExists(atPath: path + "/d.tar.gz"))
    #expect(try await rotactl(["verify", "d.tar.gz.cms"]).status == 3)
    for key in ["recipient.pem", "second.pem"] {
      let verified = try await rotactl(["verify", "d.tar.gz.cms", "--decryption-key", key])
      #expect(verified.status == 0, "\(verified.output)")
      let report = try await rotactl([
        "report", "d.tar.gz.cms", "--decryption-key", key, "--format", "csv",
      ])
      #expect(report.status == 0 && report.output.contains("cancelled"))
    }
    // The commands that reports/README.md gives, with the run's id in their place.
    let readme = String(
      decoding: try Conformance.repositoryBytes("reports/README.md"), as: UTF8.self)
    let lines = readme.split(separator: "\n").map(String.init)
    let start = try #require(lines.firstIndex { $0.contains("openssl cms -decrypt") })
    let commands = lines[start...].prefix { $0.hasPrefix("    ") }.joined(separator: "\n")
      .replacing("20261124T010632Z-2fc359", with: "d")
    let opened = try await tool("sh", ["-ec", commands])
    #expect(opened.status == 0, "\(commands)\n\(opened.error)")
  }

  @Test func `a zip under a passphrase is opened with it and without it by nobody`() async throws {
    try folder.write("word", "correct horse\n")
    #expect(try await drill(["--bundle-passphrase-file", "word"]).status == 2)
    let drilled = try await drill([
      "--bundle-format", "zip", "--bundle-passphrase-file", "word",
    ])
    #expect(drilled.status == 0, "\(drilled.error)")
    #expect(try await rotactl(["verify", "d.zip"]).status == 3)
    let verified = try await rotactl(["verify", "d.zip", "--passphrase-file", "word"])
    #expect(verified.status == 0, "\(verified.output)")
    let secret = try await rotactl([
      "report", "d.zip", "--passphrase-file", "word", "--only", "cancelled",
    ])
    #expect(secret.status == 0)
  }

  // MARK: Reading

  @Test func `one report is found by name and by ARN, in the folder and in the bundle`()
    async throws
  {
    #expect(try await drill([]).status == 0)
    let all = try await rotactl(["report", "d", "--reports", path, "--format", "json"])
    let first = try #require(all.records.last)
    let name = try #require(first["after"]?["Name"]?.string ?? first["before"]?["Name"]?.string)
    let arn = try #require(first["arn"]?.string)
    for place in ["d", "d.tar.gz"] {
      let byARN = try await rotactl([
        "report", place, "--reports", path, "--secret", arn, "--format", "json",
      ])
      #expect(byARN.records.contains(first), "\(byARN.error)")
      let byName = try await rotactl(["report", place, "--reports", path, "--secret", name])
      #expect(byName.status == 0 && byName.output.contains(arn))
      let none = try await rotactl(["report", place, "--reports", path, "--secret", "no/such"])
      #expect(none.status == 2 && none.output.isEmpty)
    }
  }

  @Test func `what is no bundle, and options that do not fit, are refused as wrong usage`()
    async throws
  {
    #expect(try await drill([]).status == 0)
    try folder.write("notes.txt", "not a bundle\n")
    try folder.write("empty.tar.gz", "")
    let whole = try folder.read("d.tar.gz")
    try folder.write("cut.tar.gz", Array(whole.prefix(600)))
    for name in ["notes.txt", "empty.tar.gz", "cut.tar.gz", "absent.tar.gz", "."] {
      for more in [[], ["--secret", "x"], ["--format", "csv"], ["--format", "html"]] {
        let refused = try await rotactl(["report", name] + more)
        #expect(refused.status == 2, "\(name) \(more): \(refused.error)")
        #expect(refused.output.isEmpty && refused.error.contains("error: \(name): "))
      }
      let refused = try await rotactl(["restore", name, "--yes"])
      #expect(refused.status == 2, "\(name): \(refused.error)")
    }
    for (arguments, place) in [
      (["--format", "csv", "--query", "arn"], "--query"), (["--query", "["], "--query"),
      (["--format", "html", "--only", "failed"], "--only"), (["--only", "sad"], "--only"),
      (["--only", ","], "--only"), (["--format", "pdf"], "--format"),
      (["--secret", "x", "--only", "failed"], "--secret"),
      (["--secret", "x", "--format", "csv"], "--secret"),
      (["--secret", "x", "--format", "html"], "--secret"),
      (["--passphrase-file", "absent"], "absent"), (["--decryption-key", "absent"], "absent"),
    ] {
      let refused = try await rotactl(["report", "d.tar.gz"] + arguments)
      #expect(refused.status == 2 && refused.output.isEmpty, "\(arguments): \(refused.error)")
      #expect(refused.error.contains("error: \(place)"), "\(arguments): \(refused.error)")
    }
    let fromEnvironment = try await rotactl(
      ["report", "d.tar.gz", "--format", "csv"], ["ROTACTL_QUERY": "arn"])
    #expect(fromEnvironment.status == 2)
    // A failing query names itself; one that fits does not.
    let failing = try await rotactl(["report", "d.tar.gz", "--query", "abs(arn)"])
    #expect(failing.status == 2 && failing.error.contains("the query fails on a report"))
    let plan = String(decoding: try folder.read("d/plan.ndjson"), as: UTF8.self)
    try folder.write("d/plan.ndjson", plan.replacing("\"ordinal\":0", with: "\"ordinal\":7"))
    #expect(try await rotactl(["bundle", "d", "--reports", path]).status == 2)
    #expect(try await rotactl(["report", "d", "--reports", path]).status == 2)
  }

  @Test func `the report in words tells what was stopped from rotating and what was left behind`()
    async throws
  {
    let scenario = Conformance.repositoryRoot + "/manifests/drill.json"
    let drilled = try await rotactl(
      ["drill", "--scenario", scenario, "--reports", path, "--run-id", "d", "--progress", "none"])
    #expect(drilled.status == 3)
    let report = try await rotactl(["report", "d.tar.gz"])
    #expect(report.status == 0)
    let page = String(decoding: try folder.read("d/summary.html"), as: UTF8.self)
    #expect(page.contains("Stopped from rotating"))
    #expect(report.output.contains("stopped from rotating  targets"), "\(report.output)")
    #expect(report.output.contains("left behind"))
    let only = ["report", "d.tar.gz", "--only", "cancelled", "--format", "json"]
    let cancelled = try await rotactl(only).records.count
    let lines = report.output.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("stopped from rotating") })
    let counts = lines[(start + 1)...].prefix { !$0.isEmpty }.compactMap {
      $0.split(separator: " ").last.flatMap { Int($0) }
    }
    #expect(counts.reduce(0, +) == cancelled)
    let times = lines.drop { $0 != "would have rotated" }.dropFirst().prefix { $0.hasPrefix("  2") }
    #expect(!times.isEmpty && times.elementsEqual(times.sorted()))
  }

  @Test func `schemas are listed and printed`() async throws {
    let list = try await rotactl(["schema"])
    #expect(list.status == 0)
    for name in list.output.split(separator: "\n").map(String.init) {
      let printed = try await rotactl(["schema", name])
      #expect(try JSONValue(parsing: printed.output)["$id"]?.string?.hasSuffix(name) == true)
    }
    #expect(try await rotactl(["schema", "rotactl.report/1"]).output.contains("report-1"))
    #expect(try await rotactl(["schema", "nothing"]).status == 2)
  }

  @Test(.enabled(if: Program.foreign("jsonschema") != nil, "needs jsonschema: see .ci/test"))
  func `every file of a run validates against its schema by a foreign validator`() async throws {
    let scenario = Conformance.repositoryRoot + "/manifests/drill.json"
    try folder.write(
      "s.json",
      """
      {"secrets":["db-1",{"select":{"tags":{"team":"a"},"rotatesWithin":"24h","name":"!x",
        "include":"*","exclude":"b*","confirm":true}, "regions":["us-east-1"]}]}
      """)
    var lines: [String] = []
    for (id, arguments) in [
      ("a", ["--scenario", scenario]),
      (
        "b",
        [Conformance.repositoryRoot + "/manifests/example.csv", "--lane-rate", "*/us-east-1=30"]
      ),
    ] {
      let drilled = try await rotactl(
        ["drill", "--reports", path, "--run-id", id, "--json", "--progress", "json"] + arguments)
      lines.append(drilled.output)
      lines += drilled.error.split(separator: "\n").filter { $0.hasPrefix("{") }.map(String.init)
      lines.append(
        try await rotactl(["drill", "--dry-run", "--json"] + arguments).output)
    }
    for arguments in [
      ["verify", "a.tar.gz"], ["keys", "new", "k.pem", "--no-passphrase"],
      ["bundle", "a", "--reports", path], ["schema"],
      ["whoami", "--profile", "none"], ["tune", "a", "--reports", path],
      ["plan", "s.json", "--offline", "--region", "us-east-1"], ["config", "show"],
      ["config", "check", Conformance.repositoryRoot + "/manifests/config.json"],
    ] {
      let result = try await rotactl(arguments + ["--json"])
      #expect(!result.output.isEmpty, "\(arguments): \(result.error)")
      lines.append(result.output)
    }
    try folder.write("output.ndjson", lines.joined(separator: "\n").replacing("\n\n", with: "\n"))
    var pairs = ["output-1", "output.ndjson"]
    for id in ["a", "b"] {
      pairs += [
        "run-1", "\(id)/run.json", "plan-2", "\(id)/plan.ndjson", "journal-1",
        "\(id)/journal.ndjson", "summary-1", "\(id)/summary.json", "index-1", "\(id)/index.json",
        "open-item-1", "\(id)/open-items.ndjson", "restore-1", "\(id)/restore.ndjson", "custody-1",
        "\(id).custody.ndjson",
      ]
      let reports = try await tool("find", ["\(id)/secrets", "-type", "f"]).output
      pairs += reports.split(separator: "\n").flatMap { ["report-1", String($0)] }
    }
    let python = try #require(Program.foreign("python3"))
    let checked = try await python.run(
      [Self.server("validate.py"), "a/schemas"] + pairs,
      environment: Program.environment(home: path), folder: path)
    #expect(checked.status == 0, "\(checked.output.prefix(4000))\(checked.error.suffix(400))")
    // What has no place in a format is refused, so that the schema above says something.
    for (index, line) in [
      #"{"type":"rumour","version":1}"#, #"{"version":1}"#,
      #"{"type":"upload","version":1,"runId":"r","proven":true}"#,
      #"{"type":"drifts","version":1,"total":1,"more":2}"#,
    ].enumerated() {
      try folder.write("wrong-\(index).ndjson", line + "\n")
      let refused = try await python.run(
        [Self.server("validate.py"), "a/schemas", "output-1", "wrong-\(index).ndjson"],
        environment: Program.environment(home: path), folder: path)
      #expect(refused.status == 1, "\(line)")
    }
  }
}
