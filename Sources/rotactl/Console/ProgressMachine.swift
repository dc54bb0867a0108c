internal import RotationCore

/// The form in which progress is shown.
enum ProgressMode: String, Sendable, Hashable, CaseIterable {
  case bar, plain, json, none
}

/// Decides what to show of a run's progress, and when.
///
/// A value: no clock, no terminal.
struct ProgressMachine: Sendable {
  enum Action: Sendable, Hashable {
    case nothing
    /// Replace the live area.
    case draw([String])
    /// Write a line of its own.
    case line(String)
  }

  private struct Sample: Sendable {
    let at: Double
    let done: Int
    let attempts: Int
  }

  /// Seconds between two drawings of the bar.
  static let barInterval = 0.1
  /// Seconds between two lines.
  static let lineInterval = 5.0
  /// Speed is measured over this many seconds.
  static let speedWindow = 20.0
  /// How many samples the window holds at most.
  static let sampleLimit = 64

  private let mode: ProgressMode
  private var shownAt: Double?
  private var shownStage: RunProgress.Stage?
  private var lastTaken: RunProgress?
  private var lastShown: RunProgress?
  private var samples: [Sample] = []
  private var sampledStage: RunProgress.Stage?

  init(mode: ProgressMode) { self.mode = mode }

  /// Takes a snapshot; `now` is in seconds from any fixed start.
  mutating func take(_ progress: RunProgress, now: Double) -> Action {
    guard mode != .none else { return .nothing }
    sample(progress, now)
    lastTaken = progress
    let interval = mode == .bar ? ProgressMachine.barInterval : ProgressMachine.lineInterval
    let isDue = shownAt.map { now - $0 >= interval } ?? true
    guard isDue || shownStage != progress.stage else { return .nothing }
    return show(progress, now)
  }

  /// The end: the last snapshot is shown if it was held back; a bar is taken away by the display.
  mutating func finish(now: Double) -> Action {
    guard mode == .plain || mode == .json, let last = lastTaken, last != lastShown else {
      return .nothing
    }
    return show(last, now)
  }

  private mutating func show(_ progress: RunProgress, _ now: Double) -> Action {
    shownAt = now
    shownStage = progress.stage
    lastShown = progress
    switch mode {
    case .bar: return .draw(ProgressMachine.area(progress, pace(progress)))
    case .plain: return .line(ProgressMachine.plainLine(progress, pace(progress)))
    case .json: return .line(ProgressMachine.record(progress, pace(progress)).compact)
    case .none: return .nothing
    }
  }

  private mutating func sample(_ progress: RunProgress, _ now: Double) {
    if sampledStage != progress.stage {
      samples = []
      sampledStage = progress.stage
    }
    let spacing = ProgressMachine.speedWindow / Double(ProgressMachine.sampleLimit)
    // The newest sample moves along until it is a spacing away from the one before it.
    if samples.count >= 2, now - samples[samples.count - 2].at < spacing { samples.removeLast() }
    samples.append(Sample(at: now, done: progress.done, attempts: progress.attempts))
    while samples.count > 2,
      now - samples[0].at > ProgressMachine.speedWindow
        || samples.count > ProgressMachine.sampleLimit
    {
      samples.removeFirst()
    }
  }

  /// Measured speed and what it makes of the time that is left.
  struct Pace: Sendable, Hashable {
    /// Nil until half a second was seen.
    var callsPerSecond: Double?
    var remainingSeconds: Double?
  }

  private func pace(_ progress: RunProgress) -> Pace {
    var pace = Pace()
    // A run that is held back ends when the operator says so.
    let isPaused = progress.pausedLanes > 0
    var fromSpeed: Double?
    if let first = samples.first, let last = samples.last, last.at - first.at >= 0.5 {
      let seconds = last.at - first.at
      pace.callsPerSecond = max(0, Double(last.attempts - first.attempts) / seconds)
      let speed = Double(last.done - first.done) / seconds
      if let total = progress.total, speed > 0, !isPaused {
        fromSpeed = Double(max(0, total - progress.done)) / speed
      }
    }
    // The quota is a floor: no measured speed can beat it for long.
    switch (fromSpeed, isPaused ? nil : progress.remainingSeconds) {
    case (let speed?, let quota?): pace.remainingSeconds = max(speed, quota)
    case (let speed?, nil): pace.remainingSeconds = speed
    case (nil, let quota): pace.remainingSeconds = quota
    }
    return pace
  }
}

extension ProgressMachine {
  private static func done(_ progress: RunProgress) -> String {
    guard let total = progress.total else { return HumanText.count(progress.done) }
    return "\(HumanText.count(progress.done)) / \(HumanText.count(total))"
  }

  private static func outcomes(_ progress: RunProgress) -> String? {
    let parts = Outcome.allCases.compactMap { outcome -> String? in
      guard let count = progress.outcomes[outcome], count > 0 else { return nil }
      return "\(outcome.words) \(HumanText.count(count))"
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  private static func traffic(_ progress: RunProgress, _ pace: Pace) -> [String] {
    var parts: [String] = []
    if progress.pausedLanes > 0 {
      let isWhole = progress.pausedLanes >= progress.lanes
      parts.append(isWhole ? "paused" : "\(HumanText.count(progress.pausedLanes, "lane")) paused")
    }
    if let speed = pace.callsPerSecond { parts.append("\(HumanText.decimal(speed)) calls/s") }
    if progress.throttles > 0 { parts.append("throttled \(HumanText.count(progress.throttles))") }
    if progress.waiting > 0 { parts.append("waiting \(HumanText.count(progress.waiting))") }
    return parts
  }

  /// The live area: the bar, then outcomes and traffic where there are any.
  static func area(_ progress: RunProgress, _ pace: Pace) -> [String] {
    var first = progress.stage.rawValue
    first += String(repeating: " ", count: max(0, 10 - first.count))
    if let total = progress.total, total > 0 {
      let share = min(1, Double(progress.done) / Double(total))
      let filled = Int(share * 24)
      first += " [" + String(repeating: "#", count: filled)
      first += String(repeating: "-", count: 24 - filled) + "]"
      // Rounded down, so that 100% is said of all and never of almost all.
      first += " \(Int(share * 100))%"
    }
    first += "  " + done(progress)
    if let left = pace.remainingSeconds { first += "  ETA " + HumanText.duration(seconds: left) }
    let outcomes = outcomes(progress).map { ["  " + $0] } ?? []
    let traffic = traffic(progress, pace)
    return [first] + outcomes + (traffic.isEmpty ? [] : ["  " + traffic.joined(separator: ", ")])
  }

  /// One line for logs.
  static func plainLine(_ progress: RunProgress, _ pace: Pace) -> String {
    var parts = ["\(progress.stage.rawValue) \(done(progress))"]
    if let outcomes = outcomes(progress) { parts.append(outcomes) }
    parts += traffic(progress, pace)
    if let left = pace.remainingSeconds { parts.append("ETA " + HumanText.duration(seconds: left)) }
    return parts.joined(separator: "; ")
  }

  /// One JSON object a line: `type` is `progress`.
  static func record(_ progress: RunProgress, _ pace: Pace) -> JSONValue {
    var object: JSONObject = [
      "type": "progress", "version": 1, "stage": .string(progress.stage.rawValue),
      "done": JSONValue(progress.done),
    ]
    object["total"] = progress.total.map { JSONValue($0) }
    object["outcomes"] = .object(
      JSONObject(
        Outcome.allCases.map {
          .init(key: $0.rawValue, value: JSONValue(progress.outcomes[$0] ?? 0))
        }))
    object["attempts"] = JSONValue(progress.attempts)
    object["throttles"] = JSONValue(progress.throttles)
    object["waiting"] = JSONValue(progress.waiting)
    object["pausedLanes"] = JSONValue(progress.pausedLanes)
    object["callsPerSecond"] = pace.callsPerSecond.map { JSONValue(($0 * 10).rounded() / 10) }
    object["remainingSeconds"] = pace.remainingSeconds.map { JSONValue($0.rounded(.up)) }
    return .object(object)
  }
}
