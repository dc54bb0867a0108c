internal import ArgumentParser
internal import DurableFiles
internal import RunEngine

/// Where runs lie, for commands that take one by its id.
struct RunPlaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The folder that holds the runs (default: reports).", valueName: "dir"),
    completion: .directory)
  var reports: String?

  func folder(_ settings: Settings) throws(UsageProblem) -> String {
    try settings.value(reports, "reports", SettingReader.path) ?? "reports"
  }

  /// The folder of a run by its id or path, else the path of a bundle.
  ///
  /// - Throws: where there is nothing of that name.
  func path(of argument: String, _ settings: Settings) throws -> String {
    let folder = try folder(settings)
    let path = RunFolder(existing: argument, reports: folder)?.path ?? argument
    guard DurableFile.exists(path) else {
      throw Diagnostic(
        "no run and no bundle of this name", at: argument,
        hint: "name a run below \(folder), or a bundle's file", status: .usage)
    }
    return path
  }

  /// A run by its id or folder.
  func run(_ argument: String, _ settings: Settings) throws -> RunFolder {
    let folder = try folder(settings)
    guard let run = RunFolder(existing: argument, reports: folder) else {
      throw Diagnostic(
        "no run of this name", at: argument,
        hint: "name a folder below \(folder), or give --reports", status: .usage)
    }
    return run
  }
}
