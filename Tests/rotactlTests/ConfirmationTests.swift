import RotationCore
import Testing

@testable import rotactl

@Suite struct `The confirmation` {
  private let overview = Samples.overview(
    (0..<1200).map { Samples.entry($0, "s\($0)", .cancel) }
      + [
        Samples.entry(1200, "x", .cancel, account: "444455556666"),
        Samples.entry(1201, "y", .alreadyOff),
      ])

  private func ask(
    _ answer: String?, isConfirmed: Bool = false, canAsk: Bool = true,
    of overview: PlanOverview? = nil
  ) -> (Diagnostic?, RecordedTerminal) {
    let terminal = RecordedTerminal()
    let confirmation = Confirmation(
      overview: overview ?? self.overview, isConfirmed: isConfirmed, canAsk: canAsk
    ) { answer }
    do throws(Diagnostic) {
      try confirmation.ask(on: Console(terminal.surroundings(), isQuiet: true))
      return (nil, terminal)
    } catch {
      return (error, terminal)
    }
  }

  @Test func `the counts are shown and the count is to be typed`() {
    let (refusal, terminal) = ask("1201")
    #expect(refusal == nil)
    #expect(
      terminal.error == """
        Turn rotation off for 1,201 secrets in 2 accounts and 1 region?
          account       region     changes
          111122223333  eu-west-1    1,200
          444455556666  eu-west-1        1
        Type 1201 to go on: 
        """)
    #expect(ask(" 1,201 ").0 == nil)
  }

  @Test(arguments: ["y", "yes", "1202", "", "1201x", nil])
  func `anything else is no`(_ answer: String?) {
    #expect(ask(answer).0?.status == .refused)
  }

  @Test func `without a terminal and without yes the answer is no`() {
    let (refusal, terminal) = ask("1201", canAsk: false)
    #expect(refusal?.status == .refused)
    #expect(refusal?.hint?.contains("--yes") == true)
    #expect(terminal.error.isEmpty)
  }

  @Test func `yes and an empty plan ask nothing`() {
    #expect(ask(nil, isConfirmed: true, canAsk: false).0 == nil)
    let nothing = Samples.overview([Samples.entry(0, "a", .alreadyOff)])
    #expect(ask(nil, canAsk: false, of: nothing).0 == nil)
  }
}
