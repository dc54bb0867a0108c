internal import RotationCore
internal import RunEngine

/// What an operator has changed about a run's limits, in words.
struct LimitsView: Sendable {
  let limits: RunLimits

  /// One line without a final stop.
  var text: String {
    var parts = limits.changes.map { change in
      var words: [String] = []
      if let rate = change.rate {
        words.append(rate.isFinite ? "rate \(HumanText.decimal(rate))/s" : "no pace")
      }
      if let burst = change.burst { words.append("burst \(HumanText.decimal(burst))") }
      if let isPaused = change.isPaused { words.append(isPaused ? "paused" : "going on") }
      return "\(LimitsView.name(of: change.lanes)): \(words.joined(separator: ", "))"
    }
    if let concurrency = limits.concurrency {
      parts.append("\(HumanText.count(concurrency, "call")) in flight")
    }
    return parts.isEmpty ? "limits as the run began" : "limits " + parts.joined(separator: "; ")
  }

  private static func name(of lanes: LanePattern) -> String {
    switch (lanes.account, lanes.region) {
    case (nil, nil): "all lanes"
    case (let account?, nil): "account \(account)"
    case (nil, let region?): "region \(region)"
    case (let account?, let region?): "\(account) \(region)"
    }
  }
}

extension LimitsWatcher.News {
  /// Says what is new to the operator of the run.
  func show(on console: Console) {
    switch self {
    case .changed(let limits): console.line(LimitsView(limits: limits).text)
    case .unusable(let why):
      console.warn("the limits stay as they are: \(HumanText.printable(why))")
    }
  }
}
