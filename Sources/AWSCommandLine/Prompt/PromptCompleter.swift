/// A word that may stand where the cursor is.
package struct PromptCandidate: Sendable, Hashable {
  package var word: String
  /// What it is, in a few words; may be empty.
  package var note: String

  package init(_ word: String, note: String = "") {
    self.word = word
    self.note = note
  }
}

/// Where the completion of a prompted line takes names from that are not part of the command.
package struct PromptSources {
  package var profiles: () -> [String]
  package var regions: () -> [String]
  /// The ids of the account's secrets for the options written so far; nil where they cannot be
  /// listed.
  ///
  /// The text is what is written of the id: it decides between names and ARNs.
  package var secretIDs: (String, PromptOptions) -> [String]?
  /// The entries of a folder, those that are folders with a slash at their end; empty where it
  /// cannot be read.
  package var folder: (String) -> [String]

  package init(
    profiles: @escaping () -> [String], regions: @escaping () -> [String],
    secretIDs: @escaping (String, PromptOptions) -> [String]?,
    folder: @escaping (String) -> [String]
  ) {
    self.profiles = profiles
    self.regions = regions
    self.secretIDs = secretIDs
    self.folder = folder
  }
}

/// The options of an unfinished line that lead to the account.
package struct PromptOptions: Sendable, Hashable {
  package var profile: String?
  package var region: String?
  package var endpointURL: String?
  package var caBundle: String?
  package var verifySSL = true
  package var noSignRequest = false
}

/// Finds what a prompted line may go on with.
package struct PromptCompleter {
  /// What the text before the cursor may go on with.
  package struct Proposal: Sendable, Hashable {
    /// The word before the cursor, as it counts.
    package var word: String
    /// How many scalars of the text it takes up.
    package var length: Int
    package var candidates: [PromptCandidate]
    /// Why there is none, where that is worth a word.
    package var hint: String?

    package init(
      word: String, length: Int, candidates: [PromptCandidate], hint: String? = nil
    ) {
      self.word = word
      self.length = length
      self.candidates = candidates
      self.hint = hint
    }
  }

  private let sources: PromptSources

  package init(sources: PromptSources) { self.sources = sources }

  package func propose(for text: String) -> Proposal {
    let words = PromptWords(text)
    let place = Place(words.before)
    var (candidates, hint) = possible(at: place, words.current)
    let exact = candidates.filter { $0.word.utf8.starts(with: words.current.utf8) }
    if exact.isEmpty, !words.current.isEmpty {
      // A part of a name finds it, too.
      candidates = candidates.filter { $0.word.contains(words.current) }
    } else {
      candidates = exact
    }
    if candidates.isEmpty, hint == nil, let option = place.option, !isListed(option) {
      hint = "\(option) takes a value of your own"
    }
    return Proposal(
      word: words.current, length: words.currentLength, candidates: candidates, hint: hint)
  }

  // MARK: - Where the cursor is

  /// What the words before the cursor say of the word that is being written.
  private struct Place {
    /// The option whose value is wanted.
    var option: String?
    var isServiceKnown = false
    var isOperationKnown = false
    var isHelp = false
    var used: Set<String> = []
    var options = PromptOptions()

    init(_ words: [String]) {
      for word in words {
        if let open = option {
          option = nil
          note(open, word)
        } else if word.utf8.starts(with: "--".utf8) {
          let (name, value) = word.splitOnce(at: "=")
          let known = Place.argument(name)
          used.insert(known?.name ?? name)
          if let known, let value {
            note(known.name, value)
          } else if let known, PromptCompleter.takesValue(known) {
            option = known.name
          } else if let known {
            note(known.name, "")
          }
        } else if word == CancelCommand.service {
          isServiceKnown = true
        } else if word == CancelCommand.operation, isServiceKnown {
          isOperationKnown = true
        } else if word == "help" {
          isHelp = true
        }
      }
    }

    private static func argument(_ name: String) -> Argument? {
      let all = CancelCommand.globalArguments + CancelCommand.operationArguments
      if let exact = all.first(where: { $0.name == name }) { return exact }
      let near = all.filter { $0.name.utf8.starts(with: name.utf8) }
      return near.count == 1 ? near.first : nil
    }

    private mutating func note(_ option: String, _ value: String) {
      switch option {
      case "--profile": options.profile = value.isEmpty ? nil : value
      case "--region": options.region = value
      case "--endpoint-url": options.endpointURL = value
      case "--ca-bundle": options.caBundle = value
      case "--no-verify-ssl": options.verifySSL = false
      case "--no-sign-request": options.noSignRequest = true
      default: break
      }
    }
  }

  private static func takesValue(_ argument: Argument) -> Bool {
    switch argument.kind {
    case .value, .optionalValue: true
    default: false
    }
  }

  private func isListed(_ option: String) -> Bool {
    ["--profile", "--region", "--secret-id"].contains(option)
      || (CancelCommand.globalArguments + CancelCommand.operationArguments)
        .contains { $0.name == option && $0.choices != nil }
  }

  // MARK: - What may stand there

  private func possible(
    at place: Place, _ current: String
  ) -> (candidates: [PromptCandidate], hint: String?) {
    if let option = place.option {
      // A value that may be left out can be followed by an option.
      if option == "--generate-cli-skeleton", current.utf8.starts(with: "-".utf8) {
        return (options(at: place), nil)
      }
      return values(of: option, current, place)
    }
    let (head, value) = current.splitOnce(at: "=")
    if let value, head.utf8.starts(with: "--".utf8) {
      let found = values(of: head, value, place)
      return (
        found.candidates.map { PromptCandidate("\(head)=\($0.word)", note: $0.note) }, found.hint
      )
    }
    if place.isHelp { return ([], nil) }
    if !current.utf8.starts(with: "-".utf8) {
      if !place.isServiceKnown { return (words(CancelCommand.service), nil) }
      if !place.isOperationKnown { return (words(CancelCommand.operation), nil) }
    }
    return (options(at: place), nil)
  }

  private func words(_ word: String) -> [PromptCandidate] {
    [
      PromptCandidate(word, note: PromptNotes.of(word)),
      PromptCandidate("help", note: PromptNotes.of("help")),
    ]
  }

  /// The required one first; those that stand already and the prompt's own left out.
  private func options(at place: Place) -> [PromptCandidate] {
    let own = place.isOperationKnown ? CancelCommand.operationArguments : []
    let isInputGiven = !place.used.isDisjoint(with: ["--cli-input-json", "--cli-input-yaml"])
    return (own + CancelCommand.globalArguments).compactMap { argument in
      guard !argument.isPositional, !place.used.contains(argument.name),
        !argument.name.hasSuffix("cli-auto-prompt"), argument.name != "--version"
      else { return nil }
      let isRequired = argument.name == "--secret-id" && !isInputGiven
      let note = PromptNotes.of(argument.name)
      return PromptCandidate(argument.name, note: isRequired ? "(required) \(note)" : note)
    }
  }

  private func values(
    of option: String, _ current: String, _ place: Place
  ) -> (candidates: [PromptCandidate], hint: String?) {
    let files = current.utf8.starts(with: "file://".utf8) ? "file://" : "fileb://"
    if option == "--ca-bundle" { return (paths(current, prefix: ""), nil) }
    if current.utf8.starts(with: files.utf8),
      ["--secret-id", "--cli-input-json", "--cli-input-yaml"].contains(option)
    {
      return (paths(String(current.dropFirst(files.count)), prefix: files), nil)
    }
    switch option {
    case "--profile": return named(sources.profiles(), "no profiles are configured")
    case "--region": return (sources.regions().map { PromptCandidate($0) }, nil)
    case "--secret-id":
      guard let ids = sources.secretIDs(current, place.options) else {
        return ([], "the secrets could not be listed; write the name or the ARN")
      }
      return named(ids, "there are no secrets here")
    default:
      let known = (CancelCommand.globalArguments + CancelCommand.operationArguments)
        .first { $0.name == option }
      let choices = known?.choices ?? PromptCompleter.unchecked[option] ?? []
      return (choices.map { PromptCandidate($0) }, nil)
    }
  }

  /// Values that the parser does not check.
  private static let unchecked = ["--cli-binary-format": ["base64", "raw-in-base64-out"]]

  private func named(_ names: [String], _ hint: String) -> ([PromptCandidate], String?) {
    (names.sorted().map { PromptCandidate($0) }, names.isEmpty ? hint : nil)
  }

  private func paths(_ path: String, prefix: String) -> [PromptCandidate] {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let isHiddenWanted = path.dropFirst(folder.count).hasPrefix(".")
    return sources.folder(folder.isEmpty ? "." : folder)
      .filter { isHiddenWanted || !$0.hasPrefix(".") }
      .sorted().map { PromptCandidate(prefix + folder + $0) }
  }
}
