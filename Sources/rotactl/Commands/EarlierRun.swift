internal import DurableFiles
internal import EvidenceBundle
internal import RotationCore
internal import RunEngine

/// A run that another one puts right: read from its folder or its bundle, on any machine.
struct EarlierRun {
  /// Which of its targets are taken.
  enum Selection: Sendable {
    /// Those that the run itself turned off, with what was saved of them.
    case cancelled
    /// Every secret that the run knows by its ARN, each once.
    case known
  }

  let path: String
  /// As the operator typed it.
  let typed: String
  private let evidence: RunEvidence
  private let reader: RunReader

  var runID: String { evidence.journal.runID }
  var header: PlanHeader { evidence.header }
  var source: PlanHeader.Source {
    PlanHeader.Source(runID: runID, planSHA256: evidence.planSHA256, path: typed)
  }

  /// Whether an argument means a run, rather than a manifest.
  static func isMeant(by argument: String, reports: String) -> Bool {
    RunFolder(existing: argument, reports: reports) != nil
      || BundleFormat.allCases.contains {
        argument.hasSuffix("." + $0.rawValue) || argument.hasSuffix(".\($0.rawValue).cms")
      }
  }

  /// - `keys`: for a bundle that not everybody can read.
  /// - Throws: a ``Diagnostic`` when there is no such run, one that is still going on, or a drill.
  init(_ argument: String, reports: String, keys: BundleKeys) throws {
    let folder = RunFolder(existing: argument, reports: reports)
    let path = folder?.path ?? argument
    guard DurableFile.exists(path) else {
      throw Diagnostic(
        "no run and no bundle of this name", at: argument,
        hint: "name a run below \(reports), or a bundle's file", status: .usage)
    }
    if let folder, try FileLock.isHeld(path: folder.file(RunLayout.lockFile)) {
      throw Diagnostic(
        "the run is still going on", at: folder.path, hint: "wait for it to end", status: .refused)
    }
    if let folder, !DurableFile.exists(folder.file(RunLayout.journalFile)) {
      throw Diagnostic(
        "the run never began: it has no journal", at: folder.path, status: .refused)
    }
    reader = try EarlierRun.reader(of: path, keys)
    // The accounts of a drill have no owner, so that somebody's real account may bear their number.
    if try RecordedRun(reader.runRecord(), at: path).isDrill {
      throw Diagnostic(
        "the run was a drill: its simulated account is gone, and what it saved is of no real one",
        at: path, hint: "name the run that changed the real accounts", status: .refused)
    }
    self.path = path
    typed = argument
    evidence = reader.evidence
  }

  /// Opens a run or bundle that was named on the command line.
  static func reader(of path: String, _ keys: BundleKeys) throws -> RunReader {
    do throws(EvidenceError) { return try RunReader(path: path, keys: keys) } catch {
      throw Foreseen.unreadable(path, error)
    }
  }

  /// Writes the selected targets as a manifest of ARNs.
  ///
  /// - `profiles`: whether a target keeps the profile of that run; without one, the profile is
  ///   found by the account of the ARN.
  /// - Returns: how many were selected, and how many the run left without a proven outcome.
  func writeManifest(
    of selection: Selection, to path: String, keeping profiles: (String) -> Bool
  ) throws -> (selected: Int, unproven: Int) {
    let file = try AppendFile(path: path, truncate: true)
    var buffer: [UInt8] = []
    var selected = 0
    var unproven = 0
    var cursor = try evidence.entries()
    while let item = try cursor.next() {
      if item.outcome == .unknown { unproven += 1 }
      guard EarlierRun.takes(item, selection) else { continue }
      selected += 1
      var line: JSONObject = ["id": .string(item.entry.actingID)]
      if let profile = item.entry.target.profile, profiles(profile) {
        line["profiles"] = [.string(profile)]
      }
      JSONValue.object(line).write(into: &buffer)
      buffer.append(0x0A)
      if buffer.count > 1 << 16 {
        try file.write(buffer)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    try file.write(buffer)
    return (selected, unproven)
  }

  private static func takes(_ item: EvidenceEntry, _ selection: Selection) -> Bool {
    switch selection {
    case .cancelled: RestoreFile.saved(item.entry, item.settlement) != nil
    case .known: item.entry.primaryOrdinal == nil && SecretARN.looksLikeARN(item.entry.actingID)
    }
  }

  /// What the new plan holds of each target beside the manifest, in the manifest's order.
  func memory(of selection: Selection) throws -> Memory {
    Memory(try evidence.entries(), selection, reader)
  }

  /// A pass over the selected targets, in step with the manifest that was written of them.
  ///
  /// Unchecked because the one planner that holds it asks from one task at a time.
  final class Memory: @unchecked Sendable {
    private var cursor: EntryCursor
    private let selection: Selection
    /// Keeps what a bundle was unpacked to.
    private let reader: RunReader

    fileprivate init(
      _ cursor: consuming EntryCursor, _ selection: Selection, _ reader: RunReader
    ) {
      self.cursor = cursor
      self.selection = selection
      self.reader = reader
    }

    /// A target of the new plan with what the earlier run knows of it.
    func draft(of target: Target) throws -> PlanEntry {
      while let item = try cursor.next() {
        guard EarlierRun.takes(item, selection) else { continue }
        guard item.entry.actingID == target.secretID else { break }
        var draft = PlanEntry(target: target, disposition: .notExamined, reason: "")
        draft.target.sources = item.entry.target.sources
        draft.target.labels = item.entry.target.labels
        if selection == .cancelled {
          draft.saved = RestoreFile.saved(item.entry, item.settlement)
          draft.clientRequestToken = RequestToken.new()
        }
        return draft
      }
      throw Diagnostic(
        "the earlier run does not have this secret", at: target.secretID, status: .internalError)
    }
  }
}
