internal import FoundationEssentials
internal import RotationCore
internal import SecretsManagerClient

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

/// Turns what was typed, else what the environment says, else a configuration, into values.
///
/// The one place where `ROTACTL_<NAME>` is looked up. Options reach it as text, so that an option,
/// its variable and its line in a file are read by the same rule and refused in the same words. An
/// empty variable counts as unset.
struct Settings: Sendable {
  private let environment: [String: String]
  /// Below the environment, the first one that sets an option counts.
  private let layers: [SettingLayer]
  private let log: SettingLog

  init(environment: [String: String], layers: [SettingLayer] = []) {
    self.environment = environment
    self.layers = layers
    log = SettingLog()
  }

  /// The same settings with one more layer, right below the environment.
  func adding(_ layer: SettingLayer) -> Settings {
    Settings(environment: environment, layers: [layer] + layers)
  }

  /// What an option came to and where that was set; nil while it was not read, or not set.
  func effective(_ name: String) -> SettingLayer.Entry? { log[name] }

  /// `in-flight` to `ROTACTL_IN_FLIGHT`.
  static func variable(for name: String) -> String {
    "ROTACTL_"
      + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// What the environment says about proxies.
  var proxies: ProxyVariables { ProxyVariables(environment) }

  private func fromEnvironment(_ name: String) -> String? {
    guard let text = environment[Settings.variable(for: name)], !text.isEmpty else { return nil }
    return text
  }

  private func fromLayers(_ name: String) -> SettingLayer.Entry? {
    layers.lazy.compactMap { $0.entries[name] }.first
  }

  /// What counts for an option: typed, from its variable, or from the layers.
  private func entry(_ typed: [String], _ name: String, splits: Bool) -> SettingLayer.Entry? {
    var entry: SettingLayer.Entry?
    if !typed.isEmpty {
      entry = .init(values: typed, origin: "--\(name)")
    } else if let text = fromEnvironment(name) {
      entry = .init(
        values: splits ? Settings.parts(of: text) : [text], origin: Settings.variable(for: name))
    } else {
      entry = fromLayers(name)
    }
    if let entry { log.note(name, entry) }
    return entry
  }

  /// The value of an option, or of its variable when it was not typed; nil without either.
  ///
  /// `name` is the option's without dashes, `read` turns the text into a value.
  func value<Value>(
    _ typed: String?, _ name: String, _ read: (String) throws(ValueProblem) -> Value
  ) throws(UsageProblem) -> Value? {
    guard let entry = entry(typed.map { [$0] } ?? [], name, splits: false),
      let text = entry.values.last
    else { return nil }
    return try convert(text, place: entry.origin, read)
  }

  /// A repeatable option, or its variable split at commas.
  func list<Value>(
    _ typed: [String], _ name: String, _ read: (String) throws(ValueProblem) -> Value
  ) throws(UsageProblem) -> [Value] {
    guard let entry = entry(typed, name, splits: true) else { return [] }
    var values: [Value] = []
    for text in entry.values { values.append(try convert(text, place: entry.origin, read)) }
    return values
  }

  /// Values with the place that set them, for rules that tell it.
  func rules<Value: Sendable & Hashable>(
    _ typed: [String], _ name: String, _ read: (String) throws(ValueProblem) -> Value
  ) throws(UsageProblem) -> [RunGuards.Rule<Value>] {
    let values = try list(typed, name, read)
    guard let origin = log[name]?.origin else { return [] }
    return values.map { RunGuards.Rule($0, origin: origin) }
  }

  /// The parts of a list in one text.
  static func parts(of text: String) -> [String] {
    text.split(separator: ",").map { Settings.trimmed(String($0)) }.filter { !$0.isEmpty }
  }

  /// A flag: true when typed, else what its variable says, else false.
  func flag(_ typed: Bool, _ name: String) throws(UsageProblem) -> Bool {
    try value(typed ? "1" : nil, name, Settings.readFlag) ?? false
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
