internal import ArgumentParser
internal import RotationCore

/// When a run stops early, and in which order it begins.
struct StopOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Failures that the run puts up with: a number, or a percentage as in 5%.",
      discussion: """
        0 tolerates none; N stops at failure N + 1. failed and unknown count. A percentage is of \
        the targets settled so far, and is judged from 20 of them on. Ends with status 4.
        """,
      valueName: "n|p%"))
  var maxFailures: String?

  @Option(
    help: ArgumentHelp(
      "The same for each account and region, which stops alone; the others go on.",
      valueName: "n|p%"))
  var maxLaneFailures: String?

  @Option(
    help: ArgumentHelp(
      "So many changes of each account and region go first; all of them must be proven before the "
        + "rest begins, else the run stops with status 4.",
      valueName: "n"))
  var canary: String?

  @Option(
    help: ArgumentHelp(
      "Regions in the order in which they begin, each when the one before is done; others last.",
      valueName: "region,..."))
  var regionOrder: [String] = []

  func resolved(_ settings: Settings) throws(UsageProblem) -> StopRules {
    var rules = StopRules()
    rules.maximumFailures = try settings.value(
      maxFailures, "max-failures", FailureLimitValue.read)
    rules.maximumLaneFailures = try settings.value(
      maxLaneFailures, "max-lane-failures", FailureLimitValue.read)
    rules.canary =
      try settings.value(canary, "canary", SettingReader.wholeNumber(0...100_000)) ?? 0
    let regions = try settings.list(
      regionOrder.flatMap(Settings.parts), "region-order", SettingReader.region)
    guard Set(regions).count == regions.count else {
      throw UsageProblem(
        place: settings.effective("region-order")?.origin ?? "--region-order",
        what: "a region stands twice", hint: "name each region once")
    }
    rules.regionOrder = RegionOrder(regions)
    return rules
  }
}

/// A bound on failures: `0`, `5`, `2.5%`.
enum FailureLimitValue {
  static func read(_ text: String) throws(ValueProblem) -> FailureLimit {
    let problem = ValueProblem(
      "'\(text)' is no bound on failures", hint: "write a number as in 5, or a percentage as in 5%")
    guard text.hasSuffix("%") else {
      guard let count = Int(text), count >= 0, text.first != "+" else { throw problem }
      return .count(count)
    }
    guard let percent = Decimals.parse(text.dropLast()), percent <= 100 else { throw problem }
    return .percent(percent)
  }
}
