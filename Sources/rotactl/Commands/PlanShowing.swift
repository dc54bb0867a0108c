internal import RotationCore
internal import RunEngine

/// Prints a plan of any version, saved or of a run.
struct PlanShowing: Sendable {
  let path: String
  let output: ResolvedOutput
  let console: Console
  let rate: Double
  let reports: String

  func show(detailedExitCode: Bool) throws -> ExitStatus {
    var reader: PlanFileReader
    do { reader = try PlanFileReader(path: path) } catch let damage as PlanDamage {
      throw damaged(damage)
    }
    let header = reader.header
    // Urgency is told as of the plan's making: it is the plan that is shown.
    var overview = PlanOverview(now: header.createdAt)
    var shown: [PlanEntry] = []
    if output.isJSON { console.result(PlanShowing.json(header)) }
    do {
      while let (entry, _, _) = try reader.next() {
        overview.add(entry)
        if output.isJSON {
          guard console.result(PreviewView.json(of: entry)) else { return .success }
        } else if shown.count < PreviewView.shownLimit {
          shown.append(entry)
        }
      }
    } catch let damage as PlanDamage { throw damaged(damage) }
    let sha256 = try reader.digest()
    let planned = header.saved?.settings.first { $0.name == "rate" }?.values.first
    let view = PreviewView(
      overview: overview, entries: shown,
      rate: planned.flatMap { try? RateValue.read($0).perSecond } ?? rate)
    let use = PlanUse(planPath: path, sha256: sha256, reports: reports).earlier()
    if output.isJSON {
      var object = view.json.object ?? JSONObject()
      object["sha256"] = .string(sha256)
      object["usedBy"] = use.map { .string($0.runID) }
      console.result(.object(object))
    } else {
      let lines = PlanShowing.lines(header, sha256) + PlanShowing.lines(use)
      console.result(lines.joined(separator: "\n") + "\n")
      console.result(view.text(style: console.outputStyle))
    }
    return detailedExitCode && overview.possibleChanges > 0 ? .planHasChanges : .success
  }

  private func damaged(_ damage: PlanDamage) -> Diagnostic {
    Diagnostic(
      "the plan is not as it was written", at: "\(damage.path):\(damage.line)",
      because: damage.what, status: .refused)
  }

  /// The header in words.
  static func lines(_ header: PlanHeader, _ sha256: String) -> [String] {
    var lines = [
      "made     \(header.createdAt.iso8601) by rotactl \(HumanText.printable(header.toolVersion))"
    ]
    if let saved = header.saved {
      lines[0] +=
        ", \(HumanText.printable(saved.operatorName)) on \(HumanText.printable(saved.host))"
    }
    if let incident = header.incident { lines.append("incident \(HumanText.printable(incident))") }
    if let reason = header.reason { lines.append("reason   \(HumanText.printable(reason))") }
    for manifest in header.manifests {
      lines.append("manifest \(HumanText.printable(manifest.path)), sha256 \(manifest.sha256)")
    }
    for caller in header.saved?.callers ?? [] {
      let name = caller.profile.map { HumanText.printable($0) } ?? "(default)"
      lines.append("caller   \(name): \(caller.account), \(HumanText.printable(caller.arn))")
    }
    for setting in header.saved?.settings ?? [] where setting.origin != SavedPlan.Setting.byDefault
    {
      let values = setting.values.joined(separator: ",")
      lines.append(
        "setting  \(HumanText.printable("\(setting.name)=\(values) (\(setting.origin))"))")
    }
    lines.append("sha256   \(sha256)")
    return lines
  }

  private static func lines(_ use: PlanUse.Use?) -> [String] {
    guard let use else { return [] }
    return ["used     by run \(HumanText.printable(use.runID)) at \(HumanText.printable(use.at))"]
  }

  static func json(_ header: PlanHeader) -> JSONValue {
    var object: JSONObject = ["type": "planHeader", "version": 1]
    object.members.append(contentsOf: header.record.object?.members ?? [])
    return .object(object)
  }
}
