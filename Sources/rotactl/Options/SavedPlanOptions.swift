internal import ArgumentParser

/// A plan that was saved and reviewed, to be run instead of manifests.
struct SavedPlanOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run a plan that `plan --out` saved: its targets and no others, each only while it is as "
        + "the plan saw it.",
      valueName: "file"),
    completion: .file())
  var plan: String?

  @Option(
    help: ArgumentHelp(
      "The oldest plan that may be run (default: 24h).", valueName: "duration"))
  var planMaxAge: String?

  func resolved(_ settings: Settings) throws(UsageProblem) -> ResolvedSavedPlan {
    ResolvedSavedPlan(
      path: try settings.value(plan, "plan", SettingReader.path),
      maximumAge: try settings.value(planMaxAge, "plan-max-age", DurationValue.read)?.seconds
        ?? 86_400,
      ageOrigin: settings.effective("plan-max-age")?.origin ?? "the default of --plan-max-age")
  }
}
