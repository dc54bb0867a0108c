/// The one bound on HTTP exchanges in flight over all lanes.
package actor ConcurrencyLimit {
  private var free: Int
  /// First come, first served; bounded by the number of workers.
  private var queue: [CheckedContinuation<Void, Never>] = []
  private var head = 0

  package init(_ count: Int) { free = max(1, count) }

  /// Runs the body once a place is free.
  nonisolated package func hold<R: Sendable>(_ body: () async -> R) async -> R {
    await enter()
    let result = await body()
    await leave()
    return result
  }

  private func enter() async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { queue.append($0) }
  }

  private func leave() {
    guard head < queue.count else {
      free += 1
      return
    }
    let next = queue[head]
    head += 1
    if head > 1024 {
      queue.removeFirst(head)
      head = 0
    }
    next.resume()
  }
}
