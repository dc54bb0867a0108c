internal import Glibc

/// A file that is written forward.
///
/// Nothing is durable before ``sync()``.
package struct AppendFile: ~Copyable {
  package let path: String
  private let descriptor: Int32

  /// Opens for appending, making the file with mode 0644 where it is missing.
  package init(path: String, truncate: Bool = false, mode: UInt32 = 0o644) throws(FileError) {
    self.path = path
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (truncate ? O_TRUNC : 0)
    descriptor = open(path, flags, mode)
    guard descriptor >= 0 else { throw FileError.last("cannot write \(path)") }
  }

  deinit { close(descriptor) }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError.last("cannot write \(path)")
      }
      done += count
    }
  }

  package func write(_ bytes: [UInt8]) throws(FileError) {
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(FileError) in try write(raw) }
    }
    try result.get()
  }

  /// Returns when the bytes are on the disk (fdatasync).
  package func sync() throws(FileError) {
    guard fdatasync(descriptor) == 0 else { throw FileError.last("cannot flush \(path)") }
  }

  /// Waits until no other process holds the file, and keeps them away while this value lives.
  package func lock() throws(FileError) {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw FileError.last("cannot lock \(path)") }
    }
  }

  /// In bytes; 0 for a device.
  package var size: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Whether a name still leads to the file, so that what is written to it stays.
  package var isLinked: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0
  }

  /// Cuts the file to a length, as after a torn last line.
  package func truncate(to length: Int) throws(FileError) {
    guard ftruncate(descriptor, off_t(length)) == 0 else {
      throw FileError.last("cannot shorten \(path)")
    }
  }
}

/// Whole files and folders, written so that a crash leaves the old state or the new one.
package enum DurableFile {
  /// Temporary name, write, fsync, rename, fsync of the folder.
  package static func replace(
    _ path: String, with bytes: [UInt8], mode: UInt32 = 0o644
  ) throws(FileError) {
    let temporary = "\(path).\(getpid()).partial"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw FileError.last("cannot write \(path)") }
    var done = 0
    var failure: FileError?
    bytes.withUnsafeBytes { raw in
      while done < raw.count {
        let count = Glibc.write(descriptor, raw.baseAddress?.advanced(by: done), raw.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          failure = FileError.last("cannot write \(path)")
          return
        }
        done += count
      }
      if fsync(descriptor) != 0 { failure = FileError.last("cannot flush \(path)") }
    }
    close(descriptor)
    if failure == nil, rename(temporary, path) != 0 {
      failure = FileError.last("cannot rename to \(path)")
    }
    if let failure {
      unlink(temporary)
      throw failure
    }
    syncFolder(of: path)
  }

  /// As ``replace(_:with:mode:)``, but never over a file that is there.
  ///
  /// - Throws: an error that ``FileError/exists`` when there is one; of several processes at most
  ///   one succeeds.
  package static func create(
    _ path: String, with bytes: [UInt8], mode: UInt32 = 0o644
  ) throws(FileError) {
    let temporary = "\(path).\(getpid()).new"
    try replace(temporary, with: bytes, mode: mode)
    try publish(temporary, as: path)
  }

  /// Gives a finished file its name, never over a file that is there; the old name goes away.
  package static func publish(_ temporary: String, as path: String) throws(FileError) {
    defer { unlink(temporary) }
    if link(temporary, path) != 0 {
      // Some file systems have no second names; there the name is claimed first.
      guard errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK else {
        throw FileError.last("cannot make \(path)")
      }
      let claim = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard claim >= 0 else { throw FileError.last("cannot make \(path)") }
      close(claim)
      guard rename(temporary, path) == 0 else { throw FileError.last("cannot rename to \(path)") }
    }
    syncFolder(of: path)
  }

  /// Makes a rename or a new file in a folder durable.
  ///
  /// A file system that cannot is left at that.
  package static func syncFolder(of path: String) {
    let descriptor = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// Makes a folder and those above it; one that exists is fine.
  package static func makeFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, path != "/", !path.isEmpty else {
      throw FileError.last("cannot make the folder \(path)")
    }
    try makeFolder(folder(of: path))
    if mkdir(path, 0o755) != 0, errno != EEXIST {
      throw FileError.last("cannot make the folder \(path)")
    }
  }

  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Whether two paths lead to one file or folder.
  package static func isSame(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(path, &first) == 0 && stat(other, &second) == 0
      && first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// A file that can be read more than once, unlike a pipe.
  package static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Renames a file and makes that durable.
  package static func move(_ path: String, to target: String) throws(FileError) {
    guard rename(path, target) == 0 else { throw FileError.last("cannot rename to \(target)") }
    syncFolder(of: target)
  }

  package static func remove(_ path: String) { unlink(path) }

  /// Removes a folder of ours with all it holds; links are removed, not followed.
  package static func removeFolder(_ path: String) {
    for name in (try? list(path)) ?? [] {
      let child = path + "/" + name
      var status = stat()
      if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
        removeFolder(child)
      } else {
        unlink(child)
      }
    }
    rmdir(path)
  }

  /// The names in a folder, sorted by byte, without `.` and `..`.
  package static func list(_ path: String) throws(FileError) -> [String] {
    guard let folder = opendir(path) else { throw FileError.last("cannot list \(path)") }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The whole of a file that is known to be small.
  package static func read(_ path: String, atMost limit: Int = 64 << 20) throws(FileError)
    -> [UInt8]
  {
    var file = try ChunkedFile(path: path)
    var bytes: [UInt8] = []
    while true {
      let chunk = try file.next()
      if chunk.isEmpty { return bytes }
      guard bytes.count + chunk.count <= limit else {
        throw FileError(code: EFBIG, action: "cannot read \(path)")
      }
      bytes.append(contentsOf: chunk)
    }
  }
}

/// An exclusive lock on a file, held while the value lives; it ends with the process too.
package struct FileLock: ~Copyable {
  private let descriptor: Int32

  /// - Returns: nil when another process holds the lock.
  package init?(path: String, note: String) throws(FileError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError.last("cannot open \(path)") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(code: code, action: "cannot lock \(path)") }
      return nil
    }
    self.descriptor = descriptor
    // The note (host and pid) is for people; the lock itself is the kernel's.
    let bytes = Array((note + "\n").utf8)
    ftruncate(descriptor, 0)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  deinit { close(descriptor) }

  /// Whether a process holds the lock on a file; one that is missing is held by none.
  package static func isHeld(path: String) throws(FileError) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return false }
      throw FileError.last("cannot open \(path)")
    }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return false }
    guard errno == EWOULDBLOCK else { throw FileError.last("cannot look at the lock \(path)") }
    return true
  }
}
