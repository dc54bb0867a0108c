package import RotationCore

/// The rotations that a run has called off, by when they would have been: all counted, the soonest
/// kept.
package struct CalledOffRotations: Sendable {
  package static let windows: [(seconds: Double, words: String)] = [
    (2 * 3600, "within 2 hours"), (86_400, "within a day"), (7 * 86_400, "within 7 days"),
    (30 * 86_400, "within 30 days"),
  ]

  /// The soonest, at most as many as are to be shown.
  package private(set) var soonest: [(item: EvidenceEntry, at: Timestamp)] = []
  /// In the order of ``windows``, then those that are later.
  private var counts = [Int](repeating: 0, count: windows.count + 1)
  private var withoutTime = 0
  private let action: RunAction
  private let openedAt: Timestamp
  private let shown: Int

  /// - `shown`: how many are kept.
  package init(of evidence: RunEvidence, shown: Int) {
    action = evidence.header.action
    openedAt = evidence.journal.openedAt
    self.shown = shown
  }

  package mutating func add(_ item: EvidenceEntry) {
    guard action == .cancel, item.outcome == .cancelled else { return }
    guard let at = (item.settlement?.before ?? item.entry.before)?.nextRotation else {
      withoutTime += 1
      return
    }
    let seconds = at.seconds(since: openedAt)
    let window = CalledOffRotations.windows.firstIndex { seconds <= $0.seconds }
    counts[window ?? CalledOffRotations.windows.count] += 1
    let place = soonest.firstIndex { at < $0.at } ?? soonest.count
    guard place < shown else { return }
    soonest.insert((item, at), at: place)
    if soonest.count > shown { soonest.removeLast() }
  }

  /// Those whose time is known.
  package var timed: Int { counts.reduce(0, +) }

  /// How many in each window, from the start of the run on, without the empty ones; nothing where
  /// no rotation was called off.
  package var rows: [(words: String, count: Int)] {
    let words = CalledOffRotations.windows.map(\.words) + ["later", "time not told"]
    return zip(words, counts + [withoutTime]).filter { $0.1 > 0 }.map { ($0.0, $0.1) }
  }
}
