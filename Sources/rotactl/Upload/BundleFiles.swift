internal import Cryptography
internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine

/// A bundle and what lies beside it to prove it.
struct BundleFiles: Sendable {
  /// Files of these endings go along, where they are there.
  private static let companions = [".sha256", ".sig", ".tsr"]
  /// What follows the run's id in the name of a bundle.
  private static let endings = BundleFormat.allCases.map { "." + $0.rawValue }

  let bundle: LocalObject
  let companions: [LocalObject]
  let runID: String
  /// Where the custody log is kept: beside the bundle.
  let folder: String

  var all: [LocalObject] { [bundle] + companions }

  /// Finds a bundle by its path, or by the id or folder of its run.
  static func path(of argument: String, reports: String) throws(Diagnostic) -> String {
    if let run = RunFolder(existing: argument, reports: reports) {
      let parent = DurableFile.folder(of: run.path)
      let found = endings.map { "\(parent)/\(run.runID)\($0)" }.filter(DurableFile.exists)
      guard found.count == 1, let only = found.first else {
        throw Diagnostic(
          found.isEmpty ? "the run has no bundle" : "the run has several bundles", at: argument,
          hint: found.isEmpty
            ? "finish it with `rotactl resume \(HumanText.shellWord(argument))`"
            : "name one of " + found.joined(separator: ", "), status: .usage)
      }
      return only
    }
    guard DurableFile.exists(argument), !DurableFile.isFolder(argument) else {
      throw Diagnostic(
        "no bundle and no run of this name", at: argument,
        hint: "name a bundle's file, or a run below \(reports)", status: .usage)
    }
    return argument
  }

  /// Reads bundle and companions.
  ///
  /// - Throws: a refusal when the bundle is not the one that its `.sha256` was written for.
  init(path: String, partBytes: Int) throws {
    bundle = try LocalObject(path: path, partBytes: partBytes)
    guard bundle.bytes > 0 else {
      throw Diagnostic("the bundle is empty", at: path, status: .refused)
    }
    var found: [LocalObject] = []
    for ending in BundleFiles.companions where DurableFile.exists(path + ending) {
      found.append(try LocalObject(path: path + ending, partBytes: partBytes))
    }
    companions = found
    folder = DurableFile.folder(of: path)
    let name = DurableFile.name(of: path)
    let end = BundleFiles.endings.compactMap { name.firstRange(of: $0)?.lowerBound }.min()
    let id = String(end.map { name[..<$0] } ?? name[...])
    runID = id.isEmpty ? name : id
    if DurableFile.exists(path + ".sha256") { try checkSum(path) }
  }

  private func checkSum(_ path: String) throws {
    let line = String(
      decoding: try DurableFile.read(path + ".sha256", atMost: 65_536), as: UTF8.self)
    guard line.prefix(while: { $0 != " " }) == bundle.digest.hex else {
      throw Diagnostic(
        "the bundle is not the one that \(bundle.name).sha256 was written for", at: path,
        hint: "look at it with `rotactl verify \(HumanText.shellWord(path))`", status: .refused)
    }
  }
}
