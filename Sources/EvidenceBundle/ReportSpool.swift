internal import DurableFiles

/// Reports on the disk, between the pass that makes and sums them and the one that packs them:
/// reading one back costs a fraction of making it.
///
/// One file, which goes with the value.
struct ReportSpool: Sendable {
  fileprivate let folder: TemporaryFolder

  fileprivate var path: String { ReportSpool.path(in: folder) }

  fileprivate static func path(in folder: TemporaryFolder) -> String { folder.path + "/reports" }

  /// A fresh pass over the reports in their order.
  func reports() throws(EvidenceError) -> SpooledReports { try SpooledReports(path: path) }
}

/// Fills a spool.
///
/// Room for it is a convenience: where the disk has none, the reports are made anew.
final class ReportSpoolWriter {
  private let folder: TemporaryFolder
  private let limit: Int
  private var buffer: [UInt8] = []
  private var written = 0
  private var hasRoom = true

  /// - `parent`: the folder in which the spool is made.
  /// - `limit`: the most bytes that it may take.
  init(in parent: String?, limit: Int = .max) throws(EvidenceError) {
    folder = try TemporaryFolder(in: parent)
    self.limit = limit
  }

  func add(_ report: ReportCursor.Report) {
    guard hasRoom else { return }
    for count in [report.path.utf8.count, report.bytes.count] {
      withUnsafeBytes(of: UInt64(count).littleEndian) { buffer.append(contentsOf: $0) }
    }
    buffer.append(contentsOf: report.path.utf8)
    buffer.append(contentsOf: report.bytes)
    if buffer.count >= 1 << 20 { flush() }
  }

  private func flush() {
    guard hasRoom else { return }
    let path = ReportSpool.path(in: folder)
    written += buffer.count
    hasRoom = written <= limit
    do { if hasRoom { try AppendFile(path: path, mode: 0o600).write(buffer) } } catch {
      hasRoom = false
    }
    if !hasRoom { DurableFile.remove(path) }
    buffer.removeAll(keepingCapacity: true)
  }

  /// - Returns: nil where there was no room for all reports.
  func finish() -> ReportSpool? {
    flush()
    return hasRoom ? ReportSpool(folder: folder) : nil
  }
}

/// A pass over spooled reports; holds one of them and a chunk of the file.
struct SpooledReports: ~Copyable {
  private var file: ChunkedFile
  private var pending: [UInt8] = []
  private var start = 0

  fileprivate init(path: String) throws(EvidenceError) {
    file = try reading { () throws(FileError) in try ChunkedFile(path: path, chunkBytes: 1 << 20) }
  }

  /// Lends the next report to a closure.
  ///
  /// - Returns: false after the last one.
  mutating func next(
    _ body: (_ path: String, _ bytes: UnsafeRawBufferPointer) throws(EvidenceError) -> Void
  ) throws(EvidenceError) -> Bool {
    guard try fill(16) else { return false }
    let (pathCount, count) = (number(at: start), number(at: start + 8))
    let bounds = 0...(1 << 30)
    guard bounds.contains(pathCount), bounds.contains(count), try fill(16 + pathCount + count)
    else {
      throw .refused("\(file.path) was cut while it was being read")
    }
    let name = start + 16
    let path = String(decoding: pending[name..<(name + pathCount)], as: UTF8.self)
    var failure: EvidenceError?
    pending.withUnsafeBytes { raw in
      let bytes = UnsafeRawBufferPointer(rebasing: raw[(name + pathCount)...].prefix(count))
      do throws(EvidenceError) { try body(path, bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    start = name + pathCount + count
    return true
  }

  private func number(at place: Int) -> Int {
    pending[place..<(place + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// - Returns: false where the file ends before so many bytes.
  private mutating func fill(_ count: Int) throws(EvidenceError) -> Bool {
    while pending.count - start < count {
      if start > 0 {
        pending.removeFirst(start)
        start = 0
      }
      do {
        let chunk = try file.next()
        if chunk.isEmpty { return false }
        pending.append(contentsOf: chunk)
      } catch { throw .file(error) }
    }
    return true
  }
}
