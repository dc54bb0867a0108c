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

  /// The run that has used the plan; nil while none has.
  ///
  /// A mark that cannot be read counts, for it stands where only a used plan has one.
  func earlier() -> Use? {
    for path in [inReports, besideIt] {
      do throws(FileError) {
        let bytes = try DurableFile.read(path, atMost: 1 << 20)
        let value = try? JSONValue(parsing: bytes)
        if let folder = value?["folder"]?.string, PlanUse.neverBegan(folder) {
          DurableFile.remove(path)
          continue
        }
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

  /// A process that ended between its mark and its journal has changed nothing.
  private static func neverBegan(_ folder: String) -> Bool {
    guard DurableFile.isFolder(folder),
      !DurableFile.exists("\(folder)/\(RunLayout.journalFile)")
    else { return false }
    return (try? FileLock.isHeld(path: "\(folder)/\(RunLayout.lockFile)")) == false
  }

  func checkUnused() throws(Diagnostic) {
    if let use = earlier() { throw refusal(use) }
  }

  /// Marks the plan as used, durable when this returns; of several runs one succeeds.
  ///
  /// - `folder`: the run's, with its whole path.
  func mark(runID: String, folder: String, at time: Timestamp) throws(Diagnostic) {
    let record: JSONValue = [
      "schema": "rotactl.planuse/1", "run": .string(runID), "at": .string(time.iso8601),
      "host": .string(HostFacts.host), "planSha256": .string(sha256), "folder": .string(folder),
    ]
    let bytes = Array((record.compact + "\n").utf8)
    do throws(FileError) {
      try DurableFile.makeFolder("\(reports)/\(PlanUse.folder)")
      try DurableFile.create(inReports, with: bytes)
    } catch {
      throw error.exists ? taken() : unmarkable(error)
    }
    do throws(FileError) {
      try DurableFile.create(besideIt, with: bytes)
    } catch {
      guard error.exists else {
        DurableFile.remove(inReports)
        throw unmarkable(error)
      }
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

  private func earlierBeside() -> Use? {
    guard let bytes = try? DurableFile.read(besideIt, atMost: 1 << 20),
      let value = try? JSONValue(parsing: bytes), value["planSha256"]?.string != sha256
    else {
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
