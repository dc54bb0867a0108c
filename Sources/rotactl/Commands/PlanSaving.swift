internal import DurableFiles
internal import Glibc

/// Writing a plan where the operator wants it: whole or not at all, and never over another.
enum PlanSaving {
  /// Refuses a name that is taken, before anything is called.
  static func checkFree(_ path: String, overwrites: Bool) throws(Diagnostic) {
    if DurableFile.isFolder(path) {
      throw Diagnostic("a plan needs a file's name", at: path, status: .usage)
    }
    if !overwrites, DurableFile.exists(path) { throw taken(path) }
  }

  /// A name beside the wanted one, so that giving the plan its name needs no copy.
  static func draft(of path: String) throws(Diagnostic) -> String {
    let draft = "\(path).\(getpid()).draft"
    do throws(FileError) {
      try DurableFile.makeFolder(DurableFile.folder(of: path))
      try DurableFile.replace(draft, with: [])
    } catch {
      throw Diagnostic(
        "the plan cannot be written", at: path, because: error.description,
        hint: "name another place with --out", status: .usage)
    }
    return draft
  }

  static func publish(
    _ draft: String, as path: String, overwrites: Bool
  ) throws(Diagnostic) {
    do throws(FileError) {
      if overwrites {
        try DurableFile.move(draft, to: path)
      } else {
        try DurableFile.publish(draft, as: path)
      }
    } catch {
      if error.exists { throw taken(path) }
      throw Diagnostic(
        "the plan cannot be written", at: path, because: error.description, status: .internalError)
    }
  }

  private static func taken(_ path: String) -> Diagnostic {
    Diagnostic(
      "there is a file of this name, and it is kept", at: path,
      hint: "name another, or add --overwrite", status: .usage)
  }
}
