/// The functions of the specification, with the types their parameters take.
enum Function: String, CaseIterable {
  case abs, avg, ceil, contains
  case endsWith = "ends_with"
  case floor, join, keys, length, map, max
  case maxBy = "max_by"
  case merge, min
  case minBy = "min_by"
  case notNull = "not_null"
  case reverse, sort
  case sortBy = "sort_by"
  case startsWith = "starts_with"
  case sum
  case toArray = "to_array"
  case toNumber = "to_number"
  case toString = "to_string"
  case type, values

  /// A type as a signature names it.
  enum ArgumentType: String {
    case number, string, array, object
    case expression = "expref"
    case numbers = "array-number"
    case strings = "array-string"
  }

  struct Signature {
    /// For each parameter the types it takes; none stands for any value.
    var parameters: [[ArgumentType]]
    /// Whether the last parameter may be given any number of times, but at least once.
    var isVariadic = false
  }

  var signature: Signature {
    switch self {
    case .abs, .ceil, .floor: Signature(parameters: [[.number]])
    case .avg, .sum: Signature(parameters: [[.numbers]])
    case .contains: Signature(parameters: [[.array, .string], []])
    case .endsWith, .startsWith: Signature(parameters: [[.string], [.string]])
    case .join: Signature(parameters: [[.string], [.strings]])
    case .keys, .values: Signature(parameters: [[.object]])
    case .length: Signature(parameters: [[.string, .array, .object]])
    case .map: Signature(parameters: [[.expression], [.array]])
    case .max, .min: Signature(parameters: [[.numbers, .strings]])
    case .maxBy, .minBy, .sortBy: Signature(parameters: [[.array], [.expression]])
    case .merge: Signature(parameters: [[.object]], isVariadic: true)
    case .notNull: Signature(parameters: [[]], isVariadic: true)
    case .reverse: Signature(parameters: [[.array, .string]])
    case .sort: Signature(parameters: [[.strings, .numbers]])
    case .toArray, .toNumber, .toString, .type: Signature(parameters: [[]])
    }
  }
}
