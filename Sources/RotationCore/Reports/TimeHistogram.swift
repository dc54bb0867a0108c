/// Counts of calls over time, in equal steps that widen so that there are never too many.
///
/// A step begins at a multiple of its width, so that the counts do not depend on the order in which
/// the calls were added.
package struct TimeHistogram: Sendable, Hashable {
  /// What was counted within one step.
  package struct Count: Sendable, Hashable {
    package var calls: UInt32 = 0
    package var throttled: UInt32 = 0
  }

  /// Seconds that each step has at present.
  package private(set) var width: Int64
  private let limit: Int
  /// By the number of the step since 1970; those without calls are absent.
  private var steps: [Int64: Count] = [:]
  private var first = Int64.max
  private var last = Int64.min

  /// - `limit`: the most steps from the first to the last.
  package init(width: Int64, limit: Int) {
    self.width = width
    self.limit = limit
  }

  package mutating func add(at time: Timestamp, isCall: Bool, throttled: Bool) {
    let second = TimeHistogram.quotient(time.milliseconds, 1000)
    var step = TimeHistogram.quotient(second, width)
    while max(last, step) - min(first, step) >= limit {
      widen()
      step = TimeHistogram.quotient(second, width)
    }
    first = min(first, step)
    last = max(last, step)
    if isCall { steps[step, default: Count()].calls += 1 }
    if throttled { steps[step, default: Count()].throttled += 1 }
  }

  private mutating func widen() {
    width *= 2
    var wide: [Int64: Count] = [:]
    for (step, count) in steps {
      let target = TimeHistogram.quotient(step, 2)
      wide[target, default: Count()].calls += count.calls
      wide[target, default: Count()].throttled += count.throttled
    }
    steps = wide
    guard first <= last else { return }
    first = TimeHistogram.quotient(first, 2)
    last = TimeHistogram.quotient(last, 2)
  }

  /// Rounded down, below zero too.
  static func quotient(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }

  /// The most calls of one step.
  package var peak: Int { steps.values.reduce(0) { max($0, Int($1.calls)) } }

  /// The steps that have something to tell, in their order, each with its beginning.
  package var timeline: [(at: Timestamp, count: Count)] {
    steps.sorted { $0.key < $1.key }.map { step, count in
      (Timestamp(milliseconds: step * width * 1000), count)
    }
  }
}
