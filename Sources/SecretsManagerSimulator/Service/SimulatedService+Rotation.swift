import RotationCore

extension SimulatedService {
  /// CancelRotateSecret.
  ///
  /// A rotation in flight keeps its AWSPENDING and never finishes; a repeated
  /// cancel succeeds; what was never configured is refused (unconfirmed on the real service).
  mutating func cancelRotateSecret(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    var (key, secret) = try findForChange(request, now: now)
    try SimulatedService.refuseManaged(secret)
    guard secret.rotationEnabled != nil else {
      throw .invalidRequest(
        "You tried to perform the operation on a secret that doesn't already have a Lambda "
          + "function ARN configured and you didn't include such an ARN as a parameter in the "
          + "call.")
    }
    var answer: JSONObject = ["ARN": .string(secret.arn.text), "Name": .string(secret.name)]
    answer["VersionId"] = secret.pendingVersionID.map(JSONValue.string)
    if secret.rotationEnabled == true {
      secret.cancelRotation(at: now)
      store(secret, at: key, now: now)
    }
    return .object(answer)
  }

  private static func refuseManaged(_ secret: SimulatedSecret) throws(Refusal) {
    guard !secret.isManagedElsewhere else {
      throw .invalidRequest(
        "This secret is managed by an AWS service, and you must use that service to update it.")
    }
  }

  /// RotateSecret: stores the configuration, switches rotation on, and unless RotateImmediately
  /// is false begins a rotation.
  ///
  /// A token that took effect before changes nothing more.
  mutating func rotateSecret(
    _ request: ServiceRequest, now: Timestamp
  ) throws(Refusal) -> JSONValue {
    let token = try SimulatedService.clientRequestToken(request)
    var (key, secret) = try findForChange(request, now: now)
    try SimulatedService.refuseManaged(secret)
    let answer: JSONValue = [
      "ARN": .string(secret.arn.text), "Name": .string(secret.name), "VersionId": .string(token),
    ]
    let isKnown =
      secret.rotationTokens.contains(token)
      || secret.versions.contains { $0.versionID == token }
    if isKnown {
      isRepetition = true
      return answer
    }
    if let rules = request.input["RotationRules"] {
      try SimulatedService.check(rules: rules)
      secret.rotationRules = SimulatedService.completed(rules, after: secret.rotationRules)
    }
    if let lambda = request.input["RotationLambdaARN"]?.string, !lambda.isEmpty {
      secret.rotationLambdaARN = lambda
    }
    if let role = request.input["ExternalSecretRotationRoleArn"]?.string {
      secret.externalRotationRoleARN = role
    }
    if let metadata = request.input["ExternalSecretRotationMetadata"] {
      secret.externalRotationMetadata = metadata
    }
    guard secret.hasRotator else {
      throw .invalidRequest("No Lambda rotation function ARN is associated with this secret.")
    }
    guard secret.pendingVersionID == nil else {
      throw .invalidRequest(
        "A previous rotation isn't complete. That rotation will be reattempted.")
    }
    secret.rotationTokens.insert(token)
    secret.rotationEnabled = true
    secret.lastChanged = now
    secret.nextRotation = now.adding(seconds: secret.intervalSeconds)
    if request.input["RotateImmediately"]?.bool ?? true {
      secret.beginRotation(versionID: token, at: now)
    }
    store(secret, at: key, now: now)
    return answer
  }

  /// Rules with the number of days that the service computes from a schedule.
  ///
  /// Where the schedule is not one of whole days, the number that was shown for it stays.
  private static func completed(_ rules: JSONValue, after old: JSONValue?) -> JSONValue {
    guard let expression = rules["ScheduleExpression"]?.string, var object = rules.object else {
      return rules
    }
    let days = ScheduleExpression.rateSeconds(expression).map { $0 / 86_400 }
    if let days, days >= 1, days == days.rounded() {
      object["AutomaticallyAfterDays"] = JSONValue(Int(days))
    } else if old?["ScheduleExpression"]?.string == expression {
      object["AutomaticallyAfterDays"] = old?["AutomaticallyAfterDays"]
    }
    return .object(object)
  }

  /// ClientRequestToken, 32 to 64 characters; SDKs fill it in, the raw protocol demands it.
  static func clientRequestToken(_ request: ServiceRequest) throws(Refusal) -> String {
    guard let token = request.input["ClientRequestToken"]?.string, !token.isEmpty else {
      throw .invalidParameter(
        "You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    }
    guard (32...64).contains(token.count) else {
      throw .invalidParameter("ClientRequestToken must be 32-64 characters long.")
    }
    return token
  }

  private static func check(rules: JSONValue) throws(Refusal) {
    let days = rules["AutomaticallyAfterDays"]
    let expression = rules["ScheduleExpression"]?.string
    guard days == nil || expression == nil else {
      throw .invalidParameter(
        "You cannot specify both rotation frequency and schedule expression together.")
    }
    if let days {
      guard let count = days.int, (1...1000).contains(count) else {
        throw .invalidParameter(
          "AutomaticallyAfterDays must be a whole number of days from 1 to 1000.")
      }
    }
    if let expression, !ScheduleExpression.isValid(expression) {
      throw .invalidParameter("Invalid ScheduleExpression: \(expression)")
    }
    if let duration = rules["Duration"]?.string {
      guard duration.hasSuffix("h"), (2...3).contains(duration.count),
        let hours = Int(duration.dropLast()), (1...24).contains(hours)
      else { throw .invalidParameter("Invalid Duration: \(duration)") }
    }
  }
}
