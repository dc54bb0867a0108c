internal import RotationCore

extension Outcome {
  /// The outcome in words, for people.
  var words: String {
    switch self {
    case .cancelled: "cancelled"
    case .restored: "restored"
    case .labelRemoved: "label removed"
    case .promoted: "promoted"
    case .alreadyOn: "already on"
    case .nothingPending: "nothing pending"
    case .alreadyOff: "already off"
    case .neverConfigured: "never configured"
    case .mergedIntoPrimary: "merged into primary"
    case .skipped: "skipped"
    case .failed: "failed"
    case .unknown: "unknown"
    case .notAttempted: "not attempted"
    }
  }
}

extension Disposition {
  /// The disposition in words, for people.
  var words: String {
    switch self {
    case .cancel: "cancel"
    case .alreadyOff: "already off"
    case .neverConfigured: "never configured"
    case .replica: "replica"
    case .markedForDeletion: "marked for deletion"
    case .inFlight: "in flight"
    case .duplicate: "duplicate"
    case .refused: "refused"
    case .unreadable: "unreadable"
    case .notExamined: "not examined"
    case .restore: "restore"
    case .alreadyOn: "already on"
    case .drifted: "drifted"
    case .blocked: "blocked"
    case .dropPending: "drop"
    case .promotePending: "promote"
    case .nothingPending: "nothing pending"
    }
  }
}

extension Target {
  /// `NAME in REGION (profile P)`, control characters spelled out.
  var words: String {
    var text = "\(HumanText.printable(secretID)) in \(HumanText.printable(region))"
    if let profile { text += " (profile \(HumanText.printable(profile)))" }
    return text
  }

  /// A shell command that runs the tool again for this target alone.
  var repeatCommand: String {
    var text = "echo \(HumanText.shellWord(secretID)) | rotactl run - --manifest-format text"
    text += " --region \(HumanText.shellWord(region))"
    if let profile { text += " --profile \(HumanText.shellWord(profile))" }
    return text
  }
}
