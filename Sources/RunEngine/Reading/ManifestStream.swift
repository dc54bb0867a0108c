package import Cryptography
internal import DurableFiles
package import RotationCore

/// A manifest as it is named on the command line.
package struct ManifestSource: Sendable, Hashable {
  /// `-` is standard input.
  package var path: String
  /// Nil takes the form from the extension, else from the first line.
  package var format: ManifestFormat?
  /// Of CSV; nil is a tab for `.tsv`, else a comma.
  package var delimiter: UInt8?
  /// Where the original bytes are copied to while they are first read; nil copies nothing.
  ///
  /// Standard input needs one, since it is read twice.
  package var spool: String?

  package init(
    path: String, format: ManifestFormat? = nil, delimiter: UInt8? = nil, spool: String? = nil
  ) {
    self.path = path
    self.format = format
    self.delimiter = delimiter
    self.spool = spool
  }
}

/// What is known of a manifest once it was read to its end.
package struct ManifestReading: Sendable, Hashable {
  package var path: String
  package var format: ManifestFormat?
  package var sha256: SHA256Digest
  package var byteCount: Int
  /// Entries without a problem.
  package var entryCount: Int
  package var preamble: ManifestPreamble
}

/// A sink that knows how many entries it was given.
protocol CountingManifestSink: ManifestSink {
  var entryCount: Int { get }
  /// True ends the reading early.
  var isStopped: Bool { get }
  /// The entries are not wanted; see ``ManifestDecoder``.
  static var isPreambleOnly: Bool { get }
  /// So much of the manifest at hand has been read; told once, near its beginning.
  mutating func hasRead(_ bytes: Int, of total: Int)
}

extension CountingManifestSink {
  static var isPreambleOnly: Bool { false }
  mutating func hasRead(_ bytes: Int, of total: Int) {}
}

/// Reads one manifest in chunks: decodes, hashes and copies its bytes in one pass.
enum ManifestStream {
  private static let chunkBytes = 256 << 10

  /// Reads a manifest into a sink.
  ///
  /// - `source`: the manifest.
  /// - `file`: what to open in place of the source's path, such as its spool.
  /// - `spool`: where to copy the bytes; nil copies nothing.
  /// - `sink`: receives entries and problems.
  /// - Returns: nil when the file cannot be read; the reason is then a problem in the sink.
  /// - Throws: ``FileError`` when the copy cannot be written.
  static func read<Sink: CountingManifestSink>(
    _ source: ManifestSource, file: String? = nil, spool: String? = nil, into sink: inout Sink
  ) throws(FileError) -> ManifestReading? {
    guard let input = open(file ?? source.path, of: source, reporting: &sink) else { return nil }
    let copy = try SpoolFile(path: spool)
    var hash = SHA256()
    var byteCount = 0
    let entriesBefore = sink.entryCount
    let decoder = try decode(source, from: input, into: &sink) { (chunk) throws(FileError) in
      hash.update(chunk)
      byteCount += chunk.count
      try copy.write(chunk)
    }
    guard let decoder else { return nil }
    try copy.sync()
    return ManifestReading(
      path: source.path, format: decoder.format, sha256: hash.finish(), byteCount: byteCount,
      entryCount: sink.entryCount - entriesBefore, preamble: decoder.preamble)
  }

  /// - Returns: nil when the file cannot be opened; the reason is then a problem in the sink.
  static func open(
    _ path: String, of source: ManifestSource, reporting sink: inout some CountingManifestSink
  ) -> ChunkedFile? {
    do throws(FileError) {
      return try ChunkedFile(path: path, chunkBytes: chunkBytes)
    } catch {
      sink.problem(problem(error, source.path))
      return nil
    }
  }

  /// Decodes a manifest into a sink.
  ///
  /// - `source`: the manifest.
  /// - `input`: its bytes.
  /// - `sink`: receives entries and problems.
  /// - `each`: sees the bytes; what it throws ends the reading.
  /// - Returns: nil when the file cannot be read; the reason is then a problem in the sink.
  static func decode<Sink: CountingManifestSink>(
    _ source: ManifestSource, from input: consuming ChunkedFile, into sink: inout Sink,
    each: (UnsafeRawBufferPointer) throws(FileError) -> Void = { _ in }
  ) throws(FileError) -> ManifestDecoder? {
    var decoder = ManifestDecoder(
      format: source.format, file: source.path, delimiter: source.delimiter,
      preambleOnly: Sink.isPreambleOnly)
    let size = input.size
    var isFirst = true
    while !sink.isStopped {
      let chunk: UnsafeRawBufferPointer
      do throws(FileError) {
        chunk = try input.next()
      } catch {
        sink.problem(problem(error, source.path))
        return nil
      }
      if chunk.isEmpty { break }
      try each(chunk)
      decoder.consume(chunk, into: &sink)
      if isFirst { sink.hasRead(chunk.count, of: size) }
      isFirst = false
    }
    if !sink.isStopped { decoder.finish(into: &sink) }
    return decoder
  }

  private static func problem(_ error: FileError, _ path: String) -> ManifestProblem {
    ManifestProblem(
      location: SourceLocation(file: path, line: 1, column: 1), what: error.description,
      mend: error.isMissing
        ? "check the path; '-' reads standard input" : "name a file that can be read")
  }
}

/// Where the original bytes go while they are read, or nowhere.
private struct SpoolFile: ~Copyable {
  private let file: AppendFile?

  init(path: String?) throws(FileError) {
    if let path {
      file = try AppendFile(path: path, truncate: true)
    } else {
      file = nil
    }
  }

  borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    try file?.write(bytes)
  }

  borrowing func sync() throws(FileError) { try file?.sync() }
}
