internal import CArchive
internal import Cryptography
internal import DurableFiles
internal import Glibc

/// The forms that a bundle can have.
package enum BundleFormat: String, Sendable, Hashable, CaseIterable {
  case tarGz = "tar.gz"
  case tarZst = "tar.zst"
  case zip
}

/// An archive that is written forward under a temporary name and appears whole or not at all.
///
/// The bytes depend on what is added and on nothing else: no owner, no time zone, no clock.
/// Reference: libarchive, archive_write(3), archive_write_set_options(3).
struct ArchiveWriter: ~Copyable {
  let path: String
  private let temporary: String
  private let handle: OpaquePointer
  /// Used again for every file.
  private let entry: OpaquePointer
  private let descriptor: Int32
  private let format: BundleFormat
  private var remaining = 0
  private(set) var entries = 0
  private var isFinished = false

  private init(
    path: String, temporary: String, handle: OpaquePointer, entry: OpaquePointer,
    descriptor: Int32, format: BundleFormat
  ) {
    self.path = path
    self.temporary = temporary
    self.handle = handle
    self.entry = entry
    self.descriptor = descriptor
    self.format = format
  }

  /// Begins an archive; what an earlier one left unfinished under that name is removed.
  ///
  /// - `passphrase`: encrypts the contents by AES-256, for a zip alone.
  static func create(
    _ path: String, format: BundleFormat, passphrase: SecretBytes? = nil
  ) throws(EvidenceError) -> ArchiveWriter {
    let temporary = path + ".partial"
    unlink(temporary)
    let descriptor = open(
      temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .file(FileError.last("cannot write \(temporary)")) }
    guard let handle = archive_write_new() else {
      close(descriptor)
      unlink(temporary)
      throw .archive(path: path, what: ArchiveText.missing)
    }
    guard let entry = archive_entry_new() else {
      archive_write_free(handle)
      close(descriptor)
      unlink(temporary)
      throw .archive(path: path, what: "no memory for an entry")
    }
    let writer = ArchiveWriter(
      path: path, temporary: temporary, handle: handle, entry: entry, descriptor: descriptor,
      format: format)
    if format == .zip { rotactl_archive_keep_freed_memory() }
    try writer.check(writer.setUp())
    if let passphrase {
      try writer.check(archive_write_set_options(handle, "zip:encryption=aes256"))
      try writer.check(passphrase.withTerminated { archive_write_set_passphrase(handle, $0) })
    }
    try writer.check(archive_write_open_fd(handle, descriptor))
    return writer
  }

  deinit {
    archive_entry_free(entry)
    archive_write_free(handle)
    close(descriptor)
    if !isFinished { unlink(temporary) }
  }

  private func setUp() -> Int32 {
    // A last block that is padded to a record would add bytes that mean nothing.
    var steps = [archive_write_set_bytes_in_last_block(handle, 1)]
    switch format {
    case .tarGz:
      steps += [
        archive_write_set_format_pax_restricted(handle), archive_write_add_filter_gzip(handle),
        archive_write_set_options(handle, "gzip:!timestamp,gzip:compression-level=6"),
      ]
    case .tarZst:
      steps += [
        archive_write_set_format_pax_restricted(handle), archive_write_add_filter_zstd(handle),
        archive_write_set_options(handle, "zstd:compression-level=3"),
      ]
    case .zip:
      steps += [
        archive_write_set_format_zip(handle),
        archive_write_set_options(handle, "zip:compression=deflate,zip:hdrcharset=UTF-8"),
      ]
    }
    return steps.min() ?? ARCHIVE_OK
  }

  /// Begins a file; exactly `size` bytes must follow through ``write(_:)``.
  mutating func begin(_ name: String, size: Int, seconds: Int64) throws(EvidenceError) {
    try endEntry()
    archive_entry_clear(entry)
    archive_entry_set_pathname_utf8(entry, name)
    archive_entry_set_filetype(entry, FileKind.regular)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_size(entry, Int64(size))
    archive_entry_set_uid(entry, 0)
    archive_entry_set_gid(entry, 0)
    // A zip holds local time: only an entry without a time is the same in every time zone.
    if format != .zip { archive_entry_set_mtime(entry, time_t(seconds), 0) }
    try check(archive_write_header(handle, entry))
    remaining = size
    entries += 1
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(EvidenceError) {
    guard bytes.count <= remaining else {
      throw .archive(path: path, what: "a file grew while it was bundled")
    }
    var done = 0
    while done < bytes.count {
      let count = archive_write_data(
        handle, bytes.baseAddress?.advanced(by: done), bytes.count - done)
      guard count > 0 else { throw .archive(path: path, what: ArchiveText.error(of: handle)) }
      done += count
    }
    remaining -= bytes.count
  }

  /// Adds a file whose bytes are in memory.
  mutating func add(_ name: String, _ bytes: [UInt8], seconds: Int64) throws(EvidenceError) {
    try begin(name, size: bytes.count, seconds: seconds)

    var failure: EvidenceError?
    bytes.withUnsafeBytes { raw in
      do throws(EvidenceError) { try write(raw) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  mutating func add(
    _ name: String, _ bytes: UnsafeRawBufferPointer, seconds: Int64
  ) throws(EvidenceError) {
    try begin(name, size: bytes.count, seconds: seconds)
    try write(bytes)
  }

  /// Adds the first `size` bytes of a file on the disk.
  mutating func add(
    _ name: String, file: String, size: Int, seconds: Int64
  ) throws(EvidenceError) {
    try begin(name, size: size, seconds: seconds)
    var source = try reading { () throws(FileError) in
      try ChunkedFile(path: file, chunkBytes: 256 << 10)
    }
    while remaining > 0 {
      let chunk: UnsafeRawBufferPointer
      do { chunk = try source.next() } catch { throw EvidenceError.file(error) }
      guard !chunk.isEmpty else { throw .refused("\(file) shrank while it was bundled") }
      try write(UnsafeRawBufferPointer(rebasing: chunk.prefix(remaining)))
    }
  }

  private mutating func endEntry() throws(EvidenceError) {
    guard remaining == 0 else {
      throw .archive(path: path, what: "a file shrank while it was bundled")
    }
    if entries > 0 { try check(archive_write_finish_entry(handle)) }
  }

  /// Closes the archive, makes it durable and gives it its name.
  consuming func finish() throws(EvidenceError) {
    try endEntry()
    try check(archive_write_close(handle))
    guard fsync(descriptor) == 0 else { throw .file(FileError.last("cannot flush \(temporary)")) }
    guard rename(temporary, path) == 0 else {
      throw .file(FileError.last("cannot rename to \(path)"))
    }
    isFinished = true
    DurableFile.syncFolder(of: path)
  }

  /// A warning while writing means that an entry is not what was asked for: an error here.
  private func check(_ code: Int32) throws(EvidenceError) {
    guard code == ARCHIVE_OK else {
      throw .archive(path: path, what: ArchiveText.error(of: handle))
    }
  }
}

/// libarchive's own words about its last failure.
enum ArchiveText {
  static let missing = "the library libarchive.so.13 cannot be loaded (Debian: libarchive13)"

  /// The library and those that it compresses with.
  static var version: String {
    archive_version_details().map { SafePath.shown(String(cString: $0)) } ?? "libarchive"
  }

  static func error(of handle: OpaquePointer) -> String {
    guard let text = archive_error_string(handle) else { return "libarchive gives no reason" }
    return SafePath.shown(String(cString: text))
  }
}

/// File kinds in the mode word of an entry (POSIX, sys/stat.h).
enum FileKind {
  static let regular: UInt32 = 0o100_000
  static let folder: UInt32 = 0o040_000
}
