internal import Glibc
package import RotationCore

/// The machine's clock, for simulations that run in real time.
package enum SystemTime {
  /// Wall-clock time, CLOCK_REALTIME.
  package static func now() -> Timestamp {
    var time = timespec()
    let read = clock_gettime(CLOCK_REALTIME, &time)
    precondition(read == 0, "the clock cannot be read")
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
