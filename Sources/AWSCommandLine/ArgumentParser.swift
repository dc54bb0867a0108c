internal import JMESPath
internal import RotationCore

/// One option or positional word that a parser knows.
struct Argument {
  enum Kind {
    /// An option that takes one value.
    case value
    /// An option that takes a value or none; without one it is the given word.
    case optionalValue(String)
    /// An option without a value.
    case flag
    /// The option that prints the version and ends.
    case version
    /// A word that must be there.
    case word
    /// A word that may be there.
    case optionalWord
  }

  var name: String
  var kind: Kind
  var choices: [String]?
  var isRequired = false

  var isPositional: Bool {
    switch kind {
    case .word, .optionalWord: true
    default: false
    }
  }
}

/// What a parser took from the words, and the words that it did not know.
struct ParsedArguments {
  var values: [String: String] = [:]
  var flags: Set<String> = []
  var extras: [String] = []
}

/// Why the words cannot be parsed.
enum ArgumentMistake: Error {
  case usage(String)
  /// Not a mistake: `--version` was met before any.
  case versionAsked
}

/// Reads words as Python's `argparse` does, because the AWS CLI's rules are that module's.
///
/// A parser knows at most one positional word. Options may be shortened to a unique prefix.
struct ArgumentParser {
  let arguments: [Argument]

  private struct Option {
    var argument: Argument?
    var explicitValue: String?
  }

  private enum Slot {
    case option(Option), word, separator
    var isWord: Bool { if case .word = self { true } else { false } }
    var isSeparator: Bool { if case .separator = self { true } else { false } }
  }

  private struct State {
    var words: [String]
    var slots: [Slot]
    var parsed = ParsedArguments()
    var seen: Set<String> = []
    var isPositionalTaken = false
  }

  func parse(_ words: [String]) throws(ArgumentMistake) -> ParsedArguments {
    var state = State(words: words, slots: try classify(words))
    var index = 0
    while let next = nextOption(in: state, from: index) {
      if index != next {
        let end = try takePositional(at: index, &state)
        if end > index {
          index = end
          continue
        }
        state.parsed.extras += words[index..<next]
        index = next
      }
      index = try takeOption(at: index, &state)
    }
    let end = try takePositional(at: index, &state)
    state.parsed.extras += words[end...]
    let missing = arguments.filter { $0.isRequired && !state.seen.contains($0.name) }
    guard missing.isEmpty else {
      let names = missing.map(\.name).joined(separator: ", ")
      throw .usage("the following arguments are required: \(names)")
    }
    return state.parsed
  }

  private func nextOption(in state: State, from start: Int) -> Int? {
    state.slots.indices.dropFirst(start).first {
      if case .option = state.slots[$0] { true } else { false }
    }
  }

  private func classify(_ words: [String]) throws(ArgumentMistake) -> [Slot] {
    var slots: [Slot] = []
    var isAfterSeparator = false
    for word in words {
      if isAfterSeparator {
        slots.append(.word)
      } else if word == "--" {
        isAfterSeparator = true
        slots.append(.separator)
      } else if let option = try option(in: word) {
        slots.append(.option(option))
      } else {
        slots.append(.word)
      }
    }
    return slots
  }

  /// - Returns: nil for a word that is no option.
  private func option(in word: String) throws(ArgumentMistake) -> Option? {
    guard word.utf8.first == UInt8(ascii: "-"), word != "-" else { return nil }
    if let exact = arguments.first(where: { !$0.isPositional && $0.name == word }) {
      return Option(argument: exact)
    }
    let (head, value) = word.splitOnce(at: "=")
    if value != nil,
      let exact = arguments.first(where: { !$0.isPositional && $0.name == head })
    {
      return Option(argument: exact, explicitValue: value)
    }
    if word.utf8.starts(with: "--".utf8) {
      let matches = arguments.filter {
        !$0.isPositional && $0.name.utf8.starts(with: head.utf8)
      }
      if matches.count > 1 {
        let names = matches.map(\.name).joined(separator: ", ")
        throw .usage("ambiguous option: \(word) could match \(names)")
      }
      if let match = matches.first { return Option(argument: match, explicitValue: value) }
    }
    if isNegativeNumber(word) || word.utf8.contains(UInt8(ascii: " ")) { return nil }
    return Option()
  }

  /// `-5`, `-5.5`, `-.5`; nothing with an exponent.
  private func isNegativeNumber(_ word: String) -> Bool {
    let parts = word.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
    guard let last = parts.last, parts.count <= 2, !last.isEmpty else { return false }
    return parts.allSatisfy {
      $0.unicodeScalars.allSatisfy { $0.properties.numericType == .decimal }
    }
  }

  private func takeOption(at index: Int, _ state: inout State) throws(ArgumentMistake) -> Int {
    guard case .option(let option) = state.slots[index] else { return index + 1 }
    guard let argument = option.argument else {
      state.parsed.extras.append(state.words[index])
      return index + 1
    }
    let follows = index + 1 < state.slots.count && state.slots[index + 1].isWord
    var value = option.explicitValue
    var end = index + 1
    switch argument.kind {
    case .flag, .version:
      if let value {
        throw mistake(argument, "ignored explicit argument \(DisplayText.nested(.string(value)))")
      }
      if case .version = argument.kind { throw .versionAsked }
      state.seen.insert(argument.name)
      state.parsed.flags.insert(argument.name)
      return end
    case .value:
      if value == nil {
        guard follows else { throw mistake(argument, "expected one argument") }
        value = state.words[index + 1]
        end += 1
      }
    default:
      if value == nil, follows {
        value = state.words[index + 1]
        end += 1
      }
    }
    try take(value, for: argument, &state)
    return end
  }

  /// - Returns: where the word and the separators around it end.
  private func takePositional(
    at start: Int, _ state: inout State
  ) throws(ArgumentMistake) -> Int {
    guard !state.isPositionalTaken, let argument = arguments.first(where: \.isPositional)
    else { return start }
    var index = start
    while index < state.slots.count, state.slots[index].isSeparator { index += 1 }
    let isThere = index < state.slots.count && state.slots[index].isWord
    if case .word = argument.kind, !isThere { return start }
    var value: String?
    if isThere {
      value = state.words[index]
      index += 1
    }
    while index < state.slots.count, state.slots[index].isSeparator { index += 1 }
    state.isPositionalTaken = true
    if let value { try take(value, for: argument, &state) }
    return index
  }

  private func take(
    _ value: String?, for argument: Argument, _ state: inout State
  ) throws(ArgumentMistake) {
    state.seen.insert(argument.name)
    var taken = value
    if taken == nil, case .optionalValue(let standIn) = argument.kind { taken = standIn }
    guard let taken else { return }
    if let choices = argument.choices, !choices.contains(taken) {
      throw mistake(argument, CloseMatches.complaint(about: taken, choices: choices))
    }
    state.parsed.values[argument.name] = taken
  }

  private func mistake(_ argument: Argument, _ text: String) -> ArgumentMistake {
    .usage("argument \(argument.name): \(text)")
  }
}

extension String {
  /// The text before the first separator and, where there is one, the text after it.
  func splitOnce(at separator: Unicode.Scalar) -> (head: String, tail: String?) {
    guard let index = unicodeScalars.firstIndex(of: separator) else { return (self, nil) }
    let after = unicodeScalars.index(after: index)
    return (String(unicodeScalars[..<index]), String(unicodeScalars[after...]))
  }
}
