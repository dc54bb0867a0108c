internal import Glibc

/// Runs tasks in turns on one thread of its own and calls back when none of them can go on.
final class Turns: TaskExecutor, @unchecked Sendable {
  // Guarded by `mutex`.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var jobs: [UnownedJob] = []
  private var isOver = false
  private let onStandstill: @Sendable (Turns) -> Void

  init(onStandstill: @escaping @Sendable (Turns) -> Void) {
    self.onStandstill = onStandstill
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    condition = .allocate(capacity: 1)
    pthread_cond_init(condition, nil)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Turns>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "no thread for virtual time: \(code)")
    pthread_detach(thread)
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    pthread_mutex_lock(mutex)
    jobs.append(job)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Ends the thread once nothing is left to run.
  func end() {
    pthread_mutex_lock(mutex)
    isOver = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Whether nothing waits for its turn.
  var isIdle: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return jobs.isEmpty
  }

  private func run() {
    while true {
      pthread_mutex_lock(mutex)
      let batch = jobs
      jobs = []
      let ends = isOver && batch.isEmpty
      pthread_mutex_unlock(mutex)
      if ends { return }
      for job in batch { job.runSynchronously(on: asUnownedTaskExecutor()) }
      if batch.isEmpty {
        onStandstill(self)
        waitBriefly()
      }
    }
  }

  /// Waits for a job; other threads' work ends without a signal, so no longer than a moment.
  private func waitBriefly() {
    pthread_mutex_lock(mutex)
    if jobs.isEmpty, !isOver {
      var until = timespec()
      clock_gettime(CLOCK_REALTIME, &until)
      until.tv_nsec += 200_000
      if until.tv_nsec >= 1_000_000_000 {
        until.tv_sec += 1
        until.tv_nsec -= 1_000_000_000
      }
      pthread_cond_timedwait(condition, mutex, &until)
    }
    pthread_mutex_unlock(mutex)
  }
}
