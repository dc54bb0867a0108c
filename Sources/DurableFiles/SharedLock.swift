internal import Glibc

/// An exclusive lock on a file that processes of all users of this machine share.
///
/// The kernel releases it when the process ends, however it ends. The file stays.
package final class SharedLock: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Takes the lock.
  ///
  /// - `path`: made with mode 0666 where it is missing; never followed when it is a link.
  /// - `note`: written into the file for whoever is refused.
  /// - Returns: nil when another process, or another lock of this one, holds it.
  package static func take(path: String, note: [UInt8]) throws(FileError) -> SharedLock? {
    let descriptor = try open(path)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(code: code, action: "cannot lock \(path)") }
      return nil
    }
    write(note, to: path)
    return SharedLock(descriptor: descriptor)
  }

  /// What the holder wrote; empty where nothing can be read.
  package static func note(of path: String) -> [UInt8] {
    (try? DurableFile.read(path, atMost: 4096)) ?? []
  }

  /// Makes a folder that everybody may put files into, and nobody may remove those of others.
  ///
  /// - Returns: false where it cannot be made or used.
  package static func makeFolder(_ path: String) -> Bool {
    if mkdir(path, 0o777) == 0 { chmod(path, 0o1777) }
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      && access(path, W_OK | X_OK) == 0
  }

  /// A file of another user is opened for reading, which is enough for the lock.
  private static func open(_ path: String) throws(FileError) -> Int32 {
    for _ in 0..<10 {
      let found = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
      if found >= 0 { return found }
      guard errno == ENOENT else { throw FileError.last("cannot open \(path)") }
      let made = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      if made >= 0 {
        fchmod(made, 0o666)
        return made
      }
      guard errno == EEXIST else { throw FileError.last("cannot make \(path)") }
    }
    throw FileError(code: EAGAIN, action: "cannot open \(path)")
  }

  /// The note is for people; a file of another user may refuse it.
  private static func write(_ note: [UInt8], to path: String) {
    let descriptor = Glibc.open(path, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = note.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }
}
