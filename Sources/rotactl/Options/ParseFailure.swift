internal import ArgumentParser

/// What ArgumentParser's refusal, or its wish to show help, comes to in our words.
enum ParseFailure {
  /// Shows help on standard output, anything else as a failure of status 2.
  ///
  /// - Parameters:
  ///   - error: what `parseAsRoot` or a command's `validate` threw.
  ///   - root: the command at the top, which knows the usage of all others.
  ///   - console: where it is shown.
  /// - Returns: how the process is to end.
  static func show<Root: ParsableCommand>(
    _ error: any Error, of root: Root.Type, on console: Console
  ) -> ExitStatus {
    if let problem = error as? UsageProblem {
      console.fail(Diagnostic(problem))
      return .usage
    }
    let full = root.fullMessage(for: error)
    guard root.exitCode(for: error) != .success else {
      if !full.isEmpty { console.result(full) }
      return .success
    }
    let message = root.message(for: error)
    console.fail(
      Diagnostic(lowercasedFirst(message), hint: usage(in: full), status: .usage))
    return .usage
  }

  /// The lines that follow ArgumentParser's own error, from `Usage:` on, as one imperative.
  private static func usage(in full: String) -> String? {
    for line in full.split(separator: "\n") {
      guard let range = line.firstRange(of: "See '") else { continue }
      let rest = line[range.upperBound...]
      guard let end = rest.firstIndex(of: "'") else { continue }
      return "see `\(rest[..<end])`"
    }
    return nil
  }

  private static func lowercasedFirst(_ text: String) -> String {
    let trimmed = text.last == "." ? String(text.dropLast()) : text
    guard let first = trimmed.first, trimmed.dropFirst().first?.isLowercase ?? false else {
      return trimmed
    }
    return first.lowercased() + trimmed.dropFirst()
  }
}
