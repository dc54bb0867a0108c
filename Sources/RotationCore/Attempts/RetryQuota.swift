/// The shared budget for retries: capacity 500, given back by successes.
package struct RetryQuota: Sendable, Hashable {
  package let capacity: Int
  package private(set) var available: Int

  package init(capacity: Int = 500) { self.init(capacity: capacity, available: capacity) }

  /// A budget that is partly spent.
  package init(capacity: Int = 500, available: Int) {
    self.capacity = capacity
    self.available = min(capacity, max(0, available))
  }

  /// - Returns: false when the budget does not allow the retry; nothing is taken then.
  package mutating func take(_ cost: Int) -> Bool {
    guard available >= cost else { return false }
    available -= cost
    return true
  }

  /// - Parameter lastCost: what the call's last retry took; nil when its first attempt succeeded.
  package mutating func succeeded(lastCost: Int?) {
    available = min(capacity, available + (lastCost ?? 1))
  }
}
