internal import CArchive
internal import Cryptography
internal import Glibc

/// An archive that is read forward; nothing is ever extracted.
///
/// Only tar and zip, plain or under gzip or zstd, are understood: fewer parsers see hostile bytes.
/// Reference: libarchive, archive_read(3).
struct ArchiveReader: ~Copyable {
  /// The header of one entry.
  struct Entry {
    enum Kind { case file, folder, other }
    /// Nil when the name is missing or not UTF-8.
    let path: String?
    let kind: Kind
    /// Nil when the header does not say.
    let size: Int?
    let permissions: UInt32
    let isOwned: Bool
    let isSparse: Bool
    let isEncrypted: Bool
  }

  /// More than this, unpacked, is no bundle of ours.
  private static let maximumBytes = 256 << 30
  /// What unpacks to more than this many times its size is refused once it is large.
  private static let maximumRatio = 400
  private static let ratioFloor = 256 << 20

  let path: String
  private let handle: OpaquePointer
  private var expected = 0
  /// Of all entries so far.
  private var unpacked = 0
  /// What libarchive found odd and read over; at most 20.
  private(set) var warnings: [String] = []

  private init(path: String, handle: OpaquePointer) {
    self.path = path
    self.handle = handle
  }

  /// Opens an archive.
  ///
  /// - `passphrase`: for entries that are encrypted; without one they cannot be read.
  static func open(
    _ path: String, passphrase: SecretBytes? = nil
  ) throws(EvidenceError) -> ArchiveReader {
    guard let handle = archive_read_new() else {
      throw .archive(path: path, what: ArchiveText.missing)
    }
    var reader = ArchiveReader(path: path, handle: handle)
    try reader.check(archive_read_support_filter_gzip(handle))
    try reader.check(archive_read_support_filter_zstd(handle))
    try reader.check(archive_read_support_format_tar(handle))
    try reader.check(archive_read_support_format_zip(handle))
    if let passphrase {
      try reader.check(passphrase.withTerminated { archive_read_add_passphrase(handle, $0) })
    }
    try reader.check(archive_read_open_filename(handle, path, 128 << 10))
    return reader
  }

  deinit { archive_read_free(handle) }

  /// The next entry, whose bytes ``nextBlock()`` then gives; nil at the end.
  mutating func next() throws(EvidenceError) -> Entry? {
    var entry: OpaquePointer?
    let code = archive_read_next_header(handle, &entry)
    if code == ARCHIVE_EOF { return nil }
    try check(code)
    guard let entry else { throw .archive(path: path, what: "an entry without a header") }
    expected = 0
    let kind: Entry.Kind
    let isLink = archive_entry_hardlink(entry) != nil || archive_entry_symlink(entry) != nil
    switch archive_entry_filetype(entry) {
    case FileKind.regular: kind = isLink ? .other : .file
    case FileKind.folder: kind = .folder
    default: kind = .other
    }
    let hasOwner =
      archive_entry_uid(entry) != 0 || archive_entry_gid(entry) != 0
      || !ArchiveReader.isEmpty(archive_entry_uname(entry))
      || !ArchiveReader.isEmpty(archive_entry_gname(entry))
    return Entry(
      path: ArchiveReader.name(of: entry), kind: kind,
      size: archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : nil,
      permissions: archive_entry_perm(entry), isOwned: hasOwner,
      isSparse: archive_entry_sparse_count(entry) > 0,
      isEncrypted: archive_entry_is_encrypted(entry) != 0)
  }

  private static func isEmpty(_ text: UnsafePointer<CChar>?) -> Bool {
    text.map { $0.pointee == 0 } ?? true
  }

  private static func name(of entry: OpaquePointer) -> String? {
    if let text = archive_entry_pathname_utf8(entry) { return String(validatingCString: text) }
    return archive_entry_pathname(entry).flatMap { String(validatingCString: $0) }
  }

  /// The next bytes of the entry, valid until the next call; nil at its end.
  ///
  /// - Throws: also for a hole, as a sparse entry could pretend any size, and for what unpacks to
  ///   far more than its size.
  mutating func nextBlock() throws(EvidenceError) -> UnsafeRawBufferPointer? {
    var start: UnsafeRawPointer?
    var count = 0
    var offset: Int64 = 0
    let code = archive_read_data_block(handle, &start, &count, &offset)
    if code == ARCHIVE_EOF { return nil }
    try check(code)
    guard offset == Int64(expected) else { throw .archive(path: path, what: "a sparse entry") }
    expected += count
    unpacked += count
    guard unpacked <= ArchiveReader.maximumBytes else {
      throw .archive(path: path, what: "unpacks to more than any run leaves")
    }
    guard
      unpacked <= ArchiveReader.ratioFloor
        || unpacked / max(1, compressedBytes) <= ArchiveReader.maximumRatio
    else { throw .archive(path: path, what: "unpacks to far more than its size, like a bomb") }
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  /// Reads over the rest of the entry, which libarchive would do without any bound.
  mutating func skip() throws(EvidenceError) {
    while try nextBlock() != nil {}
  }

  /// Bytes of the archive file that were read so far.
  private var compressedBytes: Int { Int(archive_filter_bytes(handle, -1)) }

  private mutating func check(_ code: Int32) throws(EvidenceError) {
    if code == ARCHIVE_OK { return }
    let text = ArchiveText.error(of: handle)
    guard code == ARCHIVE_WARN else { throw .archive(path: path, what: text) }
    if warnings.count < 20 { warnings.append(text) }
  }
}
