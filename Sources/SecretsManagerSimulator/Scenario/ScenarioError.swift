/// One thing in a scenario that cannot be used.
package struct ScenarioProblem: Sendable, Hashable {
  /// Where, such as `secrets[3].state`.
  package let path: String
  /// What is wrong, a phrase without a final stop.
  package let what: String
  /// How to mend it, an imperative without a final stop.
  package let mend: String

  package var text: String { "\(path): \(what); \(mend)" }
}

/// Everything that is wrong with a scenario.
package struct ScenarioError: Error, Sendable, Hashable {
  /// In the order of the file; never empty.
  package let problems: [ScenarioProblem]
}
