internal import RotationCore

/// The simulator's own pages under `/_simulator/`, unsigned, for tests that run outside of it.
extension SimulatedService {
  mutating func inspect(_ message: HTTPMessage, now: Timestamp) -> HTTPReply {
    switch (message.method, message.path) {
    case ("GET", "/_simulator/health"):
      return SimulatedService.page(["status": "ok", "time": .string(now.iso8601)])
    case ("GET", "/_simulator/calls"):
      var bytes: [UInt8] = []
      for call in log.records {
        call.record.write(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
      }
      return HTTPReply(status: 200, contentType: "application/x-ndjson", body: bytes)
    case ("GET", "/_simulator/secrets"):
      return SimulatedService.page(
        .array(secrets(now: serviceTime(now)).map(SimulatedService.truth)))
    case ("GET", "/_simulator/credentials"):
      return SimulatedService.page(.array(knownCredentials.map(SimulatedService.keys)))
    case ("GET", "/_simulator/quotas"): return SimulatedService.page(quotaReport)
    case ("POST", "/_simulator/secrets/change"):
      do throws(ScenarioError) {
        let secret = try change(message.body, now: serviceTime(now))
        return SimulatedService.page(SimulatedService.truth(secret))
      } catch {
        return SimulatedService.page(
          ["problems": .array(error.problems.map { .string($0.text) })], status: 400)
      }
    default:
      return SimulatedService.page(
        ["problems": ["no such page; see manifests/SCENARIO.md"]], status: 404)
    }
  }

  private static func page(_ value: JSONValue, status: Int = 200) -> HTTPReply {
    HTTPReply(
      status: status, contentType: "application/json", body: value.compactBytes + Array("\n".utf8))
  }

  /// Keys that open nothing but this simulator, for tests that look for traces of them.
  private static func keys(_ credential: SimulatedCredential) -> JSONValue {
    var object: JSONObject = [
      "accessKeyId": .string(credential.accessKeyID),
      "secretAccessKey": .string(credential.secretAccessKey),
    ]
    object["sessionToken"] = credential.sessionToken.map(JSONValue.string)
    return .object(object)
  }

  /// A secret as it truly is: DescribeSecret's members with ISO times, account, region, and what
  /// goes on inside.
  static func truth(_ secret: SimulatedSecret) -> JSONValue {
    let wire = summary(of: secret, stagesKey: "VersionIdsToStages")
    var object = SecretState(wire: .object(wire)).record.object ?? JSONObject()
    object["account"] = .string(secret.arn.accountID)
    object["region"] = .string(secret.arn.region)
    object["replica"] = .bool(secret.isReplica)
    object["rotationInFlight"] = .bool(secret.inFlight != nil)
    return .object(object)
  }

  private var quotaReport: JSONValue {
    let rows = quota.usage.sorted {
      ($0.key.place.accountID, $0.key.place.region, $0.key.group.rawValue)
        < ($1.key.place.accountID, $1.key.place.region, $1.key.group.rawValue)
    }
    return .array(
      rows.map { key, usage in
        let limit = quota.limit(of: key.group)
        return [
          "account": .string(key.place.accountID), "region": .string(key.place.region),
          "group": .string(key.group.rawValue), "rate": JSONValue(limit.rate),
          "burst": JSONValue(limit.burst), "requests": JSONValue(usage.requests),
          "throttled": JSONValue(usage.throttled), "peakPerSecond": JSONValue(usage.peakPerSecond),
        ]
      })
  }
}
