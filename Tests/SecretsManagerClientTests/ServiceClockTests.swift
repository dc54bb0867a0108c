import Locking
import RotationCore
@testable import SecretsManagerClient
import Testing

@Suite struct ServiceClockTests {
  private static let midnight = Timestamp(milliseconds: 1_795_478_400_000)
  private static let date = "Tue, 24 Nov 2026 00:00:00 GMT"

  @Test func `without an answer, or with one that agrees, our calendar counts`() {
    let clock = ServiceClock { ServiceClockTests.midnight }
    #expect(clock.now == ServiceClockTests.midnight)
    clock.saw(date: "Tue, 24 Nov 2026 00:00:03 GMT")
    #expect(clock.now == ServiceClockTests.midnight)
    clock.saw(date: "no date")
    #expect(clock.now == ServiceClockTests.midnight)
  }

  @Test func `a calendar that is set in the middle is corrected by the next answer`() {
    let calendar = Locked(ServiceClockTests.midnight)
    let clock = ServiceClock { calendar.with { $0 } }
    clock.saw(date: ServiceClockTests.date)
    #expect(clock.now == ServiceClockTests.midnight)
    calendar.with { $0 = ServiceClockTests.midnight.adding(seconds: 7200) }
    // The same second of the service.
    clock.saw(date: ServiceClockTests.date)
    #expect(clock.now == ServiceClockTests.midnight)
    calendar.with { $0 = ServiceClockTests.midnight.adding(seconds: 7210) }
    #expect(clock.now == ServiceClockTests.midnight.adding(seconds: 10))
    calendar.with { $0 = ServiceClockTests.midnight.adding(seconds: -86_400) }
    clock.saw(date: ServiceClockTests.date)
    #expect(clock.now == ServiceClockTests.midnight)
  }
}
