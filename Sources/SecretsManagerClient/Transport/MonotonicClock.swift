internal import Glibc

/// The machine's clock that is never set.
enum MonotonicClock {
  /// Since an unspecified moment.
  static var milliseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
