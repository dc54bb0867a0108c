internal import RotationCore

/// The commands that mend what a run left undone.
enum NextCommand {
  /// The one for all such targets of a run.
  static func all(_ header: PlanHeader, runID: String) -> String {
    let failed = quoted("reports/\(runID)/\(RunLayout.failedFile)")
    switch header.action {
    case .cancel: return "rotactl run \(failed)"
    case .restore: return "rotactl restore \(quoted(header.source?.path ?? runID))"
    case .dropPending: return "rotactl pending \(failed) --drop"
    case .promotePending: return "rotactl pending \(failed) --promote"
    }
  }

  /// The one that takes a run up again.
  static func resume(runID: String) -> String { "rotactl resume \(quoted("reports/\(runID)"))" }

  /// The one for a single target; nil for a target that is good.
  static func single(_ item: EvidenceEntry, _ action: RunAction) -> String? {
    guard action == .cancel, !item.isGood else { return nil }
    // Cancelling a rotation that runs is what the run has kept from doing.
    guard item.settlement?.reason != .inFlight else {
      return item.settlement?.warnings.lazy.compactMap(\.next).first
    }
    var command = "rotactl secretsmanager cancel-rotate-secret"
    command += option("--secret-id", item.entry.actingID)
    command += option("--region", item.entry.actingRegion)
    if let profile = item.entry.target.profile { command += option("--profile", profile) }
    return command
  }

  private static func option(_ name: String, _ value: String) -> String {
    // A value that begins with a hyphen would read as an option of its own.
    value.hasPrefix("-") ? " \(name)=\(quoted(value))" : " \(name) \(quoted(value))"
  }

  /// A word for a POSIX shell: as it is where nothing in it is special, else in single quotes.
  static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "_./:@%+,-".utf8.contains(byte)
        }
      }
    if isPlain { return text }
    return "'"
      + text.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: #"'\''"#) + "'"
  }
}
