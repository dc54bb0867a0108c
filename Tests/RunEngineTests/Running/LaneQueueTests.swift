import RunEngine
import Testing

@Suite struct LaneQueueTests {
  private func text(_ next: LaneQueue<String>.Next) -> String {
    switch next {
    case .start(let item): item
    case .wait(let seconds): "wait \(seconds)"
    case .finished: "finished"
    }
  }

  @Test func `what waits does not hold back what is fresh`() {
    var fresh = ["a", "b"][...]
    var queue = LaneQueue<String>()
    #expect(text(queue.next(now: 0) { fresh.popFirst() }) == "a")
    queue.postpone("a", until: 2)
    #expect(text(queue.next(now: 0) { fresh.popFirst() }) == "b")
    #expect(text(queue.next(now: 0.5) { fresh.popFirst() }) == "wait 1.5")
    #expect(text(queue.next(now: 2) { fresh.popFirst() }) == "a")
    #expect(text(queue.next(now: 2) { fresh.popFirst() }) == "finished")
  }

  @Test func `what is due goes before what is fresh and the sooner first`() {
    var fresh = ["x", "y", "z"][...]
    var queue = LaneQueue<String>()
    _ = queue.next(now: 0) { fresh.popFirst() }
    _ = queue.next(now: 0) { fresh.popFirst() }
    queue.postpone("x", until: 5)
    queue.postpone("y", until: 3)
    #expect(text(queue.next(now: 9) { fresh.popFirst() }) == "y")
    #expect(text(queue.next(now: 9) { fresh.popFirst() }) == "x")
    #expect(text(queue.next(now: 9) { fresh.popFirst() }) == "z")
  }
}
