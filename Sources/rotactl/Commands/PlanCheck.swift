internal import RotationCore
internal import RunEngine
internal import SecretsManagerClient

/// Looks at every target of a saved plan again, a window at a time, and tells what has drifted.
struct PlanCheck: Sendable {
  let path: String
  let examiner: Examiner<RemoteSecretsManager>

  /// So many drifted targets are shown; the others are counted.
  private static let shown = 50
  private static let window = 4096

  /// What the looking came to.
  struct Result: Sendable {
    fileprivate(set) var drifted = 0
    /// Drifted targets that the plan would have changed.
    fileprivate(set) var driftedChanges = 0
    fileprivate(set) var first: [(entry: PlanEntry, differences: [String])] = []

    func show(asJSON isJSON: Bool, on console: Console) {
      if isJSON {
        for (entry, differences) in first {
          console.result([
            "type": "drift", "version": 1, "ordinal": JSONValue(entry.target.ordinal),
            "secretId": .string(entry.target.secretID), "region": .string(entry.target.region),
            "differences": .array(differences.map(JSONValue.string)),
          ])
        }
        console.result(["type": "drifts", "version": 1, "total": JSONValue(drifted)])
        return
      }
      guard drifted > 0 else {
        console.result("\nevery target is as the plan saw it")
        return
      }
      console.result(
        "\n\(HumanText.count(drifted, "target")) not as in the plan; a run would skip them")
      for (entry, differences) in first {
        console.result(
          "  ! \(entry.target.words): \(HumanText.printable(differences.joined(separator: "; ")))")
      }
      if drifted > first.count {
        console.result("  and \(HumanText.count(drifted - first.count)) more")
      }
    }
  }

  func run() async throws -> Result {
    var result = Result()
    var reader = try PlanFileReader(path: path)
    var isOver = false
    while !isOver {
      var window: [PlanEntry] = []
      while window.count < PlanCheck.window {
        guard let (entry, _, _) = try reader.next() else {
          isOver = true
          break
        }
        if entry.before != nil, entry.disposition != .duplicate { window.append(entry) }
      }
      let seen = await examiner.examine(window.map(\.target))
      for (planned, now) in zip(window, seen) {
        let differences = PlanCheck.differences(planned, now)
        guard !differences.isEmpty else { continue }
        result.drifted += 1
        if planned.isActionable { result.driftedChanges += 1 }
        if result.first.count < PlanCheck.shown { result.first.append((planned, differences)) }
      }
    }
    return result
  }

  private static func differences(_ planned: PlanEntry, _ now: PlanEntry) -> [String] {
    if let state = now.before { return PlanDrift.differences(planned, now: state) }
    guard let failure = now.failure else { return [] }
    return [failure.isMissingSecret ? "the secret is gone" : "now unreadable: \(failure.code)"]
  }
}
