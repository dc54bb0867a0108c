internal import ArgumentParser
internal import RotationCore

/// Finds secrets over profiles and regions and writes them down as a manifest.
struct DiscoverCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "discover",
    abstract: "Find secrets over profiles and regions; write a manifest. Changes nothing.",
    discussion: """
      Lists every account and region with ListSecrets and writes what is selected, in the order of \
      account, region and name, as a manifest that `plan` and `run` take. A replica is written \
      once, as its primary. How many secrets were seen, selected and left out, and why, is told for \
      each account and region; what could not be listed is named, and the status is then 3.

      A listing may be five minutes old. With --confirm every secret that could be wanted is looked \
      at by DescribeSecret, which is fresh; a secret made in the last minutes may still be missing.

      With --region all every region of the partition is asked. One that does not know the caller \
      is told as not enabled: rotation goes on in a region that was disabled after use.

      EXAMPLES
        rotactl discover --profile prod --region eu-west-1 --rotating --out incident.csv
        rotactl discover --profile a --profile b --region all --rotates-within 24h --confirm
        rotactl discover --tag team=payments --exclude '*/test/*' --format json
        rotactl discover --name prod/ --name '!prod/legacy/' --out m.json --json | jq .complete

      \(ExitStatus.helpSection)
      """)

  @OptionGroup(title: "Which secrets") var selection: SelectionOptions

  @Flag(help: "Ask DescribeSecret about each secret that could be wanted.")
  var confirm = false

  @Option(
    help: ArgumentHelp(
      "The manifest's form: csv, json or jsonl (default: by --out, else csv).",
      valueName: "format"),
    completion: .list(DiscoveredManifest.Format.allCases.map(\.rawValue)))
  var format: String?

  @Option(
    name: .customLong("out"),
    help: ArgumentHelp(
      "Write the manifest there instead of to standard output.", valueName: "file"),
    completion: .file())
  var outFile: String?

  @Option(
    help: ArgumentHelp(
      "Write the counts there as JSON (rotactl.population/1).",
      discussion: "With --json and --out they go to standard output too.", valueName: "file"),
    completion: .file())
  var population: String?

  @Flag(help: "Let --out and --population replace files that exist.")
  var overwrite = false

  @OptionGroup(title: "Where calls go") var connection: ConnectionOptions
  @OptionGroup(title: "Pace") var pacing: PacingOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let path = try settings.value(outFile, "out", SettingReader.path)
    let flow = DiscoverFlow(
      selection: try selection.resolved(settings),
      confirms: try settings.flag(confirm, "confirm"),
      format: try settings.value(
        format, "format", SettingReader.word(DiscoveredManifest.Format.self))
        ?? DiscoverCommand.format(of: path, isJSON: output.isJSON),
      outFile: path,
      populationFile: try settings.value(population, "population", SettingReader.path),
      overwrites: try settings.flag(overwrite, "overwrite"),
      connection: try connection.resolved(settings),
      pacing: try pacing.resolved(settings), output: output, environment: process.environment,
      surroundings: process.surroundings)
    return try await flow.perform()
  }

  private static func format(of path: String?, isJSON: Bool) -> DiscoveredManifest.Format {
    switch path.flatMap({ ManifestFormat(path: $0) }) {
    case .json?: .json
    case .jsonl?: .jsonl
    case .csv?, .text?: .csv
    case nil: isJSON && path == nil ? .json : .csv
    }
  }
}
