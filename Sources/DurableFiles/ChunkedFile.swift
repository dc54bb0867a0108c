internal import Glibc

/// A file read forward in chunks, or at offsets.
///
/// Closed when it goes out of scope.
package struct ChunkedFile: ~Copyable {
  package let path: String
  private let descriptor: Int32
  private let owned: Bool
  private var buffer: UnsafeMutableRawBufferPointer

  /// Opens a file for reading.
  ///
  /// - `path`: `-` reads standard input.
  /// - Throws: ``FileError`` when it cannot be opened, or is a directory.
  package init(path: String, chunkBytes: Int = 64 << 10) throws(FileError) {
    let opened = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw FileError.last("cannot read \(path)") }
    var status = stat()
    if fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      if path != "-" { close(opened) }
      throw FileError(code: EISDIR, action: "cannot read \(path)")
    }
    self.path = path
    descriptor = opened
    owned = path != "-"
    buffer = .allocate(byteCount: chunkBytes, alignment: 16)
  }

  deinit {
    if owned { close(descriptor) }
    buffer.deallocate()
  }

  /// The next bytes, valid until the next call; empty at the end.
  package mutating func next() throws(FileError) -> UnsafeRawBufferPointer {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return UnsafeRawBufferPointer(rebasing: buffer[..<count]) }
      if errno != EINTR { throw FileError.last("cannot read \(path)") }
    }
  }

  /// Up to `count` bytes from an offset; fewer at the end of the file.
  package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let part = bytes.withUnsafeMutableBytes { raw in
        pread(
          descriptor, raw.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
      }
      if part == 0 { break }
      if part < 0 {
        if errno == EINTR { continue }
        throw FileError.last("cannot read \(path)")
      }
      filled += part
    }
    if filled < count { bytes.removeLast(count - filled) }
    return bytes
  }

  package var size: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }
}

/// Lines of a file, without their newline.
package struct LineReader: ~Copyable {
  private var file: ChunkedFile
  private var pending: [UInt8] = []
  private var start = 0
  /// Up to here there is no newline behind `start`.
  private var searched = 0
  private var ended = false
  private var consumed = 0

  package init(path: String) throws(FileError) {
    file = try ChunkedFile(path: path, chunkBytes: 256 << 10)
  }

  package struct Line {
    package let bytes: [UInt8]
    /// Of the first byte, from the start of the file.
    package let offset: Int
    /// False for a last line that has no newline.
    package let isTerminated: Bool
  }

  /// - Returns: nil at the end of the file.
  package mutating func next() throws(FileError) -> Line? {
    while true {
      if let newline = newline(from: searched) {
        let line = Line(
          bytes: Array(pending[start..<newline]), offset: consumed, isTerminated: true)
        consumed += newline + 1 - start
        start = newline + 1
        searched = start
        return line
      }
      searched = pending.count
      if ended {
        guard start < pending.count else { return nil }
        let line = Line(bytes: Array(pending[start...]), offset: consumed, isTerminated: false)
        consumed += pending.count - start
        start = pending.count
        return line
      }
      pending.removeFirst(start)
      searched -= start
      start = 0
      let chunk = try file.next()
      if chunk.isEmpty { ended = true } else { pending.append(contentsOf: chunk) }
    }
  }

  private func newline(from index: Int) -> Int? {
    pending.withUnsafeBytes { bytes -> Int? in
      guard index < bytes.count, let base = bytes.baseAddress else { return nil }
      guard let found = memchr(base + index, 0x0A, bytes.count - index) else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }
}
