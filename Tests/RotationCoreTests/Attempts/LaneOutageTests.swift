import RotationCore
import Testing

@Suite struct LaneOutageTests {
  private static let lost = ServiceFailure(kind: .lost, code: "ReadTimeoutError", message: "")
  private static let unavailable = ServiceFailure(
    kind: .service, code: "ServiceUnavailable", message: "", httpStatus: 503)
  private static let throttled = ServiceFailure(
    kind: .service, code: "ThrottlingException", message: "", httpStatus: 400)

  private func outage(
    answeredAt: Double?, failures: Int, from: Double, _ failure: ServiceFailure = lost
  ) -> LaneOutage {
    var outage = LaneOutage()
    if let answeredAt { outage.learn(nil, at: answeredAt) }
    for number in 0..<failures { outage.learn(failure, at: from + Double(number)) }
    return outage
  }

  @Test func `a few failures are no outage`() {
    let outage = outage(answeredAt: 0, failures: LaneOutage.sickAfter - 1, from: 1)
    #expect(!outage.isSick)
    #expect(!outage.isDown(at: 100_000))
  }

  @Test(arguments: [lost, unavailable])
  func `a lane that answered before is borne with longer`(failure: ServiceFailure) {
    let known = outage(answeredAt: 0, failures: 20, from: 1000, failure)
    #expect(known.isSick && known.hasAnswered)
    #expect(!known.isDown(at: 1000 + LaneOutage.patience - 1))
    #expect(known.isDown(at: 1000 + LaneOutage.patience))
    let unknown = outage(answeredAt: nil, failures: 20, from: 1000, failure)
    #expect(!unknown.hasAnswered)
    #expect(unknown.isDown(at: 1000 + LaneOutage.firstPatience))
  }

  @Test func `a lane that is down is probed, and one answer brings it back`() {
    var outage = outage(answeredAt: 0, failures: 20, from: 0)
    let down = LaneOutage.patience + 1
    let admitted = [0, 1, LaneOutage.probeSeconds].map { outage.admits(at: down + $0) }
    #expect(admitted == [true, false, true])
    outage.learn(LaneOutageTests.throttled, at: down + 6)
    #expect(!outage.isSick)
    let again = [6.0, 6].map { outage.admits(at: down + $0) }
    #expect(again == [true, true])
  }

  @Test func `a refused certificate counts once the lane has answered`() {
    let refused = ServiceFailure(kind: .tls, code: "SSLError", message: "")
    let known = outage(answeredAt: 0, failures: 20, from: 1000, refused)
    #expect(known.isSick && known.isDown(at: 1000 + LaneOutage.patience))
    // From the start it is told of every target.
    let unknown = outage(answeredAt: nil, failures: 20, from: 1000, refused)
    #expect(!unknown.isSick && !unknown.isDown(at: 100_000))
  }

  @Test func `time asleep without a call is no outage`() {
    var outage = outage(answeredAt: 0, failures: 0, from: 0)
    for number in 0..<20 { outage.learn(LaneOutageTests.lost, at: 40_000 + Double(number) / 10) }
    #expect(outage.isSick && !outage.isDown(at: 40_010))
  }
}
