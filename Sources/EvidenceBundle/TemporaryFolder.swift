internal import DurableFiles
internal import Glibc

/// A folder with mode 0700 that goes, with the files in it, when the value does.
final class TemporaryFolder: Sendable {
  let path: String

  /// Makes the folder.
  ///
  /// - `parent`: where to make it; nil for `TMPDIR`, or `/tmp` where that is not set.
  init(in parent: String? = nil) throws(EvidenceError) {
    let root = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(root)/\(TemporaryFolder.start)XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) } != nil
    }
    guard made else {
      throw .file(FileError.last("cannot make a temporary folder in \(root)"))
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { DurableFile.removeFolder(path) }

  private static let start = ".rotactl-"

  /// Removes what killed processes left in a folder in which no other one works.
  static func removeLeftovers(in parent: String) {
    for name in (try? DurableFile.list(parent)) ?? [] where name.hasPrefix(start) {
      let path = "\(parent)/\(name)"
      var status = stat()
      // A link is not ours: what it leads to is not touched.
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { continue }
      DurableFile.removeFolder(path)
    }
  }
}

/// A file's bytes as memory, for what must see all of them at once.
struct MappedFile: ~Copyable {
  private let start: UnsafeMutableRawPointer?
  private let count: Int

  init(path: String) throws(EvidenceError) {
    let (start, count) = try MappedFile.map(path)
    self.start = start
    self.count = count
  }

  private static func map(
    _ path: String
  ) throws(EvidenceError) -> (UnsafeMutableRawPointer?, Int) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(FileError.last("cannot read \(path)")) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .file(FileError.last("cannot read \(path)"))
    }
    let count = Int(status.st_size)
    guard count > 0 else { return (nil, 0) }
    guard let mapped = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0),
      mapped != MAP_FAILED
    else { throw .file(FileError.last("cannot map \(path)")) }
    return (mapped, count)
  }

  deinit { if let start { munmap(start, count) } }

  /// Lends the bytes; they must not leave the closure.
  func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    body(UnsafeRawBufferPointer(start: start, count: count))
  }
}
