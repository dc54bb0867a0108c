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
  private(set) var leftBehind = LeftBehind(shown: shown)
  private(set) var calledOff: CalledOffRotations
  private(set) var timeline = PageTimeline()
  var rows: PageRows

  init(
    of evidence: RunEvidence, spool: TemporaryFolder, listing limit: Int = RunReader.pageLimit
  ) throws(EvidenceError) {
    calledOff = CalledOffRotations(of: evidence, shown: PageCollector.shownRotations)
    rows = try PageRows(of: evidence, spool: spool, limit: limit)
  }

  /// Takes the next target in; `path` is its report's, below the run's folder.
  mutating func add(_ item: EvidenceEntry, path: String) throws(EvidenceError) {
    timeline.add(item.settlement)
    if !item.isGood, notGood.count < PageCollector.shown { notGood.append(item) }
    leftBehind.add(item)
    calledOff.add(item)
    try rows.add(item, path: path)
  }
}
