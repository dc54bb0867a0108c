internal import RotationCore

/// Calls per second over the run, as an SVG drawing.
struct PageTimeline {
  private static let limit = 120
  private static let width = 960
  private static let height = 180
  /// Room for the labels on the left and below.
  private static let left = 56
  private static let below = 24

  private var calls = TimeHistogram(width: 1, limit: limit)

  mutating func add(_ settlement: Settlement?) {
    for attempt in settlement?.attempts ?? [] {
      let isThrottled = attempt.errorCode.map(RetryPolicy.isThrottling) ?? false
      calls.add(at: attempt.startedAt, isCall: true, throttled: isThrottled)
    }
  }

  /// Nothing where nothing was called.
  var html: String {
    let steps = calls.timeline
    guard let first = steps.first?.at, let last = steps.last?.at else { return "" }
    let step = calls.width * 1000
    let count = Int((last.milliseconds - first.milliseconds) / step) + 1
    let peak = max(1, calls.peak)
    let throttles = steps.reduce(0) { $0 + Int($1.count.throttled) }
    var bars = ""
    for (at, found) in steps {
      let index = Int((at.milliseconds - first.milliseconds) / step)
      bars += bar(index, count, Int(found.calls), peak, "calls")
      if found.throttled > 0 { bars += bar(index, count, Int(found.throttled), peak, "throttled") }
    }
    let rate = PageText.tenths(peak * 10 / Int(calls.width))
    let end = Timestamp(milliseconds: last.milliseconds + step)
    let plot = PageTimeline.height - PageTimeline.below
    return """
      <h2>Calls per second</h2>
      <svg class="timeline" viewBox="0 0 \(PageTimeline.width) \(PageTimeline.height)" role="img" \
      aria-label="Calls per second from \(first.iso8601) to \(end.iso8601), at most \(rate), \
      \(throttles) throttled">
      <path class="grid" d="M\(PageTimeline.left) 8H\(PageTimeline.width)\
      M\(PageTimeline.left) \(8 + (plot - 8) / 2)H\(PageTimeline.width)\
      M\(PageTimeline.left) \(plot)H\(PageTimeline.width)"/>
      \(bars)
      <text x="\(PageTimeline.left - 6)" y="14" text-anchor="end">\(rate)/s</text>
      <text x="\(PageTimeline.left - 6)" y="\(plot)" text-anchor="end">0</text>
      <text x="\(PageTimeline.left)" y="\(PageTimeline.height - 6)">\(first.iso8601)</text>
      <text x="\(PageTimeline.width)" y="\(PageTimeline.height - 6)" text-anchor="end">\
      \(end.iso8601)</text>
      </svg>
      <p class="key"><span class="swatch calls"></span> calls \
      <span class="swatch throttled"></span> of these throttled: \(PageText.count(throttles)). \
      Each bar is \(calls.width) s.</p>
      """
  }

  /// In tenths of a unit, so that the text is the same on every machine.
  private func bar(
    _ index: Int, _ count: Int, _ value: Int, _ peak: Int, _ kind: String
  ) -> String {
    let plot = (PageTimeline.width - PageTimeline.left) * 10
    let tall = (PageTimeline.height - PageTimeline.below - 8) * 10
    let x = PageTimeline.left * 10 + index * plot / count
    // A drawing of one bar would be a wall.
    let wide = max(8, min(plot / count * 9 / 10, 240))
    let high = max(10, value * tall / peak)
    let y = (PageTimeline.height - PageTimeline.below) * 10 - high
    func text(_ value: Int) -> String { "\(value / 10).\(value % 10)" }
    return "<rect class=\"\(kind)\" x=\"\(text(x))\" y=\"\(text(y))\" width=\"\(text(wide))\" "
      + "height=\"\(text(high))\"/>\n"
  }
}
