internal import ArgumentParser
internal import RotationCore

/// Which secrets are wanted.
struct SelectionOptions: ParsableArguments {
  @Option(
    name: .customLong("name"),
    help: ArgumentHelp(
      "Only names that begin so; a leading ! negates, here and below. Repeatable.",
      discussion: "The service applies this filter and the six that follow.", valueName: "prefix"))
  var names: [String] = []

  @Option(
    name: .customLong("tag-key"),
    help: ArgumentHelp("Only with a tag whose key begins so. Repeatable.", valueName: "prefix"))
  var tagKeys: [String] = []

  @Option(
    name: .customLong("tag-value"),
    help: ArgumentHelp("Only with a tag whose value begins so. Repeatable.", valueName: "prefix"))
  var tagValues: [String] = []

  @Option(
    name: .customLong("owning-service"),
    help: ArgumentHelp(
      "Only what a service manages whose name begins so, as rds. Repeatable.", valueName: "prefix"))
  var owningServices: [String] = []

  @Option(
    name: .customLong("primary-region"),
    help: ArgumentHelp("Only replicated from such a region. Repeatable.", valueName: "prefix"))
  var primaryRegions: [String] = []

  @Option(
    name: .customLong("description"),
    help: ArgumentHelp("Only whose description begins so, in any case.", valueName: "prefix"))
  var descriptions: [String] = []

  @Option(
    name: .customLong("all-fields"),
    help: ArgumentHelp("Only with these words anywhere, in any case.", valueName: "text"))
  var allFields: [String] = []

  @Flag(
    name: .customLong("include-planned-deletion"),
    help: "List secrets that are marked for deletion too.")
  var includesPlannedDeletion = false

  @Flag(help: "Only secrets whose rotation is on.")
  var rotating = false

  @Option(
    name: .customLong("rotates-within"),
    help: ArgumentHelp(
      "Only those that rotate within this time, or are overdue; implies --rotating.",
      valueName: "duration"))
  var rotatesWithin: String?

  @Option(
    name: .customLong("include"),
    help: ArgumentHelp(
      "Only names that fit this pattern or another one. Repeatable.",
      discussion: "* stands for any characters, slashes too, and ? for one.",
      valueName: "pattern"))
  var include: [String] = []

  @Option(
    name: .customLong("exclude"),
    help: ArgumentHelp("No names that fit this pattern. Repeatable.", valueName: "pattern"))
  var exclude: [String] = []

  @Option(
    name: .customLong("tag"),
    help: ArgumentHelp(
      "Only with exactly this tag; of several, with each. Repeatable.", valueName: "key=value"))
  var tags: [String] = []

  func resolved(_ settings: Settings) throws(UsageProblem) -> SecretSelection {
    var selection = SecretSelection()
    let given: [(SecretListFilter.Key, [String], String)] = [
      (.name, names, "name"), (.tagKey, tagKeys, "tag-key"), (.tagValue, tagValues, "tag-value"),
      (.owningService, owningServices, "owning-service"),
      (.primaryRegion, primaryRegions, "primary-region"),
      (.description, descriptions, "description"), (.all, allFields, "all-fields"),
    ]
    for (key, typed, option) in given {
      selection.filters += try SelectionOptions.filters(
        key, try settings.list(typed, option, SelectionOptions.filterValue), option)
    }
    guard selection.filters.count <= ListSecretsRequest.maximumFilters else {
      throw UsageProblem(
        place: "--name and the other filters",
        what: "\(selection.filters.count) filters; the service takes "
          + "\(ListSecretsRequest.maximumFilters), and each value with ! is one of them",
        hint: "use --exclude for some")
    }
    selection.includesPlannedDeletion = try settings.flag(
      includesPlannedDeletion, "include-planned-deletion")
    selection.rotating = try settings.flag(rotating, "rotating")
    selection.rotatesWithin = try settings.value(
      rotatesWithin, "rotates-within", DurationValue.read)?.seconds
    selection.include = try settings.list(include, "include", SelectionOptions.pattern)
    selection.exclude = try settings.list(exclude, "exclude", SelectionOptions.pattern)
    selection.tags = try settings.list(tags, "tag", SelectionOptions.tag)
    return selection
  }

  /// Any of the plain values may match; what is negated must never do, so each such value is a
  /// filter of its own.
  private static func filters(
    _ key: SecretListFilter.Key, _ values: [String], _ option: String
  ) throws(UsageProblem) -> [SecretListFilter] {
    let wanted = values.filter { !$0.hasPrefix("!") }
    guard wanted.count <= SecretListFilter.maximumValues else {
      throw UsageProblem(
        place: "--\(option)",
        what: "\(wanted.count) values; the service takes \(SecretListFilter.maximumValues)",
        hint: "list in several goes, or use --include")
    }
    return (wanted.isEmpty ? [] : [SecretListFilter(key: key, values: wanted)])
      + values.filter { $0.hasPrefix("!") }.map { SecretListFilter(key: key, values: [$0]) }
  }

  private static func filterValue(_ text: String) throws(ValueProblem) -> String {
    guard !text.isEmpty, text != "!" else { throw ValueProblem("the value is empty") }
    guard SecretListFilter.isValid(value: text) else {
      throw ValueProblem(
        "the service takes no filter '\(HumanText.printable(text))'",
        hint: "write up to 512 letters, digits, blanks and :_@/+=.-!")
    }
    return text
  }

  static func pattern(_ text: String) throws(ValueProblem) -> NamePattern {
    do throws(NamePattern.Problem) { return try NamePattern(parsing: text) } catch {
      throw ValueProblem(error.what, hint: error.mend)
    }
  }

  static func tag(_ text: String) throws(ValueProblem) -> Label {
    guard let mark = text.firstIndex(of: "="), mark != text.startIndex else {
      throw ValueProblem("'\(text)' is not a tag", hint: "write it as in team=payments")
    }
    return Label(name: String(text[..<mark]), value: String(text[text.index(after: mark)...]))
  }
}
