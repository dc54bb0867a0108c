internal import SecretsManagerClient
internal import RotationCore

/// The answers of `whoami` for people and for machines.
struct WhoamiView {
  /// Tells how long credentials still hold.
  let now: Timestamp

  /// One block for each profile and region.
  func show(_ answers: [WhoamiAnswer], on console: Console) {
    for (index, answer) in answers.enumerated() {
      if index > 0 { console.result("") }
      let name = answer.profile.map { "profile \($0)" } ?? "default profile"
      let style = console.outputStyle
      console.result(
        style.bold(HumanText.printable(name))
          + (answer.failure == nil ? "" : ": " + style.red("cannot be used")))
      for (key, value) in rows(answer) {
        let padding = String(repeating: " ", count: max(1, 13 - key.count))
        console.result("  \(key)\(padding)\(HumanText.printable(value))")
      }
    }
    let bad = answers.count { $0.failure != nil }
    if bad > 0, answers.count > 1 {
      console.result("")
      console.result("\(bad) of \(HumanText.count(answers.count, "answer")) cannot be used")
    }
  }

  private func rows(_ answer: WhoamiAnswer) -> [(String, String)] {
    var rows: [(String, String)] = []
    func add(_ key: String, _ value: String?) {
      if let value, !value.isEmpty { rows.append((key, value)) }
    }
    add("account", answer.identity?.accountID)
    add("caller", answer.identity?.arn)
    if let credentials = answer.credentials {
      add(
        "credentials",
        credentials.source.isEmpty
          ? "none, requests are not signed"
          : "\(credentials.source), access key \(credentials.maskedAccessKeyID)")
      add("expires", credentials.expiration.map(expiry))
    }
    add("region", answer.region)
    add("endpoint", answer.secretsManagerURL)
    add("sts", answer.stsURL)
    if let failure = answer.failure {
      for (index, line) in failure.message.split(separator: "\n").enumerated() {
        add(index == 0 ? "error" : "", index == 0 ? "\(failure.code): \(line)" : String(line))
      }
      add("hint", FailureHint.text(for: failure, profile: answer.profile))
    }
    return rows
  }

  private func expiry(_ end: Timestamp) -> String {
    let left = end.seconds(since: now)
    let text = end.iso8601.prefix(19) + "Z"
    return left > 0 ? "\(text) (in \(HumanText.duration(seconds: left)))" : "\(text) (expired)"
  }

  static func json(_ answers: [WhoamiAnswer]) -> JSONValue {
    [
      "type": "whoami", "version": 1,
      "usable": .bool(answers.allSatisfy { $0.failure == nil }),
      "profiles": .array(answers.map(json)),
    ]
  }

  private static func json(_ answer: WhoamiAnswer) -> JSONValue {
    var object: JSONObject = [
      "profile": answer.profile.map(JSONValue.string) ?? .null,
      "usable": .bool(answer.failure == nil),
    ]
    object["region"] = answer.region.isEmpty ? nil : .string(answer.region)
    if let identity = answer.identity {
      object["account"] = .string(identity.accountID)
      object["arn"] = .string(identity.arn)
      object["userId"] = .string(identity.userID)
    }
    if let credentials = answer.credentials, !credentials.source.isEmpty {
      var facts: JSONObject = [
        "source": .string(credentials.source),
        "accessKeyId": .string(credentials.maskedAccessKeyID),
      ]
      facts["expiration"] = credentials.expiration.map { .string($0.iso8601) }
      object["credentials"] = .object(facts)
    }
    var endpoints = JSONObject()
    endpoints["secretsmanager"] = answer.secretsManagerURL.map(JSONValue.string)
    endpoints["sts"] = answer.stsURL.map(JSONValue.string)
    object["endpoints"] = .object(endpoints)
    if let failure = answer.failure {
      var error: JSONObject = [
        "code": .string(failure.code), "message": .string(failure.message),
        "kind": .string(failure.kind.rawValue),
      ]
      error["hint"] = FailureHint.text(for: failure, profile: answer.profile).map(JSONValue.string)
      object["error"] = .object(error)
    }
    return .object(object)
  }
}
