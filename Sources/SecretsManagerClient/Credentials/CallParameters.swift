internal import RotationCore

/// The checks that the AWS CLI makes on the parameters of its own calls for credentials.
enum CallParameters {
  /// One check; nil text for a parameter that is as it should be.
  struct Check {
    let complaint: String?

    static func length(_ name: String, _ value: String?, atLeast minimum: Int) -> Check {
      let count = value?.unicodeScalars.count ?? minimum
      return Check(
        complaint: count >= minimum
          ? nil
          : "Invalid length for parameter \(name), value: \(count), valid min length: \(minimum)")
    }

    static func value(_ name: String, _ value: Int?, atLeast minimum: Int) -> Check {
      let number = value ?? minimum
      return Check(
        complaint: number >= minimum
          ? nil
          : "Invalid value for parameter \(name), value: \(number), valid min value: \(minimum)")
    }
  }

  /// All complaints in one failure, in the order of the checks.
  static func problem(_ checks: [Check]) -> ServiceFailure? {
    let lines = checks.compactMap(\.complaint)
    guard !lines.isEmpty else { return nil }
    return .local(
      "ParamValidation", "Parameter validation failed:\n" + lines.joined(separator: "\n"))
  }
}
