internal import DurableFiles
internal import RotationCore

/// What the page needs of each target, gathered in the one pass over all of them.
///
/// Holds a bounded number of targets; the rows of the list lie on the disk.
struct PageCollector {
  /// How many targets a plain table shows.
  static let shown = 1000
  /// How many rotations that will not happen are shown.
  static let shownRotations = 50

  /// The first targets that are not good.
  private(set) var notGood: [EvidenceEntry] = []
  /// The first warnings of good targets that come with a command.
  private(set) var followUps: [(item: EvidenceEntry, warning: TargetWarning)] = []
  private(set) var followUpCount = 0
  /// The soonest of the rotations that were called off.
  private(set) var calledOff: [(item: EvidenceEntry, at: Timestamp)] = []
  /// All of them by the time that they were due in, in the order of ``windows``.
  private(set) var calledOffCounts = [Int](repeating: 0, count: windows.count + 1)
  private(set) var calledOffWithoutTime = 0
  private(set) var timeline = PageTimeline()
  var rows: PageRows

  static let windows: [(seconds: Double, words: String)] = [
    (2 * 3600, "within 2 hours"), (86_400, "within a day"), (7 * 86_400, "within 7 days"),
    (30 * 86_400, "within 30 days"),
  ]

  private let action: RunAction
  private let openedAt: Timestamp

  init(of evidence: RunEvidence, spool: TemporaryFolder) throws(EvidenceError) {
    action = evidence.header.action
    openedAt = evidence.journal.openedAt
    rows = try PageRows(of: evidence, spool: spool)
  }

  /// Takes the next target in; `path` is its report's, below the run's folder.
  mutating func add(_ item: EvidenceEntry, path: String) throws(EvidenceError) {
    timeline.add(item.settlement)
    if !item.isGood {
      if notGood.count < PageCollector.shown { notGood.append(item) }
    } else {
      for warning in item.settlement?.warnings ?? [] where warning.next != nil {
        followUpCount += 1
        if followUps.count < PageCollector.shown { followUps.append((item, warning)) }
      }
    }
    if action == .cancel, item.outcome == .cancelled { callOff(item) }
    try rows.add(item, path: path)
  }

  private mutating func callOff(_ item: EvidenceEntry) {
    guard let at = (item.settlement?.before ?? item.entry.before)?.nextRotation else {
      calledOffWithoutTime += 1
      return
    }
    let seconds = at.seconds(since: openedAt)
    let window = PageCollector.windows.firstIndex { seconds <= $0.seconds }
    calledOffCounts[window ?? PageCollector.windows.count] += 1
    let place = calledOff.firstIndex { at < $0.at } ?? calledOff.count
    guard place < PageCollector.shownRotations else { return }
    calledOff.insert((item, at), at: place)
    if calledOff.count > PageCollector.shownRotations { calledOff.removeLast() }
  }
}
