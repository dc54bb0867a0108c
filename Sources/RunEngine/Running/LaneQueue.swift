/// The order of work in one lane: fresh targets first to last, and those that wait for their time.
///
/// A value that answers what to do next; workers do it.
package struct LaneQueue<Item: Sendable>: Sendable {
  package enum Next: Sendable {
    case start(Item)
    /// Nothing is due; look again after that many seconds.
    case wait(Double)
    case finished
  }

  private struct Waiting: Sendable {
    let due: Double
    let item: Item
  }

  private var waiting: [Waiting] = []

  package init() {}

  /// What a worker is to do next.
  ///
  /// - `now`: seconds on the engine's clock.
  /// - `fresh`: the next item that was never started; nil when there is none left.
  package mutating func next(now: Double, fresh: () -> Item?) -> Next {
    if let index = waiting.indices.min(by: { waiting[$0].due < waiting[$1].due }) {
      let first = waiting[index]
      if first.due <= now {
        waiting.swapAt(index, waiting.count - 1)
        waiting.removeLast()
        return .start(first.item)
      }
      if let item = fresh() {
        return .start(item)
      }
      return .wait(first.due - now)
    }
    if let item = fresh() {
      return .start(item)
    }
    return .finished
  }

  /// The item comes back and is due at that time.
  package mutating func postpone(_ item: Item, until due: Double) {
    waiting.append(Waiting(due: due, item: item))
  }
}
