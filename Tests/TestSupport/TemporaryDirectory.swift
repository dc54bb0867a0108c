internal import FoundationEssentials

/// A new empty folder that is removed with all it holds when the value goes away.
///
/// Keep the value alive as long as its paths are used (`withExtendedLifetime`, or a stored
/// property of the suite).
package final class TemporaryDirectory: Sendable {
  /// Without a final slash.
  package let path: String

  package init() throws {
    let base = FileManager.default.temporaryDirectory.path
    let trimmed = base.hasSuffix("/") ? String(base.dropLast()) : base
    path = trimmed + "/rotactl-test-" + UUID().uuidString.lowercased()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file below the folder; folders in between are made.
  package func path(_ name: String) throws -> String {
    let full = path + "/" + name
    if name.contains("/"), let slash = full.lastIndex(of: "/") {
      try FileManager.default.createDirectory(
        atPath: String(full[..<slash]), withIntermediateDirectories: true)
    }
    return full
  }

  /// Writes a file and returns its path.
  @discardableResult
  package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let full = try path(name)
    try Data(bytes).write(to: URL(filePath: full))
    return full
  }

  /// Writes a text file and returns its path.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  /// The whole of a file.
  package func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: path + "/" + name)))
  }
}

extension TemporaryDirectory {
  /// Makes a symbolic link.
  package func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path + "/" + name, withDestinationPath: target)
  }
}
