import Foundation
import Testing

@testable import rotactl

@Suite struct `Exit statuses` {
  @Test func `the numbers are those that scripts rely on`() {
    #expect(
      rotactl.ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 7, 10, 75, 130, 143])
  }

  @Test func `README has the same table`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    #expect(readme.contains(rotactl.ExitStatus.markdownTable + "\n"))
  }

  @Test func `the section of the help names every status`() {
    for status in rotactl.ExitStatus.allCases {
      #expect(rotactl.ExitStatus.helpSection.contains("  \(status.rawValue)  \(status.meaning)"))
    }
  }
}
