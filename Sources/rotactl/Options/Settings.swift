internal import FoundationEssentials

/// Something typed, or set in the environment, that cannot be used: exit status 2.
struct UsageProblem: Error, Sendable, Hashable {
  /// `--rate` or `ROTACTL_RATE`.
  let place: String
  /// What is wrong, a clause without a final stop.
  let what: String
  /// How to mend it, an imperative without a final stop.
  let hint: String?

  init(place: String, what: String, hint: String? = nil) {
    self.place = place
    self.what = what
    self.hint = hint
  }
}

/// Why a text is not a value; the setting's name is added by ``Settings``.
struct ValueProblem: Error, Sendable, Hashable {
  let what: String
  let hint: String?

  init(_ what: String, hint: String? = nil) {
    self.what = what
    self.hint = hint
  }
}

/// Turns what was typed, else what the environment says, into values.
///
/// The one place where `ROTACTL_<NAME>` is looked up. Options reach it as text, so that an option
/// and its variable are read by the same rule and refused in the same words. An empty variable
/// counts as unset.
struct Settings: Sendable {
  private let environment: [String: String]

  init(environment: [String: String]) { self.environment = environment }

  /// The environment of this process.
  static func ofProcess() -> Settings {
    Settings(environment: ProcessInfo.processInfo.environment)
  }

  /// `in-flight` to `ROTACTL_IN_FLIGHT`.
  static func variable(for name: String) -> String {
    "ROTACTL_"
      + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  private func fromEnvironment(_ name: String) -> String? {
    guard let text = environment[Settings.variable(for: name)], !text.isEmpty else { return nil }
    return text
  }

  /// The value of an option, or of its variable when it was not typed; nil without either.
  ///
  /// `name` is the option's without dashes, `read` turns the text into a value.
  func value<Value>(
    _ typed: String?, _ name: String, _ read: (String) throws(ValueProblem) -> Value
  ) throws(UsageProblem) -> Value? {
    if let typed { return try convert(typed, place: "--\(name)", read) }
    guard let text = fromEnvironment(name) else { return nil }
    return try convert(text, place: Settings.variable(for: name), read)
  }

  /// A repeatable option, or its variable split at commas.
  func list<Value>(
    _ typed: [String], _ name: String, _ read: (String) throws(ValueProblem) -> Value
  ) throws(UsageProblem) -> [Value] {
    var place = "--\(name)"
    var texts = typed
    if typed.isEmpty, let text = fromEnvironment(name) {
      place = Settings.variable(for: name)
      texts = text.split(separator: ",").map { Settings.trimmed(String($0)) }
        .filter { !$0.isEmpty }
    }
    var values: [Value] = []
    for text in texts { values.append(try convert(text, place: place, read)) }
    return values
  }

  /// A flag: true when typed, else what its variable says, else false.
  func flag(_ typed: Bool, _ name: String) throws(UsageProblem) -> Bool {
    guard !typed else { return true }
    return try value(nil, name, Settings.readFlag) ?? false
  }

  private func convert<Value>(
    _ text: String, place: String, _ read: (String) throws(ValueProblem) -> Value
  ) throws(UsageProblem) -> Value {
    do throws(ValueProblem) {
      return try read(text)
    } catch {
      throw UsageProblem(place: place, what: error.what, hint: error.hint)
    }
  }

  static func readFlag(_ text: String) throws(ValueProblem) -> Bool {
    switch text.lowercased() {
    case "1", "true", "yes", "on": true
    case "0", "false", "no", "off": false
    default: throw ValueProblem("'\(text)' is neither true nor false", hint: "write 1 or 0")
    }
  }

  static func trimmed(_ text: String) -> String {
    var rest = Substring(text)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
