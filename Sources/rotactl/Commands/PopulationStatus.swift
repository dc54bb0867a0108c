internal import RotationCore

/// What an incomplete population does to a run's status.
enum PopulationStatus {
  /// A run whose selectors could not look everywhere has not proven everything off.
  static func of(_ status: ExitStatus, _ header: PlanHeader) -> ExitStatus {
    status == .success && header.hasUnknownPopulation ? .finishedWithFailures : status
  }
}
