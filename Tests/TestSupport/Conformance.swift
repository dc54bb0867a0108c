internal import FoundationEssentials

/// Finds the public conformance data that some suites judge against.
///
/// The folder is named by the environment variable `ROTACTL_CONFORMANCE`; without it, the folder
/// `shared/conformance` beside the repository, or beside any folder above it, is taken. A suite
/// whose data is absent is disabled with ``absence``.
package enum Conformance {
  /// Why a suite did not run; for `.enabled(if:)`.
  package static let absence =
    "needs the public conformance data: set ROTACTL_CONFORMANCE to its folder"

  /// The folder of all suites; nil when there is none on this machine.
  package static let root: String? = {
    let files = FileManager.default
    func isFolder(_ path: String) -> Bool {
      var folder = false
      return files.fileExists(atPath: path, isDirectory: &folder) && folder
    }
    if let named = ProcessInfo.processInfo.environment["ROTACTL_CONFORMANCE"], !named.isEmpty {
      return isFolder(named) ? named : nil
    }
    var folder = repositoryRoot
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      let candidate = folder + "/shared/conformance"
      if isFolder(candidate) { return candidate }
    }
    return nil
  }()

  /// The top folder of this repository, found from where this file was compiled.
  package static let repositoryRoot: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return parts.joined(separator: "/")
  }()

  /// Whether a suite's folder is there.
  package static func has(_ suite: String) -> Bool {
    guard let root else { return false }
    return FileManager.default.fileExists(atPath: root + "/" + suite)
  }

  /// The path of a file or folder below the root, such as `csv-spectrum/csvs`.
  ///
  /// It need not exist; check with ``has(_:)``.
  package static func path(_ relative: String) -> String { (root ?? "/absent") + "/" + relative }

  /// The names in a folder of a suite, sorted; empty where the data is absent.
  package static func list(_ relative: String) -> [String] {
    guard root != nil else { return [] }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path(relative))
    return (names ?? []).sorted()
  }

  /// The whole of a file of a suite.
  package static func bytes(_ relative: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path(relative))))
  }

  /// The whole of a file of this repository, by its path from the top.
  package static func repositoryBytes(_ relative: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: repositoryRoot + "/" + relative)))
  }
}
