internal import Glibc

/// A value behind a lock, lent to one closure at a time.
///
/// A pthread mutex rather than `Synchronization.Mutex`, on which ThreadSanitizer reports false
/// races on Linux. The lock is never held across a suspension: the closure is synchronous, and it
/// must not take the same lock again.
package final class Locked<Value>: @unchecked Sendable {
  // Sendable because `value` is read and written between lock and unlock of `mutex` alone.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  package init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    let code = pthread_mutex_init(mutex, nil)
    precondition(code == 0, "no mutex can be made: \(code)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Lends the value while the lock is held.
  package func with<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let code = pthread_mutex_lock(mutex)
    precondition(code == 0, "the mutex cannot be locked: \(code)")
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
