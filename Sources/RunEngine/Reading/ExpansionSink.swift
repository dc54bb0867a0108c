internal import DurableFiles
internal import RotationCore

/// Who is told of the targets of an expansion.
struct TargetReceiver {
  /// Each further place of a known target.
  var merged: (MergedSource) -> Void = { _ in }
  /// Each target, in the order of the ordinals, up to ``shown``.
  let emit: (Target) throws(FileError) -> Void
  /// So many are handed over; the others are only counted.
  var shown = Int.max
  /// Told of those that are only counted: one of them, and how many there are that differ from it in
  /// nothing but id, ordinal, place and labels.
  var count: (Target, Int) -> Void = { _, _ in }
}

/// Expands entries, merges, and hands the targets over.
struct ExpansionSink: CountingManifestSink {
  private(set) var targets: TargetSet
  private(set) var entryCount = 0
  private(set) var mergedCount = 0
  var problems = ManifestProblemList()
  private(set) var failure: FileError?
  /// The places of selectors that nobody has resolved.
  private(set) var unresolved: [SourceLocation] = []
  private var expansion: Expansion?
  private var file = ""
  /// Targets of the manifests before this one.
  private var countBefore = 0
  private var templates = TargetTemplates()
  private var queue = TargetQueue()
  private let selected: SelectedSecrets?
  private let receiver: TargetReceiver

  init(targets: TargetSet, selected: SelectedSecrets?, receiver: TargetReceiver) {
    self.targets = targets
    self.selected = selected
    self.receiver = receiver
  }

  /// Goes on with the next manifest.
  mutating func begin(_ file: String, _ expansion: Expansion) {
    forgetTemplates(generation: 0)
    self.file = file
    self.expansion = expansion
    countBefore = targets.count
  }

  /// Makes room for as many targets as the manifest will have if it goes on as it began.
  mutating func hasRead(_ bytes: Int, of total: Int) {
    guard bytes > 0, total > bytes else { return }
    let expected = Double(targets.count - countBefore) * (Double(total) / Double(bytes))
    targets.reserve(min(countBefore + Int(min(expected, 1e9)), ExpansionSink.maximumRoom))
  }

  /// What lies beyond is made room for bit by bit.
  private static let maximumRoom = 16 << 20

  /// Tells what is still to be told; nothing may follow.
  mutating func finish() { forgetTemplates(generation: 0) }

  var isStopped: Bool { failure != nil }

  mutating func problem(_ problem: ManifestProblem) { problems.append(problem) }

  mutating func entry(_ entry: ManifestEntry) {
    if failure != nil { return }
    entryCount += 1
    let expansion = expansion
    let problem = expansion?.expand(entry) { add($0) }
    if let problem { problems.append(problem) }
  }

  mutating func selector(_ selector: ManifestSelector) {
    if failure != nil { return }
    entryCount += 1
    guard let selected else {
      if unresolved.count < ManifestSelector.maximumCount { unresolved.append(selector.location) }
      return
    }
    do throws(FileError) {
      try selected.forEach(of: selector.location) { secret in
        add(
          Target(
            ordinal: 0, secretID: secret.arn.text, region: secret.arn.region,
            profile: secret.profile, accountID: secret.arn.accountID,
            sources: [selector.location], labels: selector.labels))
      }
    } catch { failure = error }
  }

  private mutating func add(_ target: Target) {
    if failure != nil { return }
    settle()
    let insertion = targets.insert(target)
    guard take(insertion, at: target.sources) else { return }
    guard targets.count <= receiver.shown else {
      receiver.count(target, 1)
      return
    }
    hand(over: target)
  }

  /// - Returns: whether the target is new.
  private mutating func take(
    _ insertion: TargetSet.Insertion, at sources: @autoclosure () -> [SourceLocation]
  ) -> Bool {
    switch insertion {
    case .kept: return true
    case .merged(let ordinal):
      mergedCount += 1
      for location in sources() {
        receiver.merged(MergedSource(ordinal: ordinal, location: location))
      }
    case .full:
      problems.append(
        ManifestProblem(
          location: sources()[0],
          what: "more than \(TargetSet.maximumCount) targets in one run", mend: "split the manifest"
        ))
    }
    return false
  }

  /// Hands over the target that was inserted last.
  private mutating func hand(over target: Target) {
    var target = target
    target.ordinal = targets.count - 1
    do throws(FileError) { try receiver.emit(target) } catch { failure = error }
  }

  // MARK: - Rows that nobody has made into entries

  mutating func row(_ row: PlainRow) {
    if failure != nil { return }
    if templates.generation != row.generation { forgetTemplates(generation: row.generation) }
    let tags = templates.tags(of: row) ?? learn(row)
    guard !tags.isEmpty else { return entry(row.entry) }
    entryCount += 1
    let name =
      row.resourceStart > 0
      ? SecretName(resource: UnsafeRawBufferPointer(rebasing: row.id[row.resourceStart...]))
      : SecretName(row.id)
    if targets.count < receiver.shown {
      show(row, name, tags)
      return
    }
    for tag in tags {
      if queue.isFull { settle() }
      queue.add(name, at: templates.place(tag), tag: tag, line: row.line, column: row.column)
    }
  }

  mutating func endRows() { settle() }

  /// Works out what rows of a new shape come to.
  ///
  /// - Returns: nothing for rows that cannot be expanded, which are told one by one.
  private mutating func learn(_ row: PlainRow) -> Range<Int> {
    var found: [Target] = []
    let problem = expansion?.expand(row.entry) { found.append($0) }
    if problem != nil { found = [] }
    let placed = found.map { ($0, targets.place(of: $0)) }
    return templates.add(placed, for: row)
  }

  private mutating func show(_ row: PlainRow, _ name: SecretName, _ tags: Range<Int>) {
    let entry = row.entry
    for tag in tags where failure == nil {
      var target = templates.target(tag)
      target.secretID = entry.secretID
      target.sources = [entry.location]
      target.labels = entry.labels
      guard take(targets.insert(name, at: templates.place(tag)), at: target.sources) else {
        continue
      }
      // An entry of several targets may pass the bound.
      if targets.count <= receiver.shown { hand(over: target) } else { templates.count(tag) }
    }
  }

  /// Inserts the targets that wait.
  private mutating func settle() {
    queue.readAhead(in: targets)
    let file = file
    for index in 0..<queue.count {
      let waiting = queue[index]
      let insertion = targets.insert(waiting, at: templates.place(waiting.tag))
      let isNew = take(
        insertion,
        at: [SourceLocation(file: file, line: waiting.line, column: waiting.column)])
      if isNew { templates.count(waiting.tag) }
    }
    queue.removeAll()
  }

  private mutating func forgetTemplates(generation: Int) {
    settle()
    templates.forEachCounted { receiver.count($0, $1) }
    templates = TargetTemplates(generation: generation)
  }
}
