import RotationCore

/// Collects problems while a scenario is read, so that all of them are told at once.
struct ScenarioProblems {
  private(set) var list: [ScenarioProblem] = []

  mutating func add(_ path: String, _ what: String, _ mend: String) {
    list.append(ScenarioProblem(path: path, what: what, mend: mend))
  }
}

/// One object of a scenario: hands out its members by kind and notes what is wrong with them.
struct ScenarioMembers {
  let path: String
  private let object: JSONObject

  /// Notes a problem when the value is no object, or has members that nobody knows, or twice.
  init(
    _ value: JSONValue, path: String, known: [String], problems: inout ScenarioProblems
  ) {
    self.path = path
    guard let object = value.object else {
      problems.add(path.isEmpty ? "the file" : path, "it is \(value.kindName)", "write an object")
      self.object = JSONObject()
      return
    }
    self.object = object
    var seen: Set<String> = []
    for key in object.keys {
      if !known.contains(key) {
        problems.add(
          path.isEmpty ? key : "\(path).\(key)", "unknown member",
          "remove it or use one of \(known.joined(separator: ", "))")
      } else if !seen.insert(key).inserted {
        problems.add(path.isEmpty ? key : "\(path).\(key)", "written twice", "keep one of them")
      }
    }
  }

  func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
  func has(_ key: String) -> Bool { object[key] != nil }
  func value(_ key: String) -> JSONValue? { object[key] }

  private func read<T>(
    _ key: String, _ expected: String, _ problems: inout ScenarioProblems,
    _ convert: (JSONValue) -> T?
  ) -> T? {
    guard let value = object[key] else { return nil }
    guard let result = convert(value) else {
      problems.add(path(key), "it is not \(expected)", "write \(expected)")
      return nil
    }
    return result
  }

  func string(_ key: String, _ problems: inout ScenarioProblems) -> String? {
    read(key, "a string that is not empty", &problems) { value in
      value.string.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  func bool(_ key: String, _ problems: inout ScenarioProblems) -> Bool? {
    read(key, "true or false", &problems, \.bool)
  }

  func integer(
    _ key: String, in range: ClosedRange<Int>, _ problems: inout ScenarioProblems
  ) -> Int? {
    read(
      key, "a whole number from \(range.lowerBound) to \(range.upperBound)", &problems
    ) { value in
      value.int.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func number(
    _ key: String, in range: ClosedRange<Double>, _ problems: inout ScenarioProblems
  ) -> Double? {
    read(key, "a number from \(range.lowerBound) to \(range.upperBound)", &problems) { value in
      value.double.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func array(_ key: String, _ problems: inout ScenarioProblems) -> [JSONValue]? {
    read(key, "an array", &problems, \.array)
  }

  func strings(
    _ key: String, _ expected: String, _ problems: inout ScenarioProblems,
    where isValid: (String) -> Bool = { !$0.isEmpty }
  ) -> [String]? {
    read(key, "an array of \(expected)", &problems) { value in
      guard let texts = value.array?.compactMap(\.string), texts.count == value.array?.count,
        texts.allSatisfy(isValid)
      else { return nil }
      return texts
    }
  }

  /// `+2h` or `-3d` from the start, or a UTC time such as `2026-11-23T18:00:00Z`.
  func moment(_ key: String, _ problems: inout ScenarioProblems) -> Moment? {
    read(key, "+2h, -3d or 2026-11-23T18:00:00Z", &problems) { value in
      guard let text = value.string else { return nil }
      if let sign = text.first, sign == "+" || sign == "-" {
        return ScenarioMembers.seconds(String(text.dropFirst()))
          .map { .after(seconds: sign == "-" ? -$0 : $0) }
      }
      return Timestamp(iso8601: text).map(Moment.at)
    }
  }

  /// `90s`, `15m`, `6h` or `30d` in seconds.
  func duration(_ key: String, _ problems: inout ScenarioProblems) -> Double? {
    read(key, "a time such as 90s, 15m, 6h or 30d", &problems) { value in
      value.string.flatMap(ScenarioMembers.seconds)
    }
  }

  /// Up to 36500 days.
  static func seconds(_ text: String) -> Double? {
    guard let unit = text.last, let count = Int(text.dropLast()), count >= 0 else { return nil }
    let scale: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let factor = scale[unit], Double(count) * factor <= 36_500 * 86_400 else { return nil }
    return Double(count) * factor
  }
}
