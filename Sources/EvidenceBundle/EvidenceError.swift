package import DurableFiles

/// Why evidence cannot be read or written.
package enum EvidenceError: Error, Sendable, Hashable, CustomStringConvertible {
  case file(FileError)
  /// A line that is not what it must be; lines count from 1.
  case damaged(path: String, line: Int, what: String)
  /// What libarchive says about an archive.
  case archive(path: String, what: String)
  /// The evidence contradicts itself, or cannot be bundled.
  case refused(String)

  package var description: String {
    switch self {
    case .file(let error): error.description
    case .damaged(let path, let line, let what): "\(path):\(line): \(what)"
    case .archive(let path, let what): "\(path): \(what)"
    case .refused(let what): what
    }
  }
}

/// Runs file work and names its failure in this stage's own error.
func reading<Value: ~Copyable>(
  _ body: () throws(FileError) -> Value
) throws(EvidenceError) -> Value {
  do { return try body() } catch { throw EvidenceError.file(error) }
}
