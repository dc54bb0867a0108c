internal import Locking
internal import RotationCore

/// What the service's own clock shows, by the `Date` of its answers.
///
/// Our calendar may be wrong, and may be set in the middle of a run; what the service has dated is
/// compared with this one.
final class ServiceClock: Sendable {
  private struct Sight {
    let date: String
    let seenAt: Timestamp
    let leadMilliseconds: Int64
  }

  private let clock: @Sendable () -> Timestamp
  private let latest = Locked<Sight?>(nil)

  /// Less than this, in milliseconds, is what whole seconds and the way of an answer make.
  private static let tolerance: Int64 = 5000
  /// How long, in milliseconds, a `Date` of whole seconds can stay the same.
  private static let dateLasts: Int64 = 1500

  init(_ clock: @escaping @Sendable () -> Timestamp) { self.clock = clock }

  /// Takes note of an answer that has just come.
  func saw(date: String) {
    let now = clock()
    let isNew = latest.with { sight in
      // Most answers of a second say nothing new, unless our calendar was set meanwhile.
      guard let sight, sight.date == date else { return true }
      return abs(now.milliseconds - sight.seenAt.milliseconds) > ServiceClock.dateLasts
    }
    guard isNew, let told = HTTPDate.parse(date) else { return }
    let sight = Sight(
      date: date, seenAt: now, leadMilliseconds: told.milliseconds - now.milliseconds)
    latest.with { $0 = sight }
  }

  /// The present by the service's last answer; by our calendar where both agree or nothing is known.
  var now: Timestamp {
    let lead = latest.with { $0?.leadMilliseconds ?? 0 }
    let now = clock()
    guard abs(lead) >= ServiceClock.tolerance else { return now }
    return Timestamp(milliseconds: now.milliseconds + lead)
  }
}
