internal import Glibc

/// A system call that failed, with what it was about.
package struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// `errno` after the call.
  package let code: Int32
  /// Such as `cannot write reports/x/journal.ndjson`.
  package let action: String

  package init(code: Int32, action: String) {
    self.code = code
    self.action = action
  }

  package static func last(_ action: String) -> FileError { FileError(code: errno, action: action) }

  package var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
  package var isReadOnly: Bool { code == EROFS }
  package var isForbidden: Bool { code == EACCES || code == EPERM }
  package var isMissing: Bool { code == ENOENT }
  package var exists: Bool { code == EEXIST }
  package var description: String { "\(action): \(String(cString: strerror(code)))" }
}
