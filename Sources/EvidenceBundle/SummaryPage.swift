internal import RotationCore

/// `summary.html`: one page that needs nothing but itself, without scripts.
struct SummaryPage {
  let evidence: RunEvidence
  let summary: RunSummary
  /// The first of the targets that are not proven off.
  let notGood: [EvidenceEntry]

  var html: String {
    let title = "rotactl run \(evidence.journal.runID)"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(title))</title>
      <style>\(SummaryPage.style)</style>
      </head>
      <body>
      <main>
      <h1>\(escaped(title))</h1>
      \(headline)
      \(facts)
      \(totals)
      \(places)
      \(errors)
      \(open)
      \(whereabouts)
      </main>
      </body>
      </html>

      """
  }

  /// Never reads as success while anything is not proven off.
  private var headline: String {
    let action = evidence.header.action
    if evidence.isProven(summary) {
      return """
        <p class="headline good">All \(summary.targets) targets settled well: \
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
    return """
      <p class="headline bad">\(open) of \(summary.targets) targets are \
      \(action.unproven.replacing("not proven", with: "NOT proven")).\(unfinished)</p>
      <p>Run them again: <code>\
      \(escaped(NextCommand.all(evidence.header, runID: evidence.journal.runID)))</code></p>
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
      rows.append(("Manifest", "\(manifest.path) (\(manifest.entries) entries)"))
    }
    let body = rows.map {
      "<tr><th scope=\"row\">\($0.0)</th><td>\(escaped($0.1))</td></tr>"
    }
    return "<table class=\"facts\">\(body.joined(separator: "\n"))</table>"
  }

  private var totals: String {
    let rows = Outcome.allCases.map {
      "<tr><th scope=\"row\">\($0.rawValue)</th><td class=\"n\">\(summary.count($0))</td></tr>"
    }
    return """
      <h2>Outcomes</h2>
      <table>\(rows.joined(separator: "\n"))
      <tr class="sum"><th scope="row">targets</th><td class="n">\(summary.targets)</td></tr></table>
      """
  }

  private var places: String {
    let shown = Outcome.allCases.filter { summary.count($0) > 0 }
    let head = shown.map { "<th scope=\"col\">\($0.rawValue)</th>" }.joined()
    let rows = summary.places.sorted { $0.key < $1.key }.map { place, counts in
      let cells = shown.map { "<td class=\"n\">\(counts[$0] ?? 0)</td>" }.joined()
      return "<tr><td>\(escaped(place.account))</td><td>\(escaped(place.region))</td>\(cells)</tr>"
    }
    return """
      <h2>Accounts and regions</h2>
      <table><thead><tr><th scope="col">account</th><th scope="col">region</th>\(head)</tr></thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table>
      """
  }

  private var errors: String {
    func table(_ title: String, _ counts: [String: Int]) -> String {
      if counts.isEmpty { return "" }
      let rows = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(100).map {
        "<tr><th scope=\"row\">\(escaped($0.key))</th><td class=\"n\">\($0.value)</td></tr>"
      }
      return "<h2>\(title)</h2><table>\(rows.joined(separator: "\n"))</table>"
    }
    return table("Errors", summary.errors) + table("Warnings", summary.warnings)
  }

  private var open: String {
    if notGood.isEmpty { return "" }
    let rows = notGood.map { item in
      let cause = [
        item.settlement?.failure?.code ?? item.settlement?.reason?.rawValue ?? "",
        ResultsTable.message(of: item),
      ].filter { !$0.isEmpty }.joined(separator: ": ")
      return "<tr><td>\(escaped(item.entry.target.secretID))</td>"
        + "<td>\(escaped(item.entry.target.region))</td><td>\(item.outcome.rawValue)</td>"
        + "<td>\(escaped(cause))</td>"
        + "<td><code>\(escaped(NextCommand.single(item, evidence.header.action) ?? ""))</code></td></tr>"
    }
    let rest = summary.notGood - notGood.count
    let more = rest > 0 ? "<p>And \(rest) more, all of them in failed.csv.</p>" : ""
    return """
      <h2>Not proven</h2>
      <table><thead><tr><th scope="col">secret</th><th scope="col">region</th>\
      <th scope="col">outcome</th><th scope="col">cause</th><th scope="col">next command</th></tr>\
      </thead>
      <tbody>\(rows.joined(separator: "\n"))</tbody></table>
      \(more)
      """
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

  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
      }
    }
    return result
  }

  private static let style = """
    :root{color-scheme:light dark;--line:#8886}
    body{font:16px/1.5 system-ui,sans-serif;margin:0}
    main{max-width:72rem;margin:0 auto;padding:1rem}
    h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:2rem}
    .headline{font-size:1.5rem;font-weight:700;padding:.6rem 1rem;border-left:.5rem solid}
    .good{border-color:#1a7f37}.bad{border-color:#cf222e}
    table{border-collapse:collapse;max-width:100%}
    th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;\
    border-bottom:1px solid var(--line);overflow-wrap:anywhere}
    .n{text-align:right;font-variant-numeric:tabular-nums}.sum{font-weight:700}
    code{font:.9em ui-monospace,monospace;overflow-wrap:anywhere}
    @media print{body{font-size:10pt}main{max-width:none;padding:0}thead{display:table-header-group}\
    tr{break-inside:avoid}}
    """
}
