import Foundation
import TestSupport
import Testing

/// What every unusable input must come to: exit status 2, the place, what to do, and no call.
@Suite(.enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct BadInputTests {
  private struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let file: String
    let bytes: [UInt8]
    let place: String
    let says: String
    var testDescription: String { name }

    init(_ name: String, _ file: String, _ text: String, _ place: String, _ says: String) {
      self.init(name, file, Array(text.utf8), place, says)
    }

    init(_ name: String, _ file: String, _ bytes: [UInt8], _ place: String, _ says: String) {
      self.name = name
      self.file = file
      self.bytes = bytes
      self.place = place
      self.says = says
    }
  }

  private static let cases = [
    Case("empty manifest", "m.csv", "", "m.csv:1:1", "empty"),
    Case("header only", "m.csv", "secret_id,region\n", "m.csv:1:1", "nothing else"),
    Case("missing column", "m.csv", "secret,region\na,us-east-1\n", "m.csv:1:", "secret_id"),
    Case("open quote", "m.csv", "secret_id,region\n\"a,us-east-1\n", "m.csv:2:1", "quote"),
    Case("field count", "m.csv", "secret_id,region\na,us-east-1,x\n", "m.csv:2:", "field"),
    Case(
      "invalid UTF-8", "m.csv",
      Array("secret_id,region\n".utf8) + [0x61, 0xFF]
        + Array(
          ",us-east-1\n".utf8), "m.csv:2:", "UTF-8"),
    Case(
      "NUL bytes", "m.csv", Array("secret_id,region\na".utf8) + [0] + Array(",us-east-1\n".utf8),
      "m.csv:2:", "NUL"),
    Case(
      "a line of 10 MB", "m.csv",
      Array("secret_id,region\n".utf8) + [UInt8](repeating: 0x61, count: 10 << 20), "m.csv:2:",
      "long"),
    Case(
      "id longer than 2048", "m.csv",
      "secret_id,region\n" + String(repeating: "a", count: 2049) + ",us-east-1\n", "m.csv:2:1",
      "2048"),
    Case("bad region", "m.csv", "secret_id,region\na,us east\n", "m.csv:2:", "us east"),
    Case(
      "ARN of another region", "m.csv",
      "secret_id,region\narn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf,us-east-1\n",
      "m.csv:2:", "eu-west-1"),
    Case(
      "ARN of another account", "m.csv",
      "secret_id,account_id\n"
        + "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf,444455556666\n",
      "m.csv:2:", "111122223333"),
    Case(
      "ARN of another partition", "m.csv",
      "secret_id\narn:aws-cn:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf\n",
      "m.csv:2:1", "partition"),
    Case(
      "broken JSON", "m.json", "{\"version\":1,\n \"secrets\":[\"a\",]}", "m.json:2:", "value"),
    Case(
      "unknown member", "m.json", "{\"version\":1,\"secret\":[\"a\"]}", "m.json:1:", "secret"),
    Case(
      "unknown profile", "m.csv", "secret_id,region,profile\na,us-east-1,\na,us-east-1,nosuch\n",
      "m.csv:3:1",
      "nosuch"),
    Case("no region", "m.txt", "a\n", "m.txt:1:1", "region"),
  ]

  private func run(
    _ arguments: [String], in folder: TemporaryDirectory
  ) async throws -> Program.Result {
    let program = try #require(Program.rotactl)
    let environment = Program.environment(
      home: folder.path,
      ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x"])
    return try await program.run(arguments, environment: environment, folder: folder.path)
  }

  @Test(arguments: cases)
  private func `a manifest that cannot be used is refused with its place`(_ item: Case) async throws
  {
    let folder = try TemporaryDirectory()
    try folder.write(item.file, item.bytes)
    let result = try await run(
      ["run", item.file, "--yes", "--endpoint-url", "http://127.0.0.1:1"], in: folder)
    #expect(result.status == 2)
    #expect(result.error.contains(item.place), "\(result.error)")
    #expect(result.error.contains(item.says), "\(result.error)")
    #expect(result.output.isEmpty)
    let left = try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/reports")
    #expect(left ?? [] == [])
  }

  @Test func `one page of a listing is read and named as one`() async throws {
    let folder = try TemporaryDirectory()
    try folder.write(
      "list.json",
      #"{"SecretList":[{"ARN":"arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf"}],"#
        + #""NextToken":"x"}"#)
    let result = try await run(["plan", "list.json", "--offline"], in: folder)
    #expect(result.status == 0)
    #expect(result.error.contains("warning: list.json is one page of a listing"))
  }

  @Test func `every problem is listed, not only the first`() async throws {
    let folder = try TemporaryDirectory()
    let rows = (0..<150).map { "s\($0),Bad Region \($0)\n" }.joined()
    try folder.write("m.csv", "secret_id,region\n" + rows)
    let result = try await run(["plan", "m.csv", "--offline"], in: folder)
    #expect(result.status == 2)
    #expect(result.error.contains("m.csv:2:") && result.error.contains("m.csv:101:"))
    #expect(!result.error.contains("m.csv:150:"))
    #expect(result.error.contains("150"))
  }

  @Test(
    arguments: [
      (["run", "--bogus"], "bogus"), (["run"], "manifest"), (["plan", "nosuch.csv"], "nosuch.csv"),
      (["plan", "."], "."), (["nosuch"], "nosuch"), (["run", "m.txt", "--rate", "fast"], "--rate"),
      (["run", "m.txt", "--connect-timeout", "30"], "30s"),
      (["run", "m.txt", "--profile", "nosuch"], "nosuch"),
      (["run", "m.txt", "--endpoint-url", "nonsense"], "--endpoint-url"),
      (["run", "m.txt", "--region", "all of them"], "--region"),
      (["verify", "nosuch.tar.gz"], "nosuch.tar.gz"), (["resume", "nosuch"], "nosuch"),
    ])
  func `a command line that cannot be used ends with status 2 and says why`(
    arguments: [String], says: String
  ) async throws {
    let folder = try TemporaryDirectory()
    try folder.write("m.txt", "a\n")
    let result = try await run(arguments, in: folder)
    #expect(result.status == 2)
    #expect(result.error.contains(says), "\(result.error)")
    #expect(result.output.isEmpty)
  }
}
