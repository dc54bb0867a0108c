internal import ArgumentParser
internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine

/// Makes a run's bundle again: in another form, signed, or encrypted.
struct BundleCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Seal a run's folder again: the same bytes, another form, a signature, a time stamp.",
    discussion: """
      The evidence is made from the run's plan and journal; nothing is called. Without options the \
      bundle comes out byte for byte as it was. A signature and a time stamp that are there stay.

      EXAMPLES
        rotactl bundle 20261123T181141Z-0a1b2c
        rotactl bundle RUN --signing-key key.pem --timestamp-url http://timestamp.example/tsa
        rotactl bundle RUN --bundle-format zip --bundle-passphrase-file word.txt --out /mnt/case.zip
        rotactl bundle RUN --encrypt-to auditor.crt

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A run's id or folder.")
  var run: String
  @Option(
    help: ArgumentHelp(
      "Where the bundle goes (default: beside the run's folder).", valueName: "file"),
    completion: .file())
  var out: String?
  @Option(
    help: ArgumentHelp(
      "The form of the bundle: tar.gz, tar.zst or zip (default: the run's).", valueName: "format"),
    completion: .list(BundleFormat.allCases.map(\.rawValue)))
  var bundleFormat: String?
  @Flag(help: "Write each report as a file even for more than 10,000 targets.")
  var reportFiles = false
  @OptionGroup(title: "Seal") var seal: SealOptions
  @OptionGroup var place: RunPlaceOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let folder = try place.run(run, settings)
    guard let lock = try folder.lock(host: HostFacts.host, pid: HostFacts.pid) else {
      throw Diagnostic(
        "another process works on this run", at: folder.path, hint: "wait for it to end",
        status: .refused)
    }
    defer { extendLifetime(lock) }
    let recorded = try RecordedRun(folder: folder)
    let format =
      try settings.value(bundleFormat, "bundle-format", SettingReader.word(BundleFormat.self))
      ?? recorded.bundleFormat
    let tools = try await seal.resolved(settings).load(format: format, console)
    let targets: Int
    do throws(EvidenceError) { targets = try RunEvidence(folder: folder.path).targets } catch {
      throw Foreseen.unreadable(folder.path, error)
    }
    let sealer = Sealer(
      folder: folder, reports: DurableFile.folder(of: folder.path), format: format,
      writesReportFiles: try settings.flag(reportFiles, "report-files")
        || recorded.writesReportFiles,
      tools: tools, trust: .none, console: console)
    let path = try settings.value(out, "out", SettingReader.path)
    let (bundle, _) = try await sealer.seal(targets: targets, to: path)
    if output.isJSON {
      console.result([
        "type": "bundle", "version": 1, "runId": .string(folder.runID),
        "bundle": .string(bundle.path), "bundleSha256": .string(bundle.sha256),
        "bytes": JSONValue(bundle.bytes), "files": JSONValue(bundle.entries),
        "reports": JSONValue(bundle.reports),
      ])
    } else {
      console.result("bundle   \(HumanText.printable(bundle.path))")
      console.result("sha256   \(bundle.sha256)")
    }
    return .success
  }
}
