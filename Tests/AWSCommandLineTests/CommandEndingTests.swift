import OutputFormats
import AWSCommandLine
import RotationCore
import Testing

@Suite struct CommandEndingTests {
  private func ending(_ words: String...) -> RecordedEnvironment.Answer {
    RecordedEnvironment.answer(to: words, in: RecordedEnvironment.make(changes: [:]))
  }

  @Test func `a service error names its operation and the retries used up`() {
    let failure = CommandFailure(
      .service(
        ServiceRefusal(
          code: "E", message: "boom", operation: "CancelRotateSecret", retries: 2)))
    let text =
      "An error occurred (E) when calling the CancelRotateSecret operation "
      + "(reached max retries: 2): boom"
    #expect(failure.exitCode == 254)
    #expect(failure.message == "boom")
    for format in [ErrorFormat.enhanced, .legacy] {
      #expect(failure.standardError(format) == Array("\naws: [ERROR]: \(text)\n".utf8))
    }
  }

  @Test func `a message that is no text keeps its type in structured formats`() {
    var refusal = ServiceRefusal(
      code: "E", message: "{'a': 1.5}", operation: "CancelRotateSecret", retries: nil)
    refusal.untypedMessage = ["a": 1.5]
    let failure = CommandFailure(.service(refusal))
    let texts: [ErrorFormat: String] = [
      .json: "{\n    \"Message\": {\n        \"a\": 1.5\n    },\n    \"Code\": \"E\"\n}\n",
      .yaml: "Code: E\nMessage:\n  a: 1.5\n",
      .text: "E\nMESSAGE\t1.5\n",
    ]
    for (format, text) in texts {
      #expect(String(decoding: failure.standardError(format), as: UTF8.self) == text)
    }
  }

  @Test func `an error from XML names its code first`() {
    var refusal = ServiceRefusal(code: "AccessDenied", message: "no", operation: "AssumeRole")
    refusal.namesCodeFirst = true
    #expect(
      CommandFailure(.service(refusal)).standardError(.json)
        == Array("{\n    \"Code\": \"AccessDenied\",\n    \"Message\": \"no\"\n}\n".utf8))
  }

  @Test func `help is found at each place and names every option`() {
    #expect(ending("help").exitCode == 0)
    #expect(ending("secretsmanager", "help").standardOutput.contains("cancel-rotate-secret"))
    let page = ending("secretsmanager", "cancel-rotate-secret", "help").standardOutput
    for option in [
      "--secret-id", "--cli-input-json", "--cli-input-yaml", "--generate-cli-skeleton", "--debug",
      "--endpoint-url", "--no-verify-ssl", "--no-paginate", "--output", "--query", "--profile",
      "--region", "--version", "--color", "--no-sign-request", "--ca-bundle",
      "--cli-read-timeout", "--cli-connect-timeout", "--cli-binary-format", "--no-cli-pager",
      "--cli-auto-prompt", "--no-cli-auto-prompt", "--cli-error-format",
    ] {
      #expect(page.contains(option))
    }
  }

  @Test func `the version is ours`() {
    #expect(ending("--version").standardOutput.hasPrefix("rotactl/1.0 "))
  }
}
