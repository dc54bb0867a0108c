import RotationCore
@testable import RunEngine
import Testing

@Suite struct LanePacerTests {
  @Test func `labels move at a pace of their own beside rotation's`() async {
    let limits = LaneLimits(rate: 1, burst: 1)
    let pacer = LanePacer(lane: LaneID(account: "1", region: "r"), limits: limits, now: 0)
    #expect(pacer.reserve(.cancelRotateSecret, now: 0) == .leave(at: 0))
    #expect(pacer.reserve(.rotateSecret, now: 0) != .leave(at: 0))
    #expect(pacer.reserve(.updateSecretVersionStage, now: 0) == .leave(at: 0))
    #expect(pacer.reserve(.updateSecretVersionStage, now: 0) != .leave(at: 0))
  }
}
