package import DurableFiles
package import RotationCore

/// What selectors came to, kept on the disk until the targets are expanded.
package struct SelectedSecrets: Sendable, Hashable {
  private var files: [SourceLocation: String] = [:]

  package init() {}

  /// Takes note of the file of a selector, written by ``SelectedWriter``.
  package mutating func add(_ path: String, for location: SourceLocation) {
    files[location] = path
  }

  /// Hands over the secrets of a selector in their order; none for one that was not resolved.
  package func forEach(
    of location: SourceLocation, _ body: (DiscoveredSecret) -> Void
  ) throws(FileError) {
    guard let path = files[location] else { return }
    var lines = try LineReader(path: path)
    while let line = try lines.next() {
      guard let value = try? JSONValue(parsing: line.bytes),
        let secret = DiscoveredSecret(record: value)
      else { throw FileError(code: 5, action: "cannot read \(path)") }
      body(secret)
    }
  }

  /// Removes the files.
  package func remove() { for path in files.values { DurableFile.remove(path) } }
}

/// Writes the secrets of one selector, a line each.
package struct SelectedWriter: ~Copyable {
  private let file: AppendFile
  private var buffer: [UInt8] = []

  package init(path: String) throws(FileError) {
    file = try AppendFile(path: path, truncate: true, mode: 0o600)
  }

  package mutating func append(_ secret: DiscoveredSecret) throws(FileError) {
    secret.record.write(into: &buffer)
    buffer.append(0x0A)
    if buffer.count > 256 << 10 { try flush() }
  }

  package mutating func flush() throws(FileError) {
    try file.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
