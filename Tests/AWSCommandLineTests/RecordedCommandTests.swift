import OutputFormats
import AWSCommandLine
import RotationCore
import TestSupport
import Testing

/// Command lines and what AWS CLI 2.36.7 did with them, byte for byte.
@Suite struct RecordedCommandTests {
  /// Where we differ on purpose or know better than to follow, by the line's own words.
  static let divergences: [String: String] = [
    "%YAML 1.1\n---\nSecretId: yes": "directives do not change how words are typed",
    "fileb://bin.dat": "bytes that are no UTF-8 are no YAML; the AWS CLI reads them as UTF-16",
    "--query=nosuch(@)": "shows when the executor evaluates it",
    "--query=length()": "shows when the executor evaluates it",
    "--query=length(`1`)": "shows when the executor evaluates it",
    "--query=&a": "shows when the executor prints it",
  ]

  static let files: [String: [UInt8]] = [
    "id.txt": Array("from-file\n".utf8), "in.json": Array(#"{"SecretId":"json-file"}"#.utf8),
    "in.yaml": Array("SecretId: yaml-file\n".utf8), "bin.dat": [0xFF, 0xFE, 0, 0x78],
    "list.json": Array("[1]".utf8),
    "bom.json": [0xEF, 0xBB, 0xBF] + Array(#"{"SecretId":"b"}"#.utf8),
    "crlf.txt": Array("a\r\nb\rc".utf8), "empty.txt": [], "uni.txt": Array("sécret".utf8),
    "bad.yaml": Array("a: [".utf8), "bomid.txt": [0xEF, 0xBB, 0xBF] + Array("id".utf8),
    "@HOME@/h.txt": Array("home-file".utf8),
  ]

  @Test func `recorded command lines end as in the AWS CLI`() throws {
    let path = "Tests/AWSCommandLineTests/Fixtures/command-lines.json"
    let cases = try #require(
      JSONValue(parsing: Conformance.repositoryBytes(path)).array)
    #expect(cases.count > 590)
    for line in cases {
      let words = try #require(line["args"]?.array).compactMap(\.string)
      let isYAML = words.contains("--cli-input-yaml")
      guard
        words.allSatisfy({ Self.divergences[$0] == nil || ($0.hasPrefix("fileb") && !isYAML) })
      else { continue }
      check(line, words)
    }
  }

  private func check(_ line: JSONValue, _ words: [String]) {
    let environment = RecordedEnvironment.make(changes: line["env"]?.object ?? [:])
    let answer = RecordedEnvironment.answer(to: words, in: environment)
    let comment = Comment(rawValue: "\(words)")
    let expected = line["stderr"]?.string ?? ""
    #expect(answer.standardError == RecordedEnvironment.named(expected), comment)
    #expect(Int(answer.exitCode) == line["exit"]?.int, comment)
    #expect(answer.secretID == line["secretID"]?.string, comment)
    #expect(answer.standardOutput == line["stdout"]?.string ?? "", comment)
  }
}

/// The pure half of a command with stand-ins for the half that needs the network.
enum RecordedEnvironment {
  struct Answer {
    var exitCode: Int32 = 0
    var standardOutput = ""
    var standardError = ""
    var secretID: String?
  }

  static func make(changes: JSONObject) -> CommandEnvironment {
    var variables = [
      "HOME": "@HOME@", "SUB": "id", "AWS_DEFAULT_REGION": "us-west-2",
      "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "SECRET",
    ]
    for member in changes.members { variables[member.key] = member.value.string }
    let fixed = variables
    return CommandEnvironment(
      variables: fixed, version: "1.0",
      settings: { ($0 ?? fixed["AWS_PROFILE"]) == "nosuch" ? nil : CommandSettings() },
      readFile: { path throws(FileProblem) in
        let name = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        if ["dir", "/", "/root"].contains(name) { throw FileProblem(number: 21) }
        if name == "id.txt/x" { throw FileProblem(number: 20) }
        guard let bytes = RecordedCommandTests.files[name] else { throw FileProblem(number: 2) }
        return bytes
      },
      homeOfUser: { $0 == "root" ? "/root" : nil })
  }

  /// What is printed, with the program's name in usage texts as ours.
  static func named(_ text: String) -> String {
    text.replacing("usage: aws ", with: "usage: rotactl ").replacing(
      "\n  aws ", with: "\n  rotactl ")
  }

  static func answer(to words: [String], in environment: CommandEnvironment) -> Answer {
    switch CancelCommand.read(words, in: environment) {
    case .finished(let bytes): return Answer(standardOutput: String(decoding: bytes, as: UTF8.self))
    case .failed(let failure, let format): return answer(failure, format)
    // Without a terminal.
    case .prompt: return answer(CommandFailure(.other("")), .enhanced)
    case .request(let request):
      if let problem = problem(of: request.options, environment) {
        return answer(CommandFailure(problem), request.options.errorFormat)
      }
      do throws(CommandFailure) {
        return try called(request, environment)
      } catch {
        return answer(error, request.options.errorFormat)
      }
    }
  }

  private static func answer(_ failure: CommandFailure, _ format: ErrorFormat) -> Answer {
    let bytes = failure.standardError(format)
    return Answer(
      exitCode: failure.exitCode, standardError: String(decoding: bytes, as: UTF8.self))
  }

  /// The executor's checks before the parameters are validated.
  private static func problem(
    of options: GlobalOptions, _ environment: CommandEnvironment
  ) -> CallProblem? {
    if let region = options.region, region == "-" || region.contains(" ") {
      return .badRegion(region)
    }
    if environment.settings(options.profile) == nil {
      return .unknownProfile(options.profile ?? environment.variables["AWS_PROFILE"] ?? "")
    }
    if let url = options.endpointURL, url.hasPrefix(" ") { return .unreachable(url: "http://x/") }
    if let url = options.endpointURL { return .badEndpoint(url) }
    // An empty region reaches the recorder's own address, which names none.
    let isRegionKnown = environment.variables["AWS_DEFAULT_REGION"] != nil
    return isRegionKnown || options.region != nil ? nil : .noRegion
  }

  private static func called(
    _ request: CancelRequest, _ environment: CommandEnvironment
  ) throws(CommandFailure) -> Answer {
    let input = try request.validatedInput()
    if !request.options.noSignRequest {
      guard environment.variables["AWS_ACCESS_KEY_ID"] != nil else {
        throw CommandFailure(.noCredentials)
      }
      guard environment.variables["AWS_SECRET_ACCESS_KEY"] != nil else {
        throw CommandFailure(
          .partialCredentials(provider: "env", missing: "AWS_SECRET_ACCESS_KEY"))
      }
    }
    var answer = Answer(secretID: input["SecretId"]?.string)
    if let output = environment.variables["AWS_DEFAULT_OUTPUT"], output == "xml" {
      let failure = CommandFailure(.unknownOutput(output))
      answer.exitCode = failure.exitCode
      answer.standardError = String(decoding: failure.standardError(), as: UTF8.self)
    }
    return answer
  }
}
