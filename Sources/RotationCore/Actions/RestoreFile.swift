/// `restore.ndjson`: what a run turned off, and how to turn it on again as it was.
///
/// A function of the run's plan and journal: a header, then a line for each secret that the run
/// turned off, with the request that turns it on.
package enum RestoreFile {
  package static let schema = "rotactl.restore/1"

  package static func header(runID: String, planSHA256: String) -> JSONValue {
    [
      "schema": .string(schema), "runId": .string(runID), "planSha256": .string(planSHA256),
    ]
  }

  /// - Returns: nil for a target that the run did not turn off itself.
  package static func line(for entry: PlanEntry, _ settlement: Settlement?) -> JSONValue? {
    guard let saved = saved(entry, settlement), let settlement else { return nil }
    var object: JSONObject = [
      "ordinal": JSONValue(entry.target.ordinal), "secretId": .string(entry.actingID),
      "region": .string(entry.actingRegion),
    ]
    object["profile"] = entry.target.profile.map(JSONValue.string)
    object["callerAccount"] = entry.callerAccount.map(JSONValue.string)
    object["cancelledAt"] = .string(settlement.settledAt.iso8601)
    object["saved"] = saved.record
    // The token is made when the secret is restored, so that each restore is one of its own.
    var request = saved.request(secretID: entry.actingID, clientRequestToken: "").body.object
    request?["ClientRequestToken"] = nil
    object["rotateSecret"] = request.map(JSONValue.object)
    return .object(object)
  }

  /// How rotation was configured right before the run turned it off; nil where it did not.
  package static func saved(_ entry: PlanEntry, _ settlement: Settlement?) -> SavedRotation? {
    guard let settlement, settlement.outcome == .cancelled,
      let before = settlement.before ?? entry.before
    else { return nil }
    return SavedRotation(of: before)
  }
}
