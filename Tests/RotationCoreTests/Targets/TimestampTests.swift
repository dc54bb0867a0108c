import RotationCore
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_763_921_501_123, "2025-11-23T18:11:41.123Z"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"), (-2_203_891_200_000, "1900-03-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func `text and milliseconds agree both ways`(_ milliseconds: Int64, _ text: String) {
    #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
    #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    ("2026-11-23T18:11:41Z", "2026-11-23T18:11:41.000Z"),
    ("2026-11-23T18:11:41.5Z", "2026-11-23T18:11:41.500Z"),
    ("2026-11-23T18:11:41.123456789Z", "2026-11-23T18:11:41.123Z"),
    ("2026-11-23T20:11:41+02:00", "2026-11-23T18:11:41.000Z"),
    ("2026-11-23T12:41:41-0530", "2026-11-23T18:11:41.000Z"),
    ("2026-11-23 18:11:41UTC", "2026-11-23T18:11:41.000Z"),
    ("20261123T181141Z", "2026-11-23T18:11:41.000Z"), ("2026-11-23", "2026-11-23T00:00:00.000Z"),
  ])
  func `fractions and zones are understood`(_ text: String, _ expected: String) {
    #expect(Timestamp(iso8601: text)?.iso8601 == expected)
  }

  @Test(arguments: [
    "", "2026-11", "2026-02-29", "2026-11-23T18:11:60Z", "2026-11-23T18:11:41.Z",
    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-32T00:00:00Z",
    "2026-11-23T24:00:00Z", "2026-11-23T18:11:41X", "2026-11-23T18:11:41+2", "abcd-11-23T18:11:41Z",
  ])
  func `another text is no moment`(_ text: String) {
    #expect(Timestamp(iso8601: text) == nil)
  }

  @Test func `seconds out of range are refused`() {
    #expect(Timestamp(epochSeconds: .nan) == nil)
    #expect(Timestamp(epochSeconds: .infinity) == nil)
    #expect(Timestamp(epochSeconds: 1e300) == nil)
    #expect(Timestamp(epochSeconds: 1.763921688123E9)?.milliseconds == 1_763_921_688_123)
  }

  @Test func `the short forms agree`() {
    let moment = Timestamp(milliseconds: 1_763_921_501_123)
    #expect(moment.basic == "20251123T181141Z")
    #expect(moment.clock == "18:11")
    #expect(moment.adding(seconds: 1.5).seconds(since: moment) == 1.5)
  }
}
