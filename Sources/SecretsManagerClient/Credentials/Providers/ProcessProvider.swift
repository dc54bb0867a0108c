internal import Glibc
internal import RotationCore

/// A command of the operator's that prints credentials as JSON.
///
/// Its command line and its output are never shown; what it writes to its standard error is,
/// when it fails.
struct ProcessProvider: CredentialProvider {
  let name = "custom-process"
  let context: CredentialContext
  /// The profile whose keys are read, which may be a source profile.
  let profile: String
  /// After this long the command is killed.
  var limitSeconds: Double = 60
  /// Whether the command may be put into a process group of its own; nil to find out.
  var leadsGroup: Bool?

  init(context: CredentialContext, profile: String) {
    self.context = context
    self.profile = profile
  }

  func credentials(region: String) async -> ProviderAnswer {
    guard let line = values["credential_process"] else {
      return .notConfigured("credential_process is not set")
    }
    let words: [String]
    do {
      words = try CommandWords.split(line)
    } catch {
      return failed(error.message)
    }
    guard !words.isEmpty else { return failed("the command is empty") }
    let outcome = await ChildProcess(
      words: words, environment: context.configuration.environment, limitSeconds: limitSeconds,
      leadsGroup: leadsGroup ?? !ChildProcess.hasTerminal
    ).run()
    if let problem = problem(outcome) { return failed(problem) }
    return read(outcome.output)
  }

  private var values: [String: String] { context.configuration.profiles[profile] ?? [:] }

  private func failed(_ what: String) -> ProviderAnswer {
    .failed(
      .local(
        "CredentialRetrievalError",
        "Error when retrieving credentials from \(name): \(what)"
      ).adding("(credential_process of the profile \"\(profile)\")"))
  }

  /// Why an ended command gave no credentials; nil when it came to a good end.
  private func problem(_ outcome: ChildProcess.Outcome) -> String? {
    switch outcome.end {
    case .exited(0): return nil
    case .exited(let status):
      let complaint = TextTrimming.excerpt(
        String(decoding: outcome.complaint, as: UTF8.self), ChildProcess.maximumComplaintBytes)
      return complaint.isEmpty ? "the command ended with exit status \(status)" : complaint
    case .signalled(let number):
      return "the command was ended by signal \(number) (\(ProcessProvider.signalName(number)))"
    case .notStarted(let code):
      return "the command cannot be started: \(String(cString: strerror(code)))"
    case .timedOut:
      return "the command did not end within \(JSONNumber(limitSeconds).literal) seconds and was "
        + "killed"
    case .printedTooMuch:
      return "the command printed more than \(ChildProcess.maximumOutputBytes) bytes and was killed"
    }
  }

  private static func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
      SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL",
      SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
      SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2",
      SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
      SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]
    return names[number] ?? String(cString: strsignal(number))
  }

  // MARK: - The document

  private func read(_ output: [UInt8]) -> ProviderAnswer {
    guard let document = try? JSONValue(parsing: output) else {
      return failed("the output is not JSON")
    }
    guard let object = document.object else {
      return failed("the output is \(document.kindName), not an object")
    }
    guard ProcessProvider.isSupported(object["Version"]) else {
      let version = ProcessProvider.shown(object["Version"])
      return failed(
        "Unsupported version '\(version)' for credential process provider, supported versions: 1")
    }
    func text(_ key: String) -> String? {
      document[key]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
    func missing(_ key: String) -> ProviderAnswer {
      failed("Missing required key in response: '\(key)'")
    }
    guard let key = text("AccessKeyId") else { return missing("AccessKeyId") }
    guard let secret = text("SecretAccessKey") else { return missing("SecretAccessKey") }
    var end: Timestamp?
    if let expiration = document["Expiration"] {
      end = expiration.string.flatMap { Timestamp(iso8601: $0) }
      guard let end else { return failed("the Expiration in the response is not a time") }
      guard end > context.clock() else {
        return failed(
          "Credentials were refreshed, but the refreshed credentials are still expired.")
      }
    }
    return .found(
      Credentials(
        accessKeyID: key, secretAccessKey: secret, sessionToken: text("SessionToken"),
        expiration: end, accountID: text("AccountId") ?? values["aws_account_id"]))
  }

  /// The number 1 in any form, and `true`, which equals it to the CLI.
  private static func isSupported(_ version: JSONValue?) -> Bool {
    version?.double == 1 || version?.bool == true
  }

  /// A value as Python shows it, cut to a short line.
  private static func shown(_ version: JSONValue?) -> String {
    switch version {
    case nil: "<Version key not provided>"
    case .null: "None"
    case .string(let text): TextTrimming.excerpt(text, 40)
    case .number(let number): TextTrimming.excerpt(number.literal, 40)
    case .bool(let value): value ? "True" : "False"
    case .array, .object: version?.kindName ?? ""
    }
  }
}
