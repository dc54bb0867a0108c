import AWSCommandLine
import Testing

@Suite struct PromptTests {
  private func completer(
    secrets: [String]? = ["prod/a", "prod/b", "it's"], folder: [String] = []
  ) -> PromptCompleter {
    PromptCompleter(
      sources: PromptSources(
        profiles: { ["payments", "default"] }, regions: { ["eu-west-1", "us-east-1"] },
        secretIDs: { _, options in
          options.profile == "denied" ? nil : secrets
        },
        folder: { _ in folder }))
  }

  private func candidates(_ text: String) -> [String] {
    completer().propose(for: text).candidates.map(\.word)
  }

  private func listing(_ text: String) -> PromptListing {
    PromptListing(completer().propose(for: text), columns: 80)
  }

  @Test func `a line is split as a shell splits it`() {
    let words = PromptWords(#"a "b c" d\ e 'f"g' h"#)
    #expect(words.before == ["a", "b c", "d e", "f\"g"])
    #expect(words.current == "h")
    #expect(words.currentLength == 1)
    #expect(PromptWords("a ''").all == ["a", ""])
    #expect(PromptWords("a ").all == ["a"])
    #expect(PromptWords("a 'b").problem == "No closing quotation")
    #expect(PromptWords("a\\").problem == "No escaped character")
    #expect(PromptWords("a 'b c").currentLength == 4)
  }

  @Test(arguments: ["", "a b", "it's", "a\"b", "$HOME", "prod/db-1", "é", "a\nb", "*"])
  func `a quoted word is read back as it was`(word: String) {
    #expect(PromptWords(PromptWords.quoted(word)).all == [word])
  }

  @Test func `each place has its words`() {
    #expect(candidates("") == ["secretsmanager", "help"])
    #expect(candidates("secretsmanager ") == ["cancel-rotate-secret", "help"])
    #expect(candidates("--region us-east-1 sec") == ["secretsmanager"])
    let options = candidates("secretsmanager cancel-rotate-secret ")
    #expect(options.first == "--secret-id")
    #expect(options.contains("--region"))
    #expect(!options.contains { $0.contains("auto-prompt") })
    #expect(candidates("secretsmanager help ").isEmpty)
  }

  @Test func `an option that stands already is not proposed again`() {
    let line = "secretsmanager cancel-rotate-secret --secret-id x --out text --"
    #expect(!candidates(line).contains("--secret-id"))
    #expect(!candidates(line).contains("--output"))
    #expect(candidates(line).contains("--query"))
  }

  @Test func `values are those of their option`() {
    let command = "secretsmanager cancel-rotate-secret "
    #expect(
      candidates(command + "--output ") == ["json", "text", "table", "yaml", "yaml-stream", "off"])
    #expect(candidates(command + "--output=ya") == ["--output=yaml", "--output=yaml-stream"])
    #expect(candidates(command + "--profile ") == ["default", "payments"])
    #expect(candidates(command + "--region eu") == ["eu-west-1"])
    #expect(candidates(command + "--secret-id prod/") == ["prod/a", "prod/b"])
    #expect(candidates(command + "--cli-binary-format r") == ["raw-in-base64-out"])
    #expect(candidates(command + "--generate-cli-skeleton --sec") == ["--secret-id"])
  }

  @Test func `a part of a name finds it where nothing begins so`() {
    #expect(candidates("secretsmanager cancel-rotate-secret --secret-id d/b") == ["prod/b"])
  }

  @Test func `files complete what names a file`() {
    let completer = completer(folder: ["in.json", "inner/", ".hidden"])
    let command = "secretsmanager cancel-rotate-secret --cli-input-json "
    #expect(
      completer.propose(for: command + "file://i").candidates.map(\.word) == [
        "file://in.json", "file://inner/",
      ])
    #expect(completer.propose(for: command + "i").candidates.isEmpty)
  }

  @Test func `secrets that cannot be listed leave a hint`() {
    let line = "secretsmanager cancel-rotate-secret --profile denied --secret-id "
    let proposal = completer().propose(for: line)
    #expect(proposal.candidates.isEmpty)
    #expect(proposal.hint?.contains("could not be listed") == true)
    #expect(PromptListing(proposal, columns: 80).lines.count == 1)
  }

  @Test func `one candidate is written whole, several as far as they agree`() {
    let command = "secretsmanager cancel-rotate-secret --secret-id "
    #expect(listing("sec").insertion == "secretsmanager ")
    #expect(listing("sec").replaced == 3)
    #expect(listing(command + "p").insertion == "prod/")
    #expect(listing(command + "prod/").lines == ["  prod/a  prod/b"])
    #expect(listing(command + "it").insertion == "'it'\"'\"'s' ")
    #expect(listing(command + "'prod/a").insertion == "prod/a ")
    #expect(listing(command + "'prod/a").replaced == 7)
  }

  @Test func `long lists are cut and say so, and names cannot steer the terminal`() {
    let names = (0..<100).map { "s\($0)\u{1b}[31m" }
    let proposal = completer(secrets: names)
      .propose(for: "secretsmanager cancel-rotate-secret --secret-id ")
    // What the names have in common is written first.
    let lines = PromptListing(
      PromptCompleter.Proposal(word: "s", length: 1, candidates: proposal.candidates), columns: 40
    ).lines
    #expect(lines.last?.contains("40 more") == true)
    #expect(!lines.joined().contains("\u{1b}"))
  }
}
