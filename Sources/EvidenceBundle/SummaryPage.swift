internal import Cryptography
internal import RotationCore

/// `summary.html`: one page that needs nothing but itself.
///
/// All that an auditor must see stands in it as plain text and tables; a script adds a list of the
/// targets that can be searched and sorted. A content security policy allows that script and the
/// style by their hashes and nothing else.
struct SummaryPage {
  let evidence: RunEvidence
  let summary: RunSummary
  var collector: PageCollector

  /// Hands the page on in pieces that end where a line ends.
  mutating func write(
    to sink: ([UInt8]) throws(EvidenceError) -> Void
  ) throws(EvidenceError) {
    for part in [
      head, headline, facts, totals, collector.timeline.html, places, errors, notProven, followUps,
      calledOff, listShell, whereabouts,
    ] where !part.isEmpty {
      try sink(Array((part + "\n").utf8))
    }
    try collector.rows.write(to: sink)
    let meta = PageText.json(listFacts)
    try sink(
      Array("<script type=\"application/json\" id=\"meta\">".utf8) + meta
        + Array(
          "</script>\n<script>\(SummaryPage.script)</script>\n</main>\n</body>\n</html>\n".utf8)
    )
  }

  private var head: String {
    let title = "rotactl run \(evidence.journal.runID)"
    func hash(_ text: String) -> String { "'sha256-\(Base64.text(SHA256.hash(text).bytes))'" }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
      script-src \(hash(SummaryPage.script)); style-src \(hash(SummaryPage.style)); \
      base-uri 'none'; form-action 'none'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>\(escaped(title))</title>
      <style>\(SummaryPage.style)</style>
      </head>
      <body>
      <main>
      <h1>\(escaped(title))</h1>
      """
  }

  /// Never reads as success while anything is not proven.
  private var headline: String {
    let action = evidence.header.action
    if evidence.isProven(summary) {
      return """
        <p class="headline good">All \(number(summary.targets)) targets settled well: \
        \(action.whatHolds).</p>
        """
    }
    let open = summary.notGood
    let unfinished =
      evidence.journal.finished == nil
      ? " The run is not complete\(evidence.journal.stopped.map { ": \(escaped($0))" } ?? "")." : ""
    if summary.targets == 0 {
      return "<p class=\"headline bad\">Nothing is proven: the plan has no target.\(unfinished)</p>"
    }
    guard open > 0 else {
      return "<p class=\"headline bad\">Not complete.\(unfinished)</p>"
    }
    let again = NextCommand.all(evidence.header, runID: evidence.journal.runID)
    return """
      <p class="headline bad">\(number(open)) of \(number(summary.targets)) targets are \
      \(action.unproven.replacing("not proven", with: "NOT proven")).\(unfinished)</p>
      <p>Run them again: <code>\(escaped(again))</code></p>
      """
  }

  private var facts: String {
    var rows: [(String, String)] = []
    if evidence.header.action != .cancel {
      rows.append(("Action", evidence.header.action.rawValue))
    }
    if let source = evidence.header.source { rows.append(("Of run", source.runID)) }
    if let incident = evidence.header.incident { rows.append(("Incident", incident)) }
    if let reason = evidence.header.reason { rows.append(("Reason", reason)) }
    rows.append(("Opened", evidence.journal.openedAt.iso8601))
    rows.append(("Last record", evidence.journal.lastAt.iso8601))
    rows.append(("Tool", "rotactl \(evidence.journal.toolVersion)"))
    for caller in evidence.journal.callers.prefix(50) {
      rows.append(("Caller", "\(caller.profile ?? "default credentials"): \(caller.arn)"))
    }
    for manifest in evidence.header.manifests.prefix(50) {
      rows.append(("Manifest", "\(manifest.path) (\(number(manifest.entries)) entries)"))
    }
    let body = rows.map {
      "<tr><th scope=\"row\">\($0.0)</th><td>\(escaped($0.1))</td></tr>"
    }
    return "<table class=\"facts\">\n\(body.joined(separator: "\n"))\n</table>"
  }

  /// Outcomes that no target has are left out; the sum is there to be checked.
  private var totals: String {
    let rows = Outcome.allCases.filter { summary.count($0) > 0 }.map {
      "<tr><th scope=\"row\">\($0.rawValue)</th><td class=\"n\">\(number(summary.count($0)))</td></tr>"
    }
    return """
      <h2>Outcomes</h2>
      <table>
      \(rows.joined(separator: "\n"))
      <tr class="sum"><th scope="row">targets</th><td class="n">\(number(summary.targets))</td></tr>
      <tr class="sum"><th scope="row">of these not proven</th>\
      <td class="n">\(number(summary.notGood))</td></tr>
      </table>
      """
  }

  private var places: String {
    let shown = Outcome.allCases.filter { summary.count($0) > 0 }
    let head = (shown.map(\.rawValue) + ["calls", "changes", "most changes/s", "throttled"])
      .map { "<th scope=\"col\" class=\"n\">\($0)</th>" }.joined()
    let rows = summary.places.sorted { $0.key < $1.key }.map { place, counts in
      let traffic = summary.lanes[LaneID(account: place.account, region: place.region)]
      let cells =
        (shown.map { counts[$0] ?? 0 }
        + [
          traffic?.calls, traffic?.changes, traffic?.peakPerSecond, traffic?.throttled,
        ].map { $0 ?? 0 }).map { "<td class=\"n\">\(number($0))</td>" }.joined()
      return "<tr><td class=\"k\">\(escaped(place.account))</td>"
        + "<td class=\"k\">\(escaped(place.region))</td>\(cells)</tr>"
    }
    return """
      <h2>Accounts and regions</h2>
      <div class="wide"><table><thead><tr><th scope="col">account</th><th scope="col">region</th>\
      \(head)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      """
  }

  private var errors: String {
    func table(_ title: String, _ counts: [String: Int]) -> String {
      if counts.isEmpty { return "" }
      let rows = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(100).map {
        "<tr><th scope=\"row\">\(escaped($0.key))</th><td class=\"n\">\(number($0.value))</td></tr>"
      }
      return "<h2>\(title)</h2>\n<table>\n\(rows.joined(separator: "\n"))\n</table>"
    }
    return [table("Errors", summary.errors), table("Warnings", summary.warnings)]
      .filter { !$0.isEmpty }.joined(separator: "\n")
  }

  // MARK: - Targets

  private var notProven: String {
    let notGood = collector.notGood
    if notGood.isEmpty { return "" }
    let rows = notGood.map { item in
      let next = PageRows.next(item, evidence.header.action)
      return named(item) + "<td class=\"k\">\(item.outcome.rawValue)</td>"
        + "<td>\(escaped(PageRows.cause(item)))</td><td>\(command(next))</td></tr>"
    }
    let action = evidence.header.action.unproven
    return table(
      "Open: \(action)", ["secret", "account", "region", "outcome", "cause", "next command"], rows,
      more: summary.notGood - notGood.count, in: "failed.csv")
  }

  private var followUps: String {
    let rows = collector.leftBehind.first.map { item, warning in
      named(item) + "<td>\(escaped("\(warning.code.rawValue): \(warning.message)"))</td>"
        + "<td>\(command(warning.next ?? ""))</td></tr>"
    }
    if rows.isEmpty { return "" }
    return table(
      "Open: left behind", ["secret", "account", "region", "what", "next command"], rows,
      more: collector.leftBehind.count - rows.count, in: "results.csv")
  }

  /// What was stopped from rotating, and when it would have.
  private var calledOff: String {
    let calledOff = collector.calledOff
    guard !calledOff.rows.isEmpty else { return "" }
    let summary = calledOff.rows.map {
      "<tr><th scope=\"row\">\($0.0)</th><td class=\"n\">\(number($0.1))</td></tr>"
    }
    let rows = calledOff.soonest.map { item, at in
      named(item) + "<td class=\"k\">\(at.iso8601)</td></tr>"
    }
    return """
      <h2>Stopped from rotating</h2>
      <p>When they would have rotated next, counted from the start of the run:</p>
      <table>
      \(summary.joined(separator: "\n"))
      </table>
      \(rows.isEmpty ? "" : table(
        nil, ["secret", "account", "region", "would have rotated"], rows,
        more: calledOff.timed - rows.count, in: "results.csv"))
      """
  }

  private func named(_ item: EvidenceEntry) -> String {
    let target = item.entry.target
    return "<tr><td>\(escaped(target.secretID))</td>"
      + "<td class=\"k\">\(escaped(target.accountID ?? item.entry.callerAccount ?? ""))</td>"
      + "<td class=\"k\">\(escaped(target.region))</td>"
  }

  private func command(_ text: String) -> String {
    text.isEmpty ? "" : "<code>\(escaped(text))</code>"
  }

  private func table(
    _ title: String?, _ columns: [String], _ rows: [String], more: Int, in file: String
  ) -> String {
    let head = columns.map { "<th scope=\"col\">\($0)</th>" }.joined()
    let rest =
      more > 0 ? "\n<p>And \(number(more)) more, all of them in <code>\(file)</code>.</p>" : ""
    return """
      \(title.map { "<h2>\($0)</h2>" } ?? "")
      <div class="wide"><table><thead><tr>\(head)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>\(rest)
      """
  }

  /// What the script fills; without it one sentence says where the list is.
  private var listShell: String {
    let rows = collector.rows
    let what =
      rows.listsAll
      ? "All \(number(summary.targets)) targets."
      : "Of \(number(summary.targets)) targets the \(number(rows.count)) that are not proven; all "
        + "are in <code>results.csv</code>."
    let left = rows.left > 0 ? " \(number(rows.left)) more are in <code>failed.csv</code>." : ""
    return """
      <h2>Targets</h2>
      <p class="onpaper">\(what)\(left) The report of each is in <code>secrets/</code> of the \
      bundle, one row a target in <code>results.csv</code>.</p>
      <p class="noscript">Searching and sorting them here needs JavaScript.</p>
      <div id="list" hidden></div>
      """
  }

  private var listFacts: JSONValue {
    [
      "outcomes": .array(Outcome.allCases.map { .string($0.rawValue) }),
      "strings": .array(collector.rows.strings.map(JSONValue.string)),
    ]
  }

  private var whereabouts: String {
    """
    <h2>Evidence</h2>
    <ul>
    <li><code>journal.ndjson</code>: every intent and every settlement, each line sealed by the \
    next. Last seal <code>\(evidence.journal.head)</code></li>
    <li><code>plan.ndjson</code>, <code>manifest/</code>, <code>run.json</code>: what was asked \
    for. Plan <code>\(evidence.planSHA256)</code></li>
    <li><code>results.csv</code>, <code>failed.csv</code>, <code>secrets/</code>: what became of \
    each target</li>
    <li><code>SHA256SUMS</code>: check with <code>sha256sum -c SHA256SUMS</code>, or the whole \
    with <code>rotactl verify</code></li>
    </ul>
    """
  }

  private func escaped(_ text: String) -> String { PageText.escaped(text) }
  private func number(_ value: Int) -> String { PageText.count(value) }
}
