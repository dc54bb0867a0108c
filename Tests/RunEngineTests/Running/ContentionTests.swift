import RotationCore
import RunEngine
import TestSupport
import Testing

/// A lane whose quota other consumers use too, in virtual time.
@Suite struct ContentionTests {
  private func pacer(_ account: String = "a", rate: Double = 40) -> LanePacer {
    LanePacer(lane: LaneID(account: account, region: "us-east-1"), rate: rate, burst: 2, now: 0)
  }

  /// The first window that holds more sends than the rate allows; nil for none.
  private func crowded(_ times: [Double], rate: Double, burst: Double) -> Range<Double>? {
    for first in times.indices {
      for last in first..<min(first + 200, times.count) {
        // A send may leave 20 ms after its time.
        let span = times[last] - times[first] + LanePace.longestLateness
        if Double(last - first + 1) > rate * span + burst + 0.001 {
          return times[first]..<times[last]
        }
      }
    }
    return nil
  }

  @Test(arguments: UInt64(1)...6, [RetryMode.standard, .adaptive])
  func `a lane gives way to another consumer and comes back`(seed: UInt64, mode: RetryMode)
    async throws
  {
    let time = VirtualTime()
    let loop = AttemptLoopTests.loop(time, policies: { _ in RetryPolicy(mode: mode) })
    let lane = ContendedLane(
      time, seed: seed, rush: .init(seconds: 10..<40, rate: 45))
    let pacer = pacer()
    let (failures, during) = try await time.run {
      async let failures = lane.work(2000, workers: 16, loop: loop, pacer: pacer)
      await time.sleep(40)
      let during = pacer.snapshot
      return await (failures, during)
    }
    #expect(failures.isEmpty)
    let sends = await lane.sends
    #expect(crowded(sends.map(\.time), rate: 40, burst: 2) == nil)
    // 5 a second are left to us; without yielding, 40 a second would be sent.
    #expect(during.rate < 40 && during.throttles > 0)
    let contended = await lane.count(15..<40)
    #expect(contended < 25 * 15 && contended > 25)
    let after = pacer.snapshot
    #expect(after.rate == 40)
    #expect((after.adaptiveRate != nil))
    #expect(after.throttles == sends.filter(\.throttled).count)
    if mode == .standard {
      let recovered = await lane.count(50..<55)
      #expect(recovered > 5 * 36)
    }
  }

  @Test func `a lane that is refused for a minute fails no target`() async throws {
    let time = VirtualTime()
    let loop = AttemptLoopTests.loop(time)
    let lane = ContendedLane(time, seed: 3, rush: .init(seconds: 0..<60, rate: 50))
    let pacer = pacer()
    let failures = try await time.run {
      await lane.work(400, workers: 16, loop: loop, pacer: pacer)
    }
    #expect(failures.isEmpty)
    // No storm: the lane asks about every two seconds.
    let refused = await lane.count(5..<60)
    #expect(refused < 60)
    let after = pacer.snapshot
    #expect(after.rate == 40)
  }

  @Test func `a quota that is used up shortens rounds and fails nothing`() async throws {
    let time = VirtualTime()
    let loop = AttemptLoopTests.loop(time)
    let lane = ContendedLane(time, seed: 5, faults: 0.25)
    let failures = try await time.run {
      await lane.work(3000, workers: 16, loop: loop, pacer: self.pacer())
    }
    #expect(failures.isEmpty)
  }

  @Test(arguments: UInt64(1)...3)
  func `retries use the lane's slots and lose none`(seed: UInt64) async throws {
    let time = VirtualTime()
    let loop = AttemptLoopTests.loop(time)
    let lane = ContendedLane(time, seed: seed, faults: 0.1)
    let pacer = pacer()
    _ = try await time.run { await lane.work(800, workers: 64, loop: loop, pacer: pacer) }
    let times = await lane.sends.map(\.time)
    #expect(crowded(times, rate: 40, burst: 2) == nil)
    // While more calls wait than the lane may send, every slot is used.
    let full = times.prefix(600)
    let span = (full.last ?? 0) - (full.first ?? 0)
    #expect(span < 600 / 40 + 0.1)
    let after = pacer.snapshot
    #expect(after.throttles == 0 && after.rate == 40)
  }

  @Test(arguments: [
    (ServiceOperation.listSecrets, 80.0, 100.0), (.listSecretVersionIDs, 40, 50),
  ])
  func `listings keep below a quota of their own`(
    operation: ServiceOperation, rate: Double, granted: Double
  ) async throws {
    let time = VirtualTime()
    let loop = AttemptLoopTests.loop(time)
    let lane = ContendedLane(time, seed: 7, granted: granted)
    // A lane that changes next to nothing still reads at full pace.
    let pacer = pacer(rate: 0.1)
    let failures = try await time.run {
      await lane.work(400, of: operation, workers: 16, loop: loop, pacer: pacer)
    }
    #expect(failures.isEmpty)
    let times = await lane.sends.map(\.time)
    #expect(crowded(times, rate: rate, burst: 2) == nil)
    #expect((times.last ?? 0) < 400 / rate + 0.2)
    let after = pacer.snapshot
    #expect(after.throttles == 0 && after.rate == 0.1)
  }

  @Test func `a throttled lane leaves another lane alone`() async throws {
    let time = VirtualTime()
    let loop = AttemptLoopTests.loop(time)
    let busy = ContendedLane(time, seed: 1, rush: .init(seconds: 0..<20, rate: 50))
    let free = ContendedLane(time, seed: 2)
    let pacers = PacerRegistry(rate: 40, burst: 2, clock: loop.clock)
    let failures = try await time.run {
      let first = pacers.pacer(for: LaneID(account: "a", region: "us-east-1"))
      let second = pacers.pacer(for: LaneID(account: "b", region: "us-east-1"))
      async let one = busy.work(200, workers: 16, loop: loop, pacer: first)
      async let two = free.work(400, workers: 16, loop: loop, pacer: second)
      return await one + two
    }
    #expect(failures.isEmpty)
    let times = await free.sends.map(\.time)
    #expect((times.last ?? 0) < 398.0 / 40 + 0.1)
    let lanes = pacers.snapshots()
    #expect(lanes.map(\.lane.account) == ["a", "b"])
    #expect(lanes[0].throttles > 0 && lanes[1].throttles == 0)
    #expect(lanes[1].rate == 40 && lanes[1].adaptiveRate == nil)
  }

  @Test func `a stop ends every wait for a slot`() async throws {
    let time = VirtualTime()
    let stop = StopSignal()
    let loop = AttemptLoopTests.loop(time, stop: stop)
    let lane = ContendedLane(time, seed: 1)
    let pacer = pacer(rate: 0.1)
    let failures = try await time.run {
      async let failures = lane.work(16, workers: 16, loop: loop, pacer: pacer)
      await time.sleep(1)
      stop.stop(.interrupt)
      return await failures
    }
    #expect(failures.count == 14)
    #expect(failures.allSatisfy { $0.kind == .abandoned })
    #expect(time.elapsed < 2)
  }
}
