import Foundation
import RotationCore
import TestSupport
import Testing

/// Every source of credentials as a user meets it: the built binary, files, variables, and one
/// loopback server that plays STS, Identity Center, its OIDC service, containers and instances.
@Suite(
  .enabled(if: Program.rotactl != nil, "needs the built binary: set ROTACTL_BINARY"))
struct WhoamiTests {
  private struct Company {
    let simulation: Simulation
    var folder: String { simulation.folder.path }
    var endpoint: String { simulation.endpoint }

    init(sessionSeconds: Int = 3600) async throws {
      simulation = try await Simulation(
        """
        {"schema":"rotactl.scenario/1","sessionSeconds":\(sessionSeconds),
         "accounts":[{"id":"111122223333","profiles":["base"]},
                     {"id":"444455556666","profiles":["other"]}],
         "secrets":[{"name":"db-{n}","count":3,"regions":["eu-west-1"],
                     "accounts":["111122223333"]}]}
        """)
    }

    /// Adds a profile whose calls go to the simulator.
    func add(_ profile: String, _ lines: String) throws {
      let path = folder + "/config"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try simulation.folder.write(
        "config",
        text + "\n[profile \(profile)]\nregion = eu-west-1\nendpoint_url = \(endpoint)\n\(lines)\n")
    }

    func append(_ text: String) throws {
      let old = try String(contentsOfFile: folder + "/config", encoding: .utf8)
      try simulation.folder.write("config", old + "\n" + text)
    }

    func whoami(
      _ profiles: [String], _ more: [String: String] = [:], _ arguments: [String] = []
    ) async throws -> (status: Int32, answers: [JSONValue], error: String) {
      let result = try await #require(Program.rotactl).run(
        ["whoami", "--json"] + profiles.flatMap { ["--profile", $0] } + arguments,
        environment: simulation.environment.merging(more) { $1 }, folder: folder)
      return (result.status, result.records.first?["profiles"]?.array ?? [], result.error)
    }

    /// The account and source that one profile turns out to have, or the error's code and message.
    func facts(
      _ profile: String?, _ more: [String: String] = [:]
    ) async throws -> String {
      let (_, answers, error) = try await whoami(profile.map { [$0] } ?? [], more)
      guard let answer = answers.first else { return "nothing: \(error)" }
      if let failure = answer["error"] {
        return "\(failure["code"]?.string ?? ""): \(failure["message"]?.string ?? "")"
      }
      return
        "\(answer["account"]?.string ?? "") by \(answer["credentials"]?["source"]?.string ?? "")"
    }
  }

  @Test func `static keys come from the environment, then the files`() async throws {
    let company = try await Company()
    #expect(try await company.facts("other") == "444455556666 by shared-credentials-file")
    let text = try String(contentsOfFile: company.folder + "/credentials", encoding: .utf8)
    let keys = text.split(whereSeparator: \.isNewline).map(String.init)
    let start = try #require(keys.firstIndex(of: "[base]"))
    func value(_ line: String) -> String {
      line.split(separator: " ").last.map(String.init) ?? ""
    }
    let environment = [
      "AWS_ACCESS_KEY_ID": value(keys[start + 1]),
      "AWS_SECRET_ACCESS_KEY": value(keys[start + 2]),
    ]
    var here = environment
    here["AWS_PROFILE"] = "other"
    #expect(try await company.facts(nil, here) == "111122223333 by env")
    #expect(
      try await company.facts("other", here) == "444455556666 by shared-credentials-file")
    try company.add(
      "inline",
      "aws_access_key_id = \(value(keys[start + 1]))\n"
        + "aws_secret_access_key = \(value(keys[start + 2]))")
    #expect(try await company.facts("inline") == "111122223333 by config-file")
    let half = try await company.facts(nil, ["AWS_ACCESS_KEY_ID": "AKIDHALF"])
    #expect(half.contains("Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"))
  }

  @Test func `roles are taken on over several profiles and kept as the AWS CLI keeps them`()
    async throws
  {
    let company = try await Company()
    try company.add(
      "ops", "role_arn = arn:aws:iam::444455556666:role/Ops\nsource_profile = base")
    try company.add(
      "far", "role_arn = arn:aws:iam::111122223333:role/Far\nsource_profile = ops")
    #expect(try await company.facts("far") == "111122223333 by assume-role")
    #expect(try await company.simulation.calls(of: "AssumeRole").count == 2)
    #expect(try await company.facts("far") == "111122223333 by assume-role")
    #expect(try await company.simulation.calls(of: "AssumeRole").count == 2)
    let cache = company.folder + "/.aws/cli/cache"
    let names = try FileManager.default.contentsOfDirectory(atPath: cache)
    #expect(!names.isEmpty)
    for name in names {
      let attributes = try FileManager.default.attributesOfItem(atPath: cache + "/" + name)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test func `a loop, a missing role and a refused role are told apart`() async throws {
    let company = try await Company()
    try company.add("a", "role_arn = arn:aws:iam::444455556666:role/A\nsource_profile = b")
    try company.add("b", "role_arn = arn:aws:iam::444455556666:role/B\nsource_profile = a")
    try company.add(
      "lost", "role_arn = arn:aws:iam::999999999999:role/Ops\nsource_profile = base")
    try company.add("alone", "role_arn = arn:aws:iam::444455556666:role/A")
    #expect(try await company.facts("a").contains("Infinite loop in credential configuration"))
    #expect(try await company.facts("lost").contains("is not authorized to perform"))
    #expect(
      try await company.facts("alone").contains("missing: source_profile or credential_source"))
    let (status, answers, _) = try await company.whoami(["a", "base"])
    #expect(status == 6)
    #expect(answers.map { $0["usable"]?.bool } == [false, true])
  }

  @Test func `web identity, container and instance hand out keys`() async throws {
    let company = try await Company()
    let token = try company.simulation.folder.write("token", "header.payload.signature")
    try company.add("plain", "")
    try company.add(
      "web",
      "role_arn = arn:aws:iam::444455556666:role/Web\nweb_identity_token_file = \(token)")
    #expect(
      try await company.facts("web") == "444455556666 by assume-role-with-web-identity")
    try company.add(
      "broken", "role_arn = arn:aws:iam::444455556666:role/None\nweb_identity_token_file = /no/file"
    )
    #expect(try await company.facts("broken").contains("/no/file"))
    let container = [
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": company.endpoint + "/credentials/444455556666"
    ]
    #expect(try await company.facts("plain", container) == "444455556666 by container-role")
    let instance = [
      "AWS_EC2_METADATA_DISABLED": "false",
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": company.endpoint,
    ]
    #expect(try await company.facts("plain", instance) == "111122223333 by iam-role")
    try company.add(
      "boxed",
      "role_arn = arn:aws:iam::444455556666:role/Ops\ncredential_source = Ec2InstanceMetadata")
    #expect(try await company.facts("boxed", instance) == "444455556666 by assume-role")
    let nothing = try await company.facts("plain")
    #expect(nothing.hasPrefix("NoCredentials: Unable to locate credentials."))
    #expect(nothing.contains("container-role") && nothing.contains("iam-role"))
  }

  @Test func `a dead instance service costs one try and is told`() async throws {
    let company = try await Company()
    try company.add("plain", "")
    let told = try await company.facts(
      "plain",
      [
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
      ])
    #expect(told.hasPrefix("NoCredentials:") && told.contains("iam-role"))
  }

  @Test func `Identity Center serves both forms and refreshes its token`() async throws {
    let company = try await Company()
    try company.add(
      "old",
      """
      sso_start_url = https://example.awsapps.com/start
      sso_region = eu-west-1
      sso_account_id = 444455556666
      sso_role_name = Reader
      """)
    try company.add(
      "new", "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader")
    try company.append(
      """
      [sso-session corp]
      sso_region = eu-west-1
      sso_start_url = https://corp.awsapps.com/start

      """)
    let absent = try await company.facts("new")
    #expect(absent.contains("Token for corp does not exist"), "\(absent)")
    let cache = company.folder + "/.aws/sso/cache"
    try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    let start = "https://example.awsapps.com/start"
    try company.simulation.folder.write(
      ".aws/sso/cache/\(try sha1(start)).json",
      #"{"startUrl":"\#(start)","region":"eu-west-1","accessToken":"simulated-access-token","#
        + #""expiresAt":"2099-01-01T00:00:00Z"}"#)
    #expect(try await company.facts("old") == "444455556666 by sso")
    let session = ".aws/sso/cache/\(try sha1("corp")).json"
    try company.simulation.folder.write(
      session,
      #"{"startUrl":"https://corp.awsapps.com/start","region":"eu-west-1","#
        + #""accessToken":"stale","expiresAt":"2020-01-01T00:00:00Z","clientId":"c","#
        + #""clientSecret":"s","registrationExpiresAt":"2099-01-01T00:00:00Z","#
        + #""refreshToken":"simulated-refresh-token"}"#)
    #expect(try await company.facts("new") == "111122223333 by sso")
    #expect(try await company.simulation.calls(of: "CreateToken").count == 1)
    let stored = try String(contentsOfFile: company.folder + "/" + session, encoding: .utf8)
    #expect(stored.contains("simulated-access-token-"))
    let attributes = try FileManager.default.attributesOfItem(
      atPath: company.folder + "/" + session)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func `a process is run without a shell and its faults are told`() async throws {
    let company = try await Company()
    let text = try String(contentsOfFile: company.folder + "/credentials", encoding: .utf8)
    let keys = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: " ").last.map(String.init) ?? ""
    }
    let start = try #require(keys.firstIndex(of: "[other]"))
    let answer = try company.simulation.folder.write(
      "answer.json",
      #"{"Version":1,"AccessKeyId":"\#(keys[start + 1])","SecretAccessKey":"\#(keys[start + 2])"}"#)
    try company.add("good", "credential_process = cat \(answer)")
    #expect(try await company.facts("good") == "444455556666 by custom-process")
    try company.add("bad", "credential_process = sh -c \"echo no luck today >&2; exit 1\"")
    let failed = try await company.facts("bad")
    #expect(failed.contains("no luck today") && failed.contains("custom-process"))
    try company.add("old", "credential_process = echo '{\"Version\":2}'")
    #expect(try await company.facts("old").contains("Unsupported version '2'"))
    try company.add("loud", "credential_process = sh -c \"head -c 10000000 /dev/zero\"")
    let loud = try await company.facts("loud")
    #expect(loud.contains("loud") && !loud.contains("head -c"))
    try company.add("gone", "credential_process = /no/such/program")
    #expect(try await company.facts("gone").contains("gone"))
  }

  @Test func `retry settings of the profile hold where no option says otherwise`() async throws {
    let company = try await Company()
    try company.add("dead", "aws_access_key_id = AKID\naws_secret_access_key = S\nmax_attempts = 1")
    let config = try String(contentsOfFile: company.folder + "/config", encoding: .utf8)
    try company.simulation.folder.write(
      "config",
      config.replacingOccurrences(
        of: "endpoint_url = \(company.endpoint)\naws_access_key_id",
        with: "endpoint_url = http://127.0.0.1:1\naws_access_key_id"))
    let program = try #require(Program.rotactl)
    let told = try await program.run(
      ["whoami", "--profile", "dead", "--debug"], environment: company.simulation.environment,
      folder: company.folder)
    #expect(told.error.contains("attempt=1/1") && !told.error.contains("attempt=2/"))
    let asked = try await program.run(
      ["whoami", "--profile", "dead", "--debug", "--max-attempts", "2"],
      environment: company.simulation.environment, folder: company.folder)
    #expect(asked.error.contains("attempt=2/2"))
  }

  @Test func `a person reads a block for each profile and region`() async throws {
    let company = try await Company()
    let result = try await #require(Program.rotactl).run(
      ["whoami", "--profile", "base", "--profile", "nope", "--region", "us-east-1"],
      environment: company.simulation.environment, folder: company.folder)
    #expect(result.status == 6)
    #expect(result.output.contains("arn:aws:iam::111122223333:user/simulated"))
    #expect(result.output.contains("The config profile (nope) could not be found"))
    #expect(result.output.contains("hint         see `aws configure list-profiles`"))
    #expect(result.output.contains("1 of 2 answers cannot be used"))
  }

  @Test func `a run renews keys that end while it goes on`() async throws {
    let company = try await Company(sessionSeconds: 2)
    try company.add(
      "ops", "role_arn = arn:aws:iam::111122223333:role/Ops\nsource_profile = base")
    try company.simulation.folder.write(
      "m.csv", "secret_id,profile\n" + (1...3).map { "db-\($0),ops\n" }.joined())
    let result = try await #require(Program.rotactl).run(
      ["run", "m.csv", "--yes", "--rate", "0.25", "--burst", "1", "--progress", "none"],
      environment: company.simulation.environment, folder: company.folder)
    #expect(result.status == 0, "\(result.error)")
    #expect(try await company.simulation.rotation().values.allSatisfy { !$0 })
    #expect(try await company.simulation.calls(of: "AssumeRole").count > 1)
  }

  /// Hexadecimal, as the AWS CLI names its files; by a tool of the system.
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
