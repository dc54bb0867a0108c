internal import RotationCore

/// One lane at work: a fixed set of workers over one order of targets.
struct LaneRunner<Service: SecretsManagerService>: Sendable {
  /// A target of this lane: where its plan lies, and what is known of it.
  struct Item: Sendable {
    let offset: Int
    let length: Int
    var inDoubt: Bool
    /// How often an unknown outcome of this run was looked at again.
    var rereads = 0
    /// Whether it stands in the journal as unknown and waits to be looked at again.
    var isUnknown = false
    var waited: TargetRunner<Service>.WaitState?
  }

  let lane: LaneID
  let pacer: LanePacer
  let store: PlanStore
  let runner: TargetRunner<Service>
  let journal: JournalWriter
  let loop: AttemptLoop

  /// The order of a lane, handed out to its workers.
  private actor Desk {
    private var queue = LaneQueue<Item>()
    private var fresh: ArraySlice<Item>

    init(_ items: [Item]) { fresh = items[...] }

    func next(now: Double) -> LaneQueue<Item>.Next {
      queue.next(now: now) { fresh.popFirst() }
    }
    func postpone(_ item: Item, until due: Double) { queue.postpone(item, until: due) }
  }

  /// Pauses before an unknown outcome is looked at again: what was in the way may have passed.
  private static var rereadPauses: [Double] { [10, 30] }

  /// Works until every target is settled or the run stops.
  ///
  /// - `items`: in the order in which they are to be acted on.
  func run(_ items: [Item], workers: Int) async throws {
    let desk = Desk(items)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, min(workers, items.count)) {
        group.addTask { try await work(desk) }
      }
      try await group.waitForAll()
    }
  }

  private func work(_ desk: Desk) async throws {
    while !loop.stop.isStopped, !Task.isCancelled {
      switch await desk.next(now: loop.clock.elapsed()) {
      case .finished: return
      case .wait(let seconds):
        // Another worker may postpone something that is due sooner, so no wait is longer than 2 s.
        _ = await loop.stop.wait(min(seconds, 2), on: loop.clock)
      case .start(var item):
        let entry = try store.entry(at: item.offset, length: item.length)
        if item.waited != nil { loop.board.waits(-1) }
        if item.isUnknown { loop.board.settled(.unknown, count: -1) }
        item.isUnknown = false
        let turn = await runner.turn(
          entry, inDoubt: item.inDoubt, waited: item.waited, pacer: pacer)
        switch turn {
        case .settled(let settlement):
          journal.append(.settled(settlement))
          loop.board.settled(settlement.outcome)
          guard settlement.outcome == .unknown, item.rereads < Self.rereadPauses.count else {
            continue
          }
          let pause = Self.rereadPauses[item.rereads]
          item.inDoubt = true
          item.isUnknown = true
          item.rereads += 1
          item.waited = runner.again(after: settlement)
          loop.board.waits(1)
          await desk.postpone(item, until: loop.clock.elapsed() + pause)
        case .wait(let seconds, let state):
          loop.board.waits(1)
          item.waited = state
          await desk.postpone(item, until: loop.clock.elapsed() + seconds)
        case .untouched: break
        }
      }
    }
  }
}
