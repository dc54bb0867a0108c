internal import ArgumentParser

/// How the process talks.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Write results as JSON.")
  var json = false

  @Option(
    help: ArgumentHelp("Colour: on, off or auto (default: auto).", valueName: "when"),
    completion: .list(ColorMode.allCases.map(\.rawValue)))
  var color: String?

  @Option(
    help: ArgumentHelp(
      "Progress: auto, bar, plain, json or none (default: auto).", valueName: "form"),
    completion: .list(["auto", "bar", "plain", "json", "none"]))
  var progress: String?

  @Flag(help: "Say nothing but errors, warnings and results.")
  var quiet = false

  @Flag(help: "Say what helps to find a fault.")
  var debug = false

  @Option(
    help: ArgumentHelp(
      "The configuration file instead of ./rotactl.json and your own; none reads the system's "
        + "alone.", valueName: "file"),
    completion: .file())
  var config: String?

  func resolved(_ settings: Settings) throws(UsageProblem) -> ResolvedOutput {
    let quiet = try settings.flag(quiet, "quiet")
    let chosen = try settings.value(progress, "progress", OutputOptions.readProgress)
    return ResolvedOutput(
      isJSON: try settings.flag(json, "json"),
      color: try settings.value(color, "color", SettingReader.word(ColorMode.self)) ?? .auto,
      progress: chosen?.mode ?? (quiet ? ProgressMode.none : nil),
      isQuiet: quiet, isDebug: try settings.flag(debug, "debug"))
  }

  /// `auto` as a choice of its own, so that it can be told from silence.
  private struct Choice {
    let mode: ProgressMode?
  }

  private static func readProgress(_ text: String) throws(ValueProblem) -> Choice {
    if text == "auto" { return Choice(mode: nil) }
    guard let mode = ProgressMode(rawValue: text) else {
      throw ValueProblem("'\(text)' is not known here", hint: "use auto, bar, plain, json or none")
    }
    return Choice(mode: mode)
  }
}
