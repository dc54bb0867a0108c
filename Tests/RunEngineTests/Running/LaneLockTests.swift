import RotationCore
import RunEngine
import TestSupport
import Testing

@Suite struct LaneLockTests {
  private let folder: TemporaryDirectory
  private let one = LaneID(account: "111122223333", region: "us-east-1")
  private let two = LaneID(account: "111122223333", region: "eu-west-1")

  init() throws { folder = try TemporaryDirectory() }

  private func take(_ lanes: [LaneID], run: String, endpoint: String? = nil) throws -> LaneLocks {
    try LaneLocks.take(
      lanes.map { (lane: $0, endpoint: endpoint) }, in: folder.path + "/a/locks",
      for: .init(runID: run, pid: 42, operatorName: "ops"))
  }

  @Test func `the second run is refused with the name of the first, until that one ends`() throws {
    var first: LaneLocks? = try take([one, two], run: "r-1")
    let holder = #expect(throws: LaneLocks.Holder.self) { try self.take([self.two], run: "r-2") }
    #expect(holder?.lane == two)
    #expect(holder?.runID == "r-1" && holder?.pid == 42 && holder?.operatorName == "ops")
    withExtendedLifetime(first) {}
    first = nil
    #expect(throws: Never.self) { try self.take([self.two], run: "r-2") }
  }

  @Test func `a refused run keeps none of its lanes`() throws {
    let first = try take([two], run: "r-1")
    #expect(throws: LaneLocks.Holder.self) { try self.take([self.one, self.two], run: "r-2") }
    #expect(throws: Never.self) { try self.take([self.one], run: "r-3") }
    withExtendedLifetime(first) {}
  }

  @Test func `another endpoint has lanes of its own`() throws {
    let first = try take([one], run: "r-1")
    #expect(throws: Never.self) { try self.take([self.one], run: "r-2", endpoint: "0a1b2c3d") }
    withExtendedLifetime(first) {}
  }
}
