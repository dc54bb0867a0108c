import RotationCore
import RunEngine
import TestSupport

/// A service's quota for one lane that other consumers share, and calls made against it.
///
/// Everything runs in virtual time; what the service refuses and how long it takes is seeded.
actor ContendedLane {
  /// Requests a second that the service grants to all consumers together.
  private let granted: Double

  /// When others take how many requests a second; outside of it they take none.
  struct Rush: Sendable {
    var seconds: Range<Double>
    var rate: Double
  }

  private(set) var sends: [(time: Double, throttled: Bool)] = []
  private var tokens: Double
  private var updated = 0.0
  private var random: SeededRandom
  private let rush: Rush
  private let faults: Double
  private let time: VirtualTime

  init(
    _ time: VirtualTime, seed: UInt64, rush: Rush = Rush(seconds: 0..<0, rate: 0),
    faults: Double = 0, granted: Double = 50
  ) {
    self.time = time
    self.granted = granted
    tokens = granted
    random = SeededRandom(seed: seed)
    self.rush = rush
    self.faults = faults
  }

  private func left(at now: Double) -> Double {
    granted - (rush.seconds.contains(now) ? rush.rate : 0)
  }

  private func admit() -> (failure: ServiceFailure?, latency: Double) {
    let now = time.elapsed
    tokens = min(max(left(at: now), 1), tokens + (now - updated) * left(at: now))
    updated = now
    let latency = Double.random(in: 0.005...0.08, using: &random)
    guard tokens >= 1 else {
      sends.append((now, true))
      return (AttemptLoopTests.failure("ThrottlingException", 400), latency)
    }
    tokens -= 1
    sends.append((now, false))
    let isFaulty = Double.random(in: 0..<1, using: &random) < faults
    return (isFaulty ? AttemptLoopTests.failure("InternalServiceError", 500) : nil, latency)
  }

  nonisolated func exchange() async -> AttemptReply<Int> {
    let (failure, latency) = await admit()
    await time.sleep(latency)
    return AttemptReply(failure.map { .failure($0) } ?? .success(1))
  }

  /// Makes the calls with so many workers, as a lane of a run does.
  ///
  /// - Returns: the failures.
  nonisolated func work(
    _ calls: Int, of operation: ServiceOperation = .cancelRotateSecret, workers: Int,
    loop: AttemptLoop, pacer: LanePacer
  ) async -> [ServiceFailure] {
    await withTaskGroup(of: [ServiceFailure].self) { group in
      for worker in 0..<workers {
        group.addTask {
          var failures: [ServiceFailure] = []
          for _ in stride(from: worker, to: calls, by: workers) {
            var attempts: [AttemptRecord] = []
            let result = await loop.persistentCall(
              operation, pacer: pacer, attempts: &attempts
            ) { _ in await self.exchange() }
            if case .failure(let failure) = result { failures.append(failure) }
          }
          return failures
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
  }

  /// The sends in a span of time.
  func count(_ span: Range<Double>) -> Int { sends.filter { span.contains($0.time) }.count }
}
