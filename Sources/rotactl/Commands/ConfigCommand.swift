internal import ArgumentParser
internal import DurableFiles
internal import RotationCore

/// The configuration: what counts and where it was set, and whether a file is sound.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Show the settings that count and where each was set; check a configuration file.",
    subcommands: [ConfigShowCommand.self, ConfigCheckCommand.self],
    defaultSubcommand: ConfigShowCommand.self)
}

/// Prints every setting that a run from here would have, with the place that set it.
struct ConfigShowCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print the settings that count, and where each was set.",
    discussion: """
      Settings come from the environment (ROTACTL_*), ./rotactl.json, \
      $XDG_CONFIG_HOME/rotactl/rotactl.json (~/.config), /etc/rotactl/rotactl.json and the \
      defaults, in this order; --config or ROTACTL_CONFIG names one file instead of the first \
      two. Guards of all files hold together.

      EXAMPLES
        rotactl config show
        rotactl config show --config ops.json --json

      \(ExitStatus.helpSection)
      """)

  @OptionGroup(title: "Output") var output: OutputOptions

  static var isConfigured: Bool { false }

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let configuration = try Configuration(named: output.config, environment: process.environment)
    let settings = Settings(environment: process.environment, layers: configuration.layers)
    try SettingCatalogue.resolveAll(settings)
    var guards = configuration.guards
    guards.add(try GuardOptions.parse([]).resolved(settings))
    let output = try self.output.resolved(settings)
    let view = ConfigView(
      candidates: configuration.candidates, settings: SettingCatalogue.effective(settings),
      guards: guards)
    let console = output.console(process.surroundings)
    if output.isJSON { console.result(view.json) } else { console.result(view.text) }
    return .success
  }
}

/// Judges a configuration file without using it.
struct ConfigCheckCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a configuration file; every problem is listed with its place.",
    discussion: """
      EXAMPLES
        rotactl config check rotactl.json

      \(ExitStatus.helpSection)
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file"), completion: .file())
  var file: String
  @OptionGroup(title: "Output") var output: OutputOptions

  static var isConfigured: Bool { false }

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let output = try self.output.resolved(process.settings)
    let console = output.console(process.surroundings)
    let bytes: [UInt8]
    do { bytes = try DurableFile.read(file, atMost: 1 << 20) } catch {
      throw Diagnostic(
        "the configuration cannot be read", because: error.description, status: .usage)
    }
    let config = ConfigFile(bytes, path: file, isOfFolder: false)
    if output.isJSON {
      console.result([
        "type": "configCheck", "version": 1, "file": .string(file),
        "sound": .bool(config.problems.isEmpty),
        "problems": .array(config.problems.map(JSONValue.string)),
      ])
      return config.problems.isEmpty ? .success : .usage
    }
    guard config.problems.isEmpty else { throw Configuration.refusal(config.problems) }
    console.result("\(HumanText.printable(file)) is sound")
    return .success
  }
}
