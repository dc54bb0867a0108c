internal import Glibc

/// A clock that stands still while anyone can run, then jumps to the next moment that somebody
/// waits for.
///
/// Code under test gets ``elapsed`` and ``sleep(_:)``; the test runs it inside ``run(_:)``. Hours
/// pass in milliseconds and no test waits for real.
package final class VirtualTime: @unchecked Sendable {
  // Guarded by `mutex`.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var time = 0.0
  private var sleepers: [(id: Int, due: Double, continuation: CheckedContinuation<Void, Never>)] =
    []
  private var cancelled: Set<Int> = []
  private var nextID = 0
  private var turns: Turns?
  private var isBusy: @Sendable () -> Bool = { false }

  package init() {
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  private func locked<R>(_ body: () -> R) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Seconds since this value was made.
  package var elapsed: Double {
    locked { time }
  }

  package func sleep(_ seconds: Double) async {
    guard seconds > 0 else { return }
    let id = locked {
      nextID += 1
      return nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = locked {
          if cancelled.remove(id) != nil { return true }
          sleepers.append((id, time + seconds, continuation))
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let sleeper = locked {
        guard let index = sleepers.firstIndex(where: { $0.id == id }) else {
          cancelled.insert(id)
          return nil as CheckedContinuation<Void, Never>?
        }
        return sleepers.remove(at: index).continuation
      }
      sleeper?.resume()
    }
  }

  /// Time stands still while this answers true, for work that no task of ours does.
  package func standStill(while busy: @escaping @Sendable () -> Bool) {
    locked { isBusy = busy }
  }

  /// Runs the body and moves time for it.
  ///
  /// The body's tasks take turns on one thread, which therefore knows when none of them can go on:
  /// only then does time move. A slow machine changes nothing.
  package func run<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
    let turns = Turns { [self] in moveOn($0) }
    locked { self.turns = turns }
    defer {
      locked { self.turns = nil }
      turns.end()
    }
    return try await withoutActuallyEscaping(body) { body in
      try await withTaskExecutorPreference(turns) {
        // The preference holds from the next turn on; until then the body would run elsewhere.
        await Task.yield()
        return try await body()
      }
    }
  }

  /// Starts a task beside the body that is being run; it takes its turns like all others.
  package func begin<R: Sendable>(
    _ work: @escaping @Sendable () async throws -> R
  ) -> Task<R, any Error> {
    Task(executorPreference: locked { turns }, operation: work)
  }

  /// Wakes whoever waits for the next moment, unless work goes on elsewhere.
  ///
  /// Whoever works elsewhere hands on its result before it says that it is done, so in this order
  /// no result is missed.
  private func moveOn(_ turns: Turns) {
    guard !locked({ isBusy })(), turns.isIdle else { return }
    let due = locked { () -> [CheckedContinuation<Void, Never>] in
      guard let first = sleepers.map(\.due).min() else { return [] }
      time = max(time, first)
      let woken = sleepers.filter { $0.due <= time }
      sleepers.removeAll { $0.due <= time }
      return woken.map(\.continuation)
    }
    for continuation in due { continuation.resume() }
  }
}
