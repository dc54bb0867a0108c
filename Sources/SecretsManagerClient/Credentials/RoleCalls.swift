internal import Locking
internal import RotationCore

/// What STS says about a role that was assumed.
struct AssumedRole: Sendable {
  let credentials: Credentials
  /// `AssumedRoleUser`, as the AWS CLI stores it beside the keys.
  let user: JSONObject
}

/// AssumeRole over the same transport as all other calls, one attempt each.
struct RoleCalls: Sendable {
  let caller: SignedCaller
  let prompts: MFAPrompts

  /// Asks STS for the role of one hop; the failure is STS's own, see ``explain(_:_:)``.
  ///
  /// The STS endpoint, trust and proxy are those of the context's profile for every hop.
  func assume(
    _ hop: RoleHop, with credentials: Credentials, context: CredentialContext, region: String
  ) async -> Result<AssumedRole, ServiceFailure> {
    var code: String?
    if let serial = hop.mfaSerial {
      switch await prompts.code(serial: serial, profile: hop.profile) {
      case .success(let given): code = given
      case .failure(let failure): return .failure(failure)
      }
    }
    let body = STSAnswer.form(
      "AssumeRole",
      [
        // In the AWS CLI's order.
        ("RoleSessionName", hop.sessionName), ("ExternalId", hop.externalID),
        ("SerialNumber", hop.mfaSerial),
        ("DurationSeconds", hop.durationSeconds.map(String.init)), ("RoleArn", hop.roleARN),
        (
          "RoleSessionName",
          hop.sessionName == nil ? sessionName(hop, context.options) : nil
        ), ("TokenCode", code),
      ])
    let site = CallSite(profile: context.explicitProfile, region: region)
    var prepared: OutgoingCall
    switch context.preparation.prepare(.sts, "AssumeRole", body, site, .only) {
    case .success(let call): prepared = call
    case .failure(let failure): return .failure(failure)
    }
    prepared.credentials = credentials
    let outgoing = prepared
    let result = await context.call(
      { [caller] attempt in
        var call = outgoing
        call.attempt = attempt
        return await caller.send(call)
      }, refusal: { STSAnswer.failure($0, "AssumeRole") }
    ).flatMap { RoleCalls.read($0, now: context.clock()) }
    if code != nil, RoleCalls.judgesCode(result) { await prompts.spend(profile: hop.profile) }
    return result
  }

  private static func read(
    _ response: HTTPResponse, now: Timestamp
  ) -> Result<AssumedRole, ServiceFailure> {
    STSAnswer.roleCredentials(response).flatMap { $0.refusingEnded(now) }.map { credentials in
      let user = (try? STSAnswer.result(response, "AssumeRole").get())?["AssumedRoleUser"]
      guard let id = user?["AssumedRoleId"]?.text, let arn = user?["Arn"]?.text else {
        return AssumedRole(credentials: credentials, user: JSONObject())
      }
      let members: JSONValue = ["AssumedRoleId": .string(id), "Arn": .string(arn)]
      return AssumedRole(credentials: credentials, user: ["AssumedRoleUser": members])
    }
  }

  /// Whether STS has looked at the code that went with a call.
  private static func judgesCode(_ result: Result<AssumedRole, ServiceFailure>) -> Bool {
    guard case .failure(let failure) = result else { return true }
    if failure.kind == .service {
      return !CredentialCallFailure.isPassing(failure) && !failure.isExpiredToken
    }
    return failure.kind == .lost || failure.kind == .malformed
  }

  /// The profile's session name, else the run's, else one of the moment.
  private func sessionName(_ hop: RoleHop, _ options: ClientOptions) -> String {
    if let name = hop.sessionName { return name }
    let allowed = (options.sessionName ?? "").unicodeScalars.map { scalar -> String in
      let isAllowed =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || "_+=,.@-".unicodeScalars.contains(scalar))
      return isAllowed ? String(scalar) : "-"
    }
    let name = allowed.prefix(64).joined()
    return name.utf8.count >= 2 ? name : "rotactl-\(caller.now.milliseconds / 1000)"
  }

  static func explain(_ failure: ServiceFailure, _ hop: RoleHop) -> ServiceFailure {
    CredentialCallFailure.told(
      failure, of: "AssumeRole",
      "AssumeRole of \(hop.roleARN) for the profile \"\(hop.profile)\": "
        + (failure.message.isEmpty ? failure.code : failure.message))
  }
}
