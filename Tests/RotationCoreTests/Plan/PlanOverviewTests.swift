import RotationCore
import Testing

@Suite struct PlanOverviewTests {
  @Test(arguments: [(40, "40"), (0.5, "0.5"), (Double.infinity, #""unlimited""#)])
  func `the machine form of a preview is JSON at every rate`(rate: Double, text: String) throws {
    let record = PlanOverview(now: Timestamp(milliseconds: 0)).record(rate: rate)
    let read = try JSONValue(parsing: JSONValue.object(record).compactBytes)
    #expect(read["rate"]?.compact == text)
    #expect(read["predictedSeconds"]?.double == 0)
  }

  @Test(arguments: [40, 0.001, Double.infinity])
  func `a rate is read back from its record`(rate: Double) {
    #expect(RateRecord.rate(in: RateRecord.value(of: rate)) == rate)
  }

  @Test(arguments: ["fast", "", "40"])
  func `no other word is a rate`(word: String) {
    #expect(RateRecord.rate(in: .string(word)) == nil)
  }
}
