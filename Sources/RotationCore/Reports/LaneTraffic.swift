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
  /// Changes by the second, as they come in no order: each minute that has any, 60 counts.
  private var seconds: [Int64: [UInt32]] = [:]
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
    if isChange { count(time) }
    if isChange || isThrottled {
      minutes.add(at: time, isCall: isChange, throttled: isThrottled)
    }
  }

  private mutating func count(_ time: Timestamp) {
    let second = TimeHistogram.quotient(time.milliseconds, 1000)
    let minute = TimeHistogram.quotient(second, 60)
    seconds[minute, default: Array(repeating: 0, count: 60)][Int(second - minute * 60)] += 1
  }

  /// The most changes that began within one second of the clock.
  package var peakPerSecond: Int {
    Int(seconds.values.reduce(0) { max($0, $1.max() ?? 0) })
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
