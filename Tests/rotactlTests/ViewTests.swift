import RotationCore
import Testing

@testable import rotactl

@Suite struct `The summary` {
  private func view(
    _ items: [(PlanEntry, Settlement?)], status: rotactl.ExitStatus, stop: RunEnding.Stop? = nil
  ) -> SummaryView {
    var summary = RunSummary()
    for (entry, settlement) in items { summary.add(entry, settlement) }
    var ending = RunEnding(runID: "r-1", folder: "reports/r-1", status: status)
    ending.bundlePath = "reports/r-1.tar.gz"
    ending.bundleSHA256 = "ab12"
    ending.stop = stop
    ending.canBeUndone = true
    let bad = items.filter { !($0.1?.isGood ?? false) }
    return SummaryView(
      summary: summary, ending: ending,
      unproven: bad.map { .init(entry: $0.0, settlement: $0.1) })
  }

  @Test func `a success is said once everything is proven`() {
    let view = view(
      [
        (Samples.entry(0, "a", .cancel), Samples.settlement(0, .cancelled)),
        (Samples.entry(1, "b", .alreadyOff), Samples.settlement(1, .alreadyOff)),
      ], status: .success)
    #expect(
      view.text() == """
        ALL OFF: each of 2 targets is settled and proven

        outcome      targets
        cancelled          1
        already off        1
        total              2

        run      r-1
        calls    2 in 4s
        folder   reports/r-1
        bundle   reports/r-1.tar.gz
        sha256   ab12
        undo     rotactl restore reports/r-1
        """)
    #expect(view.json["provenOff"] == true)
    #expect(view.json["next"] == nil)
  }

  @Test func `failed and unknown targets come with cause and next command`() {
    let failure = ServiceFailure(
      kind: .service, code: "AccessDeniedException", message: "not\u{1B}[31m allowed",
      httpStatus: 400)
    let view = view(
      [
        (Samples.entry(0, "a", .cancel), Samples.settlement(0, .cancelled)),
        (
          Samples.entry(1, "it's", .cancel, region: "us-east-1", profile: "ops"),
          Samples.settlement(1, .failed, reason: .service, failure: failure)
        ),
        (
          Samples.entry(2, "c", .cancel),
          Samples.settlement(2, .unknown, reason: .notProven, message: "the answer was lost")
        ),
      ], status: .finishedWithFailures)
    #expect(
      view.text() == #"""
        NOT ALL OFF: 2 of 3 targets are not proven off

        outcome    targets
        cancelled        1
        failed           1
        unknown          1
        total            3

        account       region     cancelled  failed  unknown
        111122223333  eu-west-1          1       0        1
        111122223333  us-east-1          0       1        0

        lane                    calls  changes  peak/s  throttled
        111122223333/eu-west-1      2        0       0          0
        111122223333/us-east-1      1        0       0          0

        not proven off
          failed: it's in us-east-1 (profile ops), m.csv:3:1
            AccessDeniedException: not\u{1b}[31m allowed
            echo 'it'\''s' | rotactl run - --manifest-format text --region us-east-1 --profile ops
          unknown: c in eu-west-1, m.csv:4:1
            the answer was lost
            echo c | rotactl run - --manifest-format text --region eu-west-1

        errors                 count
        AccessDeniedException      1
        notProven                  1

        run      r-1
        calls    3 in 4s
        folder   reports/r-1
        bundle   reports/r-1.tar.gz
        sha256   ab12
        next     rotactl run reports/r-1/failed.csv
        undo     rotactl restore reports/r-1
        """#)
    #expect(view.json["provenOff"] == false)
    #expect(view.json["notProven"]?.array?.count == 2)
    #expect(view.json["exitStatus"] == 3)
  }

  @Test func `each action has its own words and its own way on`() {
    let words: [(RunAction, Outcome, String, String)] = [
      (.restore, .restored, "ALL ON AGAIN", "rotactl restore reports/r-0"),
      (.dropPending, .labelRemoved, "ALL DROPPED", "rotactl pending reports/r-1/failed.csv --drop"),
      (
        .promotePending, .promoted, "ALL PROMOTED",
        "rotactl pending reports/r-1/failed.csv --promote"
      ),
    ]
    for (action, outcome, headline, next) in words {
      let done = (Samples.entry(0, "a", .restore), Samples.settlement(0, outcome))
      let left = (
        Samples.entry(1, "b", .drifted), Samples.settlement(1, .skipped, reason: .drifted)
      )
      func view(_ items: [(PlanEntry, Settlement)], _ status: rotactl.ExitStatus) -> SummaryView {
        var summary = RunSummary()
        for (entry, settlement) in items { summary.add(entry, settlement) }
        var ending = RunEnding(runID: "r-1", folder: "reports/r-1", status: status)
        ending.action = action
        ending.source = "reports/r-0"
        return SummaryView(summary: summary, ending: ending, unproven: [])
      }
      let good = view([done], .success)
      #expect(good.headline.hasPrefix(headline))
      #expect(good.isSuccess && good.undoCommand == nil && good.nextCommand == nil)
      #expect(good.json["provenOff"] == nil && good.json["proven"] == true)
      let bad = view([done, left], .finishedWithFailures)
      #expect(bad.headline.hasPrefix("NOT " + headline))
      #expect(!bad.text().contains("proven off"))
      #expect(bad.nextCommand == next)
    }
  }

  @Test func `secrets that are left alone are no changes of a preview`() {
    var overview = PlanOverview(now: Samples.now, skipsInFlight: true)
    let running = Samples.entry(0, "a", .inFlight)
    for entry in [running, Samples.entry(1, "b", .dropPending)] { overview.add(entry) }
    #expect(overview.possibleChanges == 1)
    #expect(overview.lanes.values.reduce(0, +) == 1)
    #expect(PreviewView.lines(of: running, skipsInFlight: true)[0].contains("left alone"))
  }

  @Test func `no headline of an unfinished or doubtful run reads as success`() {
    let good = (Samples.entry(0, "a", .cancel), Samples.settlement(0, .cancelled))
    let views = [
      view([], status: .success), view([good], status: .interrupted, stop: .signal),
      view([good], status: .internalError),
      view([good, (Samples.entry(1, "b", .cancel), nil)], status: .deadline, stop: .deadline),
      view(
        [
          (
            Samples.entry(1, "b", .inFlight),
            Samples.settlement(1, .skipped, reason: .inFlight)
          )
        ], status: .finishedWithFailures),
    ]
    for view in views {
      #expect(!view.isSuccess)
      #expect(view.headline.hasPrefix("NO") || view.headline.hasPrefix("STOPPED"))
    }
    #expect(
      views[3].headline == "STOPPED at the deadline: 1 of 2 targets are not proven off")
    #expect(views[3].nextCommand == "rotactl resume reports/r-1")
  }

  @Test func `many unproven targets are cut and counted`() {
    let items = (0..<45).map {
      (Samples.entry($0, "s\($0)", .cancel), Samples.settlement($0, .unknown) as Settlement?)
    }
    let text = view(items, status: .finishedWithFailures).text()
    #expect(text.contains("  unknown: s19 in"))
    #expect(!text.contains("  unknown: s20 in"))
    #expect(text.contains("  and 25 more, 45 in all"))
  }
}

@Suite struct `The preview` {
  @Test func `each target has its line and the plan its urgency and cost`() {
    let entries = [
      Samples.entry(0, "a", .cancel, nextIn: 300),
      Samples.entry(1, "b", .inFlight, region: "us-east-1", nextIn: 90_000),
      Samples.entry(2, "c", .alreadyOff, reason: "rotation is already off"),
      Samples.entry(3, "d", .unreadable, reason: "ResourceNotFoundException"),
    ]
    let view = PreviewView(overview: Samples.overview(entries), entries: entries, rate: 40)
    #expect(
      view.text() == """
        4 targets, 2 would be changed
        without action 1 secret rotates in the next 2 h, the first at 18:05 UTC
        10 API calls, no less than 0s at 40 changes per second for each account and region

          - a in eu-west-1: rotation on -> off (next was 2026-11-23T18:05:00.000Z)
          - b in us-east-1: rotation on -> off, once the running rotation has finished (next was \
        2026-11-24T19:00:00.000Z)
            c in eu-west-1: no change, rotation is already off
          ! d in eu-west-1: unreadable, ResourceNotFoundException

        account       region     cancel  already off  in flight  unreadable
        111122223333  eu-west-1       1            1          0           1
        111122223333  us-east-1       0            0          1           0
        total                         1            1          1           1
        """)
    #expect(view.json["type"] == "plan")
    #expect(view.json["changes"] == 2)
    #expect(view.json["soonestRotation"] == "2026-11-23T18:05:00.000Z")
    #expect(PreviewView.json(of: entries[0])["disposition"] == "cancel")
  }

  @Test func `a big plan shows fifty targets and all that is refused`() {
    let entries = (0..<60).map { Samples.entry($0, "s\($0)", $0 == 59 ? .refused : .cancel) }
    let text = PreviewView(overview: Samples.overview(entries), entries: entries, rate: 40).text()
    #expect(text.contains("- s49 in"))
    #expect(!text.contains("- s50 in"))
    #expect(text.contains("  and 10 more, 60 in all"))
    #expect(text.contains("refused or unreadable\n  ! s59 in eu-west-1: refused, because"))
  }

  @Test func `an offline plan promises no more than an upper bound`() {
    let entries = [Samples.entry(0, "a", .notExamined), Samples.entry(1, "b", .refused)]
    let view = PreviewView(overview: Samples.overview(entries), entries: entries, rate: 40)
    #expect(view.headline == "2 targets, 1 not examined: at most 1 would be changed")
    #expect(view.cost.hasPrefix("at most 4 API calls"))
    #expect(view.urgency == nil)
  }
}

@Suite struct `The overview of a plan` {
  @Test func `the fullest lane decides the time`() {
    let entries =
      (0..<401).map { Samples.entry($0, "a\($0)", .cancel) }
      + (401..<500).map { Samples.entry($0, "b\($0)", .cancel, region: "us-east-1") }
      + [Samples.entry(500, "off", .alreadyOff), Samples.entry(501, "no", .refused)]
    let overview = Samples.overview(entries)
    #expect(overview.targets == 502)
    #expect(overview.actionable == 500)
    #expect(overview.predictedSeconds(rate: 40) == 10)
    #expect(overview.predictedCalls == 501 + 3 * 500)
    #expect(overview.lanes[LaneID(account: "111122223333", region: "eu-west-1")] == 401)
  }

  @Test func `an empty plan costs nothing`() {
    let overview = Samples.overview([])
    #expect(overview.predictedSeconds(rate: 40) == 0)
    #expect(overview.predictedCalls == 0)
    #expect(overview.soonestRotation == nil)
  }

  @Test func `soon means two hours, overdue included, no-ops excluded`() {
    let overview = Samples.overview([
      Samples.entry(0, "overdue", .cancel, nextIn: -60),
      Samples.entry(1, "edge", .cancel, nextIn: 7200),
      Samples.entry(2, "later", .cancel, nextIn: 7201),
      Samples.entry(3, "off", .alreadyOff, nextIn: 10),
    ])
    #expect(overview.rotatingSoon == 2)
    #expect(overview.soonestRotation == Samples.now.adding(seconds: -60))
  }

  @Test func `refused entries are bounded and still counted`() {
    let overview = Samples.overview((0..<150).map { Samples.entry($0, "s", .refused) })
    #expect(overview.held.count == PlanOverview.heldLimit)
    #expect(overview.heldTotal == 150)
  }
}

@Suite struct `Problems of manifests` {
  @Test func `the first hundred are shown and the total said`() {
    let problems = (1...130).map {
      ManifestProblem(
        location: SourceLocation(file: "m.csv", line: $0, column: 1), what: "wrong", mend: "mend")
    }
    let terminal = RecordedTerminal()
    let console = Console(terminal.surroundings())
    let view = ManifestProblemView(problems, total: 2000)
    view.show(on: console)
    #expect(terminal.error.hasPrefix("m.csv:1:1: wrong; mend\n"))
    #expect(terminal.error.contains("m.csv:100:1:") && !terminal.error.contains("m.csv:101:1:"))
    #expect(
      terminal.error.hasSuffix(
        """
        and 1,900 more
        error: 2,000 problems in the manifests; nothing was called
        hint: mend each place named above and run again

        """))
    #expect(console.status == .usage)
    #expect(view.json["total"] == 2000)
    #expect(view.json["problems"]?.array?.count == 100)
  }
}
