import OutputFormats
import AWSCommandLine
import RotationCore
import TestSupport
import Testing

/// The public sample of runs of the AWS CLI, as far as no server's answer is needed.
@Suite(
  .enabled(if: Conformance.has("awscli-golden-sample"), Comment(rawValue: Conformance.absence)))
struct GoldenSampleTests {
  @Test func `sampled command lines give the recorded request or error`() throws {
    let bytes = try Conformance.bytes("awscli-golden-sample/cases.json")
    let cases = try #require(JSONValue(parsing: bytes)["cases"]?.array)
    #expect(cases.count == 89)
    var requests = 0
    var endings = 0
    for sample in cases {
      let words = try #require(sample["args"]?.array).compactMap {
        $0.string?.replacing("@URL@", with: "http://127.0.0.1:1")
      }
      let expected = try #require(sample["expected"]?["aws-cli-2.36.7"])
      let comment = Comment(rawValue: sample["id"]?.string ?? "")
      switch CancelCommand.read(words, in: environment(of: sample)) {
      case .request(let request):
        let bodies = (expected["requests"]?.array ?? []).compactMap { $0["body"]?.string }
        if let body = bodies.last(where: { $0.hasPrefix("{") }) {
          requests += 1
          #expect(try .object(request.validatedInput()) == JSONValue(parsing: body), comment)
        } else if expected["exit_code"]?.int == 252 {
          endings += 1
          let failure = #expect(throws: CommandFailure.self, comment) {
            try request.validatedInput()
          }
          check(failure, request.options.errorFormat, expected, comment)
        }
      case .failed(let failure, let format):
        endings += 1
        check(failure, format, expected, comment)
      case .prompt: Issue.record("the sample asks for no prompt: \(comment)")
      case .finished(let output):
        endings += 1
        #expect(String(decoding: output, as: UTF8.self) == expected["stdout"]?.string, comment)
        #expect(expected["exit_code"]?.int == 0, comment)
      }
    }
    #expect(requests >= 60)
    #expect(endings >= 9)
  }

  private func check(
    _ failure: CommandFailure?, _ format: ErrorFormat, _ expected: JSONValue, _ comment: Comment
  ) {
    let error = (failure?.standardError(format)).map { String(decoding: $0, as: UTF8.self) }
    #expect(error == RecordedEnvironment.named(expected["stderr"]?.string ?? ""), comment)
    #expect(failure.map { Int($0.exitCode) } == expected["exit_code"]?.int, comment)
  }

  private func environment(of sample: JSONValue) -> CommandEnvironment {
    var files: [String: [UInt8]] = [:]
    for member in sample["files"]?.object?.members ?? [] {
      files[member.key] = Array((member.value.string ?? "").utf8)
    }
    let fixed = files
    var environment = RecordedEnvironment.make(changes: sample["env"]?.object ?? [:])
    environment.readFile = { path throws(FileProblem) in
      guard let bytes = fixed[path] else { throw FileProblem(number: 2) }
      return bytes
    }
    return environment
  }
}
