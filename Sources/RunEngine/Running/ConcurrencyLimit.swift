internal import Locking

/// The one bound on HTTP exchanges in flight over all lanes.
///
/// A lock and not an actor: nearly every exchange finds a free place, and is not to change threads
/// for it.
package final class ConcurrencyLimit: Sendable {
  private struct State: Sendable {
    var places: Int
    var taken = 0
    /// First come, first served; bounded by the number of workers.
    var queue: [UnsafeContinuation<Void, Never>] = []
    var head = 0

    mutating func takePlace() -> Bool {
      guard taken < places else { return false }
      taken += 1
      return true
    }

    mutating func nextInLine() -> UnsafeContinuation<Void, Never>? {
      guard head < queue.count else { return nil }
      let next = queue[head]
      head += 1
      if head > 1024 || head == queue.count {
        queue.removeFirst(head)
        head = 0
      }
      return next
    }
  }

  private let state: Locked<State>

  package init(_ count: Int) { state = Locked(State(places: max(1, count))) }

  /// Runs the body once a place is free.
  package func hold<R: Sendable>(_ body: () async -> R) async -> R {
    if !state.with({ $0.takePlace() }) { await enter() }
    let result = await body()
    leave()
    return result
  }

  /// Changes the number of places; who holds one keeps it.
  package func resize(to count: Int) {
    let admitted = state.with { state -> [UnsafeContinuation<Void, Never>] in
      state.places = max(1, count)
      var admitted: [UnsafeContinuation<Void, Never>] = []
      while state.taken < state.places, let next = state.nextInLine() {
        state.taken += 1
        admitted.append(next)
      }
      return admitted
    }
    for next in admitted { next.resume() }
  }

  /// Whether someone holds a place.
  package var isHeld: Bool { state.with { $0.taken > 0 } }

  /// Whether all places are taken.
  package var isFull: Bool { state.with { $0.taken >= $0.places } }

  /// Resumed exactly once: by who leaves, by a larger bound, or here when a place has become free.
  private func enter() async {
    await withUnsafeContinuation { continuation in
      let isFree = state.with { state in
        if state.takePlace() { return true }
        state.queue.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave() {
    let next = state.with { state -> UnsafeContinuation<Void, Never>? in
      if state.taken <= state.places, let next = state.nextInLine() { return next }
      state.taken -= 1
      return nil
    }
    next?.resume()
  }
}
