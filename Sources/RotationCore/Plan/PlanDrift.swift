/// In what a secret differs from what a saved plan saw of it, as far as it matters.
///
/// Compared are the ARN, whether rotation is on, its rules and function (or role and metadata of
/// an external one), the version in AWSPENDING, the role as primary or replica, and deletion.
/// Dates of past and future rotations are not: they move without anybody's decision.
package enum PlanDrift {
  /// What differs, each as `rotation was on, is off`; empty when nothing does.
  ///
  /// - `entry`: of the saved plan; without a state there is nothing to compare with.
  /// - `state`: as it is now.
  package static func differences(_ entry: PlanEntry, now state: SecretState) -> [String] {
    guard let planned = entry.before else { return [] }
    var found: [String] = []
    func compare(_ what: String, _ was: String?, _ now: String?) {
      guard was != now else { return }
      found.append("\(what) was \(was ?? "none"), is \(now ?? "none")")
    }
    compare("the ARN", planned.arn, state.arn)
    if entry.disposition == .replica {
      // The primary is changed through a target of its own; what counts here is the bond to it.
      compare("the primary region", planned.primaryRegion, state.primaryRegion)
      compare(
        "the replica in \(entry.target.region)", replica(entry, planned), replica(entry, state))
      return found
    }
    compare("rotation", rotation(planned), rotation(state))
    compare("its rules", planned.rotationRules.map(canonical), state.rotationRules.map(canonical))
    compare("its function", planned.rotationLambdaARN, state.rotationLambdaARN)
    compare("its role", planned.externalRotationRoleARN, state.externalRotationRoleARN)
    compare(
      "its metadata", planned.externalRotationMetadata.map(canonical),
      state.externalRotationMetadata.map(canonical))
    let pending = state.pendingVersionID
    // The plan saw a rotation at work and promised to act once it has finished.
    let hasFinished = entry.disposition == .inFlight && pending == nil
    if !hasFinished { compare("the version in AWSPENDING", planned.pendingVersionID, pending) }
    compare("the primary region", planned.primaryRegion, state.primaryRegion)
    compare("deletion", deletion(planned), deletion(state))
    return found
  }

  private static func rotation(_ state: SecretState) -> String {
    switch state.rotationEnabled {
    case nil: "never configured"
    case true?: "on"
    case false?: "off"
    }
  }

  private static func replica(_ entry: PlanEntry, _ state: SecretState) -> String {
    state.replicaRegions.contains(entry.target.region) ? "bound to its primary" : "on its own"
  }

  private static func deletion(_ state: SecretState) -> String {
    state.deleted == nil ? "not scheduled" : "scheduled"
  }

  /// The same text for the same value, whatever the order of its members.
  private static func canonical(_ value: JSONValue) -> String { sorted(value).compact }

  private static func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      .object(
        JSONObject(
          object.members.map { .init(key: $0.key, value: sorted($0.value)) }
            .sorted { $0.key < $1.key }))
    case .array(let values): .array(values.map(sorted))
    case .number(let number): .number(JSONNumber(number.double))
    case .null, .bool, .string: value
    }
  }
}
