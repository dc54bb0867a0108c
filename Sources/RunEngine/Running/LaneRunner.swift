internal import RotationCore

/// One lane at work: a fixed set of workers over one order of targets.
struct LaneRunner<Service: SecretsManagerService>: Sendable {
  /// A target of this lane: where its plan lies, and what is known of it; 16 bytes.
  struct Item: Sendable {
    let offset: Int
    let length: Int32
    let inDoubt: Bool
    /// False where the target is only looked at again.
    let isChange: Bool
  }

  /// A target at its turn.
  private struct Turn: Sendable {
    let item: Item
    var inDoubt: Bool
    /// How often an unknown outcome of this run was looked at again.
    var rereads = 0
    /// Whether it stands in the journal as unknown and waits to be looked at again.
    var isUnknown = false
    var waited: TargetRunner<Service>.WaitState?
  }

  /// A target that did not settle well.
  struct Setback: Sendable {
    let ordinal: Int
    /// Its number, id and region.
    let words: String
  }

  let lane: LaneID
  let pacer: LanePacer
  let store: PlanStore
  let runner: TargetRunner<Service>
  let journal: JournalWriter
  let loop: AttemptLoop
  let watch: FailureWatch
  let counter: FailureWatch.Lane

  /// The order of a lane, handed out to its workers.
  private actor Desk {
    private var queue = LaneQueue<Turn>()
    private var fresh: ArraySlice<Item>

    init(_ items: [Item]) { fresh = items[...] }

    func next(now: Double) -> LaneQueue<Turn>.Next {
      queue.next(now: now) { fresh.popFirst().map { Turn(item: $0, inDoubt: $0.inDoubt) } }
    }
    func postpone(_ turn: Turn, until due: Double) { queue.postpone(turn, until: due) }
  }

  /// Pauses before an unknown outcome is looked at again: what was in the way may have passed.
  private static var rereadPauses: [Double] { [10, 30] }

  /// Works until every target is settled, or the run or this lane stops.
  ///
  /// - `items`: in the order in which they are to be acted on.
  /// - Returns: the first target that did not settle well; nil when all that settled did.
  @discardableResult
  func run(_ items: [Item], workers: Int) async throws -> Setback? {
    let desk = Desk(items)
    return try await withThrowingTaskGroup(of: Setback?.self) { group in
      for _ in 0..<max(1, min(workers, items.count)) {
        group.addTask { try await work(desk) }
      }
      var first: Setback?
      for try await setback in group {
        if let setback, setback.ordinal < first?.ordinal ?? .max { first = setback }
      }
      return first
    }
  }

  private func work(_ desk: Desk) async throws -> Setback? {
    var bad: Setback?
    while !loop.stop.isStopped, !Task.isCancelled {
      switch await desk.next(now: loop.clock.elapsed()) {
      case .finished: return bad
      case .wait(let seconds):
        // Another worker may postpone something that is due sooner, so no wait is longer than 2 s.
        _ = await loop.stop.wait(min(seconds, 2), on: loop.clock)
      case .start(var turn):
        let item = turn.item
        let entry = try store.entry(at: item.offset, length: Int(item.length))
        if turn.waited != nil { loop.board.waits(-1) }
        let wasUnknown = turn.isUnknown
        if wasUnknown { loop.board.settled(.unknown, count: -1) }
        turn.isUnknown = false
        let result = await runner.turn(
          entry, inDoubt: turn.inDoubt, waited: turn.waited, pacer: pacer)
        switch result {
        case .settled(let settlement):
          journal.append(.settled(settlement))
          loop.board.settled(settlement.outcome)
          // An unknown outcome counts at once, and once.
          if !wasUnknown, item.isChange || !settlement.isGood {
            watch.settled(settlement.outcome, in: counter)
          }
          if settlement.outcome == .unknown, turn.rereads < Self.rereadPauses.count {
            let pause = Self.rereadPauses[turn.rereads]
            turn.inDoubt = true
            turn.isUnknown = true
            turn.rereads += 1
            turn.waited = runner.again(after: settlement)
            loop.board.waits(1)
            await desk.postpone(turn, until: loop.clock.elapsed() + pause)
          } else if !settlement.isGood, settlement.ordinal < bad?.ordinal ?? .max {
            bad = Setback(
              ordinal: settlement.ordinal,
              words: "target \(settlement.ordinal), \(entry.target.secretID) in "
                + "\(entry.target.region), is \(settlement.outcome.rawValue)")
          }
        case .wait(let seconds, let state):
          loop.board.waits(1)
          turn.waited = state
          await desk.postpone(turn, until: loop.clock.elapsed() + seconds)
        case .untouched: break
        }
      }
    }
    return bad
  }
}
