internal import Synchronization

/// Hands out 0, 1, 2 … to any number of workers, each number once.
package final class Cursor: Sendable {
  private let count: Int
  private let position = Atomic<Int>(0)

  package init(count: Int) { self.count = count }

  /// - Returns: nil when all are handed out.
  package func next() -> Int? {
    let index = position.add(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }
}
