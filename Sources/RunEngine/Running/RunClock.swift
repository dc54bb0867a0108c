package import RotationCore

/// Time as the engine sees it: the calendar, a clock that only goes forward, and waiting.
///
/// All three come from the caller, so that tests move time by hand.
package struct RunClock: Sendable {
  /// The present in UTC.
  package let now: @Sendable () -> Timestamp
  /// The present in UTC by the clock of the service, which dates what is compared with it.
  package let serviceNow: @Sendable () -> Timestamp
  /// Seconds from a fixed start; never steps back.
  package let elapsed: @Sendable () -> Double
  /// Waits that many seconds; returns early when the task is cancelled.
  package let sleep: @Sendable (Double) async -> Void

  /// - `serviceNow`: nil where the calendar is right.
  package init(
    now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Double,
    sleep: @escaping @Sendable (Double) async -> Void,
    serviceNow: (@Sendable () -> Timestamp)? = nil
  ) {
    self.now = now
    self.serviceNow = serviceNow ?? now
    self.elapsed = elapsed
    self.sleep = sleep
  }

  /// Waits and elapsed time by any clock of the standard library's form.
  package init<C: Clock<Duration>>(
    _ clock: C, now: @escaping @Sendable () -> Timestamp,
    serviceNow: (@Sendable () -> Timestamp)? = nil
  ) {
    let start = clock.now
    self.init(
      now: now,
      elapsed: { start.duration(to: clock.now) / .seconds(1) },
      sleep: { seconds in try? await clock.sleep(for: .seconds(seconds)) },
      serviceNow: serviceNow)
  }
}
