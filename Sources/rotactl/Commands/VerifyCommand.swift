internal import ArgumentParser
internal import Cryptography
internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine

/// Checks that a bundle is whole, unchanged, and consistent with itself.
struct VerifyCommand: RotactlCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a bundle: every hash, the journal's chain, the totals.",
    discussion: """
      Everything that can be derived from plan and journal is derived anew and compared. Nothing \
      is unpacked to a place of your own.

      EXAMPLES
        rotactl verify reports/20261123T181141Z-0a1b2c.tar.gz
        rotactl verify bundle.zip --public-key auditor.pem

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A bundle, or a run's folder or id.")
  var bundle: String
  @Option(
    help: ArgumentHelp("A PEM public key; the bundle must be signed by it.", valueName: "file"))
  var publicKey: String?
  @Option(help: ArgumentHelp("The folder that holds the runs.", valueName: "dir"))
  var reports: String?
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let folder = try settings.value(reports, "reports", SettingReader.path) ?? "reports"
    let path = RunFolder(existing: bundle, reports: folder)?.path ?? bundle
    guard DurableFile.exists(path) else {
      throw Diagnostic("no bundle and no run of this name", at: bundle, status: .usage)
    }
    var key: VerifyingKey?
    if let file = try settings.value(publicKey, "public-key", SettingReader.path) {
      do { key = try VerifyingKey(pem: DurableFile.read(file)) } catch {
        throw Diagnostic(
          "the public key cannot be used", at: file, because: "\(error)", status: .usage)
      }
    }
    let verification = BundleVerifier.verify(path, publicKey: key)
    if output.isJSON {
      console.result(VerifyCommand.json(verification, path))
    } else {
      show(verification, path, console)
    }
    return verification.isSound ? .success : .finishedWithFailures
  }

  private func show(_ verification: Verification, _ path: String, _ console: Console) {
    for finding in verification.findings {
      console.result("\(finding.severity.rawValue): \(HumanText.printable(finding.what))")
    }
    if verification.unshown > 0 { console.result("and \(verification.unshown) findings more") }
    guard verification.isSound, let summary = verification.summary else {
      console.result("NOT SOUND: \(path)")
      return
    }
    let counts = Outcome.allCases.filter { summary.count($0) > 0 }.map {
      "\(summary.count($0)) \($0.rawValue)"
    }
    let signed = verification.isSigned ? ", signature good" : ""
    console.result(
      "sound: run \(verification.runID ?? ""), \(verification.entries) files, "
        + "\(summary.targets) targets = \(counts.joined(separator: " + "))\(signed)")
  }

  private static func json(_ verification: Verification, _ path: String) -> JSONValue {
    var object: JSONObject = [
      "type": "verification", "version": 1, "path": .string(path),
      "sound": .bool(verification.isSound), "signatureGood": .bool(verification.isSigned),
      "files": JSONValue(verification.entries),
    ]
    object["runId"] = verification.runID.map(JSONValue.string)
    object["targets"] = verification.summary.map { JSONValue($0.targets) }
    object["findings"] = .array(
      verification.findings.map {
        ["severity": .string($0.severity.rawValue), "what": .string($0.what)]
      })
    object["unshown"] = JSONValue(verification.unshown)
    return .object(object)
  }
}
