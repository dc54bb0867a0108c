internal import DurableFiles
internal import EvidenceBundle
internal import RunEngine

/// Failures of the layers below in the words of the console.
enum Foreseen {
  static func diagnostic(of error: any Error) -> Diagnostic {
    switch error {
    case let error as Diagnostic: error
    case let error as FileError: diagnostic(of: error)
    case let error as EvidenceError:
      Diagnostic("the evidence cannot be used", because: error.description, status: .internalError)
    case let error as PlanDamage:
      Diagnostic("the plan cannot be used", because: error.description, status: .refused)
    case let error as JournalDamage:
      Diagnostic("the journal is damaged", because: error.description, status: .refused)
    default: .unforeseen(error)
    }
  }

  /// Evidence that the operator named, and that is none or cannot be read.
  static func unreadable(_ path: String, _ error: EvidenceError) -> Diagnostic {
    if case .file(let error) = error, !error.isMissing { return diagnostic(of: error) }
    return Diagnostic(
      "it cannot be read as a run or a bundle", at: path, because: error.description,
      hint: "name a run's folder or id, or a bundle; `rotactl verify` tells what is damaged",
      status: .usage)
  }

  /// A disk that is full or may not be written is the operator's to mend.
  private static func diagnostic(of error: FileError) -> Diagnostic {
    if error.isNoSpace {
      return Diagnostic(
        error.description, hint: "free space on that disk, then give the same command again",
        status: .transient)
    }
    if error.isReadOnly {
      return Diagnostic(
        error.description,
        hint: "make that disk writable, or copy the folder to one that is", status: .usage)
    }
    if error.isForbidden {
      return Diagnostic(
        error.description, hint: "see that this user has the rights to it", status: .usage)
    }
    return Diagnostic(error.description, status: .internalError)
  }
}
