internal import DurableFiles
internal import RotationCore
internal import RunEngine

/// The marks that let a saved plan be run once: one beside it, one in the reports folder.
struct PlanUse: Sendable {
  let planPath: String
  /// Of the plan's bytes, in hexadecimal.
  let sha256: String
  let reports: String

  /// Beside the plan: the same name with this at its end.
  static let suffix = ".used"
  /// Below the reports folder: a file for each plan that was run, named by its hash.
  static let folder = ".plans"

  private var besideIt: String { planPath + PlanUse.suffix }
  private var inReports: String { "\(reports)/\(PlanUse.folder)/\(sha256).json" }

  /// A run that used the plan.
  struct Use: Sendable, Hashable {
    let runID: String
    let at: String
    let host: String
    let path: String
  }

  /// A run that marks the plan as its own.
  struct Claimant {
    let runID: String
    /// With its whole path.
    let folder: String

    /// Whether a mark is of this run: also when its folder was moved since.
    func owns(_ mark: JSONValue?) -> Bool {
      guard mark?["run"]?.string == runID, let marked = mark?["folder"]?.string else {
        return false
      }
      return !DurableFile.exists(marked) || DurableFile.isSame(marked, folder)
    }
  }

  /// The run that has used the plan; nil while none has.
  ///
  /// A mark that cannot be read counts, for it stands where only a used plan has one.
  ///
  /// - `claimant`: whose own marks do not count.
  func earlier(than claimant: Claimant? = nil) -> Use? {
    for path in [inReports, besideIt] {
      do throws(FileError) {
        let bytes = try DurableFile.read(path, atMost: 1 << 20)
        let value = try? JSONValue(parsing: bytes)
        if let claimant, claimant.owns(value) { continue }
        if let folder = value?["folder"]?.string, PlanUse.release(path, of: folder) { continue }
        // Another plan had this name before; the mark is its own.
        if path == besideIt, let other = value?["planSha256"]?.string, other != sha256 { continue }
        return Use(
          runID: value?["run"]?.string ?? "of an unreadable mark",
          at: value?["at"]?.string ?? "an unknown time",
          host: value?["host"]?.string ?? "an unknown host", path: path)
      } catch {
        if !error.isMissing {
          return Use(
            runID: "of an unreadable mark", at: "an unknown time", host: "an unknown host",
            path: path)
        }
      }
    }
    return nil
  }

  /// Takes the mark of a process away that ended between its mark and its journal, and so has
  /// changed nothing.
  ///
  /// The run is held meanwhile: `resume` takes up a run without a journal, and marks anew.
  private static func release(_ mark: String, of folder: String) -> Bool {
    let journal = "\(folder)/\(RunLayout.journalFile)"
    guard DurableFile.isFolder(folder), !DurableFile.exists(journal) else { return false }
    do throws(FileError) {
      let note = "\(HostFacts.host) \(HostFacts.pid)"
      guard let lock = try FileLock(path: "\(folder)/\(RunLayout.lockFile)", note: note) else {
        return false
      }
      defer { extendLifetime(lock) }
      guard !DurableFile.exists(journal) else { return false }
      DurableFile.remove(mark)
      return true
    } catch { return false }
  }

  func checkUnused() throws(Diagnostic) {
    if let use = earlier() { throw refusal(use) }
  }

  /// Marks the plan as used, durable when this returns; of several runs one succeeds.
  ///
  /// A run whose marks are there keeps them.
  func mark(_ run: Claimant, at time: Timestamp) throws(Diagnostic) {
    let record: JSONValue = [
      "schema": "rotactl.planuse/1", "run": .string(run.runID), "at": .string(time.iso8601),
      "host": .string(HostFacts.host), "planSha256": .string(sha256),
      "folder": .string(run.folder),
    ]
    let bytes = Array((record.compact + "\n").utf8)
    do throws(FileError) {
      try DurableFile.makeFolder("\(reports)/\(PlanUse.folder)")
      try DurableFile.create(inReports, with: bytes)
    } catch {
      guard error.exists else { throw unmarkable(error) }
      guard run.owns(PlanUse.record(inReports)) else { throw taken() }
    }
    do throws(FileError) {
      try DurableFile.create(besideIt, with: bytes)
    } catch {
      guard error.exists else {
        DurableFile.remove(inReports)
        throw unmarkable(error)
      }
      if run.owns(PlanUse.record(besideIt)) { return }
      if let use = earlierBeside() {
        DurableFile.remove(inReports)
        throw refusal(use)
      }
      // The mark of an earlier plan of this name.
      do throws(FileError) { try DurableFile.replace(besideIt, with: bytes) } catch {
        throw unmarkable(error)
      }
    }
  }

  private static func record(_ path: String) -> JSONValue? {
    guard let bytes = try? DurableFile.read(path, atMost: 1 << 20) else { return nil }
    return try? JSONValue(parsing: bytes)
  }

  /// Marks the plan once more for a run that is taken up and has no journal yet: another may have
  /// used the plan since, or use it now.
  func reclaim(_ run: Claimant, at time: Timestamp) throws(Diagnostic) {
    if let use = earlier(than: run) { throw refusal(use) }
    // Nobody can run a plan that is gone, and there may be no place beside it.
    if DurableFile.exists(planPath) { try mark(run, at: time) }
  }

  private func earlierBeside() -> Use? {
    guard let value = PlanUse.record(besideIt), value["planSha256"]?.string != sha256 else {
      return Use(
        runID: "of another process", at: "this moment", host: HostFacts.host, path: besideIt)
    }
    return nil
  }

  private func taken() -> Diagnostic {
    refusal(
      earlier()
        ?? Use(
          runID: "of another process", at: "this moment", host: HostFacts.host, path: inReports))
  }

  private func refusal(_ use: Use) -> Diagnostic {
    Diagnostic(
      "the plan was run already", at: planPath,
      because: "run \(use.runID) used it at \(use.at) on \(use.host) (\(use.path))",
      hint: "`rotactl resume \(use.runID)` goes on with that run; or plan again", status: .refused)
  }

  private func unmarkable(_ error: FileError) -> Diagnostic {
    Diagnostic(
      "the plan cannot be marked as used, so it is not run", at: planPath,
      because: error.description, hint: "copy the plan to a folder that you can write to",
      status: .refused)
  }
}
