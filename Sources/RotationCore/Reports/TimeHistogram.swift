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
  private static func quotient(_ value: Int64, _ divisor: Int64) -> Int64 {
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

/// What one lane did during a run: its calls, its refusals for rate, its pace over time.
package struct LaneTraffic: Sendable, Hashable {
  /// HTTP exchanges of any operation.
  package private(set) var calls = 0
  /// Those that change something, which are the paced ones.
  package private(set) var changes = 0
  /// Answers that refused for rate, of any operation.
  package private(set) var throttled = 0
  package private(set) var firstCallAt: Timestamp?
  package private(set) var lastCallAt: Timestamp?
  /// Changes by the second; by more than a second in runs that are longer than 18 hours.
  private var seconds = TimeHistogram(width: 1, limit: 65_536)
  private var minutes = TimeHistogram(width: 60, limit: 60)

  package init() {}

  package mutating func add(_ attempt: AttemptRecord) {
    let isThrottled = attempt.errorCode.map(RetryPolicy.isThrottling) ?? false
    let isChange = attempt.operation.isMutating
    calls += 1
    if isChange { changes += 1 }
    if isThrottled { throttled += 1 }
    let time = attempt.startedAt
    if firstCallAt.map({ time < $0 }) ?? true { firstCallAt = time }
    if lastCallAt.map({ time > $0 }) ?? true { lastCallAt = time }
    if isChange { seconds.add(at: time, isCall: true, throttled: false) }
    if isChange || isThrottled {
      minutes.add(at: time, isCall: isChange, throttled: isThrottled)
    }
  }

  /// The most changes that began within one second of the clock.
  package var peakPerSecond: Int {
    let width = Int(seconds.width)
    return (seconds.peak + width - 1) / width
  }

  func record(of lane: LaneID) -> JSONValue {
    var object: JSONObject = [
      "account": .string(lane.account), "region": .string(lane.region),
      "calls": JSONValue(calls), "changes": JSONValue(changes), "throttled": JSONValue(throttled),
      "peakPerSecond": JSONValue(peakPerSecond),
    ]
    object["firstCallAt"] = firstCallAt.map { .string($0.iso8601) }
    object["lastCallAt"] = lastCallAt.map { .string($0.iso8601) }
    object["stepSeconds"] = JSONValue(Int(minutes.width))
    object["timeline"] = .array(
      minutes.timeline.map { at, count in
        [
          "at": .string(at.iso8601), "changes": JSONValue(Int(count.calls)),
          "throttled": JSONValue(Int(count.throttled)),
        ]
      })
    return .object(object)
  }
}
