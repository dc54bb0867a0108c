internal import DurableFiles
package import RotationCore

/// Writes a plan by looking at every target, a window at a time, in bounded memory.
///
/// It holds an ``Examiner`` and so nothing that could change a secret.
package struct Planner<Reader: SecretsManagerReader>: Sendable {
  private let examiner: Examiner<Reader>
  private let stop: StopSignal

  package init(examiner: Examiner<Reader>, stop: StopSignal) {
    self.examiner = examiner
    self.stop = stop
  }

  /// What a plan came to.
  package struct Result: Sendable {
    /// Of the plan file, in hexadecimal.
    package let sha256: String
    package let overview: PlanOverview
    /// False when a signal ended the looking; the plan must not be used then.
    package let isComplete: Bool
  }

  /// Looks at all targets and writes their plan, durable when this returns.
  ///
  /// - `path`: where the plan is written.
  /// - `header`: its first line.
  /// - `overview`: empty; every entry is added to it.
  /// - `next`: the next targets in the order of their ordinals, nil at the end.
  package func write(
    to path: String, header: PlanHeader, overview empty: PlanOverview,
    next: () throws -> [Target]?
  ) async throws -> Result {
    try await write(to: path, header: header, overview: empty) {
      try next()?.map { PlanEntry(target: $0, disposition: .notExamined, reason: "") }
    }
  }

  /// The same for targets of which the plan must hold something from elsewhere.
  package func write(
    to path: String, header: PlanHeader, overview empty: PlanOverview,
    next: () throws -> [PlanEntry]?
  ) async throws -> Result {
    var overview = empty
    var resolver = PlanResolver()
    let draft = path + ".draft"
    var writer = try PlanFileWriter(path: draft, header: header)
    while !stop.isStopped, let targets = try next() {
      for entry in await examiner.examine(targets) {
        resolver.note(entry)
        overview.add(entry)
        try writer.append(entry)
      }
    }
    var hash = try writer.finish()
    if resolver.changesSomething {
      (hash, overview) = try rewrite(draft, to: path, resolver, overview: empty)
      DurableFile.remove(draft)
    } else {
      try DurableFile.move(draft, to: path)
    }
    return Result(sha256: hash, overview: overview, isComplete: !stop.isStopped)
  }

  /// Copies the plan with the entries that share a secret set right.
  private func rewrite(
    _ draft: String, to path: String, _ resolver: PlanResolver, overview empty: PlanOverview
  ) throws -> (String, PlanOverview) {
    var overview = empty
    var reader = try PlanFileReader(path: draft)
    var writer = try PlanFileWriter(path: path, header: reader.header)
    while let (entry, _, _) = try reader.next() {
      let resolved = resolver.resolve(entry)
      overview.add(resolved)
      try writer.append(resolved)
    }
    return (try writer.finish(), overview)
  }
}
