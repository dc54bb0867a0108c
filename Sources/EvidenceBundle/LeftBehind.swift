package import RotationCore

/// What targets that settled well have left for a person to do: all counted, the first ones kept.
package struct LeftBehind: Sendable {
  package private(set) var first: [(item: EvidenceEntry, warning: TargetWarning)] = []
  package private(set) var count = 0
  private let shown: Int

  /// - `shown`: how many are kept.
  package init(shown: Int) { self.shown = shown }

  /// Takes the warnings that come with a command.
  package mutating func add(_ item: EvidenceEntry) {
    guard item.isGood else { return }
    for warning in item.settlement?.warnings ?? [] where warning.next != nil {
      count += 1
      if first.count < shown { first.append((item, warning)) }
    }
  }
}
