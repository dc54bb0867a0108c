internal import RotationCore

/// What is wrong with the manifests: the first hundred problems, and how many there are.
struct ManifestProblemView: Sendable {
  static let shownLimit = 100

  let problems: [ManifestProblem]
  /// All problems, those that were not kept included.
  let total: Int

  /// Makes a view of the first problems; a total of nil says that the list holds them all.
  init(_ problems: [ManifestProblem], total: Int? = nil) {
    self.problems = Array(problems.prefix(ManifestProblemView.shownLimit))
    self.total = max(total ?? problems.count, problems.count)
  }

  /// Prints and counts them as one failure of status 2.
  func show(on console: Console) {
    for problem in problems {
      console.line(HumanText.printable(problem.text))
    }
    if total > problems.count {
      console.line("and \(HumanText.count(total - problems.count)) more")
    }
    console.fail(
      Diagnostic(
        "\(HumanText.count(total, "problem")) in the manifests; nothing was called",
        hint: "mend each place named above and run again", status: .usage))
  }

  /// The machine form, one object.
  var json: JSONValue {
    [
      "type": "manifestProblems", "version": 1, "total": JSONValue(total),
      "problems": .array(
        problems.map { problem in
          [
            "file": .string(problem.location.file), "line": JSONValue(problem.location.line),
            "column": JSONValue(problem.location.column), "what": .string(problem.what),
            "mend": .string(problem.mend),
          ]
        }),
    ]
  }
}
