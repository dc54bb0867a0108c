internal import ArgumentParser
internal import RotationCore

/// What the operator does not let the run do; the configuration's guards hold as well.
struct GuardOptions: ParsableArguments {
  @Option(
    name: .customLong("expect-account"),
    help: ArgumentHelp(
      "The account that the profiles must be of, or one profile; repeatable.",
      valueName: "[profile=]id"))
  var expectedAccounts: [String] = []

  @Option(
    help: ArgumentHelp("Secrets that the run may change at most.", valueName: "n"))
  var maxTargets: String?

  @Option(
    help: ArgumentHelp("Accounts in which the run may change secrets at most.", valueName: "n"))
  var maxAccounts: String?

  func resolved(_ settings: Settings) throws(UsageProblem) -> RunGuards {
    var guards = RunGuards()
    guards.expectedAccounts = try settings.rules(
      expectedAccounts, "expect-account", GuardOptions.readAccount)
    guards.maximumTargets = try settings.rules(
      maxTargets.map { [$0] } ?? [], "max-targets", SettingReader.wholeNumber(0...1_000_000_000))
    guards.maximumAccounts = try settings.rules(
      maxAccounts.map { [$0] } ?? [], "max-accounts", SettingReader.wholeNumber(0...1_000_000))
    return guards
  }

  private static func readAccount(
    _ text: String
  ) throws(ValueProblem) -> RunGuards.ExpectedAccount {
    // The id stands last, for a profile's name may hold an equals sign.
    let cut = text.lastIndex(of: "=")
    let account = cut.map { String(text[text.index(after: $0)...]) } ?? text
    guard AccountID.isValid(account) else {
      throw ValueProblem(
        "'\(text)' names no account", hint: "write its 12 digits, as in payments=111122223333")
    }
    return .init(profile: cut.map { String(text[..<$0]) }, account: account)
  }
}
