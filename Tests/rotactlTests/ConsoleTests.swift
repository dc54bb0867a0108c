import Glibc
import RotationCore
import Testing

@testable import rotactl

@Suite struct `The console` {
  @Test func `results and talk go to different streams`() {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings())
    console.result("result")
    console.result(["type": "x", "version": 1])
    console.say("talk")
    console.warn("careful", hint: "look")
    #expect(terminal.output == "result\n{\"type\":\"x\",\"version\":1}\n")
    #expect(terminal.error == "talk\nwarning: careful\nhint: look\n")
  }

  @Test func `quiet silences talk alone and debug lines need debug`() {
    let terminal = RecordedTerminal()
    let quiet = Console(terminal.surroundings(), isQuiet: true)
    quiet.say("talk")
    quiet.debug("detail")
    quiet.warn("careful")
    quiet.fail(Diagnostic("it broke", status: .refused))
    quiet.result("result")
    #expect(terminal.error == "warning: careful\nerror: it broke\n")
    #expect(terminal.output == "result\n")
    Console(terminal.surroundings(), isDebug: true).debug("detail")
    #expect(terminal.error.hasSuffix("debug: detail\n"))
  }

  @Test func `printing a failure counts it and the first decides the status`() {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings())
    #expect(console.status == .success)
    console.fail(Diagnostic("one", at: "a.csv:1:2", because: "so", hint: "mend", status: .usage))
    console.fail(Diagnostic("two", status: .internalError))
    #expect(console.failures == 2)
    #expect(console.status == .usage)
    #expect(terminal.error == "error: a.csv:1:2: one: so\nhint: mend\nerror: two\n")
  }

  @Test func `text from outside cannot steer the terminal`() {
    let text = Diagnostic(
      "bad\u{1B}[2J", at: "a\u{202E}b", because: "x\r\ny", hint: "z\u{7}", status: .usage
    ).text()
    #expect(
      text == "error: a\\u{202e}b: bad\\u{1b}[2J: x\\u{d}\\u{a}y\nhint: z\\u{7}")
  }

  @Test func `colour needs a terminal, obeys NO_COLOR and can be forced`() {
    func colored(_ mode: ColorMode, _ isTerminal: Bool, _ environment: [String: String]) -> Bool {
      Style.decide(mode, isTerminal: isTerminal, environment: environment).isColored
    }
    #expect(colored(.auto, true, [:]))
    #expect(!colored(.auto, false, [:]))
    #expect(!colored(.auto, true, ["NO_COLOR": "1"]))
    #expect(colored(.auto, true, ["NO_COLOR": ""]))
    #expect(!colored(.auto, true, ["TERM": "dumb"]))
    #expect(colored(.on, false, ["NO_COLOR": "1"]))
    #expect(!colored(.off, true, [:]))
  }

  @Test func `a closed standard output silences it and nothing else`() {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings())
    terminal.closeOutput()
    #expect(!console.result("lost"))
    let writes = terminal.writes
    #expect(!console.result("lost too"))
    #expect(terminal.writes == writes)
    console.say("talk goes on")
    #expect(terminal.error == "talk goes on\n")
    terminal.closeError()
    console.say("lost")
    console.fail(Diagnostic("still counted", status: .transient))
    #expect(console.status == .transient)
  }

  @Test func `a closed pipe is an answer of write and does not end the process`() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    #expect(StandardStreams.write(Array("x".utf8), to: ends[1]))
    close(ends[0])
    #expect(!StandardStreams.write(Array("x".utf8), to: ends[1]))
    close(ends[1])
    #expect(!StandardStreams.write(Array("x".utf8), to: -1))
  }

  @Test func `a line clears the live area and draws it again below`() {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings(errorIsTerminal: true))
    console.showLive(["one", "two"])
    console.say("line")
    #expect(terminal.error == "one\ntwo\r\u{1B}[1A\u{1B}[Jline\none\ntwo")
    #expect(terminal.screen == ["line", "one", "two"])
    console.showLive(["three"])
    #expect(terminal.screen == ["line", "three"])
    console.result("elsewhere")
    #expect(terminal.screen == ["line", "three"])
    console.endLive()
    #expect(terminal.screen == ["line", ""])
    console.endLive()
    console.say("done")
    #expect(terminal.screen == ["line", "done", ""])
  }

  @Test func `a result on the same terminal makes way for itself`() {
    let terminal = RecordedTerminal()
    let console = Console(
      terminal.surroundings(outputIsTerminal: true, errorIsTerminal: true), color: .off)
    console.showLive(["area"])
    console.result("result")
    #expect(terminal.output == "result\n")
    #expect(terminal.error == "area\r\u{1B}[Jarea")
  }

  @Test func `live lines are cut to the width and an unchanged area is not drawn again`() {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings(errorIsTerminal: true, width: 24))
    console.showLive([String(repeating: "x", count: 40)])
    #expect(terminal.screen == [String(repeating: "x", count: 22) + "…"])
    let writes = terminal.writes
    console.showLive([String(repeating: "x", count: 40)])
    #expect(terminal.writes == writes)
  }

  @Test func `without a terminal there is no live area`() {
    let terminal = RecordedTerminal()
    Console(terminal.surroundings()).showLive(["area"])
    Console(terminal.surroundings(errorIsTerminal: true, environment: ["TERM": "dumb"]))
      .showLive(["area"])
    #expect(terminal.error.isEmpty)
  }

  @Test func `lines of many threads stay whole`() async {
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings(errorIsTerminal: true))
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          console.showLive(["area \(number)", "second"])
          console.line("line \(number)")
        }
      }
    }
    console.endLive()
    let lines = terminal.screen.filter { !$0.isEmpty }
    #expect(lines.count == 40)
    #expect(Set(lines) == Set((0..<40).map { "line \($0)" }))
  }
}

@Suite struct `Text for people` {
  @Test func `numbers are grouped and nouns counted`() {
    #expect(HumanText.count(0) == "0")
    #expect(HumanText.count(999) == "999")
    #expect(HumanText.count(1_234_567) == "1,234,567")
    #expect(HumanText.count(-1000) == "-1,000")
    #expect(HumanText.count(Int.min) == "-9,223,372,036,854,775,808")
    #expect(HumanText.count(1, "secret") == "1 secret")
    #expect(HumanText.count(2, "secret") == "2 secrets")
  }

  @Test(arguments: [
    (0.0, "0s"), (0.2, "1s"), (59.5, "1m 0s"), (200, "3m 20s"), (19_980, "5h 33m"),
    (187_200, "2d 4h"), (.infinity, "unknown"), (.nan, "unknown"), (-5, "0s"),
  ])
  func `durations have two units`(_ seconds: Double, _ text: String) {
    #expect(HumanText.duration(seconds: seconds) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (0.04, "0"), (0.5, "0.5"), (38.24, "38.2"), (40, "40"), (99.96, "100"),
    (250.4, "250"), (12_345, "12,345"), (-1.5, "-1.5"), (.nan, "?"),
  ])
  func `decimals have one digit`(_ value: Double, _ text: String) {
    #expect(HumanText.decimal(value) == text)
  }

  @Test func `shell words are quoted where they must be`() {
    #expect(HumanText.shellWord("prod/db-1_x.y@z") == "prod/db-1_x.y@z")
    #expect(HumanText.shellWord("rds!db") == "'rds!db'")
    #expect(HumanText.shellWord("it's") == #"'it'\''s'"#)
    #expect(HumanText.shellWord("") == "''")
    #expect(HumanText.shellWord("$(rm)") == "'$(rm)'")
  }

  @Test func `a table aligns words and numbers`() {
    var table = Table([.words("name"), .numbers("n"), .words("note")])
    table.add(["a", "1"])
    table.add(["longer", "1,000", "x", "dropped"])
    #expect(
      table.lines(indent: 1) == [" name        n  note", " a           1", " longer  1,000  x"])
  }
}
