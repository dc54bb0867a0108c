internal import Cryptography
internal import DurableFiles
internal import Glibc
internal import RotationCore

/// An archive read once from end to end: every entry hashed, the few that a check reads again
/// copied to a folder of their own, nothing else written anywhere.
struct BundleContents {
  static let maximumEntries = 20_000_000
  private static let maximumKept = 10_000

  /// The one folder at the top of all entries.
  private(set) var top: String?
  let folder: TemporaryFolder
  let checksums: ChecksumSorter
  private(set) var entries = 0
  /// Whether any entry is under a passphrase.
  private(set) var isEncrypted = false
  private let passphrase: SecretBytes?
  /// Over the accepted paths in the order in which they stand, a newline after each.
  private(set) var order = SHA256.hash("")
  private var kept: Set<String> = []

  /// - Parameters:
  ///   - path: the archive.
  ///   - passphrase: of an encrypted zip.
  ///   - onlyRecords: whether to keep plan, journal and `run.json` alone, for reading rather than checking, and
  ///     to read no further than those.
  ///   - verification: receives what is wrong with single entries.
  /// - Throws: ``EvidenceError`` when the archive as such cannot be read on.
  init(
    path: String, passphrase: SecretBytes?, onlyRecords: Bool,
    into verification: inout Verification
  ) throws(EvidenceError) {
    self.passphrase = passphrase
    folder = try TemporaryFolder()
    checksums = ChecksumSorter(folder: folder, label: "found")
    var archive = try ArchiveReader.open(path, passphrase: passphrase)
    var names = SHA256()
    while let entry = try archive.next() {
      entries += 1
      guard entries <= BundleContents.maximumEntries else {
        throw .archive(path: path, what: "more than \(BundleContents.maximumEntries) entries")
      }
      guard let name = accept(entry, &verification) else {
        try archive.skip()
        continue
      }
      let isRecord = BundleContents.records.contains(name)
      var isKept = isRecord || !onlyRecords && BundleContents.isKept(name)
      if onlyRecords, !isKept {
        try archive.skip()
        continue
      }
      if isKept, kept.count >= BundleContents.maximumKept {
        verification.broken("more manifests than any run has")
        isKept = false
      }
      names.update(Array((name + "\n").utf8))
      var file: AppendFile?
      if isKept, kept.insert(name).inserted {
        do throws(FileError) {
          let copy = folder.path + "/" + BundleContents.flat(name)
          file = try AppendFile(path: copy, truncate: true, mode: 0o600)
        } catch { throw .file(error) }
      }
      let isLines = isKept && !name.hasPrefix(RunLayout.manifestFolder + "/")
      let digest = try copy(&archive, to: file, named: isLines ? name : nil)
      try checksums.add(Checksum(name, digest))
      if onlyRecords, kept.count == BundleContents.records.count { break }
    }
    order = names.finish()
    for warning in archive.warnings { verification.broken("the archive: \(warning)") }
  }

  /// Whether the archive holds one of the files that are kept.
  func has(_ name: String) -> Bool { kept.contains(name) }

  /// Where a kept file lies; nil when the archive does not hold it.
  func path(of name: String) -> String? {
    kept.contains(name) ? folder.path + "/" + BundleContents.flat(name) : nil
  }

  private static func flat(_ name: String) -> String {
    "kept-" + String(name.map { $0 == "/" ? "+" : $0 })
  }

  /// All that is needed to read a run; they stand before what is made of them.
  private static let records: Set = [
    RunLayout.runFile, RunLayout.planFile, RunLayout.journalFile,
  ]

  private static func isKept(_ name: String) -> Bool {
    BundleShape.seals.contains(name) || BundleShape.optionalCopies.contains(name)
      || name == RunLayout.indexFile
      || name.hasPrefix(RunLayout.manifestFolder + "/")
  }

  /// - Returns: the path below the top folder; nil when the entry must not be used.
  private mutating func accept(
    _ entry: ArchiveReader.Entry, _ verification: inout Verification
  ) -> String? {
    guard let path = entry.path else {
      verification.broken("an entry whose name is not UTF-8")
      return nil
    }
    if let problem = SafePath.problem(of: path) {
      verification.broken("\(problem): \(path)")
      return nil
    }
    guard entry.kind == .file, !entry.isSparse else {
      verification.broken("not a plain file: \(path)")
      return nil
    }
    if entry.isEncrypted {
      isEncrypted = true
      guard passphrase != nil else {
        verification.broken("under a passphrase, and none is given: \(path)")
        return nil
      }
    }
    if entry.isOwned || entry.permissions != 0o644 {
      verification.broken("an owner or a mode that no bundle has: \(path)")
    }
    guard let slash = path.firstIndex(of: "/"), path.index(after: slash) < path.endIndex else {
      verification.broken("an entry outside the run's folder: \(path)")
      return nil
    }
    let first = String(path[..<slash])
    if top == nil { top = first }
    guard first == top else {
      verification.broken("an entry outside the run's folder: \(path)")
      return nil
    }
    return String(path[path.index(after: slash)...])
  }

  /// Hashes an entry, and writes it to a file where one is given.
  ///
  /// A kept file will be read line by line: its lines are bounded here, before anything holds one.
  private func copy(
    _ archive: inout ArchiveReader, to file: consuming AppendFile?, named kept: String?
  ) throws(EvidenceError) -> SHA256Digest {
    var hash = SHA256()
    var open = 0
    while let block = try archive.nextBlock() {
      if let kept {
        let first = block.firstIndex(of: 0x0A) ?? block.count
        guard open + first <= RunEvidence.maximumLine else {
          throw .archive(path: archive.path, what: "\(kept) has a line that is too long")
        }
        open = block.lastIndex(of: 0x0A).map { block.count - 1 - $0 } ?? open + block.count
      }
      hash.update(block)
      do throws(FileError) { try file?.write(block) } catch { throw .file(error) }
    }
    return hash.finish()
  }
}
