import Foundation
import RotationCore
import TestSupport
import Testing

/// Nothing of any credential is left anywhere by a run, whatever source it came from.
@Suite(
  .enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct CredentialTraceTests {
  /// Secrets that no file and no stream may hold, each with a word for it.
  private struct Secrets {
    var list: [(what: String, text: String)] = []

    /// Raw, hexadecimal, percent-encoded, and in base64 at each of the three alignments.
    func forms(of text: String) -> [(String, [UInt8])] {
      let bytes = Array(text.utf8)
      let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let percent = bytes.map { byte -> String in
        let isPlain =
          (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
          || (0x61...0x7A).contains(byte) || "-._~".utf8.contains(byte)
        return isPlain
          ? String(UnicodeScalar(byte))
          : "%" + (String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)).uppercased()
      }.joined()
      var forms = [
        ("raw", bytes), ("hex", Array(hex.utf8)), ("HEX", Array(hex.uppercased().utf8)),
        ("url", Array(percent.utf8)),
      ]
      for shift in 0..<3 {
        let padded = [UInt8](repeating: 0x20, count: shift) + bytes
        let whole = Data(padded).base64EncodedString().filter { $0 != "=" }
        // What the bytes before and after may change is left out.
        let inner = whole.dropFirst(shift == 0 ? 0 : 4).dropLast(padded.count % 3 == 0 ? 0 : 2)
        forms.append(("base64", Array(inner.utf8)))
      }
      return forms.filter { $0.1.count >= 8 }
    }

    func traces(in bytes: [UInt8]) -> [String] {
      let data = Data(bytes)
      var found: [String] = []
      for (what, text) in list {
        for (form, needle) in forms(of: text) where data.firstRange(of: Data(needle)) != nil {
          found.append("\(what) (\(form))")
        }
      }
      return found
    }
  }

  @Test func `the search finds what it looks for`() {
    let secrets = Secrets(list: [("key", "s3cr3t/+word?value")])
    let encoded = Data("xs3cr3t/+word?valuey".utf8).base64EncodedString()
    for text in [
      "a s3cr3t/+word?value b", "7333637233742f2b776f72643f76616c7565", "s3cr3t%2F%2Bword%3Fvalue",
      encoded,
    ] {
      #expect(!secrets.traces(in: Array(text.utf8)).isEmpty, "\(text)")
    }
    #expect(secrets.traces(in: Array("nothing".utf8)).isEmpty)
  }

  @Test func `no byte of any credential is in any file or stream of a run`() async throws {
    let simulation = try await Simulation(
      """
      {"schema":"rotactl.scenario/1","accounts":[{"id":"111122223333","profiles":["base"]},
                  {"id":"444455556666","profiles":["other"]}],
       "secrets":[{"name":"db-{n}","count":3,"regions":["eu-west-1"],
                   "accounts":["111122223333","444455556666"]}],
       "faults":[{"kind":"500","operations":["CancelRotateSecret"],"probability":0.1}]}
      """)
    let folder = simulation.folder
    let endpoint = simulation.endpoint
    var secrets = Secrets()
    let keys = String(decoding: try folder.read("credentials"), as: UTF8.self)
      .split(whereSeparator: \.isNewline).map {
        $0.split(separator: " ").last.map(String.init) ?? ""
      }
    let base = try #require(keys.firstIndex(of: "[base]"))
    let pair = ["AWS_ACCESS_KEY_ID": keys[base + 1], "AWS_SECRET_ACCESS_KEY": keys[base + 2]]
    let webToken = "header.payloadOfTheWebIdentity.signature"
    secrets.list += [
      ("web token", webToken), ("SSO token", "simulated-access-token"),
      ("bearer token", "bearer-for-the-container"), ("passphrase", "correct horse battery"),
      ("proxy password", "pr0xy-p4ss"),
    ]
    try configure(folder, endpoint, pair, webToken)
    let program = try #require(Program.rotactl)
    func rotactl(
      _ arguments: [String], _ more: [String: String] = [:]
    ) async throws -> Program.Result {
      let result = try await program.run(
        arguments, environment: simulation.environment.merging(more) { $1 }, folder: folder.path)
      streams += result.output + result.error
      return result
    }
    var streams = ""
    try folder.write("word", "correct horse battery\n")
    _ = try await rotactl(["keys", "new", "seal.pem", "--passphrase-file", "word"])
    try folder.write(
      "m.csv",
      "secret_id,profile\n"
        + ["other", "inline", "ops", "web", "process", "sso"].map { "db-1,\($0)\ndb-2,\($0)\n" }
        .joined())
    try folder.write("env.csv", "secret_id,region\ndb-3,eu-west-1\n")
    try folder.write("plain.csv", "secret_id,profile\ndb-3,plain\n")
    let seal = [
      "--signing-key", "seal.pem", "--signing-key-passphrase-file", "word", "--yes", "--debug",
      "--json", "--progress", "json",
    ]
    let sources: [(String, String, [String: String])] = [
      ("files", "m.csv", [:]),
      ("env", "env.csv", pair.merging(["AWS_ENDPOINT_URL": endpoint]) { $1 }),
      (
        "container", "plain.csv",
        [
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint + "/credentials/444455556666",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "bearer-for-the-container",
          "HTTP_PROXY": "http://user:pr0xy-p4ss@127.0.0.1:1",
        ]
      ),
      (
        "instance", "plain.csv",
        [
          "AWS_EC2_METADATA_DISABLED": "false",
          "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint,
        ]
      ),
    ]
    for (id, manifest, more) in sources {
      let result = try await rotactl(["run", manifest, "--run-id", id] + seal, more)
      #expect([0, 3].contains(result.status), "\(id): \(result.error.suffix(2000))")
      let totals = try #require(result.records.last?["outcomes"])
      #expect(totals["failed"] == 0, "\(id): \(result.output.suffix(2000))")
    }
    try await handedOut(&secrets, simulation)
    #expect(secrets.list.count > 12)
    #expect(secrets.traces(in: Array(streams.utf8)) == [])
    try unpack(sources.map(\.0), in: folder)
    let files = FileManager.default.enumerator(atPath: folder.path + "/reports")
    var seen = 0
    while let name = files?.nextObject() as? String {
      guard let bytes = try? folder.read("reports/" + name) else { continue }
      seen += 1
      #expect(secrets.traces(in: bytes) == [], "\(name)")
    }
    #expect(seen > 60)
  }

  /// A profile for each source that files describe.
  private func configure(
    _ folder: TemporaryDirectory, _ endpoint: String, _ pair: [String: String], _ token: String
  ) throws {
    let answer = try folder.write(
      "answer.json",
      #"{"Version":1,"AccessKeyId":"\#(pair["AWS_ACCESS_KEY_ID"] ?? "")","#
        + #""SecretAccessKey":"\#(pair["AWS_SECRET_ACCESS_KEY"] ?? "")"}"#)
    let tokenFile = try folder.write("token", token)
    try folder.write(
      ".aws/sso/cache/\(try sha1("https://example.awsapps.com/start")).json",
      #"{"startUrl":"https://example.awsapps.com/start","region":"eu-west-1","#
        + #""accessToken":"simulated-access-token","expiresAt":"2099-01-01T00:00:00Z"}"#)
    var text = String(decoding: try folder.read("config"), as: UTF8.self)
    for (name, lines) in [
      ("plain", ""),
      (
        "inline",
        "aws_access_key_id = \(pair["AWS_ACCESS_KEY_ID"] ?? "")\n"
          + "aws_secret_access_key = \(pair["AWS_SECRET_ACCESS_KEY"] ?? "")"
      ), ("ops", "role_arn = arn:aws:iam::444455556666:role/Ops\nsource_profile = base"),
      (
        "web",
        "role_arn = arn:aws:iam::444455556666:role/Web\nweb_identity_token_file = \(tokenFile)"
      ),
      ("process", "credential_process = cat \(answer)"),
      (
        "sso",
        "sso_start_url = https://example.awsapps.com/start\nsso_region = eu-west-1\n"
          + "sso_account_id = 444455556666\nsso_role_name = Reader"
      ),
    ] {
      text += "\n[profile \(name)]\nregion = eu-west-1\nendpoint_url = \(endpoint)\n\(lines)\n"
    }
    try folder.write("config", text)
  }

  /// Every key pair and token that the simulator knows.
  private func handedOut(_ secrets: inout Secrets, _ simulation: Simulation) async throws {
    for key in try JSONValue(parsing: try await simulation.page("credentials")).array ?? [] {
      if let secret = key["secretAccessKey"]?.string { secrets.list.append(("secret key", secret)) }
      guard let token = key["sessionToken"]?.string, token.count > 80 else { continue }
      // A part is as bad as the whole.
      secrets.list.append(("session token", String(token.prefix(40))))
      secrets.list.append(("session token", String(token.suffix(40))))
    }
  }

  private func unpack(_ runs: [String], in folder: TemporaryDirectory) throws {
    for run in runs {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/tar")
      let out = try folder.path("reports/unpacked-\(run)/x").dropLast(2)
      process.arguments = ["-xzf", "\(folder.path)/reports/\(run).tar.gz", "-C", String(out)]
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }

  private func sha1(_ text: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sha1sum")
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    input.fileHandleForWriting.write(Data(text.utf8))
    try input.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(String(decoding: data, as: UTF8.self).prefix(40))
  }
}
