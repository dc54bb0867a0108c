internal import Locking
internal import RotationCore

/// One lane at work: a fixed set of workers over one order of targets.
struct LaneRunner<Service: SecretsManagerService>: Sendable {
  /// A target at its turn.
  private struct Turn: Sendable {
    let place: LanePlace
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

  /// The order of a lane, handed out to its workers, and the wish for more of them.
  private final class Desk: Sendable {
    private struct State: Sendable {
      var queue = LaneQueue<Turn>()
      var started = 0
      /// Who would add a worker, and waits to be asked for it.
      var foreman: CheckedContinuation<Bool, Never>?
      var isWished = false
      var isEnding = false
    }

    private let places: [LanePlace]
    private let state = Locked(State())

    init(_ places: [LanePlace]) { self.places = places }

    func next(now: Double) -> LaneQueue<Turn>.Next {
      state.with { state in
        state.queue.next(now: now) {
          guard state.started < places.count else { return nil }
          state.started += 1
          let place = places[state.started - 1]
          return Turn(place: place, inDoubt: place.inDoubt)
        }
      }
    }

    func postpone(_ turn: Turn, until due: Double) {
      state.with { $0.queue.postpone(turn, until: due) }
    }

    /// Asks for one more worker.
    func wishForWorker() {
      let foreman = state.with { state -> CheckedContinuation<Bool, Never>? in
        guard state.started < places.count, !state.isEnding else { return nil }
        state.isWished = state.foreman == nil
        defer { state.foreman = nil }
        return state.foreman
      }
      foreman?.resume(returning: true)
    }

    /// A worker has ended, and so there is no use for more.
    func workerEnded() {
      let foreman = state.with { state -> CheckedContinuation<Bool, Never>? in
        state.isEnding = true
        defer { state.foreman = nil }
        return state.foreman
      }
      foreman?.resume(returning: false)
    }

    /// Waits for a wish; false when there will be none any more.
    func isWorkerWished() async -> Bool {
      await withCheckedContinuation { continuation in
        let answer = state.with { state -> Bool? in
          if state.isEnding { return false }
          if state.isWished {
            state.isWished = false
            return true
          }
          state.foreman = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    }
  }

  /// Pauses before an unknown outcome is looked at again: what was in the way may have passed.
  private static var rereadPauses: [Double] { [10, 30] }

  /// Workers that a lane begins with.
  private static var firstWorkers: Int { 8 }

  /// Works until every target is settled, or the run or this lane stops.
  ///
  /// A worker that is done with a target has another one added as long as neither the pace of the
  /// lane nor the bound on calls in flight keeps anyone waiting, so that slow answers cost no speed.
  /// Where the pace does, more of them would only look at states that age until their turn.
  ///
  /// - `places`: in the order in which they are to be acted on.
  /// - `workers`: at most so many.
  /// - Returns: the first target that did not settle well; nil when all that settled did.
  @discardableResult
  func run(_ places: [LanePlace], workers: Int) async throws -> Setback? {
    let desk = Desk(places)
    let most = max(1, min(workers, places.count))
    return try await withThrowingTaskGroup(of: Setback?.self) { group in
      for _ in 0..<min(Self.firstWorkers, most) { group.addTask { try await work(desk) } }
      for _ in min(Self.firstWorkers, most)..<most {
        guard await desk.isWorkerWished() else { break }
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
    defer { desk.workerEnded() }
    return try await serve(desk)
  }

  private func serve(_ desk: Desk) async throws -> Setback? {
    var bad: Setback?
    while !loop.stop.isStopped, !Task.isCancelled {
      switch desk.next(now: loop.clock.elapsed()) {
      case .finished: return bad
      case .wait(let seconds):
        // Another worker may postpone something that is due sooner, so no wait is longer than 2 s.
        _ = await loop.stop.wait(min(seconds, 2), on: loop.clock)
      case .start(var turn):
        let entry = try store.entry(at: turn.place.offset, length: turn.place.length)
        if turn.waited != nil { loop.board.waits(-1) }
        let wasUnknown = turn.isUnknown
        if wasUnknown { loop.board.settled(.unknown, count: -1) }
        turn.isUnknown = false
        let result = await runner.turn(
          entry, inDoubt: turn.inDoubt, waited: turn.waited, pacer: pacer)
        if !pacer.isCrowded, !loop.limit.isFull { desk.wishForWorker() }
        switch result {
        case .settled(let settlement):
          journal.append(.settled(settlement))
          loop.board.settled(settlement.outcome)
          // An unknown outcome counts at once, and once.
          if !wasUnknown, turn.place.isChange || !settlement.isGood {
            watch.settled(settlement.outcome, in: counter)
          }
          if settlement.outcome == .unknown, turn.rereads < Self.rereadPauses.count {
            let pause = Self.rereadPauses[turn.rereads]
            turn.inDoubt = true
            turn.isUnknown = true
            turn.rereads += 1
            turn.waited = runner.again(after: settlement)
            loop.board.waits(1)
            desk.postpone(turn, until: loop.clock.elapsed() + pause)
          } else if !settlement.isGood, settlement.ordinal < bad?.ordinal ?? .max {
            bad = Setback(
              ordinal: settlement.ordinal,
              words: "target \(settlement.ordinal), \(entry.target.secretID) in "
                + "\(entry.target.region), is \(settlement.outcome.rawValue)")
          }
        case .wait(let seconds, let state):
          loop.board.waits(1)
          turn.waited = state
          desk.postpone(turn, until: loop.clock.elapsed() + seconds)
        case .untouched: break
        }
      }
    }
    return bad
  }
}
