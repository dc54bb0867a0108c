/// The one bound on HTTP exchanges in flight over all lanes.
package actor ConcurrencyLimit {
  private var places: Int
  private var taken = 0
  /// First come, first served; bounded by the number of workers.
  private var queue: [CheckedContinuation<Void, Never>] = []
  private var head = 0

  package init(_ count: Int) { places = max(1, count) }

  /// Runs the body once a place is free.
  nonisolated package func hold<R: Sendable>(_ body: () async -> R) async -> R {
    await enter()
    let result = await body()
    await leave()
    return result
  }

  /// Changes the number of places; who holds one keeps it.
  package func resize(to count: Int) {
    places = max(1, count)
    while taken < places, let next = nextInLine() {
      taken += 1
      next.resume()
    }
  }

  private func enter() async {
    if taken < places {
      taken += 1
      return
    }
    await withCheckedContinuation { queue.append($0) }
  }

  private func leave() {
    guard taken <= places, let next = nextInLine() else {
      taken -= 1
      return
    }
    next.resume()
  }

  private func nextInLine() -> CheckedContinuation<Void, Never>? {
    guard head < queue.count else { return nil }
    let next = queue[head]
    head += 1
    if head > 1024 {
      queue.removeFirst(head)
      head = 0
    }
    return next
  }
}
