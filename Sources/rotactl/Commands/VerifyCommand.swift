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
    abstract: "Check a bundle: every hash, the journal's chain, the totals, the seals.",
    discussion: """
      Everything that can be derived from plan and journal is derived anew and compared. Nothing \
      is unpacked to a place of your own. Each finding is a line; a bundle that is not sound ends \
      with 3. Without <bundle>.sha256 beside it the bundle is packed anew and compared byte for \
      byte. Where a custody log lies beside the bundle, the check is added to it.

      EXAMPLES
        rotactl verify reports/20261123T181141Z-0a1b2c.tar.gz
        rotactl verify bundle.zip --public-key seal.pem.pub
        rotactl verify bundle.tar.gz --public-key seal.pem.pub --tsa-ca authority.pem
        rotactl verify bundle.tar.gz.cms --decryption-key auditor.key

      \(ExitStatus.helpSection)
      """)

  @Argument(help: "A bundle, or a run's folder or id.")
  var bundle: String
  @Option(
    help: ArgumentHelp(
      "A public key (PEM or ssh-ed25519); the bundle must be signed by it.", valueName: "file"),
    completion: .file())
  var publicKey: String?
  @Option(
    name: .customLong("tsa-ca"),
    help: ArgumentHelp(
      "Root certificates (PEM); the bundle must be time-stamped under one of them.",
      valueName: "file"), completion: .file())
  var authorities: String?
  @Flag(help: "Take an archive that other tools packed anew: check the contents alone.")
  var repacked = false
  @OptionGroup(title: "Encrypted bundles") var unlock: UnlockOptions
  @OptionGroup var place: RunPlaceOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  func execute(_ process: ProcessContext) async throws -> ExitStatus {
    let settings = process.settings
    let output = try self.output.resolved(settings)
    let console = output.console(process.surroundings)
    let path = try place.path(of: bundle, settings)
    var demand = VerificationDemand()
    if let file = try settings.value(publicKey, "public-key", SettingReader.path) {
      do { demand.publicKey = try VerifyingKey(pem: DurableFile.read(file)) } catch {
        throw Diagnostic(
          "the public key cannot be used", at: file, because: "\(error)", status: .usage)
      }
    }
    demand.authorities = try settings.value(authorities, "tsa-ca", SettingReader.path)
    if let file = demand.authorities, !DurableFile.exists(file) {
      throw Diagnostic("no such file", at: file, status: .usage)
    }
    demand.allowsRepacking = try settings.flag(repacked, "repacked")
    demand.keys = try await unlock.load(settings, console)
    let verification = BundleVerifier.verify(path, demand)
    keepCustody(verification, path, console)
    if output.isJSON {
      console.result(VerifyCommand.json(verification, path))
    } else {
      show(verification, path, console)
    }
    return verification.isSound ? .success : .finishedWithFailures
  }

  /// Adds the check to the custody log, where there is one.
  private func keepCustody(_ verification: Verification, _ path: String, _ console: Console) {
    let reports = DurableFile.folder(of: path)
    guard !DurableFile.isFolder(path), let runID = verification.runID,
      DurableFile.exists(CustodyLog(reports: reports, runID: runID).path)
    else { return }
    var details: JSONObject = ["file": .string(DurableFile.name(of: path))]
    details["sha256"] = (try? RunFolder.digest(ofFile: path)).map(JSONValue.string)
    details["sound"] = .bool(verification.isSound)
    details["signatureGood"] = .bool(verification.isSigned)
    details["findings"] = JSONValue(verification.findings.count + verification.unshown)
    Custody.append("verified", details, reports: reports, runID: runID, console)
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
    var signed = verification.isSigned ? ", signature good" : ""
    if let time = verification.timestamp { signed += ", there since \(time.iso8601)" }
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
    object["timestamp"] = verification.timestamp.map { .string($0.iso8601) }
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
