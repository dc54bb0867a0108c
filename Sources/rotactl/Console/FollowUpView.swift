internal import EvidenceBundle
internal import RotationCore

/// The sections of a run's report that say what a person may still have to do: what was left behind,
/// and what will not rotate by itself.
struct FollowUpView: Sendable {
  let leftBehind: LeftBehind
  let calledOff: CalledOffRotations

  /// Each section begins with an empty line.
  func lines(_ style: Style) -> [String] { leftLines(style) + calledOffLines(style) }

  private func leftLines(_ style: Style) -> [String] {
    guard leftBehind.count > 0 else { return [] }
    var lines = ["", style.bold("left behind")]
    for (item, warning) in leftBehind.first {
      lines.append("  \(item.entry.target.words): \(HumanText.printable(warning.message))")
      if let next = warning.next { lines.append("    \(HumanText.printable(next))") }
    }
    return lines + FollowUpView.rest(of: leftBehind.count, shown: leftBehind.first.count)
  }

  private func calledOffLines(_ style: Style) -> [String] {
    guard !calledOff.rows.isEmpty else { return [] }
    var table = Table([.words("stopped from rotating"), .numbers("targets")])
    for (words, count) in calledOff.rows { table.add([words, HumanText.count(count)]) }
    var lines = [""] + table.lines(style: style)
    guard !calledOff.soonest.isEmpty else { return lines }
    lines += ["", style.bold("would have rotated")]
    for (item, at) in calledOff.soonest {
      lines.append("  \(at.iso8601)  \(item.entry.target.words)")
    }
    return lines + FollowUpView.rest(of: calledOff.timed, shown: calledOff.soonest.count)
  }

  private static func rest(of total: Int, shown: Int) -> [String] {
    total > shown
      ? ["  and \(HumanText.count(total - shown)) more, \(HumanText.count(total)) in all"] : []
  }
}
