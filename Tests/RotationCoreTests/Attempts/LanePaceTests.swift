import RotationCore
import TestSupport
import Testing

@Suite struct LanePaceTests {
  /// Asks until the time to leave is told, and leaves.
  private func send(_ pace: inout LanePace, _ time: inout Double) {
    while true {
      switch pace.reserve(at: time) {
      case .ask(let seconds): time += seconds
      case .leave(let due):
        time = max(time, due)
        let isOnTime = pace.leave(due: due, at: time)
        #expect(isOnTime)
        return
      }
    }
  }

  @Test func `a steady lane keeps its rate exactly`() {
    var pace = LanePace(rate: 40, burst: 2, now: 0)
    var time = 0.0
    for _ in 0..<10_000 {
      send(&pace, &time)
      pace.answered(throttled: false, sentAt: time, at: time)
    }
    #expect(abs(time - (10_000 - 2) / 40) < 0.001)
    #expect(pace.rate == 40)
  }

  @Test func `a throttle lowers the rate and answers let it climb to no more than it was`() {
    var pace = LanePace(rate: 40, burst: 2, now: 0)
    var time = 0.0
    for _ in 0..<80 { send(&pace, &time) }
    pace.answered(throttled: true, sentAt: time, at: time)
    let throttled = time
    #expect(pace.rate < 29 && pace.rate > 25)
    var last = pace.rate
    while pace.rate < 40, time < throttled + 60 {
      send(&pace, &time)
      pace.answered(throttled: false, sentAt: time, at: time)
      #expect(pace.rate >= last && pace.rate <= 40)
      last = pace.rate
    }
    // The recovery time of the cubic formula for 40 a second is about three seconds.
    #expect(pace.rate == 40 && time - throttled < 6)
  }

  @Test func `calls refused together lower the rate once`() {
    var pace = LanePace(rate: 40, burst: 2, now: 0)
    for _ in 0..<16 { pace.answered(throttled: true, sentAt: 0.1, at: 0.2) }
    #expect(pace.rate == 28)
    pace.answered(throttled: false, sentAt: 0.1, at: 9)
    #expect(pace.rate == 28)
    pace.answered(throttled: true, sentAt: 0.2, at: 9)
    #expect(abs(pace.rate - 28 * 0.7) < 1e-9)
  }

  @Test func `a lane that is only throttled still asks every two seconds`() {
    var pace = LanePace(rate: 40, burst: 2, now: 0)
    var time = 0.0
    for _ in 0..<200 {
      send(&pace, &time)
      pace.answered(throttled: true, sentAt: time, at: time)
      #expect(pace.rate >= 0.5)
    }
    #expect(pace.rate == 0.5)
    var slow = LanePace(rate: 0.2, burst: 1, now: 0)
    slow.answered(throttled: true, sentAt: 0, at: 0)
    #expect(slow.rate == 0.2)
  }

  @Test func `a slot that is long past is void`() {
    var pace = LanePace(rate: 10, burst: 1, now: 0)
    let inTime = pace.leave(due: 1, at: 1.019)
    let late = pace.leave(due: 1, at: 1.03)
    #expect(inTime && !late)
  }

  @Test(arguments: UInt64(1)...20)
  func `no window holds more than its rate allows`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let rate = Double.random(in: 1...100, using: &random)
    let burst = Double(Int.random(in: 1...5, using: &random))
    let refused = Double.random(in: 0...0.3, using: &random)
    var pace = LanePace(rate: rate, burst: burst, now: 0)
    var time = 0.0
    var sent: [Double] = []
    var fastest: [Double] = []
    for _ in 0..<400 {
      if Int.random(in: 0..<20, using: &random) == 0 {
        time += Double.random(in: 0...3, using: &random)
      }
      fastest.append(pace.rate)
      send(&pace, &time)
      sent.append(time)
      pace.answered(
        throttled: Double.random(in: 0..<1, using: &random) < refused, sentAt: time, at: time)
      #expect(pace.rate <= rate && pace.rate >= min(0.5, rate))
      fastest[fastest.count - 1] = max(fastest[fastest.count - 1], pace.rate)
    }
    for first in sent.indices {
      var highest = 0.0
      for last in first..<min(first + 60, sent.count) {
        highest = max(highest, fastest[last])
        let span = sent[last] - sent[first]
        #expect(Double(last - first + 1) <= highest * span + burst + 1.001)
      }
    }
  }

  /// A machine under load wakes workers late, one by one or all together after a standstill.
  @Test(arguments: UInt64(1)...20)
  func `no second holds more than the rate and the burst, however late workers wake`(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var pace = LanePace(rate: 40, burst: 2, now: 0)
    // Each worker sleeps until its time; those with a slot know when it is due.
    var workers = (0..<40).map { _ in (wakes: 0.0, due: Double?.none) }
    var sent: [Double] = []
    while sent.count < 4000,
      let next = workers.indices.min(by: { workers[$0].wakes < workers[$1].wakes })
    {
      let now = workers[next].wakes
      if let due = workers[next].due {
        if pace.leave(due: due, at: now) { sent.append(now) }
        workers[next] = (now + 0.01, nil)
      } else {
        switch pace.reserve(at: now) {
        case .ask(let seconds): workers[next].wakes = now + seconds
        case .leave(let due): workers[next] = (max(now, due), due)
        }
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        workers[next].wakes += Double.random(in: 0...0.05, using: &random)
      }
      if Int.random(in: 0..<300, using: &random) == 0 {
        let end = now + Double.random(in: 0...1.5, using: &random)
        for index in workers.indices { workers[index].wakes = max(workers[index].wakes, end) }
      }
    }
    let bound = 40 * (1 + LanePace.longestLateness) + 2
    var first = 0
    for last in sent.indices {
      while sent[first] <= sent[last] - 1 { first += 1 }
      #expect(Double(last - first + 1) <= bound)
    }
  }
}
